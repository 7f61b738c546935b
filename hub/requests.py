"""Requests of people about their own data: somebody notes one, somebody decides, and what was granted is done."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection

from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.requests import Asks, Decision, PersonRequest, RequestRules, Wrong, by_a_person
from hub.domain.rules import Rules
from hub.domain.streams import THE_HUB, Occasion
from hub.domain.terms import AMSTERDAM
from hub.domain.trajectory import Trajectory
from hub.errors import Malformed, RuleBroken, Violation
from hub.ports import Clock
from hub.register import Register, Unit

T = TypeVar("T")
Verb = Callable[[PersonRequest, Occasion], T]


@dataclass(frozen=True, slots=True)
class Requests:
    """What people ask; `erase` makes unreadable what is kept of one, on a ground, by somebody, because of a request.

    `families` are those that somebody is in, `matrix` gives the rules of a moment.
    """

    register: Register
    clock: Clock
    rules: RequestRules
    erase: Callable[[UUID, str, str, str], object]
    families: Callable[[str, Connection], Sequence[str]]
    matrix: Callable[[datetime], Rules]

    def note(self, person: UUID, asks: Asks, received: date, words: str, by: str) -> UUID:
        """Notes what somebody asks; gives its id.

        Raises:
            NotKnown: the hub keeps nothing of such a person.
            RuleBroken, Malformed: that person was erased, or that day is still to come.
        """

        id = uuid4()

        def work(unit: Unit) -> UUID:
            if unit.get(Person, person).is_erased:
                raise RuleBroken("Of this person nothing is kept any more.", code="erased")
            return unit.add(PersonRequest.note(id, person, asks, received, words, self.rules, Occasion(unit.at, by))).id

        return self.register.do(work).value

    def check_identity(self, request: UUID, identity: str, by: str) -> None:
        """Somebody checked who asks. Raises: NotKnown, Malformed, RuleBroken."""
        self._do(request, lambda one, on: one.check_identity(identity, self.rules, on), by)

    def extend(self, request: UUID, motivation: str, by: str) -> None:
        """The answer takes longer. Raises: NotKnown, RuleBroken."""
        self._do(request, lambda one, on: one.extend(motivation, self.rules, on), by)

    def decide(self, request: UUID, decision: Decision, ground: str, motivation: str, by: str) -> None:
        """Somebody decides. Raises: NotKnown, Malformed, RuleBroken."""
        self._do(request, lambda one, on: one.decide(decision, ground, motivation, self.rules, on), by)

    def carry_out(self, request: UUID, words: str, by: str, messages: Sequence[UUID] = ()) -> None:
        """What was granted is done: who asks to be erased is, and whoever sent these messages is asked to correct them.

        Raises:
            NotKnown, RuleBroken: nothing was done.
            Malformed: a correction of nothing, or of a message that says nothing of this person.
            Unavailable: who asked is erased, but traces could not be removed from the disk: again.
        """
        asked = self.of(request)
        by_a_person(Occasion(self.clock.now(), by))
        asked.must_be_granted(*Asks)
        if asked.asks is Asks.ERASURE:
            self.erase(UUID(asked.person), asked.ground, by, str(request))
        self.register.do(
            lambda unit: self._carry_out(unit.get(PersonRequest, request), words, messages, unit, _on(unit.at, by, request))
        )

    def _carry_out(self, request: PersonRequest, words: str, messages: Sequence[UUID], unit: Unit, on: Occasion) -> None:
        request.must_be_granted(*Asks)
        if request.asks is Asks.CORRECTION:
            self._ask_to_correct(request, messages, unit, on)
        if request.asks in (Asks.RESTRICTION, Asks.OBJECTION):
            unit.get(Person, UUID(request.person)).restrict(request.ground, on)
            for family in self._families(request.person, unit):
                family.restrict(request.person, on)
        request.carry_out(words, on)

    def _ask_to_correct(self, request: PersonRequest, messages: Sequence[UUID], unit: Unit, on: Occasion) -> None:
        if not messages and not unit.get(Person, UUID(request.person)).has_stated:
            raise _not_about("is which messages are wrong, or the person's own words stand beside what is kept")
        families = self._families(request.person, unit)
        for message in dict.fromkeys(messages):
            request.ask_to_correct(_wrong(str(message), request.person, families, unit), on)

    def state(self, person: UUID, words: str, by: str) -> None:
        """Puts somebody's own words beside what is kept of them. Raises: NotKnown, RuleBroken."""
        self.register.do(lambda unit: unit.get(Person, person).state(words, Occasion(unit.at, by, str(person))))

    def lift(self, person: UUID, words: str, by: str) -> None:
        """What is kept of a person is used again; `words` say how the person was told before. Raises: NotKnown, RuleBroken."""

        def work(unit: Unit) -> None:
            on = Occasion(unit.at, by, str(person))
            by_a_person(on)
            unit.get(Person, person).lift_restriction(words, on)
            for family in self._families(str(person), unit):
                family.unrestrict(str(person), self.matrix(unit.at), on)

        self.register.do(work)

    def _families(self, person: str, unit: Unit) -> list[Trajectory]:
        return [unit.get(Trajectory, UUID(family)) for family in self.families(person, unit.connection)]

    def refuse_groundless_erasing(self, ground: str, by: str) -> None:
        """Raises: Malformed, RuleBroken, where somebody would be erased without a request, on no ground or by nobody."""
        now = self.clock.now()
        by_a_person(Occasion(now, by))
        fitting = self.rules.for_erasing(now.astimezone(AMSTERDAM).date())
        if ground not in fitting:
            raise Malformed("Nobody is erased on that ground.", [Violation("ground", f"is not one of {', '.join(fitting)}")])

    def pass_terms(self, requests: Iterable[UUID]) -> None:
        """Lets the terms of these that are over become events."""
        for request in requests:
            self._do(request, lambda one, on: one.pass_term(on), THE_HUB)

    def of(self, request: UUID) -> PersonRequest:
        """A request as it stands. Raises: NotKnown."""
        return self.register.read(lambda unit: unit.get(PersonRequest, request))

    def _do(self, request: UUID, verb: Verb[T], by: str) -> T:
        return self.register.do(lambda unit: verb(unit.get(PersonRequest, request), _on(unit.at, by, request))).value


def _on(at: datetime, by: str, request: UUID) -> Occasion:
    return Occasion(at, by, str(request))


def _wrong(message: str, person: str, families: Sequence[Trajectory], unit: Unit) -> Wrong:
    """Who sent a message that names this person, and whom they reach about it. Raises: Malformed."""
    for family in families:
        for account in family.accounts.values():
            if account.message == message and person in account.people:
                reporter = unit.get(Message, UUID(message)).received.partner
                return Wrong(
                    message, reporter, str(family.id), account.reference, family.director.organisation, family.director.contact
                )
    raise _not_about("names a message that says nothing of this person")


def _not_about(what: str) -> Malformed:
    return Malformed("This correction cannot be asked.", [Violation("/messages", what)])
