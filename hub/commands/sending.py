"""Sending a signal, as a partner's system does."""

from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from hub.adapters.partners import found as partner_kinds
from hub.client import Message, Problem
from hub.commands.shared import advise, say, sender_in
from hub.commands.tokens import HERE, Keys, To, at_hub

app = typer.Typer()
_OPTIONS = {"token-missing": " Here: add --token.", "id-reused": " Here: another --id, or none."}


@app.command()
def send(
    partner: Annotated[str, typer.Option(help="who sends it: the name given to `hub keys new`")],
    type: Annotated[str, typer.Option(help="the message type, such as nl.vig.meldingen.vt-melding.v1")],
    file: Annotated[
        Path | None, typer.Argument(help="the message in the partner's own format", exists=True, dir_okay=False)
    ] = None,
    keys: Keys = Path(),
    id: Annotated[str, typer.Option(help="the id of the event; the same id again gets the same receipt")] = "",
    corrects: Annotated[str, typer.Option(help="the id of the earlier message in whose place this one comes")] = "",
    withdraws: Annotated[str, typer.Option(help="the id of an earlier message to take back, instead of FILE")] = "",
    token: Annotated[bool, typer.Option(help="get an access token first, and show it with proof of the key (DPoP)")] = False,
    to: To = HERE,
) -> None:
    """Sign a file and post it; prints the receipt, or the problem and what to do about it."""
    if bool(withdraws) is (file is not None):
        raise typer.BadParameter("either a message, or --withdraws", param_hint="FILE")
    kind, sender = sender_in(keys / f"{partner}.key.json")
    media = next((message.media for message in partner_kinds()[kind].messages if message.type == type), None)
    if media is None:
        raise typer.BadParameter(f"{kind} has no messages of that type; see `hub partner kinds`", param_hint="--type")
    body = file.read_bytes() if file else b""
    message = Message(type, body, media, id or str(uuid4()), corrects=corrects, withdraws=withdraws)
    try:
        with at_hub(to, sender, shows_token=token) as hub:
            receipt = hub.send(message)
    except Problem as problem:
        say.print_json(data=problem.document)
        words = problem.what_to_do.replace("NAME", partner).replace("FILE", str(keys / f"{partner}.public.json"))
        advise(words + _OPTIONS.get(problem.code, ""))
        raise typer.Exit(1) from None
    say.print_json(data=dict(receipt.document))
    if receipt.last_day:
        instead = receipt.document["ending"].get("instead", "")
        advise(f"Messages of this type are taken in until {receipt.last_day}.{f' Then send {instead}.' if instead else ''}")
    if receipt.is_quarantined:
        advise("The hub keeps this message in quarantine, for it could not be read:")
        for reason in receipt.reasons:
            advise(f"  {reason['where']}: {reason['what']}")
        raise typer.Exit(2)
