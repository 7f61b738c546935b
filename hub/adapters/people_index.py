"""The index that finds people and families: written in the same transaction as the events it follows.

It holds blind keys and ids only; it can be rebuilt from the log like any read model.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, and_, bindparam, delete, insert, select, update

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
    select(KEYS.c.key, KEYS.c.person, NUMBERS.c.key, MEMBERS.c.family, MERGED.c.into)
    .select_from(
        KEYS.outerjoin(NUMBERS, NUMBERS.c.person == KEYS.c.person)
        .outerjoin(MEMBERS, MEMBERS.c.person == KEYS.c.person)
        .outerjoin(MERGED, MERGED.c.family == MEMBERS.c.family)
    )
    .where(KEYS.c.key.in_(bindparam("keys", expanding=True)))
)
_ANSWERED = (
    select(REFERENCES.c.family)
    .outerjoin(MERGED, MERGED.c.family == REFERENCES.c.family)
    .where(REFERENCES.c.reference == bindparam("reference"), MERGED.c.into.is_(None))
    .distinct()
)
_INTO = select(MERGED.c.into).where(MERGED.c.family == bindparam("family"))


def find(named: Sequence[Mapping[By, str]], connection: Connection) -> list[list[Known]]:
    """The people known by the blind keys of each named person."""
    keys = {key for one in named for key in one.values()}
    rows: dict[str, dict[str, tuple[str | None, set[str]]]] = {}
    for key, person, number, family, into in connection.execute(_FIND, {"keys": list(keys)}) if keys else ():
        families = rows.setdefault(key, {}).setdefault(person, (number, set()))[1]
        if family:
            families.add(_end_of(into, connection) if into else family)
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


def _end_of(family: str, connection: Connection) -> str:
    while into := connection.execute(_INTO, {"family": family}).scalar():
        family = into
    return family


def _named(fact: Fact, connection: Connection) -> None:
    event, person = fact.event, str(fact.stream_id)
    _add(connection, KEYS, [{"key": key, "person": person} for key in event.keys])
    if event.number_key:
        connection.execute(delete(NUMBERS).where(NUMBERS.c.person == person))
        connection.execute(insert(NUMBERS), {"person": person, "key": event.number_key})


def _joined(fact: Fact, connection: Connection) -> None:
    _add(connection, MEMBERS, [{"person": fact.event.person, "family": str(fact.stream_id)}])


def _let_go(fact: Fact, connection: Connection) -> None:
    family = str(fact.stream_id)
    connection.execute(delete(MEMBERS).where(MEMBERS.c.family == family, MEMBERS.c.person.in_(fact.event.people)))
    connection.execute(delete(REFERENCES).where(REFERENCES.c.family == family, REFERENCES.c.signal.in_(fact.event.signals)))


def _referred(fact: Fact, connection: Connection) -> None:
    if fact.event.reference:
        row = {"family": str(fact.stream_id), "signal": fact.event.signal, "reference": fact.event.reference}
        _add(connection, REFERENCES, [row])


def _unlinked(fact: Fact, connection: Connection) -> None:
    gone = and_(REFERENCES.c.family == str(fact.stream_id), REFERENCES.c.signal == fact.event.signal)
    connection.execute(delete(REFERENCES).where(gone))


def _merged(fact: Fact, connection: Connection) -> None:
    connection.execute(insert(MERGED), {"family": str(fact.stream_id), "into": fact.event.into})


def _separated(fact: Fact, connection: Connection) -> None:
    connection.execute(delete(MERGED).where(MERGED.c.family == str(fact.stream_id)))


def _add(connection: Connection, table: Table, rows: list[dict[str, str]]) -> None:
    for row in rows:
        same = and_(*(table.c[column.name] == row[column.name] for column in table.primary_key))
        if connection.execute(select(table.c[next(iter(row))]).where(same)).first() is None:
            connection.execute(insert(table), row)
        elif len(row) > len(table.primary_key):
            connection.execute(update(table).where(same).values(row))


_FOLLOW: Mapping[type[Any], Callable[[Fact, Connection], None]] = {
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
    for fact in facts:
        if follow := _FOLLOW.get(type(fact.event)):
            follow(fact, connection)


INDEX = Projection("people", "People and families by blind keys", TABLES, _apply)
