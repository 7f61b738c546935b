"""The index that finds people and families: written in the same transaction as the events it follows.

It holds blind keys and ids only; it can be rebuilt from the log like any read model.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Connection, MetaData, Table, Text, bindparam, select

from hub.adapters.database import any_of, quickly, quickly_each
from hub.domain.keeping import FAMILY, Keeping
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
    Column("signal", Text, primary_key=True),
    Column("family", Text, primary_key=True),
    Column("reference", Text, nullable=False, index=True),
)
"""Every signal that a family ever had; without its reference where that no longer leads to this family."""

_ANSWERED = (
    select(REFERENCES.c.family)
    .outerjoin(MERGED, MERGED.c.family == REFERENCES.c.family)
    .where(REFERENCES.c.reference == bindparam("reference"), MERGED.c.into.is_(None))
    .distinct()
)

# every signal needs these, so they go past SQLAlchemy's machinery; a family that was merged is passed over, because
# its people are of the family that goes on for it too
_FIND = """
SELECT keyed.key, keyed.person, numbered.key, member.family FROM people_keys AS keyed
LEFT JOIN people_numbers AS numbered ON numbered.person = keyed.person
LEFT JOIN people_members AS member ON member.person = keyed.person
    AND member.family NOT IN (SELECT merged.family FROM people_merged AS merged)
WHERE keyed.key {}
"""
_KEY = "INSERT INTO people_keys (key, person) VALUES (?, ?) ON CONFLICT DO NOTHING"
_NUMBER = "INSERT INTO people_numbers (key, person) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET key = excluded.key"
_MEMBER = "INSERT INTO people_members (person, family) VALUES (?, ?) ON CONFLICT DO NOTHING"
_NO_MEMBER = "DELETE FROM people_members WHERE person = ? AND family = ?"
_NOBODY = tuple(f"DELETE FROM {table.name} WHERE person = ?" for table in (KEYS, NUMBERS, MEMBERS))  # noqa: S608
_REFERENCE = """INSERT INTO people_references (reference, signal, family) VALUES (?, ?, ?)
ON CONFLICT (signal, family) DO UPDATE SET reference = excluded.reference"""
_NO_REFERENCE = "UPDATE people_references SET reference = '' WHERE signal = ? AND family = ?"
_NO_MEMBERS = "DELETE FROM people_members WHERE family = ?"
_NO_REFERENCES = "UPDATE people_references SET reference = '' WHERE family = ?"
_MERGE = 'INSERT INTO people_merged ("into", family) VALUES (?, ?)'
_NO_MERGE = "DELETE FROM people_merged WHERE family = ?"

Write = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class _Person:
    """Somebody that a key leads to: by which key of a number, and in which families."""

    number: str | None = None
    families: set[str] = field(default_factory=set)


Found = dict[str, dict[str, _Person]]
"""People by their ids, by each key that leads to them."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What was found at once for all who share a transaction, and follows what they write in it."""

    keys: frozenset[str]
    found: Found
    people: dict[str, _Person]
    joined: dict[str, set[str]] = field(default_factory=dict)
    """The families of people whom no key led to: who is new is of a family before anything else is known of them."""

    def follow(self, fact: Fact) -> bool:
        """Lets a fact change what was found; false where only the tables can tell what it means."""
        match fact.event:
            case Person.Named() | Person.NamedAgain():
                return self._named(str(fact.stream_id), fact.event)
            case Trajectory.PersonJoined():
                known = self.people.get(fact.event.person)
                families = known.families if known else self.joined.setdefault(fact.event.person, set())
                families.add(str(fact.stream_id))
                return True
        return isinstance(fact.event, Trajectory.SignalRecorded) or type(fact.event) not in _FOLLOW

    def _named(self, id: str, event: Person.Named | Person.NamedAgain) -> bool:
        keys = self.keys.intersection(event.keys)
        if isinstance(event, Person.Named):
            self.people[id] = _Person(families=self.joined.pop(id, set()))
        elif id not in self.people:
            return not keys
        person = self.people[id]
        person.number = event.number_key or person.number
        for key in keys:
            self.found.setdefault(key, {})[id] = person
        return True


_AHEAD: WeakKeyDictionary[Connection, _Ahead] = WeakKeyDictionary()
"""By the connection of a transaction, which comes and goes with it."""


def find(named: Sequence[Mapping[By, str]], connection: Connection) -> list[list[Known]]:
    """The people known by the blind keys of each named person."""
    keys = frozenset(key for one in named for key in one.values())
    ahead = _AHEAD.get(connection)
    found = ahead.found if ahead and keys <= ahead.keys else _sought(keys, connection)[0]
    return [_known(one, found) for one in named]


def look_ahead(keys: Collection[str], connection: Connection) -> Iterator[UUID]:
    """Finds at once, for all who share a transaction that has the log's lock, the people known by these keys; gives who they
    are, and their families."""
    found, people = _sought(keys, connection)
    _AHEAD[connection] = _Ahead(frozenset(keys), found, people)
    for id, person in people.items():
        yield from map(UUID, (id, *person.families))


def _sought(keys: Collection[str], connection: Connection) -> tuple[Found, dict[str, _Person]]:
    found: Found = {}
    people: dict[str, _Person] = {}
    condition, wanted = any_of(connection, keys)
    for key, id, number, family in quickly(connection, _FIND.format(condition), wanted) if keys else ():
        person = found.setdefault(key, {})[id] = people.setdefault(id, _Person(number))
        if family:
            person.families.add(family)
    return found, people


def families_answered(reference: str, connection: Connection) -> tuple[str, ...]:
    """The families of signals that carried this reference."""
    return tuple(connection.execute(_ANSWERED, {"reference": reference}).scalars())


def families_that_had(signal: str, connection: Connection) -> tuple[str, ...]:
    """The families that a signal was ever recorded with, also where it went on to another."""
    return tuple(connection.execute(select(REFERENCES.c.family).where(REFERENCES.c.signal == signal)).scalars())


def families_of(person: str, connection: Connection) -> tuple[str, ...]:
    """The families that a person is in."""
    return tuple(connection.execute(select(MEMBERS.c.family).where(MEMBERS.c.person == person)).scalars())


def _known(keys: Mapping[By, str], found: Found) -> list[Known]:
    own = keys.get(By.BSN)
    return [
        Known(id, by, tuple(sorted(person.families)), conflicts=bool(own and person.number and person.number != own))
        for by, key in keys.items()
        for id, person in found.get(key, {}).items()
    ]


def _named(fact: Fact) -> Iterator[Write]:
    person = str(fact.stream_id)
    for key in filter(None, fact.event.keys):  # those of somebody who was erased are empty
        yield _KEY, (key, person)
    if fact.event.number_key:
        yield _NUMBER, (fact.event.number_key, person)


def _erased(fact: Fact) -> Iterator[Write]:
    for statement in _NOBODY:
        yield statement, (str(fact.stream_id),)


def _joined(fact: Fact) -> Iterator[Write]:
    yield _MEMBER, (fact.event.person, str(fact.stream_id))


def _let_go(fact: Fact) -> Iterator[Write]:
    for person in fact.event.people:
        yield _NO_MEMBER, (person, str(fact.stream_id))
    for signal in fact.event.signals:
        yield _NO_REFERENCE, (signal, str(fact.stream_id))


def _referred(fact: Fact) -> Iterator[Write]:
    yield _REFERENCE, (fact.event.reference, fact.event.signal, str(fact.stream_id))


def _corrected(fact: Fact) -> Iterator[Write]:
    yield _NO_REFERENCE, (fact.event.signal, str(fact.stream_id))


def _left(fact: Fact) -> Iterator[Write]:
    for person in fact.event.people:
        yield _NO_MEMBER, (person, str(fact.stream_id))


def _unlinked(fact: Fact) -> Iterator[Write]:
    yield _NO_REFERENCE, (fact.event.signal, str(fact.stream_id))
    for person in fact.event.people:
        yield _NO_MEMBER, (person, str(fact.stream_id))


def _merged(fact: Fact) -> Iterator[Write]:
    yield _MERGE, (fact.event.into, str(fact.stream_id))


def _separated(fact: Fact) -> Iterator[Write]:
    yield _NO_MERGE, (str(fact.stream_id),)


def _kept_no_longer(fact: Fact) -> Iterator[Write]:
    if fact.event.kind == FAMILY:
        yield _NO_MEMBERS, (fact.event.about,)
        yield _NO_REFERENCES, (fact.event.about,)


_FOLLOW: Mapping[type[Any], Callable[[Fact], Iterator[Write]]] = {
    Person.Named: _named,
    Person.NamedAgain: _named,
    Person.Erased: _erased,
    Trajectory.PersonJoined: _joined,
    Trajectory.LetGo: _let_go,
    Trajectory.SignalRecorded: _referred,
    Trajectory.SignalUnlinked: _unlinked,
    Trajectory.SignalCorrected: _corrected,
    Trajectory.PeopleLeft: _left,
    Trajectory.MergedInto: _merged,
    Trajectory.SeparatedAgain: _separated,
    Keeping.Ended: _kept_no_longer,
}


def _apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Writes in the order of the facts, but those of one kind that follow each other at once."""
    writes = (write for fact in facts if type(fact.event) in _FOLLOW for write in _FOLLOW[type(fact.event)](fact))
    for statement, group in groupby(writes, key=itemgetter(0)):
        quickly_each(connection, statement, [row for _, row in group])
    ahead = _AHEAD.get(connection)
    if ahead and not all(map(ahead.follow, facts)):
        del _AHEAD[connection]


INDEX = Projection(
    "people",
    "People and families by blind keys",
    TABLES,
    _apply,
    topics=frozenset(event.TOPIC for event in _FOLLOW),
    look_ahead=look_ahead,
)
