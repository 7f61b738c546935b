"""What people decide: one trajectory, one verb, one named person; and whose family a signal or a person belongs to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hub.domain.questions import MatchQuestion
from hub.domain.referral import ReferralAssessment
from hub.domain.rules import Rules
from hub.domain.streams import THE_HUB, Occasion, stream_id
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import motivated
from hub.errors import NotKnown, StaleDecision
from hub.families import Comparison, Families, question_id, signal_of
from hub.register import Register, Unit

T = TypeVar("T")
Verb = Callable[[Trajectory, Rules, Occasion], T]


@dataclass(frozen=True, slots=True)
class Casework:
    """Decisions of people, each committed before it is answered."""

    register: Register
    families: Families
    rules: Callable[[datetime], Rules]

    def decide(self, family: UUID, verb: Verb[T], by: str, basis: str = "", seen: int | None = None) -> tuple[T, int]:
        """Lets a person decide on a family; gives what the verb gives, and the trajectory's new version.

        `seen` is the version that the person had before them, where they said so.

        Raises:
            NotKnown, RuleBroken, StaleDecision: nothing was recorded.
        """

        def work(unit: Unit) -> tuple[T, int]:
            trajectory = unit.get(Trajectory, family)
            if seen is not None and seen != trajectory.version:
                raise StaleDecision("This family has changed since you looked; look again, then decide.")
            gave = verb(trajectory, self.rules(unit.at), Occasion(unit.at, by, "", basis))
            return gave, trajectory.version

        return self.register.do(work).value

    def weigh_referral(self, family: UUID) -> tuple[Trajectory, ReferralAssessment]:
        """A family, and how the criteria for referral stand on its signals now. Raises: NotKnown."""

        def look(unit: Unit) -> tuple[Trajectory, ReferralAssessment]:
            trajectory = unit.get(Trajectory, family)
            return trajectory, trajectory.assess_referral(self.rules(unit.at), Occasion(unit.at, THE_HUB))

        return self.register.read(look)

    def pass_deadlines(self, family: UUID) -> None:
        """Lets the terms of a family that are over become events."""
        self.decide(family, lambda trajectory, rules, on: trajectory.pass_deadlines(rules, on), THE_HUB)

    def answer(self, question: UUID, family: UUID | None, motivation: str, by: str, is_own: bool = True) -> UUID:
        """A person says which family a waiting signal is about, or that it is a new one (`None`); gives the family's id.

        Raises:
            NotKnown: there is no such question, or the family is neither among those it may be about nor their own.
        """

        def work(unit: Unit) -> UUID:
            asked = unit.get(MatchQuestion, question)
            on = Occasion(unit.at, by, str(question), asked.asked.basis)
            motivated(motivation)
            if not is_own and str(family) not in asked.asked.candidates:
                raise NotKnown("There is nothing by that id.")
            if asked.family and (asked.is_new if family is None else asked.family == str(family)):
                return UUID(asked.family)
            said = signal_of(asked)
            chosen = unit.get(Trajectory, family) if family else self.families.open_for(said, unit, on)
            chosen.must_go_on_here()
            asked.answer(str(chosen.id), family is None, motivation, on)
            self.families.place_in(chosen, said, unit, on)
            return chosen.id

        return self.register.do(work).value

    def compare(self, question: UUID) -> Comparison:
        """A waiting signal beside the families that it may be about.

        Raises:
            NotKnown, RuleBroken: there is no such question, or its signal was taken back or names somebody who was erased.
        """

        def look(unit: Unit) -> Comparison:
            asked = unit.get(MatchQuestion, question)
            asked.must_be_asked_still()
            return self.families.compare(asked, unit)

        return self.register.read(look)

    def ask_more(self, question: UUID, words: str, by: str) -> None:
        """A person says what has to be asked before anybody can say whose a signal is. Raises: NotKnown, RuleBroken."""

        def work(unit: Unit) -> None:
            asked = unit.get(MatchQuestion, question)
            signal_of(asked)  # of a signal that nobody can read any more there is nothing left to ask
            asked.ask_more(words, Occasion(unit.at, by, str(question)))

        self.register.do(work)

    def answered_with(self, question: UUID) -> tuple[UUID, ...]:
        """The family that a question was answered with, where it was. Raises: NotKnown."""
        family = self.register.read(lambda unit: unit.get(MatchQuestion, question).family)
        return (UUID(family),) if family else ()

    def take_back(self, question: UUID, motivation: str, by: str) -> None:
        """A person takes an answer back: the signal leaves the family and waits again; what rested on it is named."""

        def work(unit: Unit) -> None:
            asked = unit.get(MatchQuestion, question)
            on = Occasion(unit.at, by, str(question))
            motivated(motivation)
            if asked.family:
                wrong = unit.get(Trajectory, UUID(asked.family))
                wrong.unlink(asked.asked.signal_id, motivation, self.rules(unit.at), on)
            asked.reopen(motivation, on)

        self.register.do(work)

    def merge(self, stays: UUID, goes: UUID, motivation: str, by: str) -> None:
        """Two families turn out to be one."""

        def work(unit: Unit) -> None:
            on = Occasion(unit.at, by)
            unit.get(Trajectory, stays).merge(unit.get(Trajectory, goes), motivation, self.rules(unit.at), on)

        self.register.do(work)

    def separate(self, stays: UUID, goes: UUID, motivation: str, by: str) -> None:
        """The merging was a mistake."""

        def work(unit: Unit) -> None:
            on = Occasion(unit.at, by)
            unit.get(Trajectory, stays).separate(unit.get(Trajectory, goes), motivation, self.rules(unit.at), on)

        self.register.do(work)

    def split(self, family: UUID, people: Sequence[str], motivation: str, by: str) -> UUID:
        """People turn out to be a family of their own; gives its id. Undone by merging it back."""

        def work(unit: Unit) -> UUID:
            on = Occasion(unit.at, by, str(family))
            old = unit.get(Trajectory, family)
            new = stream_id("family", str(family), str(old.version + 1))
            opened = unit.add(Trajectory.begin_with(new, old.director, "", on))
            old.split(list(people), opened, motivation, self.rules(unit.at), on)
            return new

        return self.register.do(work).value

    def move_signal(self, signal: str, goes_from: UUID, to: UUID, motivation: str, by: str) -> None:
        """A signal was matched to the wrong family; a person says which is the right one."""

        def work(unit: Unit) -> None:
            on = Occasion(unit.at, by, signal)
            wrong, right = unit.get(Trajectory, goes_from), unit.get(Trajectory, to)
            wrong.pass_on(signal, right, motivation, self.rules(unit.at), on)
            question = unit.find(MatchQuestion, question_id(signal))
            if question is not None:
                question.follow(str(right.id), motivation, on)

        self.register.do(work)
