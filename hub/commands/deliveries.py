"""What partners are told at their callbacks: what was put aside and why, and telling it once more."""

from typing import Annotated

import typer
from rich.table import Column, Table

from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.meanings import all_meanings, meaning_of
from hub.commands.shared import say, the_hub
from hub.errors import NotKnown

app = typer.Typer(help="Notices to partners' callbacks that were put aside; nothing of them is lost.", no_args_is_help=True)
_MOST = 1_000


@app.command(name="list")
def list_() -> None:
    """Show what was put aside, and why: a receiver refused it, could not be reached for three days, or was given up."""
    columns = ("delivery", "receiver", Column("type", overflow="fold"), "accepted", "attempts", "last outcome")
    with the_hub() as hub, hub.stored.outbox.connect() as connection:
        aside = [one for state in ("dead", "retired") for one in queue.listed(connection, {"state": state}, limit=_MOST)]
    table = Table(*columns)
    for each in aside:
        said = (each["id"], each["receiver"], each["type"], each["accepted_at"][:16], each["attempts"], each["last_outcome"])
        table.add_row(*map(str, said))
    say.print(table)
    for code in sorted({each["last_outcome"] for each in aside} - {""}):
        dutch, english = meaning_of(code)
        say.print(f"{code}: {dutch} / {english}")


@app.command()
def codes() -> None:
    """Show what each outcome means, and what to do about it."""
    table = Table("outcome", Column("wat het betekent", overflow="fold"), Column("what it means", overflow="fold"))
    for code, (dutch, english) in all_meanings().items():
        table.add_row(code, dutch, english)
    say.print(table)


@app.command()
def again(
    delivery: Annotated[int, typer.Argument(help="one delivery; `hub deliveries list` shows them")] = 0,
    receiver: Annotated[str, typer.Option(help="all that was put aside for this organisation, or this subscription")] = "",
    all: Annotated[bool, typer.Option("--all", help="all that receivers refused, or had no three days for")] = False,
) -> None:
    """Tell it once more, from the beginning: after the receiver mended what was wrong."""
    if [bool(delivery), bool(receiver), all].count(True) != 1:
        raise typer.BadParameter("name one delivery, all of one --receiver, or --all")
    with the_hub() as hub, hub.stored.outbox.begin() as connection:
        if receiver and hub.registrations.subscriber(receiver) is None:
            raise NotKnown("No organisation is registered by that name, and no subscription has that id.")
        now = hub.clock.now()
        many = queue.redrive(connection, now, delivery, receiver)
        if receiver:
            many += queue.welcome_back(connection, receiver, now)
    say.print(f"{many} told once more; `hub status` shows how that goes.")
