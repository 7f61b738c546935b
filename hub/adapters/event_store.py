"""The event log: one table in which every event has its place in one gapless order, and is never changed."""

from collections.abc import Iterator, Sequence
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
    func,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError as Taken

from hub.adapters import database
from hub.adapters.database import PATIENCE, all_or_nothing, locking, promised
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
_LAST = select(func.coalesce(func.max(_E.position), 0))
_STREAM = (
    select(_E.version, _E.topic, _E.state)
    .where(_E.stream_id == bindparam("stream"), _E.version > bindparam("after"))
    .order_by(_E.version)
)
_POSITION = select(_E.position).where(_E.stream_id == bindparam("stream"), _E.version == bindparam("version"))
_CHANGED = select(_E.stream_id).distinct().where(_E.position > bindparam("after"))
_READ = select(EVENTS).where(_E.position > bindparam("after")).order_by(_E.position).limit(bindparam("at_most"))
_APPEND = insert(EVENTS)


def create(engine: Engine) -> None:
    """Makes the log's table where it is not there yet."""
    database.create(engine, TABLES)


def stored(row: Row[*tuple[Any, ...]]) -> StoredEvent:
    """A row of the log as eventsourcing knows it."""
    return StoredEvent(row[1], row[2], row[3], row[4])


class Transaction:
    """The log while this process alone writes to it."""

    __slots__ = ("connection", "last_position")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.last_position: int = connection.execute(_LAST).scalar_one()

    def stream(self, stream_id: UUID, after_version: int = 0) -> list[StoredEvent]:
        """The events of one stream after a version, in order."""
        rows = self.connection.execute(_STREAM, {"stream": stream_id, "after": after_version})
        return [StoredEvent(stream_id, version, topic, state) for version, topic, state in rows]

    def changed_since(self, position: int) -> set[UUID]:
        """The streams that anybody appended to after that position."""
        if position >= self.last_position:
            return set()
        return set(self.connection.execute(_CHANGED, {"after": position}).scalars())

    def position_of(self, stream_id: UUID, version: int) -> int:
        """Where an event stands in the log."""
        position: int = self.connection.execute(_POSITION, {"stream": stream_id, "version": version}).scalar_one()
        return position

    def append(self, events: Sequence[StoredEvent]) -> list[int]:
        """The next positions, in the order given; all are appended or none.

        Raises:
            IntegrityError: a version is taken; the transaction can go on without these events.
        """
        if not events:
            return []
        positions = range(self.last_position + 1, self.last_position + 1 + len(events))
        rows = [_row(position, event) for position, event in zip(positions, events, strict=True)]
        try:
            with all_or_nothing(self.connection):
                self.connection.execute(_APPEND, rows)
        except Taken as error:
            raise IntegrityError("a version of a stream is taken") from error
        self.last_position = positions[-1]
        return list(positions)


def _row(position: int, event: StoredEvent) -> dict[str, object]:
    return {
        "position": position,
        "stream_id": event.originator_id,
        "version": event.originator_version,
        "topic": event.topic,
        "state": event.state,
    }


class EventLog:
    """One order for all that happened, in one database; threads and processes may share it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._locking = locking(engine)
        self._lock = Lock()
        self._listeners: frozenset[Event] = frozenset()
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
            with promised("the log cannot be written"), self._locking.begin() as connection:
                transaction = Transaction(connection)
                before = transaction.last_position
                yield transaction
        finally:
            self._lock.release()
        if transaction.last_position > before:
            self._tell()

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """The log as it is committed now, for looking only."""
        with self.reading() as connection:
            yield Transaction(connection)

    def read(self, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        """What is committed after a position, in order, at most so many."""
        with self.reading() as connection:
            return [(row[0], stored(row)) for row in connection.execute(_READ, {"after": after, "at_most": limit})]

    def last_position(self) -> int:
        """The position of the last committed event; 0 where there is none."""
        with self.reading() as connection:
            position: int = connection.execute(_LAST).scalar_one()
            return position

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees the log as it was committed at its first statement, and never waits for writers."""
        with promised("the log cannot be read"), self.engine.connect() as connection:
            yield connection

    def wait_beyond(self, position: int, timeout: float) -> bool:
        """Waits until there is something after a position; at most so many seconds, then says whether there is.

        Other processes write without being heard, so wait a short while, again and again.
        """
        woken = Event()
        with self.waking(woken):
            if self.last_position() > position:
                return True
            return woken.wait(timeout) or self.last_position() > position

    @contextmanager
    def waking(self, listener: Event) -> Iterator[None]:
        """Sets the event after every commit of this process, while the block lasts."""
        with self._listening:
            self._listeners |= {listener}
        try:
            yield
        finally:
            with self._listening:
                self._listeners -= {listener}

    def _tell(self) -> None:
        for listener in self._listeners:
            listener.set()
