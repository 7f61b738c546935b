"""Who is who to each family, and who is in it: what lists are narrowed by, and whom a look concerns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Select, Table, Text, delete, false, insert, or_, select, tuple_

from hub.domain.access import Access
from hub.domain.callers import Caller, Capacity
from hub.domain.policy import OPENED_BY_ASSIGNMENT, OPENED_BY_GLASS, OPENED_BY_OFFER, Act
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Direction
from hub.ports import Fact, Projection
from hub.projections import Row, fold, moment, topics_of

TABLES = MetaData()
FAMILIES = Table(
    "relations",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("director", Text, nullable=False, index=True),
    Column("director_of", Text, nullable=False, index=True),
    Column("coach", Text, nullable=False, index=True),
    Column("offered", Text, nullable=False, index=True),
    Column("offered_until", Text, nullable=False),
    Column("is_administrative", Boolean, nullable=False),
    Column("is_ended", Boolean, nullable=False),
)
MEMBERS = Table(
    "relation_members", TABLES, Column("family", Text, primary_key=True), Column("person", Text, primary_key=True, index=True)
)
GLASS = Table(
    "relation_glass",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("who", Text, primary_key=True),
    Column("until", Text, nullable=False),
)
ASSIGNED = Table(
    "relation_assignments",
    TABLES,
    Column("assignment", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("auditor", Text, nullable=False, index=True),
    Column("begins", Text, nullable=False),
    Column("until", Text, nullable=False),
)
_F = FAMILIES.c
_A = ASSIGNED.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change who is who."""
    fold(FAMILIES, [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _CHANGES], _family, connection)
    for fact in facts:
        if type(fact.event) in _MEMBERSHIP:
            _MEMBERSHIP[type(fact.event)](fact, connection)


def _family(row: Row | None, fact: Fact) -> Row:
    row = row or {"family": str(fact.stream_id), "is_administrative": False, "is_ended": False, **dict.fromkeys(_PEOPLE, "")}
    _CHANGES[type(fact.event)](row, fact.event)
    return row


def _phase(row: Row, event: Any) -> None:
    row["is_ended"] = event.phase in {phase.value for phase in ENDED}


def _direction(row: Row, event: Any) -> None:
    row["is_administrative"] = event.level_to == Direction.ADMINISTRATIVE


def _answered(row: Row, event: Any) -> None:
    row.update(offered="", offered_until="")
    if isinstance(event, Trajectory.HandoverAccepted):
        row.update(director=event.director, director_of=event.organisation)


_PEOPLE = ("director", "director_of", "coach", "offered", "offered_until")
_CHANGES: Mapping[type[Recorded], Callable[[Row, Any], None]] = {
    Trajectory.Opened: lambda row, event: row.update(director=event.director, director_of=event.organisation),
    Trajectory.HandoverOffered: lambda row, event: row.update(offered=event.to, offered_until=moment(event.until)),
    Trajectory.HandoverAccepted: _answered,
    Trajectory.HandoverRefused: _answered,
    Trajectory.HandoverTimedOut: _answered,
    Trajectory.CoachAssigned: lambda row, event: row.update(coach=event.coach),
    Trajectory.CoachReleased: lambda row, _: row.update(coach=""),
    Trajectory.DirectionRaised: _direction,
    Trajectory.DirectionLowered: _direction,
    Trajectory.PhaseEntered: _phase,
    Trajectory.EndedEarly: lambda row, _: row.update(is_ended=True),
    Trajectory.WentToCompulsion: lambda row, _: row.update(is_ended=True),
    Trajectory.Reopened: lambda row, _: row.update(is_ended=False),
}


def _joined(fact: Fact, connection: Connection) -> None:
    _leave(fact, [fact.event.person], connection)
    connection.execute(insert(MEMBERS), {"family": str(fact.stream_id), "person": fact.event.person})


def _leave(fact: Fact, people: Iterable[str], connection: Connection) -> None:
    left = [(str(fact.stream_id), person) for person in people]
    connection.execute(delete(MEMBERS).where(tuple_(MEMBERS.c.family, MEMBERS.c.person).in_(left)))


def _broken(fact: Fact, connection: Connection) -> None:
    event = fact.event
    connection.execute(delete(GLASS).where(GLASS.c.family == event.family, GLASS.c.who == event.by))
    connection.execute(insert(GLASS), {"family": event.family, "who": event.by, "until": moment(event.until)})


def _assigned(fact: Fact, connection: Connection) -> None:
    event = fact.event
    term = {"begins": moment(event.begins), "until": moment(event.until)}
    connection.execute(insert(ASSIGNED), {"assignment": event.assignment, "family": event.family, "auditor": event.auditor, **term})


_MEMBERSHIP: Mapping[type[Recorded], Callable[[Fact, Connection], Any]] = {
    Trajectory.PersonJoined: _joined,
    Trajectory.LetGo: lambda fact, connection: _leave(fact, fact.event.people, connection),
    Trajectory.SignalUnlinked: lambda fact, connection: _leave(fact, fact.event.people, connection),
    Trajectory.PeopleLeft: lambda fact, connection: _leave(fact, fact.event.people, connection),
    Access.GlassBroken: _broken,
    Access.AuditorAssigned: _assigned,
    Access.AssignmentEnded: lambda fact, connection: connection.execute(
        delete(ASSIGNED).where(_A.assignment == fact.event.assignment)
    ),
}


def own(caller: Caller, at: datetime, act: Act) -> Select[tuple[str]]:
    """The families in which this caller may do this as being theirs, as `hub.domain.policy` has it: to narrow a list by."""
    if caller.role is Capacity.AUDITOR:
        holds = (_A.auditor == caller.subject) & (_A.begins <= moment(at)) & (_A.until > moment(at))
        return select(_A.family).where(holds if act in OPENED_BY_ASSIGNMENT else false())
    mine = [_F.director == caller.subject, _F.coach == caller.subject]
    if caller.organisation:
        mine.append((_F.director_of == caller.organisation) & _F.is_ended.is_(False))
    if caller.role is Capacity.ADMINISTRATIVE:
        mine.append(_F.is_administrative & _F.is_ended.is_(False))
    if act in OPENED_BY_OFFER:
        mine.append((_F.offered == caller.subject) & (_F.offered_until > moment(at)))
    if act in OPENED_BY_GLASS:
        looking = select(GLASS.c.family).where(GLASS.c.who == caller.subject, GLASS.c.until > moment(at))
        mine.append(_F.family.in_(looking))
    return select(_F.family).where(or_(*mine))


def theirs(who: str) -> Select[tuple[str]]:
    """The families that somebody directs or coaches."""
    return select(_F.family).where(or_(_F.director == who, _F.coach == who), _F.is_ended.is_(False))


def members(families: Iterable[str], connection: Connection) -> dict[str, list[str]]:
    """The persons in each of these families."""
    found: dict[str, list[str]] = {family: [] for family in families}
    for family, person in connection.execute(select(MEMBERS).where(MEMBERS.c.family.in_(list(found)))):
        found[family].append(person)
    return found


PROJECTION = Projection(
    name="relations", title="Who is who to each family", tables=TABLES, apply=apply, topics=topics_of(_CHANGES, _MEMBERSHIP)
)
