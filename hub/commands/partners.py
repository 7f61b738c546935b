"""Who takes part, and with which keys."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hub.adapters.partners import found as partner_kinds
from hub.commands.shared import OPERATOR, By, Name, Reason, object_in, say, the_hub

app = typer.Typer(help="Who takes part, and with which keys. Every change is an event.", no_args_is_help=True)


@app.command()
def add(
    name: Name,
    kind: Annotated[str, typer.Option(help="the kind of partner; `hub partner kinds` lists them")],
    oin: Annotated[str, typer.Option(help="its organisation number (20 digits)")],
    algorithm: Annotated[list[str], typer.Option(help="signature algorithms beside PS256: ES256, EdDSA")] = [],  # noqa: B006
    callback: Annotated[str, typer.Option(help="where it is told things (https)")] = "",
    by: By = OPERATOR,
) -> None:
    """Register an organisation."""
    with the_hub(may_be_new=True) as hub:
        hub.registry.add(name, kind, oin, by, algorithms=algorithm, callback=callback)
        data = hub.settings.data_dir.absolute()
    say.print(f"{name} is registered in {data}. Give it a key: hub partner key {name} --jwk FILE", soft_wrap=True)


@app.command()
def key(
    name: Name,
    jwk: Annotated[Path, typer.Option(help="the public key (a JWK with kid)", exists=True, dir_okay=False)],
    days: Annotated[int, typer.Option(help="how many days it is valid; 0 is no end")] = 0,
    by: By = OPERATOR,
) -> None:
    """Trust one more public key; keys may overlap, so that a partner changes them without a gap."""
    public = object_in(jwk, "--jwk")
    if isinstance(public.get("key"), dict):
        raise typer.BadParameter(f"{jwk} is the private file; give {public.get('name', name)}.public.json", param_hint="--jwk")
    with the_hub() as hub:
        until = hub.clock.now() + timedelta(days=days) if days else None
        hub.registry.add_key(name, public, by, valid_until=until)
    say.print(f"{name} signs with {public.get('kid')} from now on.")


@app.command()
def revoke(name: Name, kid: Annotated[str, typer.Argument(help="the key")], reason: Reason, by: By = OPERATOR) -> None:
    """Trust a key no longer, at once."""
    with the_hub() as hub:
        hub.registry.revoke_key(name, kid, reason, by)
    say.print(f"{kid} is revoked.")


@app.command()
def callback(
    name: Name, url: Annotated[str, typer.Argument(help="where it is told things (https); empty is nowhere")], by: By = OPERATOR
) -> None:
    """Change where an organisation is told things."""
    with the_hub() as hub:
        hub.registry.call_back(name, url, by)
    say.print(f"{name} is told things at {url}." if url else f"{name} is told nothing any more.", soft_wrap=True)


@app.command()
def suspend(name: Name, reason: Reason, by: By = OPERATOR) -> None:
    """Accept nothing of an organisation for the time being."""
    with the_hub() as hub:
        hub.registry.suspend(name, reason, by)
    say.print(f"{name} is suspended.")


@app.command()
def resume(name: Name, reason: Reason, by: By = OPERATOR) -> None:
    """Accept an organisation's messages again."""
    with the_hub() as hub:
        hub.registry.resume(name, reason, by)
    say.print(f"{name} takes part again.")


@app.command(name="list")
def list_() -> None:
    """Show who takes part, and their keys."""
    with the_hub() as hub:
        table = Table("organisation", "kind", "OIN", "keys", "callback", "")
        for known in hub.registrations.all():
            kids = ", ".join(key.kid for key in hub.registrations.keys_of(known.name))
            table.add_row(known.name, known.kind, known.oin, kids, known.callback, "suspended" if known.is_suspended else "")
    say.print(table)


@app.command()
def kinds() -> None:
    """Show the kinds of partners there are adapters for, and what each may send."""
    table = Table("kind", "message type", "content type", "what it is")
    for kind in partner_kinds().values():
        for message in kind.messages:
            table.add_row(kind.name, message.type, message.media, message.title)
    say.print(table)
