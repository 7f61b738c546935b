"""Where a signal goes: to the family it is about, to a new one, or to a person who can tell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from hub.domain.concerns import CONCERNS
from hub.domain.matching import By, Known, Match, keys_of, match
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.rules import Rules
from hub.domain.signals import KnownSignal, NamedPerson, Signal
from hub.domain.streams import Occasion, stream_id
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.errors import RuleBroken
from hub.register import Unit

Keys = Mapping[By, str]
FEEDBACK = "feedback-to-reporter"
"""The purpose of messages that answer another one: those alone are known by the reference that they answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """A signal with where it comes from: its id, the message, the partner that counts, and the purpose.

    `since` is when the hub first heard it, where that is not now; `instead_of` are the ids of signals that it corrects.
    """

    id: str
    signal: Signal
    message: str
    partner: str
    purpose: str
    since: datetime | None = None
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a signal went: a family (with why it was matched), or a question."""

    signal: str
    family: str
    question: str
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Which of its signals a family lost to a correction, and the people of it whom those named."""

    family: Trajectory
    signals: Sequence[str]
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class Alike:
    """That a person whom a signal names (the `nth`) is like somebody known, by which key; `conflicts` where the numbers differ."""

    nth: int
    person: str
    by: By
    conflicts: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A family that a waiting signal may be about: whom to contact, and why it may be."""

    family: str
    contact: str
    alike: Sequence[Alike]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whom a waiting signal names, with the blind keys of those, beside the families that it may be about."""

    people: Sequence[NamedPerson]
    keys: tuple[str, ...]
    families: Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class Families:
    """Finds and opens families.

    `find` and `answered` look in the index of people, `blind` hides a key, `rules` gives those in force at a moment,
    `duty` is who directs a family until somebody takes over; `had` gives every family that ever had a signal.
    """

    find: Callable[[Sequence[Keys], Connection], Sequence[Sequence[Known]]]
    answered: Callable[[str, Connection], Sequence[str]]
    blind: Callable[[str], str]
    rules: Callable[[datetime], Rules]
    duty: Director
    had: Callable[[str, Connection], Sequence[str]]

    def ahead(self, signals: Sequence[Signal]) -> Iterator[UUID | str]:
        """The keys of the people of these signals, and the ids that they and their families get where they are new."""
        for signal in signals:
            keys = self.keys_of(signal.people)
            yield from chain.from_iterable(one.values() for one in keys)
            yield from (stream_id("person", key) for one in keys if (key := _surest([one])))
            if surest := _surest(keys):
                yield stream_id("family", surest)

    def place(self, said: Said, unit: Unit, on: Occasion) -> Placed:
        """Matches a signal, and records it with its family or as a question."""
        keys = self.keys_of(said.signal.people)
        found = self.find(keys, unit.connection)
        answered = self.answered(said.signal.refers_to, unit.connection) if said.signal.refers_to else ()
        matched = match(said.signal.people, found, answered, is_feedback=said.purpose == FEEDBACK)
        if matched.is_question:
            return self._ask(said, matched, unit, on)
        family = unit.get(Trajectory, UUID(matched.family)) if matched.family else self.open(said, keys, unit, on)
        return self._tell(family, said, keys, matched, unit, on)

    def place_in(self, family: Trajectory, said: Said, unit: Unit, on: Occasion) -> Placed:
        """Records a signal with the family that a person chose."""
        keys = self.keys_of(said.signal.people)
        found = self.find(keys, unit.connection)
        here = [[known for known in one if str(family.id) in known.families] for one in found]
        exact = match(said.signal.people, found).people
        people = tuple(exact[place] or _same_here(named, here[place]) for place, named in enumerate(said.signal.people))
        return self._tell(family, said, keys, Match(people, ("a-person",), str(family.id)), unit, on)

    def open_for(self, said: Said, unit: Unit, on: Occasion) -> Trajectory:
        """A new family for a signal of which a person says that it is about nobody known."""
        return self.open(said, self.keys_of(said.signal.people), unit, on)

    def open(self, said: Said, keys: Sequence[Keys], unit: Unit, on: Occasion) -> Trajectory:
        """A new family, with an id that follows from who is in it, so that two first signals make one."""
        names = chain(filter(None, [_surest(keys)]), (f"{said.id}/{nth}" for nth in count()))
        free = (id for id in (stream_id("family", name) for name in names) if unit.find(Trajectory, id) is None)
        towns = {named.address.municipality for named in said.signal.people if named.address.municipality}
        return unit.add(Trajectory.begin_with(next(free), self.duty, min(towns, default=""), on))

    def compare(self, question: MatchQuestion, unit: Unit) -> Comparison:
        """A waiting signal beside the families that it may be about. Raises: RuleBroken."""
        people = signal_of(question).signal.people
        keys = self.keys_of(people)
        found = self.find(keys, unit.connection)
        # that somebody lives somewhere says nothing of who they are
        named = tuple(key for one in keys for by, key in one.items() if by is not By.ADDRESS)
        return Comparison(people, named, [_candidate(family, found, unit) for family in question.asked.candidates])

    def withdraw(self, signals: Sequence[str], message: str, unit: Unit, on: Occasion) -> None:
        """The partner that sent these signals takes them back by that message, wherever they went."""
        for family in self._reached(signals, message, unit, on):
            family.withdraw(signals, message, self.rules(on.at), on)

    def correct(
        self, signals: Sequence[str], message: str, instead: Sequence[str], unit: Unit, on: Occasion
    ) -> Sequence[Corrected]:
        """The partner that sent these signals says others instead, which are placed next; then `settle` ends it."""
        corrected = []
        for family in self._reached(signals, message, unit, on):
            named = frozenset(person for signal in signals if (known := family.signals.get(signal)) for person in known.people)
            corrected.append(Corrected(family, family.correct(signals, message, instead, on), named))
        return corrected

    def settle(self, corrected: Sequence[Corrected], placed: Sequence[Placed], message: str, on: Occasion) -> None:
        """Ends a correction; whom it is about is known only where none of its signals waits for a person to say."""
        may_leave = not any(one.question for one in placed)
        for one in corrected:
            one.family.settle(one.signals, one.named if may_leave else (), message, self.rules(on.at), on)

    def _reached(self, signals: Sequence[str], message: str, unit: Unit, on: Occasion) -> list[Trajectory]:
        """The families that ever had any of these signals; the questions in which they waited lapse."""
        for signal in signals:
            question = unit.find(MatchQuestion, question_id(signal))
            if question is not None:
                question.lapse(message, on)
        found = {family for signal in signals for family in self.had(signal, unit.connection)}
        return [unit.get(Trajectory, UUID(family)) for family in sorted(found)]

    def _ask(self, said: Said, matched: Match, unit: Unit, on: Occasion) -> Placed:
        id = question_id(said.id)
        question = MatchQuestion.open(
            MatchQuestion.Asked,
            id,
            on,
            signal_id=said.id,
            signal=msgspec.json.decode(msgspec.json.encode(said.signal)),
            message=said.message,
            partner=said.partner,
            purpose=said.purpose,
            candidates=list(matched.candidates),
            why=list(matched.why),
        )
        unit.add(question)
        return Placed(said.id, "", str(id), matched.why)

    def _tell(self, family: Trajectory, said: Said, keys: Sequence[Keys], matched: Match, unit: Unit, on: Occasion) -> Placed:
        people = []
        for place, named in enumerate(said.signal.people):
            if named.is_subject:
                id = self._person(matched.people[place], named, keys[place], f"{said.id}/{place}", unit, on)
                family.join(id, named.role, named.birth_date, on)
                family.mark_restricted(id, unit.get(Person, UUID(id)).is_restricted, on)
                people.append(id)
        family.hear(
            known_as(said, people, said.since or on.at),
            message=said.message,
            reference=said.signal.reference,
            matched=matched.why,
            purpose=said.purpose,
            informed=said.signal.informed,
            rules=self.rules(on.at),
            on=on,
            instead_of=said.instead_of,
        )
        return Placed(said.id, str(family.id), "", matched.why)

    def _person(self, known: str, named: NamedPerson, keys: Keys, unless: str, unit: Unit, on: Occasion) -> str:
        """The id of a named person: a known one, or one whose id follows from the surest key (or else from `unless`)."""
        id = UUID(known) if known else stream_id("person", _surest([keys]) or unless)
        person = unit.find(Person, id)
        if person is not None and person.is_erased:  # who is named again after that is somebody new to the hub
            id = stream_id("person", unless)
            person = unit.find(Person, id)
        if person is None:
            unit.add(Person.first_named(id, named, keys, on))
        else:
            person.name_again(named, keys, on)
        return str(id)

    def keys_of(self, people: Sequence[NamedPerson]) -> list[dict[By, str]]:
        """The blind keys of each named person."""
        return [{by: self.blind(text) for by, text in keys_of(named).items()} for named in people]


def question_id(signal: str) -> UUID:
    """The stream of the question that a signal waits in, if it ever did."""
    return stream_id("question", signal)


def signal_of(question: MatchQuestion) -> Said:
    """The signal that waits in a question.

    Raises:
        RuleBroken: it named somebody who was erased since.
    """
    asked = question.asked
    if not asked.signal["concern"]:
        raise RuleBroken("The signal that waited here is unreadable: it named somebody who was erased.", code="erased")
    signal = msgspec.convert(asked.signal, Signal)
    return Said(asked.signal_id, signal, asked.message, asked.partner, asked.purpose, asked.timestamp)


def _candidate(family: str, found: Sequence[Sequence[Known]], unit: Unit) -> Candidate:
    alike = [
        Alike(nth, known.person, known.by, known.conflicts)
        for nth, one in enumerate(found)
        for known in sorted(one, key=lambda known: (known.by, known.person))
        if family in known.families
    ]
    return Candidate(family, unit.get(Trajectory, UUID(family)).director.contact, alike)


def known_as(said: Said, people: Sequence[str], at: datetime) -> KnownSignal:
    """A signal as a family knows it, about those people and first heard at that moment."""
    concern = CONCERNS[said.signal.concern]
    return KnownSignal(
        id=said.id,
        partner=said.partner,
        concern=concern.code,
        areas=concern.areas,
        axis=concern.axis,
        weight=said.signal.weight or concern.weight,
        happened=said.signal.happened,
        recorded_at=at,
        people=tuple(people),
    )


def _surest(keys: Sequence[Keys]) -> str:
    """The surest key that anybody named has."""
    return min(((by, key) for one in keys for by, key in one.items() if by.is_exact), default=(0, ""))[1]


def _same_here(named: NamedPerson, known: Sequence[Known]) -> str:
    """Which person of the chosen family this is: an exact match, or a likeness that only one person has."""
    near = By.NAME_ADDRESS if not named.birth_date.is_complete else By.NAME_BIRTH
    likely = sorted({one.person for one in known if not one.conflicts and (one.by.is_exact or one.by is near)})
    return likely[0] if len(likely) == 1 else ""
