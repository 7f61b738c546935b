"""What each receiver still has to be told, and what became of what it was told: nothing is forgotten, and all is visible."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Update,
    exists,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)

from hub.adapters.channels.webhook.exchange import Outcome, Verdict
from hub.adapters.database import quickly, quickly_each
from hub.adapters.notice_event import Sender
from hub.adapters.registrations import Subscriber
from hub.domain.subscriptions import Payload
from hub.domain.tellings import Attempt, Way
from hub.errors import NotKnown
from hub.ports import Notice

TABLES = MetaData()
_LONG = BigInteger().with_variant(Integer, "sqlite")

DELIVERIES = Table(
    "deliveries",
    TABLES,
    Column("id", _LONG, primary_key=True),
    Column("receiver", String(80), nullable=False),
    Column("sequence", _LONG, nullable=False),
    Column("notice", String(36), nullable=False),
    Column("type", Text, nullable=False),
    Column("family", String(36), nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("accepted_at", String(32), nullable=False),
    Column("state", String(9), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_outcome", String(40), nullable=False),
    Column("next_at", String(32), nullable=False),
    Column("fact", _LONG),
    Column("begun_anew_at", String(32)),
    UniqueConstraint("receiver", "notice"),
    UniqueConstraint("receiver", "sequence"),
)
"""One row for each receiver of each notice: waiting, delivered, dead (a person has to look), retired with its receiver, or
kept for it to fetch. `receiver` is the key of a subscription; `fact` is where what is said stands in the log.
It is tried for three days from when it was accepted, or begun anew."""

WHOLE = Table(
    "whole_notices",
    TABLES,
    Column("receiver", String(80), primary_key=True),
    Column("notice", String(36), primary_key=True),
    Column("event", LargeBinary, nullable=False),
)
"""The event at full length, where a lean one is sent."""

RECEIVERS = Table(
    "receivers",
    TABLES,
    Column("receiver", String(80), primary_key=True),
    Column("last_sequence", _LONG, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("paused_until", String(32), nullable=False),
    Column("retired_callback", Text, nullable=False),
    Column("failing_since", String(32)),
    Column("failed", Integer),
)
"""`failures` counts how often in a row it was in trouble; `failed` how many attempts came to nothing since `failing_since`,
the first after the last that came to something. A receiver that is given up is told nothing until its callback is another,
or was confirmed again: what waits is put aside until then."""

_D, _R = DELIVERIES.c, RECEIVERS.c
_WAITING: ColumnElement[str] = literal_column("'waiting'")
"""A literal, for an index on part of a table serves only a condition that says the same word for word."""
_IS_WAITING = _D.state == _WAITING
_IS_DEAD = _D.state == literal_column("'dead'")
Index("deliveries_due", _D.receiver, _D.next_at, sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING)
Index("deliveries_dead", _D.id, sqlite_where=_IS_DEAD, postgresql_where=_IS_DEAD)
Index("deliveries_in_order", _D.receiver, _D.sequence, sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING)

_GIVE_UP = timedelta(days=3)
_FIRST_DELAY, _LONGEST_DELAY = timedelta(seconds=5), timedelta(hours=6)
_AT_ONCE = ""
WINDOW = 32
"""Deliveries that are read at a time."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is due: the event as it is sent, its number there, where its fact stands, and how often that was tried."""

    id: int
    receiver: str
    sequence: int
    notice: str
    type: str
    family: str
    fact: int
    event: bytes
    attempts: int
    accepted_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt, to whom, and what came of it; from when till when it took."""

    waiting: Waiting
    receiver: Subscriber
    outcome: Outcome
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Endurance:
    """How long nothing but failures are borne of a receiver before it is given up, and how many attempts at least."""

    long: timedelta = timedelta(days=3)
    often: int = 5


def delay(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: five seconds, four times as long each time, six hours at most."""
    return min(_FIRST_DELAY * int(4 ** min(failures - 1, 10)), _LONGEST_DELAY)


# In ------------------------------------------------------------------------------------------------


def queue(told: Iterable[tuple[Subscriber, Sequence[Notice]]], sender: Sender, now: datetime, connection: Connection) -> None:
    """One delivery for each notice that a receiver is told, numbered per receiver; a repeat adds nothing.

    What a receiver has no address for is there for it to fetch; what comes while its address is given up is put aside.
    """
    known = {row.receiver: row for row in connection.execute(select(RECEIVERS))}
    for receiver, notices in sorted(told, key=lambda one: one[0].key):
        row = known.get(receiver.key)
        state = _state(receiver, row.retired_callback if row else "")
        if state:
            _queue_for(receiver, notices, row.last_sequence if row else None, state, sender, now, connection)


def held(connection: Connection, each: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Of receivers, each with what it calls a notice, those that it was ever queued for."""
    return frozenset(connection.scalars(select(_D.receiver).where(tuple_(_D.receiver, _D.notice).in_(each))))


def _state(receiver: Subscriber, retired_callback: str) -> str:
    """How a delivery begins, if there is one at all."""
    if receiver.organisation.is_suspended or (receiver.is_standing and not receiver.callback):
        return ""
    if not receiver.callback:
        return "kept"
    return "retired" if receiver.callback == retired_callback else "waiting"


def _queue_for(
    to: Subscriber, notices: Sequence[Notice], last: int | None, state: str, sender: Sender, now: datetime, connection: Connection
) -> None:
    receiver, ids = to.key, [str(notice.id) for notice in notices]
    taken = set(connection.scalars(select(_D.notice).where(_D.receiver == receiver, _D.notice.in_(ids))))
    new = [notice for notice in notices if str(notice.id) not in taken]
    if not new:
        return
    rows = [_row(to, notice, (last or 0) + place, state, sender, now) for place, notice in enumerate(new, start=1)]
    connection.execute(insert(DELIVERIES), rows)
    if to.wish.payload is Payload.LEAN:
        full = [{**row, "event": sender.event(notice, row["sequence"])} for notice, row in zip(new, rows, strict=True)]
        connection.execute(insert(WHOLE), [{name: row[name] for name in ("receiver", "notice", "event")} for row in full])
    if last is None:
        connection.execute(insert(RECEIVERS).values(_new_receiver(receiver, len(new))))
    else:
        _receiver(connection, receiver, last_sequence=last + len(new))


def _row(to: Subscriber, notice: Notice, sequence: int, state: str, sender: Sender, now: datetime) -> dict[str, Any]:
    return {
        "receiver": to.key,
        "sequence": sequence,
        "notice": str(notice.id),
        "type": notice.type,
        "family": str(notice.family),
        "event": sender.event(notice, sequence, to.wish.payload),
        "accepted_at": _text(now),
        "state": state,
        "attempts": 0,
        "last_outcome": "",
        "next_at": _AT_ONCE,
        "fact": notice.position,
    }


def _new_receiver(receiver: str, last_sequence: int) -> dict[str, Any]:
    return {
        "receiver": receiver,
        "last_sequence": last_sequence,
        "failures": 0,
        "paused_until": _AT_ONCE,
        "retired_callback": "",
    }


# Out -----------------------------------------------------------------------------------------------


def receivers_due(connection: Connection, now: datetime) -> list[str]:
    """The receivers that have something due and are not being left in peace."""
    something = exists().where(_D.receiver == _R.receiver, _IS_WAITING, _D.next_at <= _text(now))
    return list(connection.scalars(select(_R.receiver).where(_R.paused_until <= _text(now), something)))


def due(connection: Connection, receiver: str, now: datetime, after: int = 0, limit: int = WINDOW) -> list[Waiting]:
    """What waits for a receiver after a number, in order, but for families whose next is to wait until a later moment."""
    found = quickly(connection, _DUE, receiver, after, receiver, _text(now), limit)
    return [_waiting(row) for row in found]


_DUE = """
    SELECT id, receiver, sequence, notice, type, family, coalesce(fact, 0), event, attempts, accepted_at, begun_anew_at
    FROM deliveries WHERE receiver = ? AND state = 'waiting' AND sequence > ? AND family NOT IN (
        SELECT family FROM deliveries WHERE receiver = ? AND state = 'waiting' AND next_at > ?
    ) ORDER BY sequence LIMIT ?
"""


def worn_out(connection: Connection, tried: Sequence[Tried], endurance: Endurance, now: datetime) -> set[str]:
    """Of the receivers of these attempts, those for which this one failure more is one too many."""
    names = {each.waiting.receiver for each in tried if each.outcome.verdict is not Verdict.DELIVERED}
    if not names:
        return set()
    is_long = _R.failing_since <= _text(now - endurance.long)
    found = select(_R.receiver).where(_R.receiver.in_(names), is_long, _R.failed >= endurance.often - 1)
    delivered = {each.waiting.receiver for each in tried if each.outcome.verdict is Verdict.DELIVERED}
    return set(connection.scalars(found)) - delivered


def attempt(tried: Waiting, to: Subscriber, outcome: Outcome, began: datetime, ended: datetime) -> Attempt:
    """What became of an attempt, for the ledger."""
    return Attempt(
        organisation=to.organisation.name,
        subscription=to.key,
        notice=tried.notice,
        called=tried.family,
        fact=tried.fact,
        type=tried.type,
        way=Way.WEBHOOK,
        sequence=tried.sequence,
        number=tried.attempts + 1,
        digest=sha256(tried.event).hexdigest(),
        outcome=outcome.code,
        is_taken=outcome.verdict is Verdict.DELIVERED,
        began=began,
        ended=ended,
    )


def settle(connection: Connection, tried: Sequence[Tried], jitter: Callable[[], float], now: datetime) -> None:
    """Keeps what became of attempts.

    `jitter` stretches or shrinks a delay of our own making, so that not everybody comes back at the same moment.
    """
    # this begins with writes, which take the database's lock before anything is read
    _delivered(connection, [each for each in tried if each.outcome.verdict is Verdict.DELIVERED])
    others = [each for each in tried if each.outcome.verdict is not Verdict.DELIVERED]
    # in one order wherever several receivers change, so that no two wait for each other
    for each in sorted(others, key=lambda one: one.waiting.receiver):
        _failed(connection, each, jitter, now)


def _delivered(connection: Connection, tried: Sequence[Tried]) -> None:
    if tried:
        quickly_each(connection, _TAKEN, [(each.outcome.code, each.waiting.id) for each in tried])
        names = sorted({each.waiting.receiver for each in tried})
        quickly_each(connection, _WELL, [(name,) for name in names])


_TAKEN = "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, last_outcome = ? WHERE id = ? AND state = 'waiting'"
_WELL = (
    "UPDATE receivers SET failures = 0, failing_since = NULL, failed = NULL "
    "WHERE receiver = ? AND (failures <> 0 OR failing_since IS NOT NULL)"
)


def _failed(connection: Connection, each: Tried, jitter: Callable[[], float], now: datetime) -> None:
    tried, outcome = each.waiting, each.outcome
    since, often = func.coalesce(_R.failing_since, _text(now)), func.coalesce(_R.failed, 0) + 1
    _receiver(connection, tried.receiver, failing_since=since, failed=often)
    match outcome.verdict:
        case Verdict.DEAD:
            _receiver(connection, tried.receiver, failures=0)
            _delivery(connection, tried, outcome, state="dead")
        case Verdict.LATER:
            _receiver(connection, tried.receiver, failures=0)
            _later(connection, tried, outcome, now + delay(tried.attempts + 1) * jitter())
        case Verdict.PAUSE:
            _pause(connection, tried, outcome, jitter(), now)
        case Verdict.RETIRE:
            _delivery(connection, tried, outcome)
            retire(connection, tried.receiver, each.receiver.callback, outcome.code)


def retire(connection: Connection, receiver: str, callback: str, why: str) -> None:
    """Tells this receiver nothing any more at this callback: what waits for it is put aside."""
    _receiver(connection, receiver, retired_callback=callback, failures=0, failing_since=None, failed=None)
    here = (_D.receiver == receiver, _IS_WAITING)
    connection.execute(update(DELIVERIES).where(*here).values(state="retired", last_outcome=why))


def retired(connection: Connection) -> Mapping[str, str]:
    """The receivers that were given up, and at which callback."""
    found = select(_R.receiver, _R.retired_callback).where(_R.retired_callback != "")
    return {row.receiver: row.retired_callback for row in connection.execute(found)}


def welcome_back(connection: Connection, receiver: str, now: datetime) -> int:
    """Tells it things again, what was put aside first; how many those are."""
    _receiver(connection, receiver, retired_callback="", paused_until=_AT_ONCE)
    return connection.execute(_anew(now).where(_D.receiver == receiver, _D.state == "retired")).rowcount


def redrive(connection: Connection, now: datetime, id: int = 0, receiver: str = "") -> int:
    """A person has looked at what is dead, one of them, all of one receiver or all there is: it is tried again. How many.

    Raises:
        NotKnown: there is no such dead delivery.
    """
    again = _anew(now).where(_IS_DEAD)
    again = again.where(_D.id == id) if id else again
    done = connection.execute(again.where(_D.receiver == receiver) if receiver else again).rowcount
    if id and not done:
        raise NotKnown("There is no such dead delivery.")
    return done


def _anew(now: datetime) -> Update:
    return update(DELIVERIES).values(state="waiting", next_at=_AT_ONCE, begun_anew_at=_text(now), attempts=0)


def open_ones(connection: Connection) -> tuple[int, int, datetime | None]:
    """How many wait, how many are dead, and since when the oldest of the first waits, if there is one."""
    waiting, oldest = connection.execute(select(func.count(), func.min(_D.accepted_at)).where(_IS_WAITING)).one()
    dead = connection.execute(select(func.count(_D.id)).where(_IS_DEAD)).scalar_one()
    return waiting, dead, datetime.fromisoformat(oldest) if oldest else None


def listed(connection: Connection, filters: Mapping[str, str], after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """Deliveries in the order in which they were accepted, without their events; filters: receiver, state, family, notice."""
    columns = [column for column in DELIVERIES.columns if column.name != "event"]
    found = select(*columns).where(_D.id > after).order_by(_D.id).limit(limit)
    for name in filters.keys() & {"receiver", "state", "family", "notice"}:
        found = found.where(DELIVERIES.columns[name] == filters[name])
    return [dict(row._mapping) for row in connection.execute(found)]


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver was told, or is to be, as it is sent; `position` is its number there, `fact` where the log has its fact."""

    receiver: str
    position: int
    notice: str
    type: str
    family: str
    fact: int
    event: bytes


_TOLD = (_D.receiver, _D.sequence, _D.notice, _D.type, _D.family, func.coalesce(_D.fact, 0))


def told(connection: Connection, receiver: str, after: int, limit: int) -> list[Told]:
    """What a receiver is told after a number, in order."""
    found = select(*_TOLD, _D.event).where(_D.receiver == receiver, _D.sequence > after)
    return [Told(*row) for row in connection.execute(found.order_by(_D.sequence).limit(limit))]


def whole(connection: Connection, receivers: Collection[str], notice: str) -> Told | None:
    """What one of these receivers was told by a notice, at full length, where it was sent a lean one too."""
    full = (WHOLE.c.receiver == _D.receiver) & (WHOLE.c.notice == _D.notice)
    event = func.coalesce(WHOLE.c.event, _D.event)
    found = select(*_TOLD, event).outerjoin_from(DELIVERIES, WHOLE, full)
    row = connection.execute(found.where(_D.receiver.in_(receivers), _D.notice == notice).limit(1)).one_or_none()
    return None if row is None else Told(*row)


def position(connection: Connection, receiver: str, before: datetime | None) -> int:
    """The number of the last thing that a receiver was told, before that moment where one is given; 0 where there is none."""
    found = select(func.coalesce(func.max(_D.sequence), 0)).where(_D.receiver == receiver)
    earlier = found if before is None else found.where(_D.accepted_at < _text(before))
    return int(connection.execute(earlier).scalar_one())


def _later(connection: Connection, tried: Waiting, outcome: Outcome, at: datetime) -> None:
    if at > tried.since + _GIVE_UP:
        _delivery(connection, tried, outcome, state="dead")
    else:
        _delivery(connection, tried, outcome, next_at=_text(at))


def _pause(connection: Connection, tried: Waiting, outcome: Outcome, jitter: float, now: datetime) -> None:
    here, is_new = _R.receiver == tried.receiver, _R.paused_until <= _text(now)
    # of several exchanges at the same moment that came to nothing, the first says it all
    connection.execute(update(RECEIVERS).where(here, is_new).values(failures=_R.failures + 1))
    failures, before = connection.execute(select(_R.failures, _R.paused_until).where(here)).one()
    is_echo = before > _text(now)
    until = now + outcome.stay_away if outcome.stay_away else now + delay(failures) * jitter
    until = max(until, datetime.fromisoformat(before)) if is_echo else until
    _receiver(connection, tried.receiver, paused_until=_text(until))
    _later(connection, tried, outcome, until)


def _delivery(connection: Connection, tried: Waiting, outcome: Outcome, **to: Any) -> None:
    attempted = {"attempts": tried.attempts + 1, "last_outcome": outcome.code}
    # whoever was stopped in the middle of an attempt may come back after another made it
    connection.execute(update(DELIVERIES).where(_D.id == tried.id, _IS_WAITING).values(**attempted, **to))


def _receiver(connection: Connection, receiver: str, **to: Any) -> None:
    connection.execute(update(RECEIVERS).where(_R.receiver == receiver).values(**to))


def _waiting(row: tuple[Any, ...]) -> Waiting:
    id, receiver, sequence, notice, type, family, fact, event, attempts, accepted_at, begun_anew_at = row
    accepted, since = (datetime.fromisoformat(moment) for moment in (accepted_at, begun_anew_at or accepted_at))
    return Waiting(id, receiver, sequence, notice, type, family, fact, event, attempts, accepted, since)


def _text(moment: datetime) -> str:
    # texts of one length compare as the moments do
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
