"""What somebody asks about their own data (AVG, chapter III), or complains of: noted, answered in time by a person, carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from hub.domain.dates import Calendar
from hub.domain.matrix import Term, Words
from hub.domain.streams import THE_HUB, Occasion, Opening, Recorded, Stream, sealed
from hub.domain.terms import AMSTERDAM
from hub.domain.terms import due as due_of
from hub.domain.trajectory.clocks import motivated
from hub.errors import Malformed, RuleBroken, Violation


class Asks(StrEnum):
    """What is asked."""

    INSPECTION = "inspection"
    """Seeing what is kept, and who saw it (art. 15)."""
    CORRECTION = "correction"
    """Putting right what is wrong (art. 16)."""
    ERASURE = "erasure"
    """Being forgotten (art. 17)."""
    RESTRICTION = "restriction"
    """That it is kept and not used (art. 18)."""
    OBJECTION = "objection"
    """That it is not used, for reasons of one's own (art. 21)."""
    COMPLAINT = "complaint"
    """That somebody was treated badly, of which an administrative body judges (Algemene wet bestuursrecht, chapter 9)."""


class Decision(StrEnum):
    """What a person decided, or what the person concerned took back."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground of the closed list: which requests it grants or refuses, and from when until when; `assumed` is what is not sure."""

    code: str
    words: Words
    article: str
    decision: Decision
    asks: frozenset[Asks]
    assumed: str
    valid_from: date
    valid_until: date | None

    def is_for(self, asks: Asks, decision: Decision, day: date) -> bool:
        """Whether a decision like that may rest on it then."""
        is_valid = self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
        return is_valid and self.decision is decision and asks in self.asks


@dataclass(frozen=True, slots=True)
class RequestRules:
    """The register of requests: the terms to answer within and to extend by, how it is checked who asks, and the grounds."""

    answer: Mapping[Asks, Term]
    extension: Mapping[Asks, Term]
    identity: Mapping[str, Words]
    grounds: Mapping[str, Ground]
    calendar: Calendar

    def due(self, asks: Asks, received: date, is_extended: bool = False) -> datetime:
        """When the term of a request is over: at the end of a day, that is free only where nobody works the next (UTC)."""
        term = self.answer[asks]
        if is_extended:
            term = replace(term, amount=term.amount + self.extension[asks].amount)
        return due_of(term, datetime.combine(received, time(23, 59, 59), AMSTERDAM), self.calendar)

    def for_erasing(self, day: date) -> list[str]:
        """The codes of the grounds on which somebody is erased."""
        return [code for code, ground in self.grounds.items() if ground.is_for(Asks.ERASURE, Decision.GRANTED, day)]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A message that says something of somebody that is not right: who sent it, by which reference, and whom they can reach."""

    message: str
    reporter: str
    family: str
    reference: str
    organisation: str
    contact: str


class PersonRequest(Stream):
    """One request of one person."""

    TOPIC = "person-request"

    person: str
    asks: Asks
    received: date
    due: datetime
    identity: str
    is_extended: bool
    is_late: bool
    decision: str
    ground: str
    is_carried_out: bool

    class Noted(Opening):
        """A person asked something about their own data, and somebody noted it; it is to be answered before `due`."""

        TOPIC = "person-request-noted"
        SEALED = sealed("words", whose="person")
        person: str
        asks: str
        received: str
        words: str
        due: datetime

        def apply(self, request: "PersonRequest") -> None:
            request.person, request.asks, request.received = self.person, Asks(self.asks), date.fromisoformat(self.received)
            request.due, request.identity, request.decision, request.ground = self.due, "", "", ""
            request.is_extended = request.is_late = request.is_carried_out = False

    class IdentityChecked(Recorded):
        """Somebody checked that it is really this person who asks, or who may ask for them."""

        TOPIC = "person-request-identity-checked"
        person: str
        identity: str

        def apply(self, request: "PersonRequest") -> None:
            request.identity = self.identity

    class Extended(Recorded):
        """The person was told, within the first term, that the answer takes longer, and why."""

        TOPIC = "person-request-extended"
        SEALED = sealed("motivation", whose="person")
        person: str
        motivation: str
        due: datetime

        def apply(self, request: "PersonRequest") -> None:
            request.is_extended, request.due, request.is_late = True, self.due, False

    class TermPassed(Recorded):
        """The term was over, and there was no answer."""

        TOPIC = "person-request-term-passed"
        person: str
        due: datetime

        def apply(self, request: "PersonRequest") -> None:
            request.is_late = True

    class Decided(Recorded):
        """Somebody decided on it, on a ground of the closed list; or the person took it back, which needs none."""

        TOPIC = "person-request-decided"
        SEALED = sealed("motivation", whose="person")
        person: str
        decision: str
        ground: str
        motivation: str

        def apply(self, request: "PersonRequest") -> None:
            request.decision, request.ground = self.decision, self.ground

    class CarriedOut(Recorded):
        """What was granted was done, and the person was told."""

        TOPIC = "person-request-carried-out"
        SEALED = sealed("words", whose="person")
        person: str
        words: str

        def apply(self, request: "PersonRequest") -> None:
            request.is_carried_out = True

    class CorrectionAsked(Recorded):
        """The organisation that sent a message is asked to correct or withdraw what it says of this person, by a new message."""

        TOPIC = "person-request-correction-asked"
        person: str
        message: str
        reporter: str
        family: str
        reference: str
        organisation: str
        contact: str

        def apply(self, request: "PersonRequest") -> None:
            pass

    @classmethod
    def note(
        cls, id: UUID, person: UUID, asks: Asks, received: date, words: str, rules: RequestRules, on: Occasion
    ) -> "PersonRequest":
        """A request that was received that day. Raises: Malformed, where that day is still to come."""
        if received > on.at.astimezone(AMSTERDAM).date():
            raise Malformed("This request cannot be.", [Violation("/received", "is a day that is still to come")])
        said = {"person": str(person), "asks": asks.value, "received": received.isoformat(), "words": words.strip()}
        return cls.open(cls.Noted, id, on, due=rules.due(asks, received), **said)

    @property
    def is_open(self) -> bool:
        """Whether an answer is still to be given, or what was granted still to be done."""
        return not self.decision or (self.decision == Decision.GRANTED and not self.is_carried_out)

    def check_identity(self, identity: str, rules: RequestRules, on: Occasion) -> None:
        """Somebody checked who asks, in one of the ways of the register. Raises: Malformed, RuleBroken."""
        self._must_be_undecided()
        if identity not in rules.identity:
            raise Malformed("Nobody is checked like that.", [Violation("/identity", f"is not one of {', '.join(rules.identity)}")])
        self.record(self.IdentityChecked, on, person=self.person, identity=identity)

    def extend(self, motivation: str, rules: RequestRules, on: Occasion) -> None:
        """The answer takes longer, once, as the person was told with the reason within the first term. Raises: RuleBroken."""
        self._must_be_undecided()
        motivated(motivation)
        if self.is_extended:
            raise RuleBroken("A request is extended once.", code="request-extended-already")
        if on.at > self.due:
            raise RuleBroken("The term is over: who asks had to be told before.", code="request-too-late-to-extend")
        self.record(
            self.Extended, on, person=self.person, motivation=motivation.strip(), due=rules.due(self.asks, self.received, True)
        )

    def pass_term(self, on: Occasion) -> None:
        """The term is over, which is noted once for each term."""
        if self.is_open and not self.is_late and self.due <= on.at:
            self.record(self.TermPassed, on, person=self.person, due=self.due)

    def decide(self, decision: Decision, ground: str, motivation: str, rules: RequestRules, on: Occasion) -> None:
        """A person decides; nothing is granted to whom nobody knows.

        Raises:
            RuleBroken: without a person or a motivation, twice, or granted before it was checked who asks.
            Malformed: on a ground that is not for such a decision.
        """
        by_a_person(on)
        self._must_be_undecided()
        motivated(motivation)
        if decision is Decision.WITHDRAWN:
            ground = ""
        else:
            self._must_rest_on(ground, decision, rules, on)
        if decision is Decision.GRANTED and not self.identity:
            raise RuleBroken("Check first that it is this person who asks.", code="request-identity-unchecked")
        said = {"decision": decision.value, "ground": ground, "motivation": motivation.strip()}
        self.record(self.Decided, on, person=self.person, **said)

    def must_be_granted(self, *asks: Asks) -> None:
        """Raises: RuleBroken, where this is not a granted request like that, or it was carried out."""
        if self.asks not in asks or self.decision != Decision.GRANTED:
            raise RuleBroken("Only what was asked and granted is carried out.", code="request-not-granted")
        if self.is_carried_out:
            raise RuleBroken("This request was carried out already.", code="request-carried-out-already")

    def carry_out(self, words: str, on: Occasion) -> None:
        """What was granted was done, and the person was told. Raises: RuleBroken."""
        by_a_person(on)
        self.must_be_granted(*Asks)
        self.record(self.CarriedOut, on, person=self.person, words=words.strip())

    def ask_to_correct(self, wrong: "Wrong", on: Occasion) -> None:
        """The organisation that sent a message is asked to put right what it says of this person. Raises: RuleBroken."""
        self.must_be_granted(Asks.CORRECTION)
        said = {name: getattr(wrong, name) for name in Wrong.__slots__}
        self.record(self.CorrectionAsked, on, person=self.person, **said)

    def _must_be_undecided(self) -> None:
        if self.decision:
            raise RuleBroken("This request was decided on already.", code="request-decided-already")

    def _must_rest_on(self, code: str, decision: Decision, rules: RequestRules, on: Occasion) -> None:
        day = on.at.astimezone(AMSTERDAM).date()
        fitting = [ground.code for ground in rules.grounds.values() if ground.is_for(self.asks, decision, day)]
        if code not in fitting:
            raise Malformed(
                "A decision needs a ground of the register.", [Violation("/ground", f"is not one of {', '.join(fitting)}")]
            )


def by_a_person(on: Occasion) -> None:
    """Raises: RuleBroken, where nobody decides, or the hub itself would (L9)."""
    if on.by.strip() in ("", THE_HUB):
        raise RuleBroken("A person decides this, by name.", code="request-nobody-decides")
