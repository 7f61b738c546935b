"""Which keys the hub trusts of an organisation."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commands.shared import OPERATOR, By, Name, Reason, Why, object_in, say, the_hub
from hub.registry import ASKED, OVERLAP

app = typer.Typer()

Jwk = Annotated[Path, typer.Option(help="the public key (a JWK with kid)", exists=True, dir_okay=False)]


@app.command()
def key(
    name: Name,
    jwk: Jwk,
    days: Annotated[int, typer.Option(help="how many days it is valid; 0 is no end", min=0)] = 0,
    reason: Why = ASKED,
    by: By = OPERATOR,
) -> None:
    """Trust one more public key: its first, or that of another of its systems."""
    public = _public(jwk, name)
    with the_hub() as hub:
        until = hub.clock.now() + timedelta(days=days) if days else None
        hub.registry.add_key(name, public, by, valid_until=until, reason=reason)
    say.print(f"{name} signs with {public.get('kid')} from now on.")


@app.command()
def rotate(
    name: Name,
    jwk: Jwk,
    overlap: Annotated[int, typer.Option(help="for how many days the keys before it still count", min=0)] = OVERLAP.days,
    reason: Why = "a new key in place of the old",
    by: By = OPERATOR,
) -> None:
    """Trust a new public key from now on, and all others only for some days more."""
    public = _public(jwk, name)
    with the_hub() as hub:
        hub.registry.rotate(name, public, by, timedelta(days=overlap), reason)
        until = hub.clock.now() + timedelta(days=overlap)
    say.print(f"{name} signs with {public.get('kid')} from now on; other keys count until {until:%Y-%m-%d %H:%M} UTC.")


@app.command()
def revoke(name: Name, kid: Annotated[str, typer.Argument(help="the key")], reason: Reason, by: By = OPERATOR) -> None:
    """Trust a key no longer, at once."""
    with the_hub() as hub:
        hub.registry.revoke_key(name, kid, reason, by)
    say.print(f"{kid} is revoked.")


def _public(jwk: Path, name: str) -> dict[str, Any]:
    public = object_in(jwk, "--jwk")
    if isinstance(public.get("key"), dict):
        raise typer.BadParameter(f"{jwk} is the private file; give {public.get('name', name)}.public.json", param_hint="--jwk")
    return public
