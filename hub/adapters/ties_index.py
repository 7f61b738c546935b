"""The index of what families have to do with organisations: in which municipality they were first seen, who raised signals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, Text, select

from hub.adapters.database import looking, quickly_each
from hub.domain.subscriptions import Ties
from hub.domain.trajectory import Trajectory
from hub.ports import Fact, Projection

TABLES = MetaData()
MUNICIPALITIES = Table(
    "family_municipalities",
    TABLES,
    Column("family", String(36), primary_key=True),
    Column("municipality", Text, nullable=False),
)
REPORTERS = Table(
    "family_reporters",
    TABLES,
    Column("family", String(36), primary_key=True),
    Column("organisation", String(80), primary_key=True),
)
"""Whoever ever raised a signal that was recorded with a family, also where it was taken back or went on to another."""

_M, _R = MUNICIPALITIES.c, REPORTERS.c
_MUNICIPALITY = "INSERT INTO family_municipalities (municipality, family) VALUES (?, ?) ON CONFLICT DO NOTHING"
_REPORTER = "INSERT INTO family_reporters (organisation, family) VALUES (?, ?) ON CONFLICT DO NOTHING"
Write = tuple[str, tuple[str, str]]


def ties(engine: Engine, families: Sequence[UUID]) -> Mapping[UUID, Ties]:
    """What these families have to do with organisations, for those of which anything is known."""
    named = [str(family) for family in families]
    with looking(engine) as connection:
        places = {row.family: row.municipality for row in connection.execute(select(MUNICIPALITIES).where(_M.family.in_(named)))}
        raised = connection.execute(select(REPORTERS).where(_R.family.in_(named)).order_by(_R.family)).all()
    reporters = {family: frozenset(row.organisation for row in rows) for family, rows in groupby(raised, key=itemgetter(0))}
    return {UUID(one): Ties(places.get(one, ""), reporters.get(one, frozenset())) for one in {*places, *reporters}}


def _opened(fact: Fact) -> Write:
    return _MUNICIPALITY, (fact.event.municipality, str(fact.stream_id))


def _raised(fact: Fact) -> Write:
    return _REPORTER, (fact.event.partner, str(fact.stream_id))


_FOLLOW: Mapping[type[Any], Callable[[Fact], Write]] = {
    Trajectory.Opened: _opened,
    Trajectory.SignalRecorded: _raised,
}


def _apply(facts: Sequence[Fact], connection: Connection) -> None:
    writes: Iterator[Write] = (_FOLLOW[type(fact.event)](fact) for fact in facts if type(fact.event) in _FOLLOW)
    for statement, group in groupby(sorted(writes, key=itemgetter(0)), key=itemgetter(0)):
        quickly_each(connection, statement, list(dict.fromkeys(row for _, row in group)))


INDEX = Projection(
    "ties",
    "What families have to do with organisations",
    TABLES,
    _apply,
    topics=frozenset(event.TOPIC for event in _FOLLOW),
)
