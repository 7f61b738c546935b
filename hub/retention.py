"""Letting go: what a term is over of is made unreadable, a family or a message at a time, and what is held is not.

What ends is the keys: rows of the log and of what was read stay where they are, so every proof stays valid. A person goes with
the last family that they are in, and the bytes of a message with the last family that anything in them is about: so nothing
goes before its term because it came together with something else. Each ends in one transaction, with an event that says so;
a run that was broken off is done again, and goes on where that one was.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from hub.domain.keeping import FAMILY, MESSAGE, QUESTION, Keeping, RetentionRun, keeping_id
from hub.domain.messages import QUARANTINED, Message, bytes_of
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.requests import by_a_person
from hub.domain.retention import RetentionRules, stand_of
from hub.domain.streams import Occasion
from hub.domain.terms import AMSTERDAM
from hub.domain.trajectory import Trajectory
from hub.families import question_id
from hub.ports import Clock, Keys
from hub.register import Register, Unit

GROUND = "retention"
"""On what people are erased whose term is over."""
Facts = Mapping[UUID, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Due:
    """Something of which the term is over: what it is, which category, since when that counted, and since when it is over."""

    about: UUID
    category: str
    counted_from: date
    due: date


@dataclass(frozen=True, slots=True)
class Retention:
    """Ends what is kept too long, and holds what must stay.

    `facts` are the events of a family, `families_of` the families that a person is in, `had` those that a signal was ever of,
    `bodies` the messages that came in the bytes that are kept under a key, and `told` the streams of what partners were told of a
    family, in which those are named who took notice; `are_asking` whether any of these people asked what is not answered yet.
    """

    register: Register
    clock: Clock
    rules: RetentionRules
    keys: Keys
    facts: Callable[[UUID], Sequence[Any]]
    families_of: Callable[[str, Connection], Sequence[str]]
    had: Callable[[str, Connection], Sequence[str]]
    bodies: Callable[[Connection, str], Sequence[UUID]]
    told: Callable[[UUID], Sequence[UUID]]
    are_asking: Callable[[Collection[str]], bool]

    @property
    def today(self) -> date:
        """By the Dutch calendar."""
        return self.clock.now().astimezone(AMSTERDAM).date()

    # Holding -----------------------------------------------------------------------------------------

    def hold(self, family: UUID, motivation: str, by: str) -> None:
        """Keeps a family whatever its term, until it is released. Raises: NotKnown, RuleBroken."""
        self._decide(family, lambda keeping, on: keeping.hold(motivation, on), by)

    def release(self, family: UUID, motivation: str, by: str) -> None:
        """Lets the term of a family count again. Raises: NotKnown, RuleBroken."""
        self._decide(family, lambda keeping, on: keeping.release(motivation, on), by)

    def _decide(self, family: UUID, verb: Callable[[Keeping, Occasion], None], by: str) -> None:
        def work(unit: Unit) -> None:
            on = Occasion(unit.at, by, str(family))
            by_a_person(on)
            unit.get(Trajectory, family)
            verb(_keeping(FAMILY, family, unit, on), on)

        self.register.do(work)

    # Runs --------------------------------------------------------------------------------------------

    def begin(self, until: Mapping[str, date], by: str) -> UUID:
        """A run by somebody begins, over what began until these days, by category. Raises: RuleBroken, where that is nobody."""
        run = uuid4()

        def work(unit: Unit) -> UUID:
            on = Occasion(unit.at, by)
            by_a_person(on)
            return unit.add(RetentionRun.begin(run, self.rules.version, until, on)).id

        return self.register.do(work).value

    def finish(self, run: UUID, ended: Mapping[str, int], by: str) -> None:
        """It came to its end, and ended so many of each category."""
        self.register.do(
            lambda unit: unit.get(RetentionRun, run).finish(self.rules.version, dict(ended), Occasion(unit.at, by, str(run)))
        )

    # Families ----------------------------------------------------------------------------------------

    def due(self, family: UUID, facts: Sequence[Any]) -> Due | None:
        """Whether the term of a family is over today, by all that was recorded of it."""
        stand = stand_of(facts)
        if stand.merged_into or not stand.category or not self.rules.is_due(stand.category, stand.day, self.today):
            return None
        return self._due(family, stand.category, stand.day)

    def _due(self, about: UUID, category: str, since: date) -> Due | None:
        known = self.rules.at(self.today).get(category)
        over = known.due(since) if known else None
        return Due(about, category, since, over) if over and over <= self.today else None

    def end_family(self, family: UUID, merged: Iterable[UUID], run: UUID, by: str) -> Due | None:
        """Ends a family with those that were merged into it, where its term is over and none of them is held.

        Gives what was due, or nothing where it was not, where somebody changed it meanwhile, where somebody in it has it kept
        for them (AVG, art. 18), or asked something that is not answered yet: the next run looks again.
        """
        facts: Facts = {each: self.facts(each) for each in (family, *merged)}
        if (due := self.due(family, facts[family])) is None:
            return None
        if self.are_asking(_people([event for theirs in facts.values() for event in theirs])):
            return None

        def work(unit: Unit) -> Due | None:
            on = Occasion(unit.at, by, str(run))
            if any(unit.version_of(each) != theirs[-1].originator_version for each, theirs in facts.items()):
                return None
            if any(unit.get(Trajectory, each).restricted for each in facts):
                return None
            keepings = [_keeping(FAMILY, each, unit, on) for each in facts]
            if any(keeping.is_held or keeping.is_ended for keeping in keepings):
                return None
            for keeping in keepings:
                keeping.end(FAMILY, due.category, due.counted_from, self.rules.version, on)
            gone = [*facts, *self._gone_with(facts, unit, on)]
            unit.keep()
            self.keys.destroy(gone, unit.connection)
            return due

        return self.register.do(work).value

    def _gone_with(self, facts: Facts, unit: Unit, on: Occasion) -> list[UUID]:
        """Whose keys go with these families: their people, who stood around them, their signals that waited once, and messages."""
        events = [event for theirs in facts.values() for event in theirs]
        signals = [event for event in events if isinstance(event, Trajectory.SignalRecorded)]
        questions = [id for event in signals if unit.find(MatchQuestion, id := question_id(event.signal))]
        bodies = self._free({UUID(event.message) for event in signals}, facts, unit)
        people = [id for id in sorted(_people(events)) if facts.keys() >= set(map(UUID, self.families_of(id, unit.connection)))]
        gone = [person for id in people if not (person := unit.get(Person, UUID(id))).is_erased]
        for person in gone:
            named = {event.message for event in signals if str(person.id) in event.people}
            person.erase(GROUND, [id for id in map(str, bodies) if id in named], [], on)
        told = [telling for family in facts for telling in self.told(family)]
        around = {UUID(event.id) for event in events if isinstance(event, Trajectory.NetworkJoined)}
        return [*questions, *told, *sorted(around), *(person.id for person in gone), *map(bytes_of, bodies.values())]

    # What never came to a family -----------------------------------------------------------------------

    def end_question(self, question: UUID, category: str, run: UUID, by: str) -> Due | None:
        """Ends a signal of which nobody said whose it is, where its term is over; gives what was due, or nothing."""

        def work(unit: Unit) -> Due | None:
            asked = unit.get(MatchQuestion, question)
            if asked.family:
                return None
            return self._end(
                QUESTION,
                question,
                category,
                asked.asked.timestamp,
                UUID(asked.asked.message),
                unit,
                Occasion(unit.at, by, str(run)),
            )

        return self.register.do(work).value

    def end_message(self, message: UUID, category: str, run: UUID, by: str) -> Due | None:
        """Ends a message that nobody could read, where its term is over; gives what was due, or nothing."""

        def work(unit: Unit) -> Due | None:
            found = unit.get(Message, message)
            if found.outcome != QUARANTINED:
                return None
            return self._end(MESSAGE, message, category, found.received.timestamp, message, unit, Occasion(unit.at, by, str(run)))

        return self.register.do(work).value

    def _end(self, kind: str, about: UUID, category: str, began: datetime, message: UUID, unit: Unit, on: Occasion) -> Due | None:
        due = self._due(about, category, began.astimezone(AMSTERDAM).date())
        keeping = _keeping(kind, about, unit, on)
        if due is None or keeping.is_ended:
            return None
        keeping.end(kind, category, due.counted_from, self.rules.version, on)
        unit.keep()
        bodies = self._free({message}, {about}, unit)
        self.keys.destroy([about, *map(bytes_of, bodies.values())], unit.connection)
        return due

    # Messages ----------------------------------------------------------------------------------------

    def _free(self, messages: Collection[UUID], leaving: Collection[UUID], unit: Unit) -> dict[UUID, str]:
        """Under which keys the bytes of these messages are kept, and of those that took them back, where nothing needs them."""
        found = [message for id in sorted(messages) if (message := unit.find(Message, id))]
        later = [unit.get(Message, UUID(message.withdrawn_by)) for message in found if message.withdrawn_by]
        kept = {message.id: message.received.kept for message in (*found, *later)}
        free = {each for each in set(kept.values()) if not self._is_needed(each, leaving, unit)}
        return {id: each for id, each in kept.items() if each in free}

    def _is_needed(self, kept: str, leaving: Collection[UUID], unit: Unit) -> bool:
        """Whether anything that came in those bytes is of something that stays."""
        came = [message for id in self.bodies(unit.connection, kept) if (message := unit.find(Message, id))]
        stays = {about for message in came for about in self._whose(message, unit)} - set(leaving)
        return not all(_is_ended(about, unit) for about in stays)

    def _whose(self, message: Message, unit: Unit) -> Iterable[UUID]:
        """Which families a message is of, and where it waits for one."""
        if message.outcome == QUARANTINED:
            yield message.id
        for signal in message.signals:
            yield from map(UUID, self.had(signal["signal"], unit.connection))
            question = unit.find(MatchQuestion, question_id(signal["signal"]))
            if question is not None and not question.family:
                yield question.id


def _keeping(kind: str, about: UUID, unit: Unit, on: Occasion) -> Keeping:
    return unit.find(Keeping, keeping_id(about)) or unit.add(Keeping.begin(kind, about, on))


def _is_ended(about: UUID, unit: Unit) -> bool:
    found = unit.find(Keeping, keeping_id(about))
    return found is not None and found.is_ended


def _people(events: Iterable[Any]) -> set[str]:
    """Everybody who was ever in a family."""
    people: set[str] = set()
    for event in events:
        if isinstance(event, Trajectory.PersonJoined):
            people.add(event.person)
        elif isinstance(event, Trajectory.SignalRecorded | Trajectory.BroughtIn):
            people.update(event.people)
    return people
