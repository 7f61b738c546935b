"""When it turns out that two families are one, or one is two: merging, splitting, and undoing either."""

from collections.abc import Iterable
from dataclasses import replace

from hub.domain.rules import Rules
from hub.domain.streams import Occasion, Recorded, sealed
from hub.domain.trajectory.clocks import motivated
from hub.domain.trajectory.measured import Measured
from hub.errors import NotKnown, RuleBroken


class Kinship(Measured):
    """People and signals that come from, or go to, another family."""

    TOPIC = "trajectory-kinship"

    brought_in: dict[str, tuple[list[str], list[str]]]

    def begin(self) -> None:
        super().begin()
        self.brought_in = {}

    class BroughtIn(Recorded):
        """Another family turned out to be this one, or part of it: its people and signals are here now."""

        TOPIC = "family-brought-in"
        SEALED = sealed("motivation")
        other: str
        people: list[str]
        signals: list[str]
        motivation: str

        def apply(self, family: "Kinship") -> None:
            family.brought_in[self.other] = (self.people, self.signals)

    class LetGo(Recorded):
        """People, and the signals about them, turned out to belong to another family; `rested` escalations cite those."""

        TOPIC = "people-let-go"
        SEALED = sealed("motivation")
        to: str
        people: list[str]
        signals: list[str]
        motivation: str
        rested: list[str]

        def apply(self, family: "Kinship") -> None:
            family.brought_in.pop(self.to, None)
            for person in self.people:
                family.people.pop(person, None)
            for signal in self.signals:
                family.forget(signal)

    class MergedInto(Recorded):
        """This family turned out to be the same as another, which goes on for both."""

        TOPIC = "family-merged-into"
        SEALED = sealed("motivation")
        into: str
        motivation: str

        def apply(self, family: "Kinship") -> None:
            family.merged_into = self.into

    class SeparatedAgain(Recorded):
        """The merging was a mistake: this family goes on by itself."""

        TOPIC = "family-separated-again"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, family: "Kinship") -> None:
            family.merged_into = ""

    def merge(self, other: "Kinship", motivation: str, rules: Rules, on: Occasion) -> None:
        """This family goes on for the other too, with the other's people and signals."""
        self.must_be_open()
        other.must_be_open()
        motivated(motivation)
        if other.id == self.id:
            raise RuleBroken("A family cannot be merged with itself.", code="same-family")
        self._bring_in(other, list(other.people), list(other.signals), motivation, on)
        other.record(other.MergedInto, on, into=str(self.id), motivation=motivation)
        self._weigh(rules, on)

    def separate(self, other: "Kinship", motivation: str, rules: Rules, on: Occasion) -> None:
        """Undoes a merging: what came from the other, and what came later about its people alone, goes back."""
        self.must_go_on_here()
        motivated(motivation)
        if other.merged_into != str(self.id) or str(other.id) not in self.brought_in:
            raise NotKnown("That family was not merged into this one.")
        people, signals = self.brought_in[str(other.id)]
        later = self._only_about(people)
        accounts = [self.accounts[signal] for signal in (*signals, *later) if signal in self.accounts]
        other.record(other.SeparatedAgain, on, motivation=motivation)
        for account in accounts:
            other.take_over(account, replace(on, cause=account.message))
        self._let_go(other, people, sorted({account.signal for account in accounts}), motivation, rules, on)
        other._weigh(rules, on)

    def split(self, people: list[str], new: "Kinship", motivation: str, rules: Rules, on: Occasion) -> None:
        """Lets people go to a new family, with the signals that are only about them."""
        self.must_be_open()
        motivated(motivation)
        if not people or any(person not in self.people for person in people):
            raise RuleBroken("Only people of this family can be split off from it.", code="not-a-member")
        if len(set(people)) == len(self.people):
            raise RuleBroken("Somebody has to stay: a family cannot be split off whole.", code="nobody-left")
        signals = self._only_about(people)
        new._bring_in(self, people, signals, motivation, on)
        self._let_go(new, people, signals, motivation, rules, on)
        new._weigh(rules, on)

    def pass_on(self, signal: str, to: "Kinship", motivation: str, rules: Rules, on: Occasion) -> None:
        """A signal turned out to be about another family: it goes there, with those whom only it names here."""
        to.must_be_open()
        if signal not in self.accounts:
            raise NotKnown("This family has no such signal.")
        if to.id == self.id:
            raise RuleBroken("The signal is with this family already.", code="same-family")
        account = self.accounts[signal]
        members = [self.people[person] for person in account.people if person in self.people]
        self.unlink(signal, motivation, rules, on)
        for member in members:
            to.join(member.person, member.role, member.born, on)
            to.mark_restricted(member.person, member.person in self.restricted, on)
        to.take_over(account, on)
        to._weigh(rules, on)

    def _bring_in(self, other: "Kinship", people: list[str], signals: list[str], motivation: str, on: Occasion) -> None:
        new_people = [person for person in people if person not in self.people]
        new_signals = [signal for signal in signals if signal not in self.signals]
        self.record(self.BroughtIn, on, other=str(other.id), people=new_people, signals=new_signals, motivation=motivation)
        for person in people:
            self.join(person, other.people[person].role, other.people[person].born, on)
            self.mark_restricted(person, person in other.restricted, on)
        for signal in new_signals:
            self.take_over(other.accounts[signal], replace(on, cause=other.accounts[signal].message))

    def _let_go(self, to: "Kinship", people: list[str], signals: list[str], motivation: str, rules: Rules, on: Occasion) -> None:
        rested = self.resting_on(signals)
        self.record(self.LetGo, on, to=str(to.id), people=people, signals=signals, motivation=motivation, rested=rested)
        self.rectify(rested, rules, on)

    def _weigh(self, rules: Rules, on: Occasion) -> None:
        self.escalate(rules, on)
        self.reweigh(rules, on)
        self.advise_referral(rules, on)

    def _only_about(self, people: Iterable[str]) -> list[str]:
        named = set(people)
        return [signal.id for signal in self.signals.values() if signal.people and set(signal.people) <= named]
