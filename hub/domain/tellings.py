"""The delivery ledger: what one subscriber was told by one notice, every attempt with what came of it, and who took notice.

Nothing of what a notice says stands here, only the digest of the bytes that were sent: whoever has them can prove that they
were told, and whoever has not learns nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, sealed, stream_id
from hub.errors import Malformed, RuleBroken, Violation

MOST = 50
"""Persons by name who can acknowledge one notice for one subscriber."""


class Way(StrEnum):
    """How somebody is told a notice: it is sent to them, or they fetch it."""

    WEBHOOK = "webhook"
    KAFKA = "kafka"
    FEED = "feed"
    DATAREF = "dataref"
    """The whole of a notice of which a lean one was told."""


ONCE = frozenset({Way.KAFKA, Way.FEED, Way.DATAREF})
"""The ways in which the same is told once: Kafka holds it once however often the hub was stopped, and who fetches can again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to tell one notice.

    `subscription` is the key of the subscriber; `notice` and `called` are what it calls the notice and its family; `fact` is where
    what it says stands in the log. `digest` is the SHA-256 of the bytes as sent, in hexadecimal; `outcome` a code, and `is_taken`
    whether the subscriber's system took it, which is how a system acknowledges.
    """

    organisation: str
    subscription: str
    notice: str
    called: str
    fact: int
    type: str
    way: Way
    sequence: int
    number: int
    digest: str
    outcome: str
    is_taken: bool
    began: datetime
    ended: datetime

    @property
    def telling(self) -> UUID:
        """The stream that it is kept in."""
        return telling_id(self.subscription, self.notice)

    def said(self) -> dict[str, Any]:
        """What is its own, for an event."""
        how = {"way": self.way.value, "sequence": self.sequence, "number": self.number, "digest": self.digest}
        return {**how, "outcome": self.outcome, "is_taken": self.is_taken, "began": self.began, "ended": self.ended}


@dataclass(frozen=True, slots=True)
class Person:
    """Who took notice for an organisation: their name, their role there, and when."""

    name: str
    role: str
    at: datetime


def telling_id(subscription: str, notice: str) -> UUID:
    """The stream of what a subscriber was told by a notice."""
    return stream_id("telling", subscription, notice)


class Telling(Stream):
    """What one subscriber was told by one notice."""

    TOPIC = "telling"

    class Attempted(Opening):
        """The first attempt to tell it; `family` is what the hub itself calls the family, empty where it is about none."""

        TOPIC = "telling-attempted"
        organisation: str
        subscription: str
        notice: str
        called: str
        family: str
        fact: int
        type: str
        way: str
        sequence: int
        number: int
        digest: str
        outcome: str
        is_taken: bool
        began: datetime
        ended: datetime

        def apply(self, aggregate: "Telling") -> None:
            aggregate.told, aggregate.attempts, aggregate.persons = self, [self], []

    class AttemptedAgain(Recorded):
        """One more attempt: the one before it failed, it was lost that it did not, or it was told another way too."""

        TOPIC = "telling-attempted-again"
        way: str
        sequence: int
        number: int
        digest: str
        outcome: str
        is_taken: bool
        began: datetime
        ended: datetime

        def apply(self, aggregate: "Telling") -> None:
            aggregate.attempts.append(self)

    class Acknowledged(Recorded):
        """A person of the organisation, by name, took notice of it; `at` is when they did."""

        TOPIC = "telling-acknowledged"
        SEALED = sealed("name", "role")
        organisation: str
        family: str
        name: str
        role: str
        at: datetime

        def apply(self, aggregate: "Telling") -> None:
            aggregate.persons.append(Person(self.name, self.role, self.at))

    told: "Telling.Attempted"
    attempts: list["Telling.Attempted | Telling.AttemptedAgain"]
    persons: list[Person]

    @classmethod
    def begin(cls, id: UUID, attempt: Attempt, family: str, on: Occasion) -> "Telling":
        """The first attempt that the hub knows of; `id` is that of its telling."""
        what = {name: getattr(attempt, name) for name in ("organisation", "subscription", "notice", "called", "fact", "type")}
        return cls.open(cls.Attempted, id, on, family=family, **what, **attempt.said())

    def attempt(self, attempt: Attempt, on: Occasion) -> None:
        """One more; the same one once more is silence, and so are the same bytes by a way that tells them once."""
        if not any(_is_same(known, attempt) for known in self.attempts):
            self.record(self.AttemptedAgain, on, **attempt.said())

    @property
    def taken_at(self) -> datetime | None:
        """When the subscriber's system took it, if it did."""
        return min((known.ended for known in self.attempts if known.is_taken), default=None)

    def acknowledge(self, person: Person, on: Occasion) -> None:
        """A person takes notice; the same one once more is silence.

        Raises:
            Malformed: they took notice later than now, or before it was told.
            RuleBroken: so many have already.
        """
        if self.is_acknowledged_by(person):
            return
        if person.at > on.at:
            raise Malformed("This acknowledgement cannot be.", [Violation("/at", "has not come yet")])
        # whoever says the second says it of the whole of it
        if person.at < self.told.began.replace(microsecond=0):
            raise Malformed("This acknowledgement cannot be.", [Violation("/at", "is before the first attempt to tell it began")])
        if len(self.persons) >= MOST:
            raise RuleBroken(f"A notice is acknowledged by at most {MOST} persons.", code="too-many-persons")
        said = {"name": person.name, "role": person.role, "at": person.at}
        self.record(self.Acknowledged, on, organisation=self.told.organisation, family=self.told.family, **said)

    def is_acknowledged_by(self, person: Person) -> bool:
        """Whether that person took notice of it already."""
        return any((known.name, known.role) == (person.name, person.role) for known in self.persons)


def _is_same(known: "Telling.Attempted | Telling.AttemptedAgain", attempt: Attempt) -> bool:
    if attempt.way in ONCE:
        return (known.way, known.digest) == (attempt.way, attempt.digest)
    return all(getattr(known, name) == said for name, said in attempt.said().items())
