"""Who is still to be mailed of what, and what became of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    literal_column,
    select,
    update,
)

from hub.domain.terms import AMSTERDAM

TABLES = MetaData()
_LONG = BigInteger().with_variant(Integer, "sqlite")
MAILS = Table(
    "mails",
    TABLES,
    Column("id", _LONG, primary_key=True),
    Column("recipient", String(36), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("notice", String(36), nullable=False),
    Column("about", String(80), nullable=False),
    Column("answer_by", String(40), nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("daily", Integer),
    Column("accepted_at", String(32), nullable=False),
    Column("state", String(9), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_outcome", String(40), nullable=False),
    UniqueConstraint("recipient", "kind", "notice"),
)
"""One row for each thing that somebody is mailed of: waiting, delivered, dead (a person has to look), or answered before it was
due. `recipient` is a contact's stream, or the operator; where they are mailed is known by the log alone."""
_M = MAILS.c
_WAITING: ColumnElement[str] = literal_column("'waiting'")
_IS_WAITING = _M.state == _WAITING
Index("mails_due", _M.due_at, sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING)
Index("mails_about", _M.about)

OPERATOR = "operator"
ON_CALL, RECTIFIED = "on-call", "rectified"
_FIRST_DELAY, _LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=6)
_MOST = 20
"""Attempts, after which somebody has to look: with these delays about three days and a half."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that somebody is mailed of; `answer_by` is a clock (RFC 3339), empty where none runs."""

    recipient: str
    kind: str
    notice: str
    about: str
    answer_by: str
    due_at: datetime
    daily: int | None
    id: int = 0
    attempts: int = 0
    accepted_at: datetime | None = None


def queue(connection: Connection, items: Iterable[Item], now: datetime) -> None:
    """Adds them; a repeat adds nothing."""
    for item in items:
        here = (_M.recipient == item.recipient, _M.kind == item.kind, _M.notice == item.notice)
        if connection.execute(select(_M.id).where(*here)).first() is None:
            connection.execute(insert(MAILS).values(_row(item, now)))


def _row(item: Item, now: datetime) -> dict[str, Any]:
    due = _text(item.due_at if item.daily is None else next_hour(max(item.due_at, now), item.daily))
    what = {name: getattr(item, name) for name in ("recipient", "kind", "notice", "about", "answer_by", "daily")}
    return {**what, "due_at": due, "accepted_at": _text(now), "state": "waiting", "attempts": 0, "last_outcome": ""}


def next_hour(after: datetime, hour: int) -> datetime:
    """The next time that the Dutch clock shows that hour; where the night has none, the first moment after it."""
    local = after.astimezone(AMSTERDAM)
    today = datetime.combine(local.date(), time(hour), AMSTERDAM).astimezone(UTC)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), time(hour), AMSTERDAM).astimezone(UTC)
    return today if today > after else tomorrow


def answered(connection: Connection, about: str) -> None:
    """Somebody took notice of it: those whose turn has not come need not be mailed."""
    connection.execute(update(MAILS).where(_M.about == about, _IS_WAITING, _M.kind != RECTIFIED).values(state="answered"))


def mailed_of(connection: Connection, about: str) -> list[tuple[str, int | None, datetime]]:
    """Who was mailed of it or is to be, when, and the hour of their daily mail where it goes in that."""
    here = (_M.about == about, _M.state.in_(("waiting", "delivered")), _M.kind != RECTIFIED)
    rows = connection.execute(select(_M.recipient, _M.daily, _M.due_at).where(*here).order_by(_M.id))
    return [(row.recipient, row.daily, datetime.fromisoformat(row.due_at)) for row in rows]


def due(connection: Connection, now: datetime) -> list[list[Item]]:
    """What is due, one list for each mail, for those on call first: what somebody wants daily goes together."""
    order = (_M.kind != ON_CALL, _M.due_at, _M.id)
    rows = connection.execute(select(MAILS).where(_IS_WAITING, _M.due_at <= _text(now)).order_by(*order).limit(500))
    together: dict[object, list[Item]] = {}
    for row in rows:
        together.setdefault(row.id if row.daily is None else row.recipient, []).append(_item(row))
    return list(together.values())


def _item(row: Any) -> Item:
    moments = datetime.fromisoformat(row.due_at), datetime.fromisoformat(row.accepted_at)
    what = row.recipient, row.kind, row.notice, row.about, row.answer_by
    return Item(*what, moments[0], row.daily, row.id, row.attempts, moments[1])


def delivered(connection: Connection, items: Sequence[Item], outcome: str) -> None:
    """A mail server took it."""
    _settle(connection, items, state="delivered", outcome=outcome)


def dead(connection: Connection, items: Sequence[Item], outcome: str) -> None:
    """It will not be taken as it is."""
    _settle(connection, items, state="dead", outcome=outcome)


def later(connection: Connection, items: Sequence[Item], outcome: str, now: datetime) -> None:
    """It is tried again, a minute later, then two, four, at most six hours; then a person has to look."""
    attempts = max(item.attempts for item in items)
    at = now + min(_FIRST_DELAY * int(2 ** min(attempts, 12)), _LONGEST_DELAY)
    if attempts >= _MOST:
        dead(connection, items, outcome)
    else:
        _settle(connection, items, outcome=outcome, due_at=_text(at))


def _settle(connection: Connection, items: Sequence[Item], outcome: str, **to: str) -> None:
    for item in items:
        here = (_M.id == item.id, _IS_WAITING)
        connection.execute(update(MAILS).where(*here).values(attempts=item.attempts + 1, last_outcome=outcome, **to))


def open_ones(connection: Connection) -> tuple[int, int, datetime | None]:
    """How many wait, how many are dead, and since when the oldest of the first waits that is due."""
    waiting = connection.execute(select(func.count()).where(_IS_WAITING)).scalar_one()
    oldest = connection.execute(select(func.min(_M.due_at)).where(_IS_WAITING, _M.attempts > 0)).scalar_one()
    dead_ones = connection.execute(select(func.count(_M.id)).where(_M.state == "dead")).scalar_one()
    return waiting, dead_ones, datetime.fromisoformat(oldest) if oldest else None


def _text(moment: datetime) -> str:
    # texts of one length compare as the moments do
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
