"""What the hub tells: at a webhook it is believed only where every signature that is asked holds, and was made just now."""

import hmac
import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from hub.adapters import jades, rfc3339
from hub.adapters.jwks import Jwks
from hub.client.problems import NotByTheHub
from hub.client.signed import is_by_the_hub
from hub.errors import SignatureRefused

WINDOW = timedelta(minutes=5)
"""How long ago, and how far ahead of our clock, a delivery may be signed; every attempt is signed anew."""
_COVERED = {"content-type", "webhook-id"}
_SECRET = "whsec_"  # noqa: S105  (how every one begins)

Headers = Mapping[str, str | Sequence[str]]
"""As a web framework gives them: names in any case, a value or all values."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the hub tells. It may come more than once: who has seen `id` has seen it."""

    id: str
    type: str
    time: datetime
    data: Mapping[str, Any]
    event: Mapping[str, Any]

    @property
    def cursor(self) -> int:
        """Its number among all that this subscription was told: from there one goes on."""
        return int(self.event["sequence"])

    @property
    def is_lean(self) -> bool:
        """Whether it says only whom to call, and `Hub.notice` has the rest."""
        return "dataref" in self.event


def notice(
    headers: Headers, body: bytes, keys: Jwks, now: datetime, window: timedelta = WINDOW, secrets: Sequence[str] = ()
) -> Notice:
    """The notice in a delivery; where there are secrets, one of them has to have signed it besides.

    Raises:
        NotByTheHub: with the code of the reason: that of a signature (signature-missing, digest-mismatch, …) or
            delivery-too-old, delivery-from-the-future, webhook-signature-missing, webhook-signature-wrong, not-an-event.
        Unavailable: the hub's keys cannot be read.
    """
    lines = in_lower_case(headers)
    kid = _refuse_wrong_jades(lines, body, keys, now, window)
    signed, signatures = _standard(lines, body, now, window)
    if not any(is_by_the_hub(kid, signed, value, keys) for value in signatures.get("v1a", ())):
        raise _refusal("webhook-signature-wrong", "no v1a signature is by the key of the hub")
    if secrets and not _is_by_one(secrets, signed, signatures.get("v1", ())):
        raise _refusal("webhook-signature-wrong", "no v1 signature is by a secret of this subscription")
    return _read(body)


def of_event(event: Mapping[str, Any]) -> Notice:
    """The notice that an event is. Raises: KeyError, TypeError, ValueError."""
    return Notice(event["id"], event["type"], rfc3339.moment(event["time"]), event["data"], event)


def secret_bytes(secret: str) -> bytes:
    """The key that a secret of Standard Webhooks is.

    Raises:
        ValueError: it is none.
    """
    key = _bytes(secret.removeprefix(_SECRET))
    if not key or not secret.startswith(_SECRET):
        raise ValueError(f"a secret is {_SECRET} and base64")
    return key


def in_lower_case(headers: Headers) -> dict[str, list[str]]:
    """All values by the names of their headers."""
    lines: dict[str, list[str]] = {}
    for name, value in headers.items():
        # a name in two writings is there twice
        lines.setdefault(name.lower(), []).extend([value] if isinstance(value, str) else value)
    return lines


def _refuse_wrong_jades(lines: Mapping[str, Sequence[str]], body: bytes, keys: Jwks, now: datetime, window: timedelta) -> str:
    if not lines.get("payload-signature"):
        raise _refusal("signature-missing", "there is no Payload-Signature header")
    if len(lines["payload-signature"]) > 1:
        raise _refusal("signature-twice", "there is more than one signature")
    try:
        read = jades.read(lines["payload-signature"][0])
        jades.refuse_digest(lines.get("digest", ()), body)
        signed = jades.signed_bytes(read.start, read.covers, lines)
    except SignatureRefused as refused:
        raise NotByTheHub(refused.detail, code=refused.code) from None
    if not set(read.covers) >= _COVERED:
        raise _refusal("signature-malformed", "it covers neither content-type nor webhook-id")
    _refuse_untimely(read.signed_at, now, window)
    if not is_by_the_hub(read.kid, signed, read.value, keys):
        raise _refusal("signature-wrong", "no key of the hub made it over this delivery")
    return read.kid


def _standard(
    lines: Mapping[str, Sequence[str]], body: bytes, now: datetime, window: timedelta
) -> tuple[bytes, Mapping[str, Sequence[bytes]]]:
    """What is signed, and the signatures of each kind; of several of one kind one that holds is enough (Standard Webhooks 1.0)."""
    named = [lines.get(f"webhook-{name}", ()) for name in ("id", "timestamp", "signature")]
    if any(len(found) != 1 for found in named):
        raise _refusal("webhook-signature-missing", "webhook-id, webhook-timestamp and webhook-signature are not there once each")
    (id,), (timestamp,), (signatures,) = named
    _refuse_untimely(_moment(timestamp), now, window)
    kinds: dict[str, list[bytes]] = {}
    for kind, _, text in (one.partition(",") for one in signatures.split(" ")):
        kinds.setdefault(kind, []).append(_bytes(text))
    return f"{id}.{timestamp}.".encode() + body, kinds


def _is_by_one(secrets: Sequence[str], signed: bytes, values: Sequence[bytes]) -> bool:
    ours = [hmac.digest(secret_bytes(secret), signed, sha256) for secret in secrets]
    return any(hmac.compare_digest(one, value) for one in ours for value in values)


def _moment(timestamp: str) -> datetime:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 13):
        raise _refusal("webhook-signature-missing", "webhook-timestamp is no number of seconds")
    return datetime.fromtimestamp(int(timestamp), UTC)


def _refuse_untimely(made: datetime, now: datetime, window: timedelta) -> None:
    if made < now - window:
        raise _refusal("delivery-too-old", "it was signed too long ago, so it may be sent by somebody who overheard it")
    if made > now + window:
        raise _refusal("delivery-from-the-future", "it was signed later than our clock says")


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b""


def _read(body: bytes) -> Notice:
    try:
        return of_event(json.loads(body))
    except (ValueError, KeyError, TypeError):
        raise _refusal("not-an-event", "it is no CloudEvent") from None


def _refusal(code: str, detail: str) -> NotByTheHub:
    return NotByTheHub(f"The delivery is not believed: {detail}.", code=code)
