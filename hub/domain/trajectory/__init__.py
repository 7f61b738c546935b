"""The trajectory of one family, facet by facet; each stands on the one before.

`clocks` → `members` → `restricting` → `escalating` → `rectifying` → `direction` → `planned` → `course` → `levers` →
`voice` → `network` → `measured` → `kinship` → here.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from hub.domain.matrix import Stagnation
from hub.domain.rules import Rules
from hub.domain.signals import Informed, KnownSignal
from hub.domain.streams import Occasion, Opening, Recorded
from hub.domain.trajectory.clocks import ENDED, RunningClock, is_acknowledgement
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.kinship import Kinship


class Trajectory(Kinship):
    """One family: what is known, how high it stands, who directs, and which plan is valid."""

    TOPIC = "trajectory"

    class Opened(Opening):
        """A first signal about a family that the hub did not know; from here on it has exactly one director."""

        TOPIC = "trajectory-opened"
        director: str
        organisation: str
        contact: str
        municipality: str

        def apply(self, family: "Trajectory") -> None:
            family.begin()
            family.director = Director(self.director, self.organisation, self.contact)

    @classmethod
    def begin_with(cls, family: UUID, director: Director, municipality: str, on: Occasion) -> "Trajectory":
        """Opens the trajectory of a family, with the director of duty until somebody takes over."""
        return cls.open(
            cls.Opened,
            family,
            on,
            director=director.who,
            organisation=director.organisation,
            contact=director.contact,
            municipality=municipality,
        )

    def hear(
        self,
        signal: KnownSignal,
        *,
        message: str,
        reference: str,
        matched: Sequence[str],
        purpose: str,
        informed: Informed | None,
        rules: Rules,
        on: Occasion,
        instead_of: Collection[str] = (),
    ) -> None:
        """A partner's signal about this family, with all that follows from it; a repeat is silence.

        `instead_of` are signals that it corrects: where this family had one of them, it opens an ended trajectory again only if
        it raises an axis.
        """
        if signal.id in self.signals or signal.id in self.taken_back:
            return
        if self.taken_back.keys().isdisjoint(instead_of) or self.raises(signal, rules):
            self.reopen("a new signal", on)
        self.record_signal(signal, message=message, reference=reference, matched=matched, purpose=purpose, informed=informed, on=on)
        if self.phase not in ENDED:
            self.escalate(rules, on.because_of(signal.id), signal)
            self.advise_referral(rules, on.because_of(signal.id))
        self.reweigh(rules, on.because_of(signal.id))

    def withdraw(self, signals: Sequence[str], message: str, rules: Rules, on: Occasion) -> None:
        """The partner that sent signals withdrew them by that message; what rested on them is marked, a repeat is silence."""
        here = [signal for signal in dict.fromkeys(signals) if self.rests_on(signal)]
        for signal in here:
            self._record_taken_back(self.SignalWithdrawn, signal, message, on, people=self.named_only_by(signal))
        self.reconsider(here, rules, on)

    def correct(self, signals: Sequence[str], message: str, instead: Sequence[str], on: Occasion) -> list[str]:
        """The partner that sent signals corrected them by that message; gives those that were here, which `settle` asks for.

        It follows when what the message says instead is recorded, so that nothing falls and rises in between.
        """
        here = [signal for signal in dict.fromkeys(signals) if self.rests_on(signal)]
        for signal in here:
            self._record_taken_back(self.SignalCorrected, signal, message, on, instead=list(instead))
        return here

    def settle(self, corrected: Sequence[str], named: Collection[str], message: str, rules: Rules, on: Occasion) -> None:
        """Ends a correction: of those whom the signals `named` they leave whom nothing names now, and what rested is marked."""
        if corrected:
            self.let_leave(named, message, on)
            self.reconsider(corrected, rules, on)

    def reconsider(self, taken_back: Sequence[str], rules: Rules, on: Occasion) -> None:
        """Marks what rested on signals that were taken back, and weighs once more what the hub advises."""
        if taken_back:
            on = on.because_of(taken_back[0])
            self.rectify(self.resting_on(taken_back), rules, on)
            self.advise_anew(rules, on)

    def _record_taken_back(self, event: type[Recorded], signal: str, message: str, on: Occasion, **said: Any) -> None:
        rested = self.resting_on([signal])
        said |= {"rested": rested, "decisions": self.decided_on(rested), "referral": signal in self.referred_on}
        self.record(event, on, signal=signal, message=message, **said)

    def restrict(self, person: str, on: Occasion) -> None:
        """What is kept of a person of this family is used no longer; a repeat is silence."""
        self.mark_restricted(person, True, on, self._told_before(), self.director.contact)

    def unrestrict(self, person: str, rules: Rules, on: Occasion) -> None:
        """What is kept of a person of this family is used again, with all that follows from it; a repeat is silence."""
        is_news = self.mark_restricted(person, False, on, self._told_before(), self.director.contact)
        if is_news and self.phase not in ENDED and not self.merged_into:
            self.release(on)
            self.escalate(rules, on)
            self.advise_referral(rules, on)

    def _told_before(self) -> set[str]:
        """The kinds of partners that were to be told of this family."""
        return {kind for known in self.escalations.values() for kind in known.tell}

    def pass_deadlines(self, rules: Rules, on: Occasion) -> None:
        """Every term that is over becomes an event, once, with what follows from it; a merged family's wait."""
        for clock in self.overdue(on.at) if not self.merged_into else ():
            if clock.clock in self.clocks:
                self.record(self.DeadlinePassed, on, clock=clock.clock, term=clock.term, about=clock.about, due=clock.due)
                self._follow(clock, rules, on.because_of(clock.clock))

    def _follow(self, clock: RunningClock, rules: Rules, on: Occasion) -> None:
        if clock.term == "handover-answer":
            self.time_out_handover(clock.about, on)
        elif clock.term == "no-progress":
            self.stagnate(Stagnation.NO_PROGRESS, clock.clock, rules, on)
            self.progress_made(rules, on)
        elif is_acknowledgement(clock.term):
            self.stagnate(Stagnation.UNACKNOWLEDGED, clock.about, rules, on)
        elif clock.term != "aftercare":  # that one is meant to pass
            self.stagnate(Stagnation.MISSED_DEADLINE, clock.clock, rules, on)
