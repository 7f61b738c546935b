"""A neighbourhood that does not exist: played through a hub in two ways and compared, or written out as signed messages."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hub.adapters.contracts import contract_path, contracts
from hub.adapters.matrices import load_matrices, load_matrix
from hub.adapters.neighbourhood_assumptions import FILE, Assumed, load_assumptions
from hub.commands.deriving import Quiet
from hub.commands.shared import new_file, say, using
from hub.console.parts import Both
from hub.console.tables import shown
from hub.domain.matrix import Matrix
from hub.domain.neighbourhood import A_YEAR, Sighting, happenings
from hub.domain.terms import AMSTERDAM

if TYPE_CHECKING:
    # what plays brings the demo along, which nobody needs who only asks for help
    from hub.commands.evaluation_report import Section
    from hub.commands.simulated_report import Arm, Run

app = typer.Typer(
    help="What if, on a neighbourhood that does not exist: made of assumptions, played through a hub of its own.\n\n"
    "`hub simulate report` compares two versions of the matrix, or two ways of working. `hub simulate signals` writes what "
    "partners would send, to try a hub with. `hub simulate show` prints what is assumed.",
    no_args_is_help=True,
)
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_Households = Annotated[int, typer.Option(help="how many there are", min=10, max=10_000_000)]
_Seed = Annotated[int, typer.Option(help="with the same one the same comes out", min=0)]
_Register = Annotated[
    Path | None, typer.Option("--assumptions", help=f"other assumptions than contracts/registers/{FILE}", exists=True)
]
_SAID = ("views", "pairs", "work")
_TITLE = Both("Gesimuleerd: een buurt die niet bestaat", "Simulated: a neighbourhood that does not exist")
_WARNING = Both(
    "Alles hier is gesimuleerd. Geen getal gaat over gezinnen die bestaan.",
    "All of this is simulated. No number is about families that exist.",
)


@app.command()
def show(register: _Register = None) -> None:
    """Print every assumption, where it was found, and what of it nobody found anywhere."""
    known = _assumed(register)
    table = Table(title=f"assumptions {known.version}")
    for name in ("what", "value", "found at", "assumed"):
        table.add_column(name, overflow="fold")
    for each in known.entries:
        table.add_row(each.words.english, each.values.english, each.source or "nowhere", each.assumed.english)
    say.print(table)


@app.command()
def report(
    out: Annotated[Path, typer.Argument(help="a new HTML file, for `hub publications publish`")],
    households: _Households = 1000,
    years: Annotated[
        int, typer.Option(help="how long it is played: as long as the covenant of the registers holds", min=1, max=4)
    ] = 2,
    seed: _Seed = 1,
    seeds: Annotated[int, typer.Option(help="how many neighbourhoods: the seed, and those that follow it", min=1, max=100)] = 3,
    against: Annotated[Path | None, typer.Option(help="another version of the matrix than the one in force", exists=True)] = None,
    otherwise: Annotated[
        list[str] | None, typer.Option("--otherwise", help="people work otherwise; may be given again", metavar="CODE=VALUE")
    ] = None,
    register: _Register = None,
    quiet: Quiet = False,
) -> None:
    """Compare the matrix in force (A) with another one, or with people who work otherwise (B), on the same simulated families.

    Of each family in serious trouble it says when it would have come into view in A and in B, in time, too late or never; how many
    came into view for nothing; how many hours it takes and how long families wait.
    """
    if against is None and not otherwise:
        raise typer.BadParameter("name another matrix, or say with --otherwise how people work", param_hint="--against")
    from hub.commands.simulated_report import Run, sections
    from hub.simulation.letters import Desk
    from hub.simulation.playing import World, play

    known = _assumed(register)
    arms, days, runs = _arms(known, against, otherwise or []), int(years * A_YEAR), []
    with using(), ExitStack() as stack:
        file, desk = stack.enter_context(new_file(out, "OUT")), Desk(known.taken.mix)
        a_day = stack.enter_context(_bar(days * seeds * len(arms), "days", quiet))
        for each in range(seed, seed + seeds):
            world = World.of(known.taken, households, days, each)
            runs.append(Run(world, [play(world, arm.way, desk, lambda: a_day(1)) for arm in arms]))
        found = sections(arms, runs, known.entries)
        file.write(_page(found, _about(arms, runs, known, years)))
    _say(found)
    say.print(f"The report is in {out}. All of it is simulated.", soft_wrap=True, highlight=False, markup=False)


@app.command()
def signals(
    out: Annotated[Path, typer.Argument(help="a new file: a JSON object a line")],
    many: Annotated[int, typer.Option("--signals", help="how many", min=1)] = 1000,
    households: _Households = 300_000,
    seed: _Seed = 1,
    register: _Register = None,
    quiet: Quiet = False,
) -> None:
    """Write what partners would send about a simulated region, day by day: first each partner with its public key, then messages.

    A message is what is posted to /v1/signals: `headers` and `body`, signed on its simulated day (`at`), with so many `signals`. A
    hub takes it in whose clock stands within five minutes of that, in demo mode.
    """
    from hub.simulation.letters import SENDERS, Desk
    from hub.simulation.playing import moment

    known = _assumed(register)
    desk, ids = Desk(known.taken.mix), count(1)
    happened = happenings(known.taken, households, Random(seed).random)  # noqa: S311
    told = (each for each in happened if isinstance(each, Sighting))
    with using(), new_file(out, "OUT") as file, _bar(many, "signals", quiet) as written:
        for each in SENDERS:
            said = {"partner": each.name, "kind": each.kind, "oin": each.oin, "key": desk.public(each)}
            file.write(msgspec.json.encode(said) + b"\n")
        left = many
        for day, those in groupby(told, key=lambda each: int(each.told) + 1):
            today = [(f"S-{next(ids)}", each, moment(each.seen)) for each in those][:left]
            for post in desk.posts(today, moment(day)):
                line = {"at": moment(day), "signals": len(post.ids), "headers": post.headers, "body": post.body.decode()}
                file.write(msgspec.json.encode(line) + b"\n")
            written(len(today))
            left -= len(today)
            if not left:
                break
    say.print(f"{many:,} signals are in {out}.", soft_wrap=True, highlight=False, markup=False)


def _assumed(register: Path | None) -> Assumed:
    from hub.simulation.letters import LETTERS

    ours = contract_path("registers", FILE)
    with using():
        return load_assumptions(register or ours, LETTERS, ours.with_suffix(".schema.json").absolute())


def _arms(known: Assumed, against: Path | None, otherwise: Sequence[str]) -> "list[Arm]":
    """The matrix in force with people who work as assumed, and the other way."""
    from hub.commands.simulated_report import Arm
    from hub.simulation.playing import Way

    with using():
        ours = load_matrices(contracts() / "intervention-matrix").at(datetime.now(UTC).astimezone(AMSTERDAM).date())
        other = load_matrix(against, contract_path("intervention-matrix", "schema.json").absolute()) if against else ours
    work = known.otherwise(dict(map(_changed, otherwise))).work
    changed = "".join(f", {each}" for each in otherwise)
    return [Arm(_named("A", ours, ""), Way(ours, known.taken.work)), Arm(_named("B", other, changed), Way(other, work))]


def _changed(said: str) -> tuple[str, float]:
    code, _, value = said.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise typer.BadParameter(f"{said} is not CODE=VALUE with a number", param_hint="--otherwise")
    return code, number


def _named(letter: str, matrix: Matrix, changed: str) -> Both:
    return Both(f"{letter}: matrix {matrix.version}{changed}", f"{letter}: matrix {matrix.version}{changed}")


def _about(arms: "Sequence[Arm]", runs: "Sequence[Run]", known: Assumed, years: int) -> list[Both]:
    first, last = runs[0].world, runs[-1].world
    signals = sum(len(run.world.sightings) for run in runs)
    return [
        Both(
            f"{first.households} huishoudens, {years} jaar, zaaigetallen {first.seed} tot en met {last.seed}; "
            f"aannamen {known.version}; {signals} signalen in de berichten van de partners zelf, ontvangen door een echte hub",
            f"{first.households} households, {years} years, seeds {first.seed} through {last.seed}; "
            f"assumptions {known.version}; {signals} signals in the partners' own messages, received by a real hub",
        ),
        *(arm.name for arm in arms),
    ]


def _say(found: "Sequence[Section]") -> None:
    """What comes out of it all; families one by one and assumptions are in the file."""
    for told in (table for section in found for table in section.tables if table.name in _SAID):
        lines = Table(*(head.en for head in told.heads), title=told.title.en)
        for row in told.rows:
            lines.add_row(*(shown(cell, "en") for cell in row))
        say.print(lines)


def _page(found: "Sequence[Section]", about: Sequence[Both]) -> bytes:
    from hub.commands.simulated_report import cells

    page = _pages.get_template("simulation.html")
    return page.render(title=_TITLE, warning=_WARNING, about=about, sections=found, cells=cells).encode()


@contextmanager
def _bar(total: int, what: str, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar that goes on by as much as is told."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=say, disable=quiet, transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda many: bars.advance(task, many)
