"""The terms that run: per family, the one that is over first on top; what the ticker asks too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Select, Table, Text, select

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory
from hub.ports import Asked, Fact, Projection, View
from hub.projections import CODE, ID, MOMENT, TEXT, Document, Row, fold, listed, many, moment, page, seen, thing, topics_of

TABLES = MetaData()
CLOCKS = Table(
    "clocks",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("next_due", Text, nullable=False, index=True),
    Column("is_merged", Boolean, nullable=False),
    Column("running", Document, nullable=False),
)
_C = CLOCKS.c
_RUNNING = (_C.is_merged.is_(False), _C.next_due != "")
_CHANGES = (
    Trajectory.ClockStarted,
    Trajectory.ClockStopped,
    Trajectory.TermMet,
    Trajectory.DeadlinePassed,
    Trajectory.MergedInto,
    Trajectory.SeparatedAgain,
)


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change the terms that run."""
    fold(CLOCKS, [(str(fact.stream_id), fact) for fact in facts if isinstance(fact.event, _CHANGES)], _terms, connection)


def _terms(row: Row | None, fact: Fact) -> Row:
    row = row or {"family": str(fact.stream_id), "next_due": "", "is_merged": False, "running": {}}
    running, event = row["running"], fact.event
    match event:
        case Trajectory.ClockStarted():
            running[event.clock] = {"clock": event.clock, "term": event.term, "about": event.about, "due": moment(event.due)}
        case Trajectory.ClockStopped() | Trajectory.TermMet() | Trajectory.DeadlinePassed():
            running.pop(event.clock, None)
        case _:
            row["is_merged"] = isinstance(event, Trajectory.MergedInto)
    row["next_due"] = min((clock["due"] for clock in running.values()), default="")
    return row


def due_before(connection: Connection, at: datetime) -> list[tuple[str, str]]:
    """The terms that are over at a moment, as (family, clock), the longest over first."""
    over = moment(at)
    rows = connection.execute(select(_C.family, _C.running).where(*_RUNNING, _C.next_due <= over))
    due = [(clock["due"], family, name) for family, running in rows for name, clock in running.items() if clock["due"] <= over]
    return [(family, name) for _, family, name in sorted(due)]


def running_of(families: Select[tuple[str]], connection: Connection) -> list[tuple[str, Mapping[str, str]]]:
    """The terms that run in these families, each with its family, the first that is over first."""
    rows = connection.execute(select(_C.family, _C.running).where(*_RUNNING, _C.family.in_(families)))
    found = [(family, clock) for family, running in rows for clock in running.values()]
    return sorted(found, key=lambda one: (one[1]["due"], one[0], one[1]["clock"]))


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Families with their running terms."""
    return page(seen(select(CLOCKS).where(*_RUNNING), _C.family, asked), [_C.next_due, _C.family], asked, _item, connection)


def _item(row: Mapping[str, Any]) -> Row:
    clocks = sorted(row["running"].values(), key=lambda clock: (clock["due"], clock["clock"]))
    return {"family": row["family"], "nextDue": row["next_due"], "clocks": clocks}


_CLOCK = thing(clock=TEXT | of.A_CLOCK, term=CODE, about=TEXT | of.PLAN, due=MOMENT) | of.LEVEL
_ITEM = thing(family=ID, nextDue=MOMENT | of.LEVEL, clocks=many(_CLOCK))

PROJECTION = Projection(
    name="clocks",
    title="Terms that run",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_CHANGES),
    views=(
        View(
            path="clocks",
            title="Families with their running terms, the first that is over on top",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.SEE_LISTS,
            about="families",
        ),
    ),
)
