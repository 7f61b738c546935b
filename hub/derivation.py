"""Deriving escalations anew: from the messages that partners signed and the matrix of then, compared with what was recorded.

The facts of a family are gone through in their order. What people and partners brought about is taken as it was recorded. Where
the hub decided by itself, because a signal came or its signals came to weigh differently, the same aggregate decides once more,
and every event that it makes is compared with the one that stands in the log, byte for byte. Who was meant by a signal is not
matched anew: it went to the family and the people that it went to.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper

from hub.domain.dates import PartialDate
from hub.domain.rules import Rules
from hub.domain.signals import Informed, KnownSignal
from hub.domain.streams import THE_HUB, Occasion, own_fields
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.errors import HubError, NotKnown
from hub.families import Said, known_as
from hub.ports import Log


@dataclass(frozen=True, slots=True)
class Difference:
    """Where what is recorded is not what follows: which event of which family, what is the matter, and both in bytes."""

    family: UUID
    version: int
    what: str
    recorded: bytes = b""
    derived: bytes = b""


@dataclass(slots=True)
class Derived:
    """What was derived anew: escalations by the signals they rest on; `erased` signals could only be taken from the record."""

    families: int = 0
    signals: int = 0
    erased: int = 0
    escalations: int = 0


@dataclass(frozen=True, slots=True)
class Derivation:
    """Derives.

    `rules` are those in force at a moment; `said` gives the signals in a message, out of its bytes as they were signed: none where
    it was erased, and a refusal where it is not what was signed.
    """

    log: Log
    mapper: Mapper[UUID]
    rules: Callable[[datetime], Rules]
    said: Callable[[str], Sequence[Said] | None]

    def __call__(self, family: UUID, derived: Derived) -> Iterator[Difference]:
        """Wherever a family's escalations are not what follows; `derived` counts what was looked at.

        Raises:
            NotKnown: there is no such family.
        """
        with self.log.snapshot() as log:
            facts = [self.mapper.to_domain_event(stored) for stored in log.stream(family)]
        if not facts or not isinstance(facts[0], Trajectory.Opened):
            raise NotKnown("There is no family by that id.")
        derived.families += 1
        if [fact.originator_version for fact in facts] != list(range(1, len(facts) + 1)):
            yield Difference(family, len(facts), "its events are not whole: see `hub verify`")
            return
        yield from _Anew(self, facts, derived).compare()


class _Anew:
    """One family, decided once more."""

    def __init__(self, derivation: Derivation, facts: Sequence[Any], derived: Derived) -> None:
        self._of, self._facts, self._derived = derivation, facts, derived
        self._family: Trajectory = facts[0].mutate(None)
        self._unweighed: datetime | None = None
        """When a signal came that was not weighed by itself: what it raises, with others, follows in the same breath."""

    def compare(self) -> Iterator[Difference]:
        """Goes through all of it."""
        place = 1
        while place < len(self._facts):
            fact = self._facts[place]
            if fact.timestamp != self._unweighed:
                yield from self._what_is_missing(place)
            match fact:
                case Trajectory.SignalRecorded():
                    place += yield from self._signal(place, fact)
                case Trajectory.LevelRaised():
                    place += yield from self._raised(place, fact)
                case Trajectory.TellingReleased():
                    place += yield from self._released(place, fact)
                case _:
                    place += self._take(place)
        yield from self._what_is_missing(place)

    def _signal(self, place: int, fact: Trajectory.SignalRecorded) -> Generator[Difference, None, int]:
        """What a signal gives. Where it came from another family, or a correction made room for it, others are weighed with it."""
        self._derived.signals += 1
        try:
            said = self._of.said(fact.message)
        except HubError as wrong:
            yield self._difference(fact, wrong.detail)
            return self._take(place)
        self._derived.erased += said is None
        made = self._hear(place, fact, said)
        if self._first_other(place, made) is None:
            return self._made(made)
        self._back_to(place)
        signed = next((each for each in made if isinstance(each, Trajectory.SignalRecorded)), fact)
        if _bytes(signed) != _bytes(fact):
            yield self._difference(fact, "is not what was signed", signed)
        self._unweighed = fact.timestamp
        return self._take(place)

    def _hear(self, place: int, fact: Trajectory.SignalRecorded, said: Sequence[Said] | None) -> Sequence[Any]:
        known, reference, informed = _as_recorded(fact) if said is None else _as_signed(fact, said)
        self._family.hear(
            known,
            message=fact.message,
            reference=reference,
            matched=fact.matched,
            purpose=fact.purpose,
            informed=informed,
            rules=self._of.rules(fact.timestamp),
            on=Occasion(fact.timestamp, fact.by, fact.cause, fact.basis),
            instead_of=self._corrected_by(fact, place),
        )
        return self._family.collect_events()

    def _corrected_by(self, fact: Trajectory.SignalRecorded, place: int) -> list[str]:
        before = (each for each in self._facts[:place] if each.timestamp == fact.timestamp)
        return [each.signal for each in before if isinstance(each, Trajectory.SignalCorrected) and fact.signal in each.instead]

    def _raised(self, place: int, fact: Trajectory.LevelRaised) -> Generator[Difference, None, int]:
        """An axis that rose by what was there: signals that came together, or that count again."""
        made = self._weigh(fact.timestamp, fact.cause)
        other = self._first_other(place, made)
        if other is None:
            return self._made(made)
        self._back_to(place)
        there = self._facts[place + other] if place + other < len(self._facts) else fact
        yield self._difference(there, "does not follow", *made[other : other + 1])
        return self._take(place)

    def _released(self, place: int, fact: Trajectory.TellingReleased) -> Generator[Difference, None, int]:
        """Others than who leads hear of what was held for them, once the family was informed, and of nothing else (L13)."""
        known = self._family.escalations.get(fact.escalation)
        if not self._family.is_informed:
            yield self._difference(fact, "does not follow: nobody said that the family was informed")
        elif known is None or set(fact.tell) != set(known.held):
            yield self._difference(fact, "does not follow: that was not held for them")
        return self._take(place)

    def _what_is_missing(self, place: int) -> Iterator[Difference]:
        """An axis that should have risen by now and did not."""
        at, self._unweighed = self._unweighed, None
        if at is not None and self._family.phase not in ENDED and not self._family.merged_into:
            for made in self._weigh(at, ""):
                if isinstance(made, Trajectory.LevelRaised):
                    yield self._difference(self._facts[place - 1], "an axis should have risen after it", made)
            self._back_to(place)

    def _weigh(self, at: datetime, cause: str) -> Sequence[Any]:
        self._family.escalate(self._of.rules(at), Occasion(at, THE_HUB, cause))
        return self._family.collect_events()

    def _first_other(self, place: int, made: Sequence[Any]) -> int | None:
        """Which of these is not what was recorded from that place on; none of them to compare is other too."""
        recorded = self._facts[place : place + len(made)]
        pairs = zip_longest(map(_bytes, made), map(_bytes, recorded))
        return next((nth for nth, (one, other) in enumerate(pairs) if one != other), None if made else 0)

    def _made(self, made: Sequence[Any]) -> int:
        self._derived.escalations += sum(isinstance(each, Trajectory.LevelRaised) for each in made)
        return len(made)

    def _take(self, place: int) -> int:
        """Takes one fact as it was recorded."""
        self._facts[place].mutate(self._family)
        return 1

    def _back_to(self, place: int) -> None:
        """The family as it was recorded before that fact."""
        self._family = self._facts[0].mutate(None)
        for fact in self._facts[1:place]:
            fact.mutate(self._family)

    def _difference(self, fact: Any, what: str, *derived: Any) -> Difference:
        return Difference(fact.originator_id, fact.originator_version, what, _bytes(fact), b"".join(map(_bytes, derived)))


def _as_recorded(fact: Trajectory.SignalRecorded) -> tuple[KnownSignal, str, Informed | None]:
    """Of a message that named somebody who was erased, what is recorded is all that there is."""
    told = fact.informed
    informed = Informed(told["how"], PartialDate(told["when"]), told["by"], told["reasonNot"]) if told else None
    return fact.known, fact.reference, informed


def _as_signed(fact: Trajectory.SignalRecorded, said: Sequence[Said]) -> tuple[KnownSignal, str, Informed | None]:
    for one in said:
        if one.id == fact.signal:
            return known_as(one, fact.people, fact.known_since), one.signal.reference, one.signal.informed
    return replace(fact.known, concern=""), "", None


def _bytes(fact: Any) -> bytes:
    """An event in one form, whoever made it."""
    said = {name: getattr(fact, name) for name in ("timestamp", "by", "cause", "basis", *own_fields(fact))}
    return msgspec.json.encode({"topic": fact.TOPIC, **said}, order="deterministic")
