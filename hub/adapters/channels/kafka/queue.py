"""What each receiver still has to be told over Kafka, in the order in which it is; and the last thing that it was told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    exists,
    false,
    func,
    insert,
    select,
    tuple_,
    update,
)

from hub.adapters.notice_event import Sender
from hub.adapters.registrations import Subscriber
from hub.ports import Notice

TABLES = MetaData()
_LONG = BigInteger().with_variant(Integer, "sqlite")

TELLINGS = Table(
    "kafka_tellings",
    TABLES,
    Column("receiver", String(80), primary_key=True),
    Column("sequence", _LONG, primary_key=True, autoincrement=False),
    Column("position", _LONG, nullable=False),
    Column("notice", String(36), nullable=False),
    Column("family", String(36), nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("accepted_at", String(32), nullable=False),
    Column("is_told", Boolean, nullable=False),
    UniqueConstraint("receiver", "notice"),
)
"""One row for each receiver of each notice, until it was told. The last one told stays: numbers go on from there, and by it
Kafka and the hub know that they speak of the same things, for one of them may have been put back to what it was earlier."""

_T = TELLINGS.c
_IS_OPEN = _T.is_told == false()
Index("kafka_tellings_open", _T.position, _T.receiver, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice for one receiver, as it is sent; `family` is what it calls the family, `position` that of its fact in the log."""

    receiver: str
    sequence: int
    position: int
    notice: str
    family: str
    event: bytes
    accepted_at: datetime

    @property
    def place(self) -> Mapping[str, Any]:
        """How far a receiver is when it was told this."""
        return {"sequence": self.sequence, "notice": self.notice}


def queue(told: Iterable[tuple[Subscriber, Sequence[Notice]]], sender: Sender, now: datetime, connection: Connection) -> None:
    """One telling for each notice that a receiver is told, numbered per receiver; a repeat adds nothing."""
    for receiver, notices in told:
        if not receiver.organisation.is_suspended:
            _queue_for(receiver.key, notices, sender, now, connection)


def _queue_for(receiver: str, notices: Sequence[Notice], sender: Sender, now: datetime, connection: Connection) -> None:
    ids = [str(notice.id) for notice in notices]
    taken = set(connection.scalars(select(_T.notice).where(_T.receiver == receiver, _T.notice.in_(ids))))
    new = [notice for notice in notices if str(notice.id) not in taken]
    last = connection.execute(select(func.coalesce(func.max(_T.sequence), 0)).where(_T.receiver == receiver)).scalar_one()
    if new:
        rows = [_row(receiver, notice, last + place, sender, now) for place, notice in enumerate(new, start=1)]
        connection.execute(insert(TELLINGS), rows)


def held(connection: Connection, each: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Of receivers, each with what it calls a notice, those that it still is to be told to, or was last."""
    return frozenset(connection.scalars(select(_T.receiver).where(tuple_(_T.receiver, _T.notice).in_(each))))


def _row(receiver: str, notice: Notice, sequence: int, sender: Sender, now: datetime) -> dict[str, Any]:
    return {
        "receiver": receiver,
        "sequence": sequence,
        "position": notice.position,
        "notice": str(notice.id),
        "family": str(notice.family),
        "event": sender.event(notice, sequence),
        "accepted_at": now.astimezone(UTC).isoformat(timespec="microseconds"),
        "is_told": False,
    }


def due(connection: Connection, receivers: Collection[str], limit: int) -> list[Telling]:
    """What is to be told next to these receivers, in the order of the log."""
    found = select(TELLINGS).where(_IS_OPEN, _T.receiver.in_(receivers)).order_by(_T.position, _T.receiver).limit(limit)
    return [_telling(row) for row in connection.execute(found)]


def settle(connection: Connection, told: Iterable[Telling]) -> None:
    """These were told: they are forgotten, but for the last one of each receiver."""
    last = {one.receiver: one.sequence for one in told}
    for receiver, sequence in last.items():
        mine = _T.receiver == receiver
        connection.execute(update(TELLINGS).where(mine, _T.sequence == sequence).values(is_told=True))
        connection.execute(delete(TELLINGS).where(mine, _T.sequence < sequence))


def up_to(connection: Connection, places: Mapping[str, Mapping[str, Any]]) -> list[Telling]:
    """What was told up to these places, by receiver, and was not settled; a place that is not known here says nothing."""
    return [telling for receiver, place in places.items() for telling in _up_to(connection, receiver, place)]


def _up_to(connection: Connection, receiver: str, place: Mapping[str, Any]) -> list[Telling]:
    mine, number = _T.receiver == receiver, place["sequence"]
    here = exists().where(mine, _T.sequence == number, _T.notice == place["notice"])
    if not connection.execute(select(here)).scalar_one():
        return []
    found = select(TELLINGS).where(mine, _IS_OPEN, _T.sequence <= number).order_by(_T.sequence)
    return [_telling(row) for row in connection.execute(found)]


def waiting_for(connection: Connection) -> set[str]:
    """Every receiver for which anything stands here."""
    return set(connection.scalars(select(_T.receiver).distinct()))


def forget(connection: Connection, receivers: Collection[str]) -> None:
    """What these receivers were to be told, they are not told any more."""
    connection.execute(delete(TELLINGS).where(_T.receiver.in_(receivers)))


def open_ones(connection: Connection) -> tuple[int, int, datetime | None]:
    """How many wait to be told, that none is dead, and since when the oldest waits."""
    count, oldest = connection.execute(select(func.count(), func.min(_T.accepted_at)).where(_IS_OPEN)).one()
    return count, 0, datetime.fromisoformat(oldest) if oldest else None


def _telling(row: Row[*tuple[Any, ...]]) -> Telling:
    accepted_at = datetime.fromisoformat(row.accepted_at)
    return Telling(row.receiver, row.sequence, row.position, row.notice, row.family, row.event, accepted_at)
