"""Messages that could not be read: what waits, and reading it once more."""

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Column, Table

from hub.commands.noting import note, noted
from hub.commands.shared import OPERATOR, By, say, the_hub
from hub.domain.processing import Outcome
from hub.wiring import put_into_use, quarantined

app = typer.Typer(help="Messages that were rightly signed but could not be read; nothing of them is lost.", no_args_is_help=True)


@app.command(name="list")
def list_() -> None:
    """Show what waits in quarantine, and why."""
    with the_hub() as hub:
        hub.views.catch_up()
        table = Table(
            Column("message", min_width=36), "partner", Column("type", overflow="fold"), Column("reasons", overflow="fold")
        )
        for item in (waiting := quarantined(hub)):
            reasons = "\n".join(f"{reason['where']}: {reason['what']}" for reason in item["reasons"])
            table.add_row(item["message"], item["partner"], item["type"], reasons)
        note(hub, "look-at-quarantine", "hub quarantine list", outcome=Outcome.GIVEN if waiting else Outcome.NOTHING)
    say.print(table)


@app.command()
def again(message: Annotated[UUID, typer.Argument(help="the message")], by: By = OPERATOR) -> None:
    """Read a message once more, after a fix."""
    with the_hub() as hub, noted(hub, "process-again", "hub quarantine again", about=("message", str(message))):
        put_into_use(hub.register)
        found = hub.intake.process_again(message, by)
    say.print(f"{message}: {found.outcome}")
