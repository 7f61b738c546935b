"""The index of who was told how high an escalation stands: for whoever was, it is put right too, whatever they ask for since."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, MetaData, String, Table, select

from hub.adapters.database import looking, quickly_each
from hub.domain.tellings import Telling
from hub.domain.trajectory import Trajectory
from hub.notices import OF_LEVELS, notices
from hub.ports import Earlier, Fact, Projection

TABLES = MetaData()
_LONG = BigInteger().with_variant(Integer, "sqlite")
SAID = Table(
    "escalation_facts",
    TABLES,
    Column("fact", _LONG, primary_key=True, autoincrement=False),
    Column("escalation", String(36), nullable=False, index=True),
    Column("notice", String(36), nullable=False),
)
"""Where the log says how high an escalation stands, and the hub's own id of the notice about it."""
RECEIVERS = Table(
    "escalation_receivers",
    TABLES,
    Column("fact", _LONG, primary_key=True, autoincrement=False),
    Column("subscription", String(80), primary_key=True),
    Column("organisation", String(80), nullable=False),
)
"""Whom it was tried to tell that: an attempt of which nobody knows how it ended may have arrived."""
_S, _R = SAID.c, RECEIVERS.c
_FACT = "INSERT INTO escalation_facts (fact, escalation, notice) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_TOLD = "INSERT INTO escalation_receivers (fact, subscription, organisation) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who was told; `own` is the id that an organisation has of a thing of that kind."""

    log: Engine
    own: Callable[[str, str, str], UUID]

    def of(self, escalation: str) -> Earlier:
        """What was said of that escalation, and to whom."""
        with looking(self.log) as connection:
            said = connection.execute(select(_S.notice).where(_S.escalation == escalation)).scalars().all()
            told = select(_R.organisation, _R.subscription).join(SAID, _S.fact == _R.fact).where(_S.escalation == escalation)
            rows = connection.execute(told.order_by(_R.organisation)).all()
        each = groupby(rows, key=attrgetter("organisation"))
        return Earlier(said, {name: frozenset(row.subscription for row in mine) for name, mine in each})

    def called(self, organisation: str, notice: str) -> str:
        """What an organisation calls a notice that the hub calls so."""
        return str(self.own(organisation, "notice", notice))


def _said(fact: Fact) -> Iterator[tuple[int, str, str]]:
    for notice in notices(fact):
        yield fact.position, fact.event.escalation, str(notice.id)


def _told(fact: Fact) -> Iterator[tuple[int, str, str]]:
    if fact.event.type in OF_LEVELS and fact.event.fact:
        yield fact.event.fact, fact.event.subscription, fact.event.organisation


_FOLLOW: Mapping[type[Any], tuple[str, Callable[[Fact], Iterator[tuple[int, str, str]]]]] = {
    Trajectory.LevelRaised: (_FACT, _said),
    Trajectory.TellingReleased: (_FACT, _said),
    Trajectory.EscalationRectified: (_FACT, _said),
    Telling.Attempted: (_TOLD, _told),
}


def _apply(facts: Sequence[Fact], connection: Connection) -> None:
    rows: dict[str, list[tuple[int, str, str]]] = {}
    for fact in facts:
        if follow := _FOLLOW.get(type(fact.event)):
            rows.setdefault(follow[0], []).extend(follow[1](fact))
    for statement, each in rows.items():
        if each:
            quickly_each(connection, statement, each)


INDEX = Projection(
    "receivers",
    "Who was told how high an escalation stands",
    TABLES,
    _apply,
    topics=frozenset(event.TOPIC for event in _FOLLOW),
)
