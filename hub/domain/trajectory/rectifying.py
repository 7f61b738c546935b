"""What turns out otherwise: what rested on it stays until a person decides, says what still holds, and is told to whom was told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from hub.domain.escalation import Assessment, assess
from hub.domain.rules import Rules
from hub.domain.signals import KnownSignal
from hub.domain.streams import Occasion, Recorded
from hub.domain.trajectory.clocks import motivated
from hub.domain.trajectory.escalating import Escalating, Escalation
from hub.domain.words import Axis, Level
from hub.errors import NotKnown


class Rectifying(Escalating):
    """Signals that their sender withdrew or corrected, or that belong to another family; no level falls by that."""

    TOPIC = "trajectory-rectifying"

    taken_back: dict[str, str]

    def begin(self) -> None:
        super().begin()
        self.taken_back = {}

    class SignalWithdrawn(Recorded):
        """The partner that sent a signal withdrew it, by a later message; what rested on it is for the director to reconsider.

        `people` are those whom no signal of this family names any more: they stay until a person decides. `rested` are the
        escalations that cite it, `decisions` the levers in force that a person decided on those, and `referral` is whether a
        person referred the family on it.
        """

        TOPIC = "signal-withdrawn"
        signal: str
        message: str
        people: list[str]
        rested: list[str]
        decisions: list[str]
        referral: bool

        def apply(self, family: "Rectifying") -> None:
            family.take_back(self.signal, self.message)

    class SignalCorrected(Recorded):
        """The partner that sent a signal corrected it: what a later message says (`instead`) takes its place, here or elsewhere.

        The other fields are those of a signal that was withdrawn.
        """

        TOPIC = "signal-corrected"
        signal: str
        message: str
        instead: list[str]
        rested: list[str]
        decisions: list[str]
        referral: bool

        def apply(self, family: "Rectifying") -> None:
            family.take_back(self.signal, self.message)

    class PeopleLeft(Recorded):
        """A correction is about others: these, whom no other signal of this family names, do not belong to it."""

        TOPIC = "people-left"
        message: str
        people: list[str]

        def apply(self, family: "Rectifying") -> None:
            for person in self.people:
                family.people.pop(person, None)

    class EscalationRectified(Recorded):
        """What an escalation rested on was taken back or went away: it stays, and this says what the signals that are left give.

        `level` is that of the escalation, `holds` what its axis would stand at now, by `rule` of the matrix, on `signals`; of what
        it rested on, `lost` is gone. Those are told who were told of the escalation; `tell` are the kinds that it was for.
        """

        TOPIC = "escalation-rectified"
        escalation: str
        axis: str
        level: int
        holds: int
        rule: str
        matrix: str
        signals: list[str]
        lost: list[str]
        tell: list[str]
        contact: str

        def apply(self, family: "Rectifying") -> None:
            known = family.escalations[self.escalation]
            family.escalations[self.escalation] = replace(known, holds=Level(self.holds))

    def unlink(self, signal: str, motivation: str, rules: Rules, on: Occasion) -> None:
        """Takes out a signal that is not about this family; levels stay until a person steps down, what rested on it is marked."""
        self.must_go_on_here()
        if signal not in self.signals:
            raise NotKnown("This family has no such signal.")
        motivated(motivation)
        people, rested = self.named_only_by(signal), self.resting_on([signal])
        self.record(self.SignalUnlinked, on, signal=signal, people=people, motivation=motivation, rested=rested)
        self.rectify(rested, rules, on)

    def take_back(self, signal: str, message: str) -> None:
        """Applies that a signal counts no longer."""
        self.forget(signal)
        self.taken_back[signal] = message

    def rests_on(self, signal: str) -> bool:
        """Whether this family has a signal, or an escalation that cites it, and it was not taken back yet."""
        return signal not in self.taken_back and (signal in self.signals or bool(self.resting_on([signal])))

    def unnamed(self, people: Collection[str]) -> list[str]:
        """Those of these people who are in this family and whom none of its signals names."""
        named = {person for known in self.signals.values() for person in known.people}
        return sorted(person for person in set(people) if person in self.people and person not in named)

    def named_only_by(self, signal: str) -> list[str]:
        """Those in this family whom that signal names and no other."""
        others = {person for known in self.signals.values() if known.id != signal for person in known.people}
        named = self.signals[signal].people if signal in self.signals else ()
        return sorted(person for person in set(named) if person in self.people and person not in others)

    def let_leave(self, people: Collection[str], message: str, on: Occasion) -> None:
        """Those whom nothing names any more leave, unless nobody would be left."""
        gone = self.unnamed(people)
        if gone and set(self.people) - set(self.unnamed(list(self.people))):
            self.record(self.PeopleLeft, on, message=message, people=gone)

    def rectify(self, escalations: Sequence[str], rules: Rules, on: Occasion) -> None:
        """Marks these escalations with what the signals that are left give, and anew those marked before where that is else now."""
        if escalations:
            now = assess(self.signals.values(), rules.matrix)
            for id in escalations:
                self._mark(self.escalations[id], now[self.escalations[id].axis], rules, on)
        self.reweigh(rules, on)

    def reweigh(self, rules: Rules, on: Occasion) -> None:
        """Marks escalations anew that were marked before, where the signals give something else by now and nobody stepped down.

        What was held while it was in doubt, and holds again, is told.
        """
        marked = [known for known in self.escalations.values() if known.holds is not None and self._still_stands(known)]
        now: Mapping[Axis, Assessment] = assess(self.signals.values(), rules.matrix) if marked else {}
        for known in marked:
            if now[known.axis].level != known.holds:
                self._mark(known, now[known.axis], rules, on)
        self.release(on)

    def raises(self, signal: KnownSignal, rules: Rules) -> bool:
        """Whether a signal, beside those that are known, raises an axis."""
        found = assess([*self.signals.values(), signal], rules.matrix, self.levels, self.considered, signal)
        return any(found[axis].level > self.levels[axis] for axis in Axis)

    def _still_stands(self, known: Escalation) -> bool:
        return self.levels[known.axis] >= known.level

    def _mark(self, known: Escalation, now: Assessment, rules: Rules, on: Occasion) -> None:
        self.record(
            self.EscalationRectified,
            on.by_rule(rules.matrix.version),
            escalation=known.id,
            axis=known.axis.value,
            level=int(known.level),
            holds=int(now.level),
            rule=now.rule,
            matrix=rules.matrix.version,
            signals=list(now.signals),
            lost=[signal for signal in known.signals if signal not in self.signals],
            tell=list(known.tell),
            contact=self.director.contact,
        )
