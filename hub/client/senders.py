"""Who sends: a partner's system with its private key, and the messages that it signs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from hub.adapters import jades, jws, outgoing_events
from hub.adapters.outgoing_events import to_batch, to_headers, to_structured

BATCH = "application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the partner's own format. Its id is made once: the same object sent again is the same message.

    `corrects` is the id of an earlier one of the same sender, in whose place this one comes; `withdraws` that of one that is taken
    back, by a message without a body.
    """

    type: str
    body: bytes = b""
    media: str = "application/json"
    id: str = field(default_factory=lambda: str(uuid4()))
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    corrects: str = ""
    withdraws: str = ""

    @property
    def about(self) -> dict[str, str]:
        """The earlier message that it is about, as attributes."""
        return {name: id for name, id in (("corrects", self.corrects), ("withdraws", self.withdraws)) if id}


@dataclass(frozen=True, slots=True)
class Sender:
    """A system of a registered organisation, by the name of its registration, with its private key (a JWK with a kid).

    Raises:
        ValueError: that is no private key of a kind that the hub knows.
    """

    name: str
    oin: str
    key: Mapping[str, Any] = field(repr=False)
    system: str = "hub-client"
    private: jws.PrivateKey = field(init=False, repr=False, compare=False)
    """The key ready for use; checking its numbers costs many times what a signature does, so once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "private", jws.private_key(self.key))

    @classmethod
    def read(cls, file: Path | str, system: str = "hub-client") -> "Sender":
        """The one whose key is in a file as `hub keys new` makes it.

        Raises:
            ValueError: the file is something else.
        """
        said = json.loads(Path(file).read_text())
        if not isinstance(said, dict) or not {"name", "oin", "key"} <= said.keys():
            raise ValueError(f"{file} is not as `hub keys new` makes it")
        return cls(said["name"], said["oin"], said["key"], system)

    @property
    def kid(self) -> str:
        return str(self.key["kid"])

    @property
    def source(self) -> str:
        """By what its messages name it; with their ids that makes them one of a kind."""
        return f"urn:nld:oin:{self.oin}:systeem:{self.system}"

    def signed(self, body: bytes, covered: Mapping[str, str], at: datetime) -> dict[str, str]:
        """The headers of a signature over this body and the `covered` headers, made at that moment; those are among them."""
        return {**covered, **jades.sign(body, covered, self.private, self.kid, at)}

    def one(self, message: Message, at: datetime) -> dict[str, str]:
        """The headers of a message whose body is the partner's own (binary mode), signed with its attributes."""
        headers = to_headers(message.id, self.source, message.type, message.time, message.media, message.about)
        media = headers.pop("content-type")
        return {**self.signed(message.body, headers, at), "content-type": media}

    def event(self, message: Message) -> bytes:
        """A message as one event with its attributes inside (structured mode): these bytes are what a receipt is for.

        Raises:
            TooLarge: over 64 KB.
        """
        body = message.body if message.body or not message.withdraws else None
        return to_structured(message.id, self.source, message.type, message.time, body, message.media, message.about)

    def many(self, events: list[bytes], at: datetime) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of one signed batch of events."""
        body = to_batch(events)
        return body, {**self.signed(body, {}, at), "content-type": BATCH}


MOST_BYTES = outgoing_events.MOST_BYTES
"""Of one message."""
