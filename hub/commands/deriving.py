"""Escalations derived anew, and compared with what was recorded."""

from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.adapters.event_store import mentioning
from hub.commands.noting import members, noted
from hub.commands.shared import advise, say, the_hub
from hub.derivation import Derived, Difference
from hub.domain.trajectory import Trajectory
from hub.wiring import Hub
from hub.wiring.derived import derivation_of
from hub.wiring.in_use import differences, in_use, never_used

app = typer.Typer()
Families = Annotated[list[UUID] | None, typer.Argument(help="these; otherwise all there are", metavar="[FAMILY]…")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no bar, for another program")]
MOST = 50
"""Differences that are shown; of the rest it is said how many there are."""
_AS_RECORDED = "Taken as recorded, not decided anew: who was meant, families that were merged or split, and what people decided."


@app.command()
def derive(families: Families = None, quiet: Quiet = False) -> None:
    """Derive every escalation once more, from the messages that partners signed and the matrix of then, and compare it byte for
    byte with what was recorded. Ends with 0 where all follows, and with 1 where something does not.

    Who was meant is not matched anew: each signal is taken with the family and the people that it went to.
    """
    derived, found = Derived(), 0
    with the_hub() as hub, noted(hub, "derive-escalations", "hub audit derive", members(hub, list(map(str, families or ())))):
        derivation = derivation_of(hub)
        for family in one_by_one(these_or_all(hub, families), "deriving", quiet):
            for difference in derivation(family, derived):
                found += 1
                if found <= MOST:
                    _show(difference)
        known = in_use(hub.log, hub.mapper)
    for other in differences(known):
        advise(f"{other} It was derived by the file that was put into use.")
    for version in never_used(known):
        advise(f"The matrix {version} was never put into use: its file in the folder was taken.")
    _conclude(derived, found)


def these_or_all(hub: Hub, families: Sequence[UUID] | None) -> list[UUID]:
    """The families that were named, each once; all that there are where none was."""
    if families:
        return list(dict.fromkeys(families))
    with hub.stored.log.connect() as connection:
        return [UUID(str(opened.originator_id)) for opened in mentioning("", Trajectory.Opened.TOPIC, 0, connection)]


def one_by_one(families: Sequence[UUID], doing: str, quiet: bool) -> Iterator[UUID]:
    """Each of these families, with a bar that says how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=say, disable=quiet, transient=True) as bars:
        yield from bars.track(families, description=doing)


def _conclude(derived: Derived, found: int) -> None:
    if found > MOST:
        say.print(f"and {found - MOST} differences more", style="bold red")
    counts = f"families {derived.families}, signals {derived.signals}, escalations that follow {derived.escalations}"
    say.print(f"Out of the messages as they were signed and the matrix of then: {counts}.", soft_wrap=True, highlight=False)
    if derived.erased:
        said = f"{derived.erased} of these signals came in messages that are erased: those were taken as they were recorded."
        say.print(said, soft_wrap=True, highlight=False)
    say.print(_AS_RECORDED, soft_wrap=True, highlight=False)
    if found:
        say.print(f"{found} differ.", style="bold red")
        raise typer.Exit(1)
    say.print("All that was recorded follows, byte for byte.", style="green")


def _show(difference: Difference) -> None:
    where = f"family {difference.family}, event {difference.version}"
    say.print(f"{where}: {difference.what}", style="bold red", soft_wrap=True, highlight=False, markup=False)
    for label, said in (("recorded", difference.recorded), ("derived", difference.derived)):
        say.print(f"  {label:>8}  {said.decode() or '-'}", soft_wrap=True, highlight=False, markup=False)
