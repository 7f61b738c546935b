"""What belongs to the case of a family: its own facts and everything around it that shows where they came from and went.

A case is a set of streams: the family, who looked into it, the messages that its signals came in, the questions about those,
what their senders heard, what partners were told, the people, the organisations, whose keys stand in their registrations, and
how long all that is kept, and by which matrices the hub decides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from sqlalchemy import Connection

from hub.domain.access import access_id
from hub.domain.feedback import feedback_id
from hub.domain.keeping import keeping_id
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.registrations import registration_id
from hub.domain.rule_files import RuleFile
from hub.domain.tellings import Telling
from hub.domain.trajectory import Trajectory
from hub.errors import NotKnown
from hub.families import question_id
from hub.ports import Fact, Log

FAMILY, ACCESS, QUESTION, MESSAGE = "family", "access", "question", "message"
FEEDBACK, TELLING, PERSON, ORGANISATION, KEEPING = "feedback", "telling", "person", "organisation", "keeping"
RULES = "rules"
STANDING = frozenset({PERSON, ORGANISATION, KEEPING, RULES})
"""Streams that are given as they stand now, whatever moment is asked for: by them the rest is read and verified, or is not."""

Placed = Sequence[tuple[int, StoredEvent]]


@dataclass(frozen=True, slots=True)
class Case:
    """The events of a case, in the order of the log, each as it is stored and as it says; `kinds` tells what each stream is."""

    family: UUID
    kinds: dict[UUID, str]
    events: Sequence[tuple[StoredEvent, Fact]]

    @property
    def people(self) -> list[str]:
        """The ids of the people of the family, as far as they have a stream."""
        return [str(stream) for stream, kind in self.kinds.items() if kind == PERSON]

    def of(self, kind: Any) -> Iterator[Any]:
        """The events of one class."""
        return (fact.event for _, fact in self.events if isinstance(fact.event, kind))

    def streams(self) -> dict[str, tuple[str, int]]:
        """What each stream is, and how many of its events are in the case."""
        last = {stored.originator_id: stored.originator_version for stored, _ in self.events}
        return {str(stream): (self.kinds[_uuid(stream)], version) for stream, version in last.items()}


@dataclass(frozen=True, slots=True)
class Cases:
    """Gathers cases.

    `mentioning` finds the events of a topic in which a text stands, after a position; `placed` the events of streams, each with
    its position, in the order of the log.
    """

    log: Log
    mapper: Mapper[UUID]
    mentioning: Callable[[str, str, int, Connection], Sequence[StoredEvent]]
    placed: Callable[[Sequence[UUID], Connection], Placed]

    def __call__(self, family: UUID, until: datetime | None) -> Case:
        """The case of a family, of what was recorded by a moment (`None`: all of it).

        Raises:
            NotKnown: nothing was known of it then.
        """
        with self.log.snapshot() as log:
            connection = log.connection
            own = self._facts({family: FAMILY}, until, connection)
            if not own or not isinstance(own[0][1].event, Trajectory.Opened):
                raise NotKnown("There is nothing by that id, or nothing was known then.")
            kinds = {family: FAMILY, **_around(family, [fact.event for _, fact in own])}
            told = self.mentioning(f'"family":"{family}"', Telling.Attempted.TOPIC, 0, connection)
            kinds |= {_uuid(each.originator_id): TELLING for each in told}
            messages = [fact.event for _, fact in self._facts(_only(MESSAGE, kinds), until, connection)]
            kinds |= {registration_id(each.partner): ORGANISATION for each in messages if isinstance(each, Message.Received)}
            kinds |= self._erased(_only(MESSAGE, kinds), connection)
            rules = self.mentioning("", RuleFile.PutIntoUse.TOPIC, 0, connection)
            kinds |= {_uuid(each.originator_id): RULES for each in rules}
            return Case(family, kinds, self._facts(kinds, until, connection))

    def _facts(self, kinds: dict[UUID, str], until: datetime | None, connection: Connection) -> list[tuple[StoredEvent, Fact]]:
        placed = self.placed(list(kinds), connection)
        facts = [(stored, Fact(at, _uuid(stored.originator_id), self.mapper.to_domain_event(stored))) for at, stored in placed]
        if until is None:
            return facts
        # what comes after a later one of its stream is later too, whatever its clock said: so that no stream has a gap
        late: set[UUID] = set()
        kept = []
        for stored, fact in facts:
            if fact.event.timestamp > until and kinds[fact.stream_id] not in STANDING:
                late.add(fact.stream_id)
            if fact.stream_id not in late:
                kept.append((stored, fact))
        return kept

    def _erased(self, messages: dict[UUID, str], connection: Connection) -> dict[UUID, str]:
        """Whoever was erased with one of these messages: it says why that cannot be read."""
        erased = self.mentioning("", Person.Erased.TOPIC, 0, connection)
        named = {str(each) for each in messages}
        found = ((each, self.mapper.to_domain_event(each)) for each in erased)
        return {_uuid(each.originator_id): PERSON for each, event in found if named & {*event.messages}}  # type: ignore[attr-defined]


def _around(family: UUID, facts: Sequence[Any]) -> dict[UUID, str]:
    """The streams that the facts of a family lead to."""
    messages = {UUID(fact.message) for fact in facts if getattr(fact, "message", "")}
    signals = [fact.signal for fact in facts if isinstance(fact, Trajectory.SignalRecorded)]
    people = {UUID(fact.person) for fact in facts if isinstance(fact, Trajectory.PersonJoined)}
    questions = [question_id(signal) for signal in signals]
    return {
        access_id(family): ACCESS,
        **{keeping_id(each): KEEPING for each in (family, *questions, *messages)},
        **dict.fromkeys(questions, QUESTION),
        **dict.fromkeys(messages, MESSAGE),
        **{feedback_id(message): FEEDBACK for message in messages},
        **dict.fromkeys(people, PERSON),
    }


def _only(kind: str, kinds: dict[UUID, str]) -> dict[UUID, str]:
    return {stream: one for stream, one in kinds.items() if one == kind}


def _uuid(stream: UUID | str) -> UUID:
    return stream if isinstance(stream, UUID) else UUID(stream)
