"""What partners are told at their callbacks: what was put aside, and telling it once more."""

from typing import Annotated

import typer
from rich.table import Column, Table

from hub.adapters.channels.webhook import queue
from hub.commands.shared import say, the_hub
from hub.errors import NotKnown

app = typer.Typer(help="Notices to partners' callbacks that were put aside; nothing of them is lost.", no_args_is_help=True)
_DEAD = {"state": "dead"}
_MOST = 1_000


@app.command(name="list")
def list_() -> None:
    """Show what was put aside: a receiver refused it, or could not be reached for three days."""
    columns = ("delivery", "receiver", Column("type", overflow="fold"), "accepted", "attempts", "last outcome")
    with the_hub() as hub, hub.stored.outbox.connect() as connection:
        dead = queue.listed(connection, _DEAD, limit=_MOST)
    table = Table(*columns)
    for each in dead:
        said = (each["id"], each["receiver"], each["type"], each["accepted_at"][:16], each["attempts"], each["last_outcome"])
        table.add_row(*map(str, said))
    say.print(table)


@app.command()
def again(
    delivery: Annotated[int, typer.Argument(help="one delivery; `hub deliveries list` shows them")] = 0,
    receiver: Annotated[str, typer.Option(help="all that was put aside for this organisation")] = "",
) -> None:
    """Tell it once more, from the beginning: after the receiver mended what was wrong."""
    if bool(delivery) == bool(receiver):
        raise typer.BadParameter("name one delivery, or all of one --receiver")
    with the_hub() as hub, hub.stored.outbox.begin() as connection:
        if receiver and hub.registrations.by_name(receiver) is None:
            raise NotKnown("No organisation is registered by that name.")
        found = queue.listed(connection, _DEAD | {"receiver": receiver}, limit=_MOST) if receiver else [{"id": delivery}]
        for each in found:
            queue.redrive(connection, each["id"], hub.clock.now())
    say.print(f"{len(found)} told once more; `hub status` shows how that goes.")
