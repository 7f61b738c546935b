"""The event log behind the recorder interfaces of `eventsourcing`, so that whatever is written for those runs on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from sqlalchemy import BigInteger, Column, Connection, MetaData, Row, Table, Text, func, insert, select, update
from sqlalchemy.exc import IntegrityError as Taken

from hub.adapters.event_store import EVENTS, EventLog, Transaction, stored
from hub.errors import Unavailable

POLL = 0.5
"""Seconds after which a subscription looks for what other processes wrote."""

TABLES = MetaData()

TRACKING = Table(
    "tracking",
    TABLES,
    Column("application_name", Text, primary_key=True),
    Column("notification_id", BigInteger, nullable=False),
)


@contextmanager
def _in_their_words() -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        raise OperationalError(error.detail) from error


class _OnLog:
    def __init__(self, log: EventLog) -> None:
        self.log = log

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        with _in_their_words(), self.log.transaction() as transaction:
            yield transaction

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _in_their_words(), self.log.reading() as connection:
            yield connection


class StreamRecorder(_OnLog, AggregateRecorder):
    """Keeps streams; says nothing of positions."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Appends all or none."""
        with self._writing() as transaction:
            transaction.append(stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Events of one stream between two versions."""
        version = EVENTS.c.version
        query = select(EVENTS).where(EVENTS.c.stream_id == originator_id).limit(limit)
        if gt is not None:
            query = query.where(version > gt)
        if lte is not None:
            query = query.where(version <= lte)
        with self._reading() as connection:
            return [stored(row) for row in connection.execute(query.order_by(version.desc() if desc else version))]


class LogRecorder(StreamRecorder, ApplicationRecorder):
    """Keeps streams, and the one order over all of them."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Appends all or none, and gives their positions."""
        with self._writing() as transaction:
            return transaction.append(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events between two positions, perhaps only of some topics."""
        position = EVENTS.c.position
        query = select(EVENTS).order_by(position).limit(limit)
        if start is not None:
            query = query.where(position >= start if inclusive_of_start else position > start)
        if stop is not None:
            query = query.where(position <= stop)
        if topics:
            query = query.where(EVENTS.c.topic.in_(topics))
        with self._reading() as connection:
            return [_notification(row) for row in connection.execute(query)]

    def max_notification_id(self) -> int | None:
        """The last position, or `None` in an empty log."""
        with _in_their_words():
            return self.log.last_position() or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Every event after a position, and then those to come, of this and other processes."""
        return LogSubscription(self, gt, topics)


def _notification(row: Row[*tuple[Any, ...]]) -> Notification:
    return Notification(row[1], row[2], row[3], row[4], id=row[0])


class LogSubscription(ListenNotifySubscription[LogRecorder]):
    """Follows the log in a thread of its own."""

    def _loop_on_pull(self) -> None:
        try:
            with self._recorder.log.waking(self._has_been_notified):
                while not self._has_been_stopped:
                    self._pull()
                    self._has_been_notified.wait(POLL)
        except BaseException as error:
            self._thread_error = error
            self.stop()


class PositionRecorder(_OnLog, TrackingRecorder):
    """Keeps how far followers came."""

    def insert_tracking(self, tracking: Tracking) -> None:
        """Moves a follower's position forward."""
        with self._writing() as transaction:
            _track(transaction.connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """A follower's position, or `None` before its first."""
        query = select(func.max(TRACKING.c.notification_id)).where(TRACKING.c.application_name == application_name)
        with self._reading() as connection:
            position: int | None = connection.execute(query).scalar()
            return position


def _track(connection: Connection, tracking: Tracking) -> None:
    new = {"application_name": tracking.application_name, "notification_id": tracking.notification_id}
    is_earlier = (TRACKING.c.application_name == tracking.application_name) & (
        TRACKING.c.notification_id < tracking.notification_id
    )
    if connection.execute(update(TRACKING).where(is_earlier).values(new)).rowcount:
        return
    try:
        connection.execute(insert(TRACKING), new)
    except Taken as error:
        raise IntegrityError("a follower's position only moves forward") from error


class FollowerRecorder(PositionRecorder, LogRecorder, ProcessRecorder):
    """Keeps events together with the position they follow from, in one transaction."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **_: Any
    ) -> Sequence[int] | None:
        """Appends all and moves the position, or does neither."""
        with self._writing() as transaction:
            if tracking:
                _track(transaction.connection, tracking)
            return transaction.append(stored_events)
