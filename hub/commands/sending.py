"""Sending a signal, as a partner's system does."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx2
import typer

from hub.adapters import jws
from hub.adapters.jades import sign
from hub.adapters.partners import found as partner_kinds
from hub.commands.shared import advise, say, sender_in
from hub.commands.tokens import HERE, Keys, To, bound_token
from hub.domain.messages import QUARANTINED
from hub.errors import Unavailable

app = typer.Typer()


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="the message in the partner's own format", exists=True, dir_okay=False)],
    partner: Annotated[str, typer.Option(help="who sends it: the name given to `hub keys new`")],
    type: Annotated[str, typer.Option(help="the message type, such as nl.vig.meldingen.vt-melding.v1")],
    keys: Keys = Path(),
    id: Annotated[str, typer.Option(help="the id of the event; the same id again gets the same receipt")] = "",
    token: Annotated[bool, typer.Option(help="get an access token first, and show it with proof of the key (DPoP)")] = False,
    to: To = HERE,
) -> None:
    """Sign a file and post it; prints the receipt, or the problem and what to do about it."""
    sender = sender_in(keys / f"{partner}.key.json")
    media = next((message.media for message in partner_kinds()[sender["kind"]].messages if message.type == type), None)
    if media is None:
        raise typer.BadParameter(f"{sender['kind']} has no messages of that type; see `hub partner kinds`", param_hint="--type")
    now = datetime.now(UTC)
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": id or str(uuid4()),
        "ce-source": f"urn:nld:oin:{sender['oin']}:systeem:hub-send",
        "ce-type": type,
        "ce-time": now.isoformat(),
    }
    body = file.read_bytes()
    signed = sign(body, attributes, jws.private_key(sender["key"]), sender["key"]["kid"], now)
    shown = bound_token(to, sender).headers("POST", "/v1/signals") if token else {}
    status, answer = _posted(to, body, {**attributes, **signed, **shown, "Content-Type": media})
    say.print_json(data=answer)
    if status >= 400:
        public = keys / f"{partner}.public.json"
        words = _WHAT_TO_DO.get(answer.get("code", "")) or _WHAT_ELSE.get(status) or "The hub could not do this; try again."
        advise(words.format(partner=partner, public=public, media=media))
        raise typer.Exit(1)
    if answer["outcome"] == QUARANTINED:
        advise("The hub keeps this message in quarantine, for it could not be read:")
        for reason in answer["reasons"]:
            advise(f"  {reason['where']}: {reason['what']}")
        raise typer.Exit(2)


_TERMS = "See above which ground it has not; `hub partner show {partner}` tells its terms, `hub partner change` changes them."
_NEW_KEY = "Make a new one with `hub keys new`, and give it to the hub: hub partner key {partner} --jwk FILE"
_WHAT_TO_DO = {
    "token-missing": "This organisation has to show an access token too: add --token.",
    "signature-wrong": "The hub does not know this key, or another by its kid: hub partner key {partner} --jwk {public}",
    "key-not-yet-valid": "The hub trusts this key from a later moment on; `hub partner key` gives it another.",
    "key-expired": "This key is not valid any more. " + _NEW_KEY,
    "key-revoked": "This key is revoked. " + _NEW_KEY,
    "algorithm-refused": "The organisation is not registered with the algorithm of this key: a key with PS256 always will do.",
    "partner-suspended": "Nothing of this organisation is accepted for now; the operator ends that: hub partner resume {partner}",
    "partner-removed": "This organisation takes part no longer; whoever comes back is registered under another name.",
    "sender-is-not-signer": "The OIN in the key file is not that of the registration: compare it with `hub partner list`.",
    "signature-too-old": "The signature is too old on arrival: check the clock of this machine and that of the hub.",
    "signature-from-the-future": "The signature is from the future: check the clock of this machine and that of the hub.",
    "id-reused": "This id was used for another message: use a new --id, or leave it out.",
    "unknown-type": "The organisation is not registered for this --type; `hub partner kinds` lists what each kind may send.",
    "wrong-media-type": "The hub does not read {media} for this --type: this command and the hub are not of one version.",
}
_WHAT_ELSE = {
    400: "The hub cannot read this as a message: see what is wrong above.",
    401: "The hub does not accept the signature: compare key and OIN with `hub partner list`.",
    403: _TERMS,
    404: "Nothing takes messages at that address: is it a hub? Name it with --to.",
    409: "Something else is recorded already: see above.",
    413: "The file is larger than the hub reads.",
    415: "The hub does not read {media} here.",
}


def _posted(to: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    try:
        answer = httpx2.post(f"{to}/v1/signals", content=body, headers=headers)
        said: dict[str, Any] = answer.json()
    except (httpx2.TransportError, httpx2.InvalidURL):
        raise Unavailable(f"No hub answers at {to}. Start one with `hub all`, or name another with --to.") from None
    except ValueError:
        raise Unavailable(f"What answers at {to} is not a hub. Name another with --to.") from None
    return answer.status_code, said
