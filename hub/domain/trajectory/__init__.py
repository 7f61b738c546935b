"""The trajectory of one family, facet by facet; each stands on the one before.

`clocks` → `members` → `escalating` → `direction` → `planned` → `course` → `levers` → `kinship` → here.
"""

from collections.abc import Sequence
from uuid import UUID

from hub.domain.matrix import Stagnation
from hub.domain.rules import Rules
from hub.domain.signals import Informed, KnownSignal
from hub.domain.streams import Occasion, Opening
from hub.domain.trajectory.clocks import RunningClock, is_acknowledgement
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
    ) -> None:
        """A partner's signal about this family, with all that follows from it; a repeat is silence."""
        if signal.id in self.signals:
            return
        self.reopen("a new signal", on)
        self.record_signal(signal, message=message, reference=reference, matched=matched, purpose=purpose, informed=informed, on=on)
        self.escalate(rules, on.because_of(signal.id), signal)
        self.advise_referral(rules, on.because_of(signal.id))

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
