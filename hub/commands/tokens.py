"""Access tokens for a partner's system, as it gets them itself: with the key that it signs with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hub.client import ONCE, Hub, NoAnswer, NoToken, Sender
from hub.commands.shared import Name, sender_in
from hub.errors import Refused, Unavailable

app = typer.Typer()

To = Annotated[str, typer.Option(help="the hub")]
Keys = Annotated[Path, typer.Option(help="where `hub keys new` put the private key", file_okay=False)]
HERE = "http://127.0.0.1:8000"


@contextmanager
def at_hub(to: str, sender: Sender, *, shows_token: bool = False) -> Iterator[Hub]:
    """A hub to which this sender talks while the block lasts, everything once.

    Raises:
        Refused: the hub gives no token.
        Unavailable: nothing answers there, or no hub.
    """
    try:
        with Hub(to, sender, shows_token=shows_token, retries=ONCE) as hub:
            yield hub
    except NoToken as refused:
        raise Refused(f"The hub gives no token: {refused.detail}.", code="no-token") from None
    except NoAnswer as error:
        words = f"No hub answers at {to}. Start one with `hub all`, or name another with --to."
        raise Unavailable(words if error.code == NoAnswer.code else f"{error.detail} Name another with --to.") from None


@app.command()
def token(
    name: Name,
    keys: Keys = Path(),
    scope: Annotated[str, typer.Option(help="what it is for; empty: all that the organisation is registered for")] = "",
    to: To = HERE,
) -> None:
    """Get a partner's system an access token with its key, and print it; it counts for fifteen minutes."""
    _, sender = sender_in(keys / f"{name}.key.json", "NAME")
    with at_hub(to, sender) as hub:
        print(hub.token(scope, is_bound=False).text)
