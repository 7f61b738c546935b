"""A conformance run: whether a partner's system is ready, tried against a sandbox, and told in words for who decides that."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from uuid import uuid4

import typer

from hub.adapters import jws
from hub.adapters.hub_keys import HubKey
from hub.adapters.partners import found as partner_kinds
from hub.adapters.registrations import Organisation
from hub.client import Message, Sender
from hub.commands import conformance
from hub.commands.conformance import Tried
from hub.commands.shared import Name, say, sender_in, the_hub
from hub.commands.tokens import HERE, Keys, To, at_hub
from hub.errors import NotAllowed, NotKnown
from hub.settings import DEMO
from hub.wiring import Hub

app = typer.Typer()


@app.command()
def check(
    name: Name,
    message: Annotated[Path, typer.Option(help="a message as the partner's system writes it", exists=True, dir_okay=False)],
    type: Annotated[str, typer.Option(help="its type, such as nl.vig.meldingen.vt-melding.v1")],
    keys: Keys = Path(),
    webhook: Annotated[str, typer.Option(help="where the partner's system is told things; without it that is not tried")] = "",
    to: To = HERE,
) -> None:
    """Try whether a partner's system is ready, against a sandbox (a hub in demo mode, in this directory): 0 if it is, 1 if not."""
    kind, sender = sender_in(keys / f"{name}.key.json", "NAME")
    media = next((one.media for one in partner_kinds()[kind].messages if one.type == type), None)
    if media is None:
        raise typer.BadParameter(f"{kind} has no messages of that type; see `hub partner kinds`", param_hint="--type")
    with the_hub() as sandbox:
        if sandbox.settings.mode != DEMO:
            raise NotAllowed("This is no sandbox: a check posts messages that nobody means. HUB_MODE=demo makes one.")
        known = sandbox.registrations.by_name(name)
        if known is None:
            raise NotKnown(f"{name} is not registered in this sandbox: hub partner add {name}")
        parts = list(_parts(sandbox, known, sender, Message(type, message.read_bytes(), media), webhook, to))
    good = _tell(name, parts)
    raise typer.Exit(0 if good else 1)


def _parts(
    sandbox: Hub, known: Organisation, sender: Sender, message: Message, webhook: str, to: str
) -> Iterator[tuple[str, str, list[Tried]]]:
    now = sandbox.clock.now
    yield "Het eigen systeem", "its own system", list(conformance.own_messages(sandbox, known.name))
    with at_hub(to, replace(sender, system=conformance.SYSTEM), shows_token=known.requires_token) as hub:
        yield "Berichten", "messages", list(conformance.messages(hub, message, now()))
        yield "Wat niet klopt", "what is wrong", list(conformance.wrong_messages(hub, to.rstrip("/"), message, now()))
    if webhook:
        key = sandbox.keys.at(now())
        origin, stranger = urlsplit(sandbox.settings.base_url).hostname or "", _somebody_else(key)
        trials = conformance.webhook(webhook, origin, sandbox.settings.oin, key, stranger, now)
        yield "De webhook", "its webhook", list(trials)


def _somebody_else(key: HubKey) -> HubKey:
    """A key by the same name that is not the hub's."""
    return replace(key, private=jws.private_key(jws.new_jwk("EdDSA", str(uuid4()))))


def _tell(name: str, parts: list[tuple[str, str, list[Tried]]]) -> bool:
    say.print(f"{name}: proef tegen een oefenhub · conformance run against a sandbox", style="bold", highlight=False)
    for dutch, english, trials in parts:
        say.print(f"\n{dutch} · {english}", style="bold", highlight=False)
        for one in trials:
            mark = "[red]NEE[/]" if one.wrong else "[green]ja [/]"
            say.print(f"  {mark}  {one.dutch} [dim]· {one.english}[/]", soft_wrap=True, highlight=False)
            if one.wrong:
                say.print(f"       {one.wrong}", style="yellow", soft_wrap=True, highlight=False, markup=False)
    wrong = sum(bool(one.wrong) for *_, trials in parts for one in trials)
    say.print(f"\n{_verdict(wrong, len(parts) == 4)}", style="bold", soft_wrap=True, highlight=False, markup=False)
    return not wrong


def _verdict(wrong: int, with_webhook: bool) -> str:
    if wrong:
        return f"Nog niet klaar: {wrong} punten te verhelpen. · Not ready yet: {wrong} to be mended."
    but = "" if with_webhook else " De webhook is niet beproefd (--webhook). · Its webhook was not tried."
    return f"Klaar om aan te sluiten. · Ready to join.{but}"
