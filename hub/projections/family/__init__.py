"""One family, one plan, one director: how a family stands now; the only read model that holds data of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from hub.domain.people import Person
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory
from hub.ports import Asked, Fact, Projection, View
from hub.projections import Row, events_of, fold, keep_signals, moment, topics_of
from hub.projections.family import today
from hub.projections.family.answer import ANSWER, shown
from hub.projections.family.standing import stand
from hub.projections.family.tables import FAMILIES, PEOPLE, SIGNALS, TABLES

_FAMILY = events_of(Trajectory)
_OF_PEOPLE = frozenset({Person.Named, Person.NamedAgain, Person.Stated, Person.Erased, Trajectory.PersonJoined})
_S = SIGNALS.c
_INVOLVED = (
    select(
        _S.partner,
        func.min(_S.recorded_at).label("since"),
        func.max(_S.recorded_at).label("latest_at"),
        func.count().label("signals"),
    )
    .group_by(_S.partner)
    .order_by("since", _S.partner)
)


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change families, people, and who is involved."""
    families = [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _FAMILY]
    people = [(_whose(fact), fact) for fact in facts if type(fact.event) in _OF_PEOPLE]
    fold(FAMILIES, families, _family, connection, _made)
    fold(PEOPLE, people, _person, connection)
    keep_signals(SIGNALS, facts, _signal, connection)


def _family(row: Row | None, fact: Fact) -> Row:
    state = stand(row and row["state"], fact.event)
    return {"family": str(fact.stream_id), "version": fact.event.originator_version, "state": state}


def _made(row: Row) -> Row:
    return row | today.urgency(row["state"])


def _whose(fact: Fact) -> str:
    joined = isinstance(fact.event, Trajectory.PersonJoined)
    return fact.event.person if joined else str(fact.stream_id)


def _person(row: Row | None, fact: Fact) -> Row | None:
    """What is known of a person; nothing is kept of one who was erased."""
    if isinstance(fact.event, Person.Erased):
        return None
    if isinstance(fact.event, Trajectory.PersonJoined):
        return _born(row, fact.event)
    if isinstance(fact.event, Person.Stated):
        return row and row | {"stated": [*row["stated"], {"words": fact.event.words, "at": moment(fact.event.timestamp)}]}
    said, known = fact.event, row or {}
    row = {name: known.get(name) or getattr(said, name) for name in ("prefix", "family_name")}
    # a whole name says more than initials, and a day more than a year
    row |= {name: max(known.get(name, ""), getattr(said, name), key=len) for name in ("given_names", "born")}
    kept = {"address": said.address or known.get("address", {}), "stated": known.get("stated", [])}
    return {"person": str(fact.stream_id), **row, **kept}


def _born(row: Row | None, joined: Trajectory.PersonJoined) -> Row | None:
    return row and row | {"born": max(row["born"], joined.born, key=len)}


def _signal(event: Trajectory.SignalRecorded) -> Row:
    return {"partner": event.partner, "recorded_at": moment(event.timestamp)}


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any] | None:
    """The family by that id."""
    family = connection.execute(select(FAMILIES).where(FAMILIES.c.family == asked.key)).mappings().one_or_none()
    if family is None:
        return None
    members = select(PEOPLE).where(PEOPLE.c.person.in_(list(family["state"]["people"])))
    people = {row["person"]: dict(row) for row in connection.execute(members).mappings()}
    involved = connection.execute(_INVOLVED.where(_S.family == asked.key)).mappings()
    return shown(dict(family), people, [_partner(row) for row in involved])


def _partner(row: Mapping[Any, Any]) -> Row:
    return {"partner": row["partner"], "since": row["since"], "latestAt": row["latest_at"], "signals": row["signals"]}


PROJECTION = Projection(
    name="family",
    title="One family, one plan, one director",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_FAMILY, _OF_PEOPLE),
    views=(
        View(
            path="families/{id}",
            title="How a family stands now",
            ask=ask,
            answer=ANSWER,
            act=Act.SEE_FAMILY,
            about="family",
        ),
        today.VIEW,
    ),
)
