"""The event log: one table in which every event has its place in one gapless order, and is never changed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Lock
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent
from sqlalchemy import (
    DDL,
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
    event,
    select,
)
from sqlalchemy.exc import IntegrityError as Taken

from hub.adapters import database
from hub.adapters.database import PATIENCE, all_or_nothing, locked, promised, quickly, quickly_each
from hub.errors import Unavailable

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

for _change in ("UPDATE", "DELETE"):
    _forbid: DDL = DDL(  # type: ignore[no-untyped-call]
        f"CREATE TRIGGER IF NOT EXISTS events_no_{_change.lower()} BEFORE {_change} ON events "
        "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
    )
    event.listen(EVENTS, "after_create", _forbid.execute_if(dialect="sqlite"))

_E = EVENTS.c
_CHANGED = select(_E.stream_id).where(_E.position > bindparam("after"))

# these go to the driver as they are: stream ids as the 32 hexadecimal digits they are stored as
_LAST = "SELECT coalesce(max(position), 0) FROM events"
_STREAM = "SELECT version, topic, state FROM events WHERE stream_id = ? AND version > ? ORDER BY version"
_READ = "SELECT position, stream_id, version, topic, state FROM events WHERE position > ? ORDER BY position LIMIT ?"
_POSITION = "SELECT position FROM events WHERE stream_id = ? AND version = ?"
_VERSION = "SELECT coalesce(max(version), 0) FROM events WHERE stream_id = ?"
_MENTIONING = (
    "SELECT position, stream_id, version, topic, state FROM events "
    "WHERE position > ? AND topic = ? AND instr(state, ?) ORDER BY position"
)
_APPEND = "INSERT INTO events (position, stream_id, version, topic, state) VALUES (?, ?, ?, ?, ?)"


def create(engine: Engine) -> None:
    """Makes the log's table where it is not there yet."""
    database.create(engine, TABLES)


def stored(row: Row[*tuple[Any, ...]]) -> StoredEvent:
    """A row of the log as eventsourcing knows it."""
    return StoredEvent(row[1], row[2], row[3], row[4])


def mentioning(text: str, topic: str, after: int, connection: Connection) -> list[StoredEvent]:
    """The events of a topic after a position in which that text stands (empty: all): reads the whole log from there."""
    rows = quickly(connection, _MENTIONING, after, topic, text.encode())
    return [StoredEvent(UUID(stream), version, topic, state) for _, stream, version, topic, state in rows]


def _last(connection: Connection) -> int:
    return int(quickly(connection, _LAST)[0][0])


class Transaction:
    """The log while this process alone writes to it."""

    __slots__ = ("appended", "connection", "last_position")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.last_position = _last(connection)
        self.appended: set[str] = set()
        """The topics of what was appended."""

    def stream(self, stream_id: UUID, after_version: int = 0) -> list[StoredEvent]:
        """The events of one stream after a version, in order."""
        rows = quickly(self.connection, _STREAM, stream_id.hex, after_version)
        return [StoredEvent(stream_id, version, topic, state) for version, topic, state in rows]

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
        """The next positions, in the order given; all are appended or none.

        Raises:
            IntegrityError: a version is taken; the transaction can go on without these events.
        """
        if not events:
            return []
        positions = range(self.last_position + 1, self.last_position + 1 + len(events))
        try:
            with all_or_nothing(self.connection):
                quickly_each(self.connection, _APPEND, list(map(_row, positions, events)))
        except Taken as error:
            raise IntegrityError("a version of a stream is taken") from error
        self.last_position = positions[-1]
        self.appended.update(event.topic for event in events)
        return list(positions)


def _row(position: int, event: StoredEvent) -> tuple[object, ...]:
    return position, _hex(event.originator_id), event.originator_version, event.topic, event.state


def _hex(stream_id: UUID | str) -> str:
    return (stream_id if isinstance(stream_id, UUID) else UUID(stream_id)).hex


class EventLog:
    """One order for all that happened, in one database; threads and processes may share it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = Lock()
        self._listeners: Mapping[Event, frozenset[str] | None] = {}
        self._listening = Lock()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Locks the log, commits durably when the block ends, rolls back when it raises.

        Raises:
            Unavailable: full, locked too long, or broken; nothing was kept.
        """
        if not self._lock.acquire(timeout=PATIENCE):
            raise Unavailable("the log cannot be written: busy too long")
        try:
            with promised("the log cannot be written"), locked(self.engine) as connection:
                transaction = Transaction(connection)
                yield transaction
        finally:
            self._lock.release()
        self._tell(transaction.appended)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """The log as it is committed now, for looking only."""
        with self.reading() as connection:
            yield Transaction(connection)

    def read(self, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        """What is committed after a position, in order, at most so many."""
        with self.reading() as connection:
            rows = quickly(connection, _READ, after, limit)
            return [
                (position, StoredEvent(UUID(stream), version, topic, state)) for position, stream, version, topic, state in rows
            ]

    def last_position(self) -> int:
        """The position of the last committed event; 0 where there is none."""
        with self.reading() as connection:
            return _last(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees the log as it was at its first statement; never waits for writers, and keeps nothing."""
        with promised("the log cannot be read"), self.engine.connect() as connection:
            connection.begin()
            yield connection

    @contextmanager
    def waking(self, listener: Event, topics: frozenset[str] | None = None) -> Iterator[None]:
        """Sets the event after every commit with an event of these topics (`None` is all), while the block lasts.

        Other processes write without being heard, so look at the log now and then as well.
        """
        with self._listening:
            self._listeners = {**self._listeners, listener: topics}
        try:
            yield
        finally:
            with self._listening:
                self._listeners = {other: heard for other, heard in self._listeners.items() if other is not listener}

    def _tell(self, appended: set[str]) -> None:
        for listener, topics in self._listeners.items():
            if appended and (topics is None or not topics.isdisjoint(appended)):
                listener.set()
