"""What would have escalated when, by another matrix: in words, as a table for a spreadsheet, and as a picture."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, TextIO
from uuid import UUID

import typer
from rich.table import Table

from hub.adapters.contracts import contract_path
from hub.adapters.matrices import load_matrix
from hub.commands.deriving import Families, Quiet, one_by_one, these_or_all
from hub.commands.noting import members, noted
from hub.commands.shared import new_file, say, the_hub, using
from hub.commands.supposed_picture import picture
from hub.console.tables import in_lines
from hub.domain.matrix import Matrix
from hub.domain.rules import Rules
from hub.errors import NotKnown
from hub.supposing import Compared, Outcome, Reached, Tally, suppose
from hub.wiring import Hub

app = typer.Typer()
MOST = 50
"""Differences that are shown; all of them are in the file."""
HEADS = ("family", "axis", "level", "outcome", "days", "recorded", "by rule", "supposed", "by its rule")
_File = Annotated[
    Path, typer.Argument(help="a version of the matrix, made as contracts/intervention-matrix/README.md says", exists=True)
]
_Lines = Annotated[
    Path | None, typer.Option("--csv", help="a new file for a spreadsheet: every level that was or would be reached")
]
_Drawing = Annotated[Path | None, typer.Option("--picture", help="a new SVG file")]
_NOT_SUPPOSED = (
    "What partners sent and what people decided stays as it was. Not supposed: terms, direction, referral, whom it would have been "
    "told to, and what anybody would have done then."
)


@app.command(name="suppose")
def suppose_(file: _File, families: Families = None, lines: _Lines = None, drawing: _Drawing = None, quiet: Quiet = False) -> None:
    """Say what would have escalated when, had that version of the matrix been in force all along; nothing changes by it.

    What partners sent and what people decided stays as it was. It says how high the axes would have stood and from when, and
    nothing of terms, direction, referral, who would have been told, or what anybody would have done then.
    """
    with using():
        matrix = load_matrix(file, contract_path("intervention-matrix", "schema.json").absolute())
    tally, shown = Tally(), _table(matrix)
    with ExitStack() as stack:
        spreadsheet = stack.enter_context(_new(lines, "--csv"))
        drawn = stack.enter_context(_new(drawing, "--picture"))
        hub = stack.enter_context(the_hub())
        these = these_or_all(hub, families)
        stack.enter_context(noted(hub, "try-matrix", "hub audit suppose", members(hub, list(map(str, families or ())))))
        in_lines(_counted(_compared(hub, matrix, these, quiet), tally, shown), "en", spreadsheet)
        drawn.write(picture(tally, matrix.version, len(these)))
    _conclude(tally, shown, matrix, len(these))


def _compared(hub: Hub, matrix: Matrix, families: list[UUID], quiet: bool) -> Iterator[Compared]:
    """Every level that was or would be reached, family by family."""
    rules = Rules(matrix, hub.families.rules(hub.clock.now()).calendar)
    for family in one_by_one(families, "supposing", quiet):
        facts = hub.history.facts(family)
        if not facts:
            raise NotKnown("There is no family by that id.")
        yield from suppose(facts, rules)


def _counted(all_: Iterator[Compared], tally: Tally, shown: Table) -> Iterator[tuple[object, ...]]:
    """The rows of the file; each is counted on its way, and the first that differ are shown."""
    yield HEADS
    for one in all_:
        tally.count(one)
        if one.outcome is not Outcome.SAME and shown.row_count < MOST:
            shown.add_row(str(one.family), f"{one.axis} {int(one.level)}", _day(one.recorded), _day(one.supposed), _words(one))
        ours, other = ((each.at.isoformat(), each.rule) if each else ("", "") for each in (one.recorded, one.supposed))
        days = abs(round(one.weeks * 7)) if one.recorded and one.supposed else ""
        yield (str(one.family), one.axis.value, int(one.level), one.outcome.value, days, *ours, *other)


def _table(matrix: Matrix) -> Table:
    return Table("family", "axis and level", "recorded", "supposed", "", title=f"what differs by {matrix.version}")


def _day(reached: Reached | None) -> str:
    return f"{reached.at:%Y-%m-%d}" if reached else "-"


def _words(one: Compared) -> str:
    by = f"{abs(one.weeks):.1f} weeks {one.outcome.value}"
    return {Outcome.MORE: "would be more", Outcome.NOT_ANY_MORE: "would not be any more"}.get(one.outcome, by)


def _conclude(tally: Tally, shown: Table, matrix: Matrix, families: int) -> None:
    counts = {outcome: tally.of(outcome) for outcome in Outcome}
    differ = sum(counts.values()) - counts[Outcome.SAME]
    if shown.row_count:
        say.print(shown)
    if differ > shown.row_count:
        say.print(f"and {differ - shown.row_count} differences more: --csv FILE has them all", style="bold")
    counted = ", ".join(f"{times} {outcome.value.replace('-', ' ')}" for outcome, times in counts.items())
    said = f"By matrix {matrix.version}, of {families} families, these levels would be reached: {counted}."
    for line in (said, _NOT_SUPPOSED):
        say.print(line, soft_wrap=True, highlight=False, markup=False)


@contextmanager
def _new(path: Path | None, option: str) -> Iterator[TextIO]:
    """A new file; where nobody asked for it, one that keeps nothing."""
    with using(), new_file(path, option) if path else Path(os.devnull).open("wb") as file:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        yield text
        text.flush()
        text.detach()
