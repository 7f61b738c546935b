"""Tokens for people and partners' systems."""

from typing import Annotated

import typer

from hub.commands.shared import the_hub
from hub.domain.callers import Capacity

app = typer.Typer()


@app.command()
def token(
    role: Annotated[Capacity, typer.Option(help="what somebody is to the hub")],
    subject: Annotated[str, typer.Option(help="who it is")],
    organisation: Annotated[str, typer.Option(help="for whom; for a partner's system the name of its registration")] = "",
    minutes: Annotated[int, typer.Option(help="how long it is valid", min=1, max=60)] = 60,
) -> None:
    """Print a short-lived token for a person or a partner's system (until there is a real front door)."""
    if not subject:
        raise typer.BadParameter("is empty: a token is always somebody's", param_hint="--subject")
    with the_hub() as hub:
        print(hub.tokens.issue(role, subject, organisation, hub.clock.now(), minutes))
