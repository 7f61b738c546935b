"""Proving that a log which was restored opens: every key, every event, and every message as it was received, verified again.

Nothing of it is held in memory but a few rows at a time and the registrations; which event speaks of which bytes stands in
a table of the transaction's own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, insert

from hub.adapters import organisations_index, subscriptions_index
from hub.adapters.backup.archive import Progress
from hub.adapters.backup.rows import AT_ONCE
from hub.adapters.database import engine, locked, quickly
from hub.adapters.kek import Keks
from hub.adapters.mapper import PlainMapper, mapper
from hub.adapters.received import Received
from hub.adapters.registrations import Registrations
from hub.adapters.rereading import Reread
from hub.adapters.vault import REMEMBERED, Cipher, DoesNotOpen
from hub.domain.messages import Message, bytes_of
from hub.errors import Fault, NotKnown
from hub.ports import Fact, Projection

Ours = Sequence[Mapping[str, Any]]
_WRAPPED = "SELECT subject, kek, wrapped FROM vault_keys WHERE wrapped IS NOT NULL AND subject > ? ORDER BY subject LIMIT ?"
_KEY = "SELECT kek, wrapped FROM vault_keys WHERE subject = ?"
_EVENTS = "SELECT position, stream_id, version, topic, state FROM events WHERE position > ? ORDER BY position LIMIT ?"
_EVENT = "SELECT position, stream_id, version, topic, state FROM events WHERE position = ?"
_ROWS = "SELECT kept FROM received WHERE kept > ? ORDER BY kept LIMIT ?"
_COUNT = "SELECT count(*) FROM received"
_SAID = "SELECT position FROM restored_messages WHERE kept = ? ORDER BY position"
_BARE = (
    "SELECT position, kept FROM restored_messages WHERE position > ? "
    "AND NOT EXISTS (SELECT 1 FROM received WHERE received.kept = restored_messages.kept) ORDER BY position LIMIT ?"
)
_MESSAGES = Table(
    "restored_messages",
    MetaData(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("kept", Text, nullable=False, index=True),
    prefixes=["TEMPORARY"],
)
_INDEXES = (organisations_index.INDEX, subscriptions_index.INDEX)
"""What registrations are read from."""
_NOTHING = " Nothing was restored."
GONE = "its bytes are not there"
NAMED = 10
"""Places that are named, of those where something is wrong."""


@dataclass(slots=True)
class Proved:
    """What was proved of a log: how many keys unwrapped, events opened and messages were verified again with their signatures.

    `erased` are messages whose key was destroyed; `unverified` those that open and are as they were kept, but whose
    signature does not count now, such as one by a key that was revoked from before; of those `places` names the first.
    """

    keys: int = 0
    events: int = 0
    verified: int = 0
    erased: int = 0
    unverified: int = 0
    places: list[str] = field(default_factory=list)

    def doubt(self, position: int, why: str) -> None:
        """One more whose signature does not count now."""
        self.unverified += 1
        if len(self.places) < NAMED:
            self.places.append(f"position {position}: {why}")


def prove(last: int, has_received: bool, keks: Keks, ours: Ours, connection: Connection, progress: Progress) -> Proved:
    """Opens all of a log on the transaction that restored it; `ours` are the public keys of the hub that it is of.

    Raises:
        Fault: something does not open, with its place: a table, and a position or an id.
    """
    keys, proved = Keys(keks, connection), Proved()
    for subject, is_opening in unwrapping(keks, connection):
        if not is_opening:
            raise _does_not_open(f"log: vault_keys, subject {subject}")
        proved.keys += 1
    scratch = engine("sqlite://")
    try:
        _MESSAGES.create(connection)
        with locked(scratch) as organisations:
            for index in _INDEXES:
                index.tables.create_all(organisations)
            _open_events(last, mapper(keys), connection, organisations, proved, progress)
        if has_received:
            _Messages(connection, keys, Registrations(scratch), ours, proved, progress).verify()
        _MESSAGES.drop(connection)
    finally:
        scratch.dispose()
    return proved


def unwrapping(keks: Keks, connection: Connection) -> Iterator[tuple[str, bool]]:
    """Every subject with a key, and whether that unwraps with these key-encryption keys."""
    keys, last = Keys(keks, connection), ""
    while rows := quickly(connection, _WRAPPED, last, AT_ONCE):
        for subject, kek, wrapped in rows:
            yield subject, _opens(lambda at=subject, by=kek, it=wrapped: keys.unwrapped(at, by, it))  # type: ignore[misc]
        last = rows[-1][0]


def _opens(open: Callable[[], object]) -> bool:
    try:
        open()
    except DoesNotOpen:
        return False
    return True


def _open_events(
    last: int, mapper: PlainMapper, connection: Connection, organisations: Connection, proved: Proved, progress: Progress
) -> None:
    """Every event, as an auditor would read it."""
    position = 0
    while rows := quickly(connection, _EVENTS, position, AT_ONCE):
        facts = [_fact(row, mapper) for row in rows]
        for index in _INDEXES:
            index.apply([fact for fact, row in zip(facts, rows, strict=True) if _is_for(index, row)], organisations)
        said = [{"position": fact.position, "kept": fact.event.kept} for fact in facts if _is_message(fact)]
        if said:
            connection.execute(insert(_MESSAGES), said)
        proved.events, position = proved.events + len(rows), rows[-1][0]
        progress("opening every event", position, last)


def _is_for(index: Projection, row: Any) -> bool:
    return index.topics is None or row[3] in index.topics


def _is_message(fact: Fact) -> bool:
    return isinstance(fact.event, Message.Received)


def _fact(row: Any, mapper: PlainMapper) -> Fact:
    """Raises: Fault."""
    position, stream, *stored = row
    stream = stream if isinstance(stream, UUID) else UUID(stream)
    try:
        return Fact(position, stream, mapper.to_domain_event(StoredEvent(stream, *stored)))
    except MapperDeserialisationError:
        raise _does_not_open(f"log: events, position {position}") from None


@dataclass(frozen=True, slots=True)
class _Messages:
    """The messages as they were received, beside the log that speaks of them."""

    connection: Connection
    keys: "Keys"
    registrations: Registrations
    ours: Ours
    proved: Proved
    progress: Progress

    def verify(self) -> None:
        """Raises: Fault."""
        of = int(quickly(self.connection, _COUNT)[0][0])
        for done, kept in enumerate(self._all()):
            if done % 100 == 0:
                self.progress("verifying every message", done, of)
            self._one(kept)
        self.progress("verifying every message", of, of)
        self._look_for_bare()

    def _all(self) -> Iterator[str]:
        last = ""
        while rows := quickly(self.connection, _ROWS, last, AT_ONCE):
            yield from (row[0] for row in rows)
            last = rows[-1][0]

    def _one(self, kept: str) -> None:
        positions = [int(row[0]) for row in quickly(self.connection, _SAID, kept)]
        try:
            posted = Received(self.keys).fetch(self.connection, kept)
        except NotKnown:
            self.proved.erased += max(len(positions), 1)
            return
        except ValueError:
            raise _does_not_open(f"log: received, kept {kept}") from None
        reread = Reread(self.registrations, posted, self.ours)
        if reread.key != kept:
            raise _does_not_open(f"log: received, kept {kept}")
        for position in positions:
            self._against(position, reread)

    def _against(self, position: int, reread: Reread) -> None:
        event = _fact(quickly(self.connection, _EVENT, position)[0], mapper(self.keys)).event
        if wrong := reread.wrong_with(event):
            self.proved.doubt(position, wrong)
        else:
            self.proved.verified += 1

    def _look_for_bare(self) -> None:
        """Of whom the bytes are not there: right where they were destroyed before they came."""
        last = 0
        while rows := quickly(self.connection, _BARE, last, AT_ONCE):
            for position, kept in rows:
                if self.keys.is_destroyed(bytes_of(kept)):
                    self.proved.erased += 1
                else:
                    self.proved.doubt(position, GONE)
            last = rows[-1][0]


class Keys:
    """Keys of the vault as they stand in a transaction that nobody else sees yet."""

    def __init__(self, keks: Keks, connection: Connection) -> None:
        self._keks, self._connection = keks, connection
        self._of = lru_cache(maxsize=REMEMBERED)(self._read)

    def unwrapped(self, subject: str, kek: str, wrapped: bytes) -> bytes:
        """Raises: DoesNotOpen."""
        if (known := self._keks.find(kek)) is None:
            raise DoesNotOpen("the key-encryption key was not given")
        return Cipher(known.cipher, subject.encode()).open(wrapped)

    def open(self, subject: UUID, sealed: bytes, bound: bytes) -> bytes | None:
        """What was sealed; nothing where the key was destroyed. Raises: DoesNotOpen."""
        key = self._of(subject)
        return None if key is None else Cipher(key, bound).open(sealed)

    def of(self, subject: UUID) -> bytes | None:
        """The key of a subject itself; nothing where it was destroyed. Raises: DoesNotOpen."""
        if not (rows := quickly(self._connection, _KEY, subject.hex)):
            raise DoesNotOpen("there is no key for it")
        kek, wrapped = rows[0]
        return None if wrapped is None else self.unwrapped(subject.hex, kek, wrapped)

    def is_destroyed(self, subject: UUID) -> bool:
        """Whether there was a key once, and there never is one again."""
        rows = quickly(self._connection, _KEY, subject.hex)
        return bool(rows) and rows[0][1] is None

    def _read(self, subject: UUID) -> AESGCM | None:
        key = self.of(subject)
        return None if key is None else AESGCM(key)

    def seal(self, subject: UUID, data: bytes, bound: bytes) -> bytes | None:  # noqa: ARG002
        """Nothing is sealed here."""
        return None


def _does_not_open(place: str) -> Fault:
    return Fault(f"What is sealed does not open: {place}.{_NOTHING}", code="not-restored")


def without_restoring(fault: Fault) -> str:
    """What does not open, for whoever only looked."""
    return fault.detail.removesuffix(_NOTHING)
