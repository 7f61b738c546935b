"""Keys: a partner's own pair, and new ones for the hub."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from hub.adapters import jws
from hub.adapters.partners import found as partner_kinds
from hub.commands.shared import OPERATOR, Name, advise, say, the_hub
from hub.domain.registrations import Registration
from hub.domain.streams import Occasion

app = typer.Typer(help="Keys: a pair for a partner, or a new one for the hub.", no_args_is_help=True)
_AHEAD = timedelta(minutes=5)


@app.command()
def new(
    name: Name,
    kind: Annotated[str, typer.Option(help="the kind of partner; `hub partner kinds` lists them")],
    oin: Annotated[str, typer.Option(help="its organisation number (20 digits)")],
    algorithm: Annotated[str, typer.Option(help="PS256, ES256 or EdDSA")] = "PS256",
    to: Annotated[Path, typer.Option(help="the directory to write to", exists=True, file_okay=False)] = Path(),
) -> None:
    """Make a partner a key pair: NAME.key.json stays with the partner, NAME.public.json goes to the hub."""
    if kind not in partner_kinds():
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(sorted(partner_kinds()))}", param_hint="--kind")
    # what no hub would register is refused before there is a key
    Registration.register(name, kind, oin, Occasion(datetime.now(UTC), OPERATOR), [algorithm])
    jwk = jws.new_jwk(algorithm, f"{name}-{uuid4().hex[:8]}")
    secret, public = to / f"{name}.key.json", to / f"{name}.public.json"
    try:
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"name": name, "kind": kind, "oin": oin, "key": jwk}, file)
    except FileExistsError:
        raise typer.BadParameter(f"{secret} is there already; move it away first", param_hint="NAME") from None
    public.write_text(json.dumps(jws.public_half(jwk), indent=2))
    say.print(f"{secret} is private: keep it. Give {public} to the hub: hub partner key {name} --jwk {public}", soft_wrap=True)


@app.command()
def rotate(
    signing: Annotated[bool, typer.Option("--signing", help="the key that receipts and notices are signed with")] = False,
    tokens: Annotated[bool, typer.Option("--tokens", help="the key that access tokens are signed with, at once")] = False,
) -> None:
    """Put a new key around the keys of all that is sealed, while the hub runs; or let a new key sign (--signing, --tokens).

    The key of access tokens is replaced every thirty days by itself; after a leak do it now. Tokens count until their end.

    A copy of the databases from before opens only with the old key: where that is gone, so is what was erased since.
    """
    with the_hub() as hub:
        if signing:
            # a little ahead, so that every process and whoever fetches our keys knows it in time
            since = hub.clock.now() + _AHEAD
            say.print(f"{hub.keys.rotate(since)} signs from {since:%Y-%m-%d %H:%M} UTC on.")
        elif tokens:
            say.print(f"{hub.keys.rotate_token_key(hub.clock.now())} signs access tokens from now on.")
        else:
            before = hub.vault.around()
            count = hub.vault.rotate(hub.keys.wrap_anew)
            hub.settle()
            say.print(f"{count} keys are wrapped anew.")
            old = ", ".join(id for id in before if id != hub.vault.around()[0])
            advise(f"Keep a copy of the new key now, and back up: backups from before open only with key {old}.")
