"""How long what is kept is kept: what the register says, what is due, ending that, and holding a family."""

from collections import Counter
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from hub.commands.noting import members, noted
from hub.commands.shared import By, say, the_hub
from hub.domain.retention import Category
from hub.wiring import Hub
from hub.wiring.retained import counts, lines, run

app = typer.Typer(help="How long what is kept is kept, and ending what is due.", no_args_is_help=True)
Family = Annotated[UUID, typer.Argument(help="the family")]
Ground = Annotated[str, typer.Option(help="why, in words; it is sealed with the family")]
MOST = 200
"""Lines of what is due; of the rest it is said how much there is."""


@app.command()
def show() -> None:
    """Print the register: every category, its term and from when that counts, on which ground, and what is done then."""
    with the_hub() as hub:
        rules, today = hub.retention.rules, hub.retention.today
    table = Table(title=f"register of retention {rules.version}, as it holds on {today}")
    for name in ("category", "what", "term", "counts from", "then", "source"):
        table.add_column(name, overflow="fold")
    for one in rules.at(today).values():
        table.add_row(
            one.code, f"{one.words.dutch}\n{one.words.english}", _term(one), one.counts_from, one.deed.value, _source(one)
        )
    say.print(table)


@app.command(name="run")
def let_go(
    by: Annotated[str, typer.Option(help="who decides this; it is recorded")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what is due, and do nothing")] = False,
) -> None:
    """End all whose term is over, for ever: keys are destroyed and copies deleted. Look with --dry-run first.

    Broken off, it goes on where it was when it is run again. What is held stays.
    """
    with the_hub() as hub:
        if dry_run:
            _show_due(hub)
            return
        if not by:
            raise typer.BadParameter("who decides this?", param_hint="--by")
        with noted(hub, "end-retention", "hub retention run"), Progress(*_COLUMNS, console=say, transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def tell(what: str, done: int, of: int) -> None:
                task = tasks.setdefault(what, bars.add_task(what)) if what not in tasks else tasks[what]
                bars.update(task, completed=done, total=max(of, done))

            ended = run(hub, by, tell)
        for category, many in ended.items():
            say.print(f"{category}: {many}", highlight=False)
        left = {category: many for category, many in counts(hub).items() if many}
    for category, many in left.items():
        say.print(f"{category}: {many} are still due.", style="yellow", highlight=False)
    if left:
        say.print(
            "They changed meanwhile, so run it again; or the data of somebody in them is restricted.",
            style="yellow",
            soft_wrap=True,
        )


@app.command()
def hold(family: Family, ground: Ground, by: By) -> None:
    """Keep a family whatever its term, until it is released."""
    with the_hub() as hub, noted(hub, "hold-family", "hub retention hold", members(hub, [str(family)])):
        hub.retention.hold(family, ground, by)
    say.print(f"{family} is held.")


@app.command()
def release(family: Family, ground: Ground, by: By) -> None:
    """Let the term of a family count again."""
    with the_hub() as hub, noted(hub, "hold-family", "hub retention release", members(hub, [str(family)])):
        hub.retention.release(family, ground, by)
    say.print(f"{family} is not held any more.")


_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())


def _show_due(hub: Hub) -> None:
    hub.views.catch_up()
    said, held = 0, Counter[str]()
    for line in lines(hub):
        held[line.category] += line.is_held
        said += 1
        if said <= MOST:
            stays = "; HELD, so it stays" if line.is_held else ""
            say.print(
                f"{line.category}: {line.about}, counted from {line.counted_from}, due since {line.due}{stays}",
                highlight=False,
                soft_wrap=True,
            )
    if said > MOST:
        say.print(f"and {said - MOST} more")
    table = Table("category", "due", "held", title=f"due on {hub.retention.today}, by register {hub.retention.rules.version}")
    for category, many in counts(hub).items():
        table.add_row(category, str(many), str(held[category] or ""))
    say.print(table)
    for one in hub.retention.rules.at(hub.retention.today).values():
        if one.deed.value == "not-yet":
            say.print(f"{one.code}: the hub cannot end these yet ({_term(one)}, {one.source}).", style="yellow", soft_wrap=True)
    say.print("Nothing was done.")


def _term(one: Category) -> str:
    return one.term.text if one.term else "-"


def _source(one: Category) -> str:
    return f"{one.source}\nassumed: {one.assumed}" if one.assumed else one.source
