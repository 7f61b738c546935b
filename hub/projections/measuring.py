"""What is to be measured: per family the moments of its trajectory that came and were not measured, after closing too.

No term of a trajectory says so: those all stop when it ends, and a measurement that is late is no lack of progress.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, Text, select

from hub.domain import field_classes as of
from hub.domain.instruments import MeasuredAt
from hub.domain.policy import Act
from hub.domain.terms import AMSTERDAM
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.trajectory.measured import WHILE_OPEN, measuring_of
from hub.domain.words import Phase
from hub.ports import Asked, Fact, Projection, View
from hub.projections import ID, Document, Row, fold, listed, many, moment, page, seen, thing, topics_of

LAPSES = timedelta(days=92)
"""So long after the day of the last that is waited for is asked for any: later nobody measures it any more."""
TABLES = MetaData()
MEASURING = Table(
    "measuring",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("since", Text, nullable=False, index=True),
    Column("until", Text, nullable=False),
    Column("is_merged", Boolean, nullable=False),
    Column("state", Document, nullable=False),
)
_M = MEASURING.c
_ENDINGS = {Trajectory.EndedEarly: Phase.ENDED_EARLY, Trajectory.WentToCompulsion: Phase.COMPULSION}
_CHANGES = (
    Trajectory.PhaseEntered,
    *_ENDINGS,
    Trajectory.Reopened,
    Trajectory.MeasurementTaken,
    Trajectory.MeasurementWithdrawn,
    Trajectory.MergedInto,
    Trajectory.SeparatedAgain,
)


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change what is to be measured."""
    fold(MEASURING, [(str(fact.stream_id), fact) for fact in facts if isinstance(fact.event, _CHANGES)], _family, connection, _made)


def _family(row: Row | None, fact: Fact) -> Row:
    row = row or {"family": str(fact.stream_id), "is_merged": False, "state": {"entered": {}, "taken": {}}}
    state, event = row["state"], fact.event
    match event:
        case Trajectory.PhaseEntered():
            state["entered"][event.phase] = moment(event.timestamp)
        case Trajectory.Reopened():
            row["state"] = {"entered": {}, "taken": {}}
        case Trajectory.MeasurementTaken():
            state["taken"][event.id] = event.moment
        case Trajectory.MeasurementWithdrawn():
            state["taken"].pop(event.id, None)
        case Trajectory.MergedInto() | Trajectory.SeparatedAgain():
            row["is_merged"] = isinstance(event, Trajectory.MergedInto)
        case _:
            state["entered"][_ENDINGS[type(event)]] = moment(event.timestamp)
    return row


def _made(row: Row) -> Row:
    days = list(_waiting(row["state"]).values())
    return (
        row | {"since": _start_of(min(days)), "until": _start_of(max(days) + LAPSES)} if days else row | {"since": "", "until": ""}
    )


def _waiting(state: Row) -> dict[MeasuredAt, date]:
    """The moments that nobody measured with any instrument, and the day of each."""
    entered = {Phase(phase): datetime.fromisoformat(at) for phase, at in state["entered"].items()}
    past = WHILE_OPEN if ENDED & entered.keys() else frozenset()
    measured = {*state["taken"].values()}
    return {one.moment: one.due for one in measuring_of(entered) if one.due and one.moment not in measured | past}


def _start_of(day: date) -> str:
    return moment(datetime.combine(day, time(), AMSTERDAM))


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Families of which something is to be measured by now."""
    now = moment(asked.at)
    waiting = select(MEASURING).where(_M.is_merged.is_(False), _M.since != "", _M.since <= now, _M.until > now)
    return page(seen(waiting, _M.family, asked), [_M.since, _M.family], asked, lambda row: _item(row, asked), connection)


def _item(row: Mapping[str, Any], asked: Asked) -> Row:
    today = asked.at.astimezone(AMSTERDAM).date()
    moments = [(name, day) for name, day in _waiting(row["state"]).items() if day <= today]
    return {"family": row["family"], "moments": [{"moment": name.value, "due": f"{day}"} for name, day in moments]}


_MOMENT = (
    thing(moment={"type": "string", "enum": [one.value for one in MeasuredAt]}, due={"type": "string", "format": "date"})
    | of.DECISION
)

PROJECTION = Projection(
    name="measuring",
    title="What is to be measured",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_CHANGES),
    views=(
        View(
            path="measuring",
            title="Families of which a moment came that was not measured, the first on top",
            ask=ask,
            answer=listed(thing(family=ID, moments=many(_MOMENT))),
            act=Act.SEE_TODAY,
            about="families",
        ),
    ),
)
