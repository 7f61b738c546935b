"""The event log: one table in which every event has its place in one gapless order, and is never changed."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic, sleep
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    select,
)
from sqlalchemy.exc import IntegrityError as Taken

from hub.adapters.bells import Bells
from hub.adapters.database import PATIENCE, any_of, finish, is_postgresql, locked, looking, promised, quickly, quickly_each, reading
from hub.errors import OutOfReach, Unavailable

TABLES = MetaData()

EVENTS = Table(
    "events",
    TABLES,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("stream_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    UniqueConstraint("stream_id", "version"),
)

_E = EVENTS.c
_CHANGED = select(_E.stream_id).where(_E.position > bindparam("after"))

# these go to the driver as they are: stream ids as 32 hexadecimal digits, which SQLite stores and PostgreSQL understands
_LAST = "SELECT coalesce(max(position), 0) FROM events"
_AT = "SELECT stream_id, version, state FROM events WHERE position = ?"
_STREAM = "SELECT version, topic, state FROM events WHERE stream_id = ? AND version > ? ORDER BY version"
_STREAMS = "SELECT stream_id, version, topic, state FROM events WHERE stream_id {} ORDER BY stream_id, version"
_READ = "SELECT position, stream_id, version, topic, state FROM events WHERE position > ? ORDER BY position LIMIT ?"
_POSITION = "SELECT position FROM events WHERE stream_id = ? AND version = ?"
_VERSION = "SELECT coalesce(max(version), 0) FROM events WHERE stream_id = ?"
_MENTIONING = (
    "SELECT position, stream_id, version, topic, state FROM events "
    "WHERE position > ? AND topic = ? AND {}(state, ?) > 0 ORDER BY position"
)
_PLACED = "SELECT position, stream_id, version, topic, state FROM events WHERE stream_id {} ORDER BY position"
_STANDING = "SELECT position, stream_id, version, topic, state FROM events WHERE position {} ORDER BY position"
_APPEND = "INSERT INTO events (position, stream_id, version, topic, state) VALUES (?, ?, ?, ?, ?)"
BELL = "log"
_AGAIN = 0.2
"""Seconds between looks at a database that is away."""


def stored(row: Row[*tuple[Any, ...]]) -> StoredEvent:
    """A row of the log as eventsourcing knows it."""
    return StoredEvent(row[1], row[2], row[3], row[4])


def mentioning(text: str, topic: str, after: int, connection: Connection) -> list[StoredEvent]:
    """The events of a topic after a position in which that text stands (empty: all): reads the whole log from there."""
    # quoted, for the bare word has a grammar of its own
    found = _MENTIONING.format('"position"' if is_postgresql(connection) else "instr")
    rows = quickly(connection, found, after, topic, text.encode())
    return [StoredEvent(_uuid(stream), version, topic, state) for _, stream, version, topic, state in rows]


def placed(streams: Collection[UUID], connection: Connection) -> list[tuple[int, StoredEvent]]:
    """The events of these streams, in the order of the log, each with its position."""
    condition, wanted = any_of(connection, (id.hex for id in streams), "uuid")
    rows = quickly(connection, _PLACED.format(condition), wanted)
    return [(position, StoredEvent(_uuid(stream), version, topic, state)) for position, stream, version, topic, state in rows]


def standing_at(positions: Collection[int], connection: Connection) -> list[tuple[int, StoredEvent]]:
    """The events at those of these positions that there are, in order."""
    condition, wanted = any_of(connection, positions, "bigint")
    rows = quickly(connection, _STANDING.format(condition), wanted)
    return [(position, StoredEvent(_uuid(stream), version, topic, state)) for position, stream, version, topic, state in rows]


def last_of(connection: Connection) -> int:
    """The position of the last event, as this connection sees it."""
    return int(quickly(connection, _LAST)[0][0])


def read(connection: Connection, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
    """What stands after a position, in order, at most so many, as this connection sees it."""
    rows = quickly(connection, _READ, after, limit)
    return [(position, StoredEvent(_uuid(stream), version, topic, state)) for position, stream, version, topic, state in rows]


class Transaction:
    """The log while this process alone writes to it."""

    __slots__ = ("_is_shared", "appended", "connection", "last", "last_position")

    def __init__(self, connection: Connection) -> None:
        self.connection, self._is_shared = connection, is_postgresql(connection)
        self.last_position = last_of(connection)
        self.last: StoredEvent | None = None
        """The last that was appended, which stands at the last position."""
        self.appended: set[str] = set()
        """The topics of what was appended."""

    def stream(self, stream_id: UUID, after_version: int = 0) -> list[StoredEvent]:
        """The events of one stream after a version, in order."""
        rows = quickly(self.connection, _STREAM, stream_id.hex, after_version)
        return [StoredEvent(stream_id, version, topic, state) for version, topic, state in rows]

    def streams(self, ids: Collection[UUID]) -> dict[UUID, list[StoredEvent]]:
        """The events of those of these streams that there are, in order."""
        found: dict[UUID, list[StoredEvent]] = {}
        if ids:
            condition, wanted = any_of(self.connection, (id.hex for id in ids), "uuid")
            for stream, version, topic, state in quickly(self.connection, _STREAMS.format(condition), wanted):
                found.setdefault(id := _uuid(stream), []).append(StoredEvent(id, version, topic, state))
        return found

    def read(self, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        """What stands after a position, in order, at most so many."""
        return read(self.connection, after, limit)

    def changed_since(self, position: int) -> set[UUID]:
        """The streams that anybody appended to after that position."""
        if position >= self.last_position:
            return set()
        return set(self.connection.execute(_CHANGED, {"after": position}).scalars())

    def position_of(self, stream_id: UUID, version: int) -> int:
        """Where an event stands in the log.

        Raises:
            LookupError: there is no such event.
        """
        return int(quickly(self.connection, _POSITION, stream_id.hex, version)[0][0])

    def version_of(self, stream_id: UUID) -> int:
        """The version of a stream's last event, or 0."""
        return int(quickly(self.connection, _VERSION, stream_id.hex)[0][0])

    def append(self, events: Sequence[StoredEvent]) -> list[int]:
        """The next positions, in the order given.

        Raises:
            IntegrityError: a version is taken, which may also show at the end; nothing of this transaction can be kept.
        """
        if not events:
            return []
        positions = range(self.last_position + 1, self.last_position + 1 + len(events))
        with _in_their_words():
            quickly_each(self.connection, _APPEND, [(at, *self._row(event)) for at, event in zip(positions, events, strict=True)])
        self.last_position, self.last = positions[-1], events[-1]
        self.appended.update(event.topic for event in events)
        return list(positions)

    def _row(self, event: StoredEvent) -> tuple[object, ...]:
        id = _uuid(event.originator_id)
        return id if self._is_shared else id.hex, event.originator_version, event.topic, event.state


def _uuid(stream_id: UUID | str) -> UUID:
    return stream_id if isinstance(stream_id, UUID) else UUID(stream_id)


@contextmanager
def _in_their_words() -> Iterator[None]:
    try:
        yield
    except Taken as error:
        raise IntegrityError("a version of a stream is taken") from error


def _stands(event: StoredEvent, position: int, connection: Connection) -> bool:
    said = [(_uuid(stream), version, bytes(state)) for stream, version, state in quickly(connection, _AT, position)]
    return said == [(_uuid(event.originator_id), event.originator_version, event.state)]


class EventLog:
    """One order for all that happened, in one database; threads and processes may share it."""

    def __init__(self, engine: Engine, bells: Bells | None = None) -> None:
        self.engine, self.bells = engine, bells or Bells(engine)
        self._lock = Lock()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Locks the log, commits durably when the block ends, rolls back when it raises.

        Raises:
            OutOfReach: full, locked too long, or broken; nothing was kept.
            Unavailable: with the code `not-known-whether-kept`, where the database went away with the answer.
        """
        if not self._lock.acquire(timeout=PATIENCE):
            raise Unavailable("the log cannot be written: busy too long")
        try:
            transaction = None
            try:
                with promised("the log cannot be written"), locked(self.engine) as connection:
                    begun = Transaction(connection)
                    yield begun
                    with _in_their_words():
                        finish(connection)
                    self._ring(begun)
                    transaction = begun
            except OutOfReach:
                if transaction is None or not self._is_kept(transaction):
                    raise
        finally:
            self._lock.release()
        if transaction.appended:
            self.bells.heard(BELL, " ".join(transaction.appended))

    def _ring(self, transaction: Transaction) -> None:
        if transaction.appended:
            self.bells.ring(transaction.connection, BELL, " ".join(transaction.appended))

    def _is_kept(self, transaction: Transaction) -> bool:
        """Whether a transaction whose answer was lost was committed all the same: one's own work is not done twice.

        The log itself is asked. The number of a transaction tells nothing: what was not on the disk yet when the database
        crashed, its number included, is forgotten, and another gets that number (and position) and may commit.

        Raises:
            Unavailable: the database does not come back in time.
        """
        if transaction.last is None or not is_postgresql(self.engine):
            return False
        until = monotonic() + PATIENCE
        while True:
            try:
                # whoever has the lock knows that the one before is over
                with promised("the log cannot be written"), locked(self.engine) as connection:
                    return _stands(transaction.last, transaction.last_position, connection)
            except OutOfReach as away:
                if monotonic() > until:
                    words = "The answer of the database was lost. Send it again: what was recorded is not recorded twice."
                    raise Unavailable(words, code="not-known-whether-kept") from away
                sleep(_AGAIN)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """The log as it is committed now, for looking only."""
        with self.reading() as connection:
            yield Transaction(connection)

    def read(self, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        """What is committed after a position, in order, at most so many."""
        with self._looking() as connection:
            return read(connection, after, limit)

    def last_position(self) -> int:
        """The position of the last committed event; 0 where there is none."""
        with self._looking() as connection:
            return last_of(connection)

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        with promised("the log cannot be read"), looking(self.engine) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees the log as it was at its first statement; never waits for writers, and keeps nothing."""
        with promised("the log cannot be read"), reading(self.engine) as connection:
            yield connection

    @contextmanager
    def waking(self, listener: Event, topics: frozenset[str] | None = None) -> Iterator[None]:
        """Sets the event after every commit with an event of these topics (`None` is all), while the block lasts.

        Another process on SQLite writes without being heard, so look at the log now and then as well.
        """

        def hear(appended: str) -> None:
            if topics is None or not appended or not topics.isdisjoint(appended.split(" ")):
                listener.set()

        with self.bells.hearing(BELL, hear):
            yield
