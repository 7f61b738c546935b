"""Erasing a person: the keys of all that was kept of them are destroyed, so that it is unreadable wherever it stands.

It reaches who they are, the bytes of every message that named them, and the signals about them that waited for a person.
Their stream stays, and the facts of their families with the person's id, and say nothing of who it was. Nothing finds that
person any more: who is named again by a later signal is somebody new to the hub, also where it is the same human being.
It does not reach free text of others that mentions them, messages in quarantine, which nobody could read, or copies of the
databases that were made before: those become unreadable when the key-encryption key of then is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from sqlalchemy import Connection

from hub.domain.matching import By
from hub.domain.messages import Message, bytes_of
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.errors import HubError
from hub.families import Families, question_id, signal_of
from hub.ports import Keys, Log
from hub.register import Register, Unit

_LIKE = (By.NAME_BIRTH, By.NAME_ADDRESS)


@dataclass(frozen=True, slots=True)
class Reached:
    """What was erased with a person, by stream; `likely` are signals that wait and may name them: a person has to look."""

    messages: frozenset[UUID] = frozenset()
    questions: frozenset[UUID] = frozenset()
    likely: frozenset[UUID] = frozenset()

    def __or__(self, more: "Reached") -> "Reached":
        return Reached(self.messages | more.messages, self.questions | more.questions, self.likely | more.likely)


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases people.

    `mentioning` finds the events of a topic in which a text stands, after a position; `settle` removes from the disk what
    was deleted.
    """

    log: Log
    mapper: Mapper[UUID]
    register: Register
    families: Families
    keys: Keys
    mentioning: Callable[[str, str, int, Connection], Sequence[StoredEvent]]
    settle: Callable[[], None]

    def __call__(self, person: UUID, ground: str, by: str) -> Reached:
        """Erases a person on that ground; once more, and it reaches what named them since.

        Raises:
            NotKnown: there is no such person.
            RuleBroken: without a ground.
            Unavailable: the keys are destroyed, but somebody reads for so long that their traces could not be removed; again.
        """
        position = self.log.last_position()
        known = self.register.read(lambda unit: self._reached(unit.get(Person, person), 0, unit))

        def work(unit: Unit) -> Reached:
            found = unit.get(Person, person)
            reached = known | self._reached(found, position, unit)
            bytes_received = [bytes_of(message.received.kept) for id in reached.messages if (message := unit.find(Message, id))]
            found.erase(ground, [str(id) for id in reached.messages], [str(id) for id in reached.questions], Occasion(unit.at, by))
            unit.keep()
            self.keys.destroy([person, *reached.questions, *bytes_received], unit.connection)
            return reached

        reached = self.register.do(work).value
        self.settle()
        return reached

    def _reached(self, person: Person, after: int, unit: Unit) -> Reached:
        """What named a person after a position of the log: it reads every event from there."""
        signals = [
            event
            for event in self._events(str(person.id), Trajectory.SignalRecorded, after, unit)
            if str(person.id) in event.people
        ]
        asked = {question_id(event.signal) for event in signals}
        named = Reached(
            frozenset(UUID(event.message) for event in signals),
            frozenset(id for id in asked if unit.find(MatchQuestion, id)),
        )
        waiting = [unit.get(MatchQuestion, event.originator_id) for event in self._events("", MatchQuestion.Asked, after, unit)]
        for question in waiting:
            named |= self._named_in(question, person)
        return named

    def _named_in(self, question: MatchQuestion, person: Person) -> Reached:
        try:
            keys = self.families.keys_of(signal_of(question).signal.people)
        except HubError:  # erased already
            return Reached()
        if any(by.is_exact and key in person.keys for one in keys for by, key in one.items()):
            return Reached(frozenset([UUID(question.asked.message)]), frozenset([question.id]))
        if any(by in _LIKE and key in person.keys for one in keys for by, key in one.items()):
            return Reached(likely=frozenset([question.id]))
        return Reached()

    def _events(self, text: str, kind: Any, after: int, unit: Unit) -> list[Any]:
        return [self.mapper.to_domain_event(stored) for stored in self.mentioning(text, kind.TOPIC, after, unit.connection)]
