"""What the leaves of the trees are, as bytes that anybody can make.

Of an event these are its position (8 bytes, big-endian as all numbers here), its stream (16), its version (4), how many
bytes its topic has (4), the topic, and the state as it is stored, which is sealed: so whoever is forgotten leaves the tree
as it is. What was read is a JSON array without spaces: the row of `readings`, and last in it an array with its `lines`.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from struct import Struct, error
from threading import Event
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from hub.adapters.database import looking, promised, quickly
from hub.adapters.event_store import EventLog
from hub.adapters.processing_log import ProcessingLog

_BEFORE_TOPIC = Struct(">Q16sII")
_ROWS = "SELECT position, stream_id, version, topic, state FROM events WHERE position > ? ORDER BY position LIMIT ?"
_NO_EVENT = b""
"""What stands for a row that can be no event: no leaf of one is like it."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What a tree is about: rows in a gapless order from 1, never changed.

    `read` gives the leaves after a position, in order, at most so many; `last` says how many there are; `waking` sets an event
    when there are more, as far as that is heard.
    """

    name: str
    read: Callable[[int, int], Sequence[bytes]]
    last: Callable[[], int]
    waking: Callable[[Event], AbstractContextManager[None]]


def of_events(log: EventLog) -> Grown:
    """The tree of all that happened."""
    return Grown("events", partial(_of_rows, log), log.last_position, log.waking)


def of_readings(log: ProcessingLog) -> Grown:
    """The tree of all that was read."""
    return Grown("readings", log.leaves, log.last, lambda _: nullcontext())


def of_event(position: int, event: StoredEvent) -> bytes:
    """The leaf of an event at that position."""
    stream = event.originator_id
    id = stream if isinstance(stream, UUID) else UUID(stream)
    return _leaf(position, id.bytes, event.originator_version, event.topic, event.state)


def _of_rows(log: EventLog, after: int, limit: int) -> Sequence[bytes]:
    with promised("the log cannot be read"), looking(log.engine) as connection:
        return [_of_row(*row) for row in quickly(connection, _ROWS, after, limit)]


def _of_row(position: int, stream: UUID | str, version: int, topic: str, state: bytes) -> bytes:
    """Of a row in which somebody wrote what nobody stores, something else than it was."""
    try:
        if isinstance(stream, UUID):
            return _leaf(position, stream.bytes, version, topic, state)
        id = bytes.fromhex(stream)
        return _leaf(position, id, version, topic, state) if id.hex() == stream else _NO_EVENT
    except (ValueError, TypeError, AttributeError, error):
        return _NO_EVENT


def _leaf(position: int, stream: bytes, version: int, topic: str, state: bytes) -> bytes:
    name = topic.encode()
    return _BEFORE_TOPIC.pack(position, stream, version, len(name)) + name + state
