"""What stands in the log: the bytes of an event as the hub keeps it, and what it says once it is opened.

A leaf is the position (8 bytes), the stream (16), the version (4), the length of the topic (4), the topic, and the state, which is
JSON. What is personal in it is emptied, and stands sealed under `sealed`: for each subject AES-256-GCM (12 bytes of nonce first)
over the JSON of path → value, bound to topic, stream, version and subject.
"""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct, error
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vig_verifier.reading import b64, json_of, text

_HEAD = Struct(">Q16sII")


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `closed` are the subjects of which what was sealed stays closed, for there is no key."""

    position: int
    stream: str
    version: int
    topic: str
    said: Mapping[str, Any] = field(repr=False)
    closed: tuple[str, ...] = ()


def event_in(leaf: bytes, keys: Mapping[str, bytes]) -> Event:
    """The event in a leaf, opened with these keys (subject → key). Raises: ValueError."""
    try:
        position, stream, version, length = _HEAD.unpack_from(leaf)
    except error:
        raise ValueError("cut short") from None
    topic, state = leaf[_HEAD.size : _HEAD.size + length], leaf[_HEAD.size + length :]
    if len(topic) != length:
        raise ValueError("cut short")
    event = Event(position, str(UUID(bytes=stream)), version, topic.decode(), {})
    said = json_of(state)
    sealed = said.pop("sealed", {})
    closed = [subject for subject, value in sealed.items() if not _open(said, event, subject, text(value), keys)]
    return Event(event.position, event.stream, version, event.topic, said, tuple(closed_of(event, each) for each in closed))


def closed_of(event: Event, subject: str) -> str:
    """Whose key opens that: the event's own stream, where no subject is named."""
    return subject or event.stream


def _open(said: dict[str, Any], event: Event, subject: str, sealed: str, keys: Mapping[str, bytes]) -> bool:
    """Puts back what was sealed for a subject; gives whether there was a key. Raises: ValueError."""
    key = keys.get(closed_of(event, subject))
    if key is None:
        return False
    data = b64decode(sealed, validate=True)
    bound = "\x1f".join((event.topic, event.stream, str(event.version), subject)).encode()
    try:
        values = json_of(AESGCM(key).decrypt(data[:12], data[12:], bound))
    except InvalidTag:
        raise ValueError("does not open with its key") from None
    for path, value in values.items():
        _put(said, path.replace("[]", ".[]").split("."), value)
    return True


def _put(said: Any, steps: list[str], value: Any) -> None:
    first, *rest = steps
    if first == "[]":
        if len(said) != len(value):
            raise ValueError("another list than it was sealed for")
        for each, one in zip(said, value, strict=True):
            _put(each, rest, one)
    elif rest:
        _put(said[first], rest, value)
    else:
        said[first] = value


def keys_in(said: Any) -> dict[str, bytes]:
    """The keys that open what is sealed, by subject. Raises: ValueError."""
    keys = {str(UUID(subject)): b64(key) for subject, key in said.items()}
    if any(len(key) != 32 for key in keys.values()) or keys.keys() != said.keys():
        raise ValueError("not keys")
    return keys
