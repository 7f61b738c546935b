"""The index that finds people and families: written in the same transaction as the events it follows.

It holds blind keys and ids only; it can be rebuilt from the log like any read model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, Executable, MetaData, Table, Text, and_, bindparam, delete, insert, select, text

from hub.domain.matching import By, Known
from hub.domain.people import Person
from hub.domain.trajectory import Trajectory
from hub.ports import Fact, Projection

TABLES = MetaData()
KEYS = Table(
    "people_keys",
    TABLES,
    Column("key", Text, primary_key=True),
    Column("person", Text, primary_key=True),
)
NUMBERS = Table("people_numbers", TABLES, Column("person", Text, primary_key=True), Column("key", Text, nullable=False))
MEMBERS = Table(
    "people_members",
    TABLES,
    Column("person", Text, primary_key=True),
    Column("family", Text, primary_key=True),
)
MERGED = Table("people_merged", TABLES, Column("family", Text, primary_key=True), Column("into", Text, nullable=False))
REFERENCES = Table(
    "people_references",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("reference", Text, nullable=False, index=True),
)

_FIND = (
    select(KEYS.c.key, KEYS.c.person, NUMBERS.c.key, MEMBERS.c.family)
    .select_from(
        KEYS.outerjoin(NUMBERS, NUMBERS.c.person == KEYS.c.person)
        # a family that was merged is passed over: its people are of the family that goes on for it too
        .outerjoin(MEMBERS, and_(MEMBERS.c.person == KEYS.c.person, MEMBERS.c.family.not_in(select(MERGED.c.family))))
    )
    .where(KEYS.c.key.in_(bindparam("keys", expanding=True)))
)
_ANSWERED = (
    select(REFERENCES.c.family)
    .outerjoin(MERGED, MERGED.c.family == REFERENCES.c.family)
    .where(REFERENCES.c.reference == bindparam("reference"), MERGED.c.into.is_(None))
    .distinct()
)

# both dialects know this form, and it says in one statement what a look and an insert would
_KEY = text("INSERT INTO people_keys (key, person) VALUES (:key, :person) ON CONFLICT DO NOTHING")
_MEMBER = text("INSERT INTO people_members (person, family) VALUES (:person, :family) ON CONFLICT DO NOTHING")
_NUMBER = text(
    "INSERT INTO people_numbers (person, key) VALUES (:person, :key) ON CONFLICT (person) DO UPDATE SET key = excluded.key"
)
_REFERENCE = text(
    "INSERT INTO people_references (family, signal, reference) VALUES (:family, :signal, :reference) ON CONFLICT DO NOTHING"
)
_MERGE = insert(MERGED)
_NO_MERGE = delete(MERGED).where(MERGED.c.family == bindparam("of_family"))
_NO_MEMBER = delete(MEMBERS).where(MEMBERS.c.family == bindparam("of_family"), MEMBERS.c.person == bindparam("of_person"))
_NO_REFERENCE = delete(REFERENCES).where(
    REFERENCES.c.family == bindparam("of_family"), REFERENCES.c.signal == bindparam("of_signal")
)

Write = tuple[Executable, dict[str, str]]


def find(named: Sequence[Mapping[By, str]], connection: Connection) -> list[list[Known]]:
    """The people known by the blind keys of each named person."""
    keys = {key for one in named for key in one.values()}
    rows: dict[str, dict[str, tuple[str | None, set[str]]]] = {}
    for key, person, number, family in connection.execute(_FIND, {"keys": list(keys)}) if keys else ():
        families = rows.setdefault(key, {}).setdefault(person, (number, set()))[1]
        if family:
            families.add(family)
    return [_known(one, rows) for one in named]


def families_answered(reference: str, connection: Connection) -> tuple[str, ...]:
    """The families of signals that carried this reference."""
    return tuple(connection.execute(_ANSWERED, {"reference": reference}).scalars())


def _known(keys: Mapping[By, str], rows: Mapping[str, Mapping[str, tuple[str | None, set[str]]]]) -> list[Known]:
    own = keys.get(By.BSN)
    return [
        Known(person, by, tuple(sorted(families)), conflicts=bool(own and number and number != own))
        for by, key in keys.items()
        for person, (number, families) in rows.get(key, {}).items()
    ]


def _named(fact: Fact) -> Iterator[Write]:
    person = str(fact.stream_id)
    for key in fact.event.keys:
        yield _KEY, {"key": key, "person": person}
    if fact.event.number_key:
        yield _NUMBER, {"key": fact.event.number_key, "person": person}


def _joined(fact: Fact) -> Iterator[Write]:
    yield _MEMBER, {"person": fact.event.person, "family": str(fact.stream_id)}


def _let_go(fact: Fact) -> Iterator[Write]:
    yield from _gone(fact, fact.event.signals)


def _referred(fact: Fact) -> Iterator[Write]:
    if fact.event.reference:
        yield _REFERENCE, {"family": str(fact.stream_id), "signal": fact.event.signal, "reference": fact.event.reference}


def _unlinked(fact: Fact) -> Iterator[Write]:
    yield from _gone(fact, [fact.event.signal])


def _gone(fact: Fact, signals: Sequence[str]) -> Iterator[Write]:
    for person in fact.event.people:
        yield _NO_MEMBER, {"of_person": person, "of_family": str(fact.stream_id)}
    for signal in signals:
        yield _NO_REFERENCE, {"of_signal": signal, "of_family": str(fact.stream_id)}


def _merged(fact: Fact) -> Iterator[Write]:
    yield _MERGE, {"family": str(fact.stream_id), "into": fact.event.into}


def _separated(fact: Fact) -> Iterator[Write]:
    yield _NO_MERGE, {"of_family": str(fact.stream_id)}


_FOLLOW: Mapping[type[Any], Callable[[Fact], Iterator[Write]]] = {
    Person.Named: _named,
    Person.NamedAgain: _named,
    Trajectory.PersonJoined: _joined,
    Trajectory.LetGo: _let_go,
    Trajectory.SignalRecorded: _referred,
    Trajectory.SignalUnlinked: _unlinked,
    Trajectory.MergedInto: _merged,
    Trajectory.SeparatedAgain: _separated,
}


def _apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Writes in the order of the facts, but those of one kind that follow each other at once."""
    writes = (write for fact in facts if type(fact.event) in _FOLLOW for write in _FOLLOW[type(fact.event)](fact))
    for statement, group in groupby(writes, key=itemgetter(0)):
        connection.execute(statement, [row for _, row in group])


INDEX = Projection("people", "People and families by blind keys", TABLES, _apply)
