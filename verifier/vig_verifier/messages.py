"""What partners sent, verified again: the bytes, the signature over them, and the key as it was valid when they came."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from vig_verifier.events import Event
from vig_verifier.reading import b64, moment, text, texts
from vig_verifier.signing import Detached, Public, public_key

_BATCH = "application/cloudevents-batch+json"
_TYPED = {"digest", "content-type", "ce-id", "ce-source", "ce-type", "ce-time", "reported-by", "reported-for"}
"""What the hub signs of what a person typed into its own form."""


@dataclass
class PartnerKey:
    """A public key of an organisation, and when it counts."""

    key: Public
    valid_from: datetime
    valid_until: datetime | None
    revoked_from: datetime | None = None

    def is_valid(self, at: datetime) -> bool:
        ends = [end for end in (self.valid_until, self.revoked_from) if end is not None]
        return self.valid_from <= at and all(at < end for end in ends)


@dataclass
class Organisation:
    """An organisation as its registration in the log has it."""

    name: str
    kind: str
    oin: str
    algorithms: list[str]
    keys: dict[str, PartnerKey] = field(default_factory=dict)


def organisations_in(events: Iterable[Event]) -> dict[str, Organisation]:
    """Who is registered, by name. Raises: ValueError, KeyError."""
    by_stream: dict[str, Organisation] = {}
    for event in events:
        said = event.said
        match event.topic:
            case "registration-registered":
                by_stream[event.stream] = Organisation(said["name"], said["kind"], said["oin"], texts(said["algorithms"]))
            case "registration-key-added":
                until = said["valid_until"] and moment(said["valid_until"])
                by_stream[event.stream].keys[said["kid"]] = PartnerKey(public_key(said["jwk"]), moment(said["valid_from"]), until)
            case "registration-key-limited":
                by_stream[event.stream].keys[said["kid"]].valid_until = moment(said["valid_until"])
            case "registration-key-revoked":
                by_stream[event.stream].keys[said["kid"]].revoked_from = moment(said["revoked_from"])
    return {each.name: each for each in by_stream.values()}


@dataclass(frozen=True)
class Posted:
    """What came in, byte for byte, with the headers that its signature stands for."""

    headers: dict[str, list[str]] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def read(cls, headers: Any, body: Any) -> "Posted":
        """Raises: ValueError."""
        if not isinstance(headers, dict):
            raise ValueError("no headers")
        return cls({text(name): texts(values) for name, values in headers.items()}, b64(body))

    @property
    def kept(self) -> str:
        """Under which it is kept: the digest of the signature and the body. Raises: KeyError."""
        signature = "\n".join(self.headers["payload-signature"]).encode()
        return sha256(signature + b"\n" + self.body).hexdigest()

    @property
    def digests(self) -> list[str]:
        """The digest of each event in it, in hexadecimal. Raises: ValueError."""
        (media,) = self.headers["content-type"]
        is_batch = media.split(";")[0].strip().lower() == _BATCH
        return [sha256(each).hexdigest() for each in (_items(self.body) if is_batch else [self.body])]

    def is_whole(self) -> bool:
        """Whether the digest that is signed is that of the body. Raises: KeyError, ValueError."""
        (said,) = [
            value.strip() for line in self.headers["digest"] for value in line.split(",") if value.strip()[:8].upper() == "SHA-256="
        ]
        return b64(said[8:]) == sha256(self.body).digest()


def _items(array: bytes) -> list[bytes]:
    """The items of a JSON array, byte for byte. Raises: ValueError."""
    said, decoder, found = array.decode().strip(" \t\n\r"), json.JSONDecoder(strict=False), []
    if said[:1] != "[" or said[-1:] != "]":
        raise ValueError("no array")
    at = _blank(said, 1)
    while at < len(said) - 1:
        _, end = decoder.raw_decode(said, at)
        found.append(said[at:end].encode())
        at = _blank(said, end)
        if said[at] == "," and at < len(said) - 1:
            at = _blank(said, at + 1)
        elif at != len(said) - 1:
            raise ValueError("no array")
    return found


def _blank(said: str, at: int) -> int:
    while at < len(said) and said[at] in " \t\n\r":
        at += 1
    return at


def refusal(received: Event, posted: Posted, known: Mapping[str, Organisation], ours: Mapping[str, Public]) -> str:
    """Why this was not signed by whom the log says, with a key that counted then: a code, empty where it was.

    `ours` are the keys of the hub, which signs what people typed into its own form. Raises: ValueError, KeyError, TypeError.
    """
    said = received.said
    if posted.kept != said["kept"] or not posted.is_whole() or said["digest"] not in posted.digests:
        return "message-changed"
    signature = Detached(*posted.headers["payload-signature"])
    if signature.kid != said["kid"] or signature.algorithm != said["algorithm"]:
        return "message-by-other-key"
    sender = known.get(said["partner"])
    if sender is None or (sender.kind, sender.oin) != (said["kind"], said["oin"]):
        return "message-by-nobody"
    if said["typed_by"]:
        return _typed(said, posted, signature, ours)
    key = sender.keys.get(signature.kid)
    if key is None or signature.algorithm not in sender.algorithms:
        return "message-by-other-key"
    if not key.is_valid(moment(said["timestamp"])):
        return "message-key-not-valid"
    return "" if signature.is_by(key.key, posted.headers) else "message-not-signed"


def _typed(said: Mapping[str, Any], posted: Posted, signature: Detached, ours: Mapping[str, Public]) -> str:
    headers, key = posted.headers, ours.get(signature.kid)
    if key is None or not set(signature.covers) >= _TYPED or not signature.is_by(key, headers):
        return "message-not-signed"
    is_theirs = unquote(headers["reported-by"][0]) == said["typed_by"] and headers["reported-for"] == [said["partner"]]
    return "" if is_theirs else "message-by-nobody"
