"""Erasing a person: the keys of all that was kept of them are destroyed, so that it is unreadable wherever it stands.

It reaches who they are, the bytes of every message that named them, and the signals about them that waited for a person.
Their stream stays, and the facts of their families with the person's id, and say nothing of who it was. Nothing finds that
person any more: who is named again by a later signal is somebody new to the hub, also where it is the same human being.
Of every erasure the hub signs a certificate: on which ground and by whom, what it reached, and what the log was before it and
after it, so that anybody can see that nothing else changed.
It does not reach free text of others that mentions them, messages in quarantine, which nobody could read, or copies of the
databases that were made before: those become unreadable when the key-encryption key of then is gone.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from sqlalchemy import Connection

from hub.domain.matching import By
from hub.domain.messages import Message, bytes_of
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.streams import THE_HUB, Occasion
from hub.domain.trajectory import Trajectory
from hub.errors import HubError, NotKnown
from hub.families import Families, question_id, signal_of
from hub.ports import Keys, Log
from hub.register import Register, Unit

TYPE = "erasure-certificate"
"""What the hub signs a certificate as (the header `typ`), so that nothing else that it signs passes for one."""
_LIKE = (By.NAME_BIRTH, By.NAME_ADDRESS)


@dataclass(frozen=True, slots=True)
class Reached:
    """What was erased with a person, by stream; `likely` are signals that wait and may name them: a person has to look."""

    messages: frozenset[UUID] = frozenset()
    questions: frozenset[UUID] = frozenset()
    likely: frozenset[UUID] = frozenset()

    def __or__(self, more: "Reached") -> "Reached":
        return Reached(self.messages | more.messages, self.questions | more.questions, self.likely | more.likely)


class Checkpoint(Protocol):
    """What was signed of the log when it had so many events."""

    @property
    def size(self) -> int: ...

    @property
    def note(self) -> object: ...


class Evidence(Protocol):
    """The tree over the log."""

    @property
    def origin(self) -> str: ...

    def grown(self, position: int) -> Checkpoint:
        """What was signed of it with the event at that position in it, which is done where it was not."""
        ...

    def root(self, size: int) -> bytes:
        """The hash of the whole when it had so many events."""
        ...

    def inclusion(self, index: int, size: int) -> tuple[bytes, Sequence[bytes]]:
        """The hash of an event, and the proof that it is there."""
        ...


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases people.

    `mentioning` finds the events of a topic in which a text stands, after a position; `settle` removes from the disk what
    was deleted. `evidence` is the tree over the log, and `sign` makes a compact JWS of some type.
    """

    log: Log
    mapper: Mapper[UUID]
    register: Register
    families: Families
    keys: Keys
    mentioning: Callable[[str, str, int, Connection], Sequence[StoredEvent]]
    settle: Callable[[], None]
    evidence: Evidence
    sign: Callable[[bytes, datetime, str], str]

    def __call__(self, person: UUID, ground: str, by: str, request: str = "") -> Reached:
        """Erases a person on that ground, because of a request where there is one; once more, and it reaches what named them since.

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
            found.erase(
                ground, [str(id) for id in reached.messages], [str(id) for id in reached.questions], Occasion(unit.at, by, request)
            )
            unit.keep()
            self.keys.destroy([person, *reached.questions, *bytes_received], unit.connection)
            return reached

        reached = self.register.do(work).value
        self.settle()
        return reached

    def around(self, family: UUID, member: UUID, ground: str, by: str) -> None:
        """Erases somebody who stands, or stood, around a family, on that ground; free text that mentions them stays.

        Raises:
            NotKnown: nobody by that id stood around it.
            RuleBroken: without a ground.
            Unavailable: as when a person is erased.
        """

        def work(unit: Unit) -> None:
            unit.get(Trajectory, family).erase_around(str(member), ground, Occasion(unit.at, by))
            unit.keep()
            self.keys.destroy([member], unit.connection)

        self.register.do(work)
        self.settle()

    def as_asked(self, person: UUID, ground: str, by: str, request: str) -> None:
        """Erases a person because of their request, and certifies it. Raises: as both do."""
        self(person, ground, by, request)
        self.certify(person)

    def certify(self, person: UUID) -> str:
        """The certificate of the last erasure of a person, which is made and kept where there is none yet.

        Raises:
            NotKnown: there is no such person, or they were not erased.
        """
        known = self.register.read(lambda unit: unit.get(Person, person))
        if known.erased is None:
            raise NotKnown("This person was not erased.")
        if known.certificate:
            return known.certificate
        erased = known.erased
        made = self._certificate(erased, self.register.read(lambda unit: unit.position_of(known, erased.originator_version)))

        def work(unit: Unit) -> str:
            found = unit.get(Person, person)
            if not found.certificate:
                found.certify(made, Occasion(unit.at, THE_HUB, found.erased.cause if found.erased else ""))
            return found.certificate

        return self.register.do(work).value

    def _certificate(self, erased: Person.Erased, position: int) -> str:
        signed = self.evidence.grown(position)
        leaf, _ = self.evidence.inclusion(position - 1, signed.size)
        said = {
            "person": str(erased.originator_id),
            "request": erased.cause,
            "ground": erased.ground,
            "by": erased.by,
            "erasedAt": erased.timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "reached": {
                "keys": 1 + len(erased.messages) + len(erased.questions),
                "messages": erased.messages,
                "questions": erased.questions,
            },
            "log": self.evidence.origin,
            "event": {"position": position, "leaf": _64(leaf)},
            "before": {"size": position - 1, "root": _64(self.evidence.root(position - 1))},
            "after": {"size": signed.size, "root": _64(self.evidence.root(signed.size))},
            "checkpoint": str(signed.note),
        }
        return self.sign(json.dumps(said, sort_keys=True).encode(), erased.timestamp, TYPE)

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


def _64(hash: bytes) -> str:
    return b64encode(hash).decode()
