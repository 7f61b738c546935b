"""The terms that run for a family: started, stopped, and passed, each as an event so that a replay fires nothing twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.domain.streams import Occasion, Recorded, Stream, sealed
from hub.domain.words import Phase
from hub.errors import NotKnown, RuleBroken

ENDED = frozenset({Phase.CLOSED, Phase.ENDED_EARLY, Phase.COMPULSION})
"""The phases after which only corrections and aftercare are accepted (L16)."""

SEEN_BY_THE_HUB = frozenset({"handover-answer", "referral-decision", "no-progress", "goal", "trajectory", "aftercare"})
"""The terms whose end the hub sees for itself, beside those of an acknowledgement and of a lever."""


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A term that runs: what it is, what it is about (an id within the trajectory, or empty), and when it is over."""

    clock: str
    term: str
    about: str
    due: datetime


class Clocks(Stream):
    """What the other facets stand on: the phase, whether this family was merged into another, and the running terms."""

    TOPIC = "trajectory-clocks"

    phase: Phase
    merged_into: str
    clocks: dict[str, RunningClock]
    missed: dict[str, RunningClock]

    def begin(self) -> None:
        self.phase = Phase.CANDIDATE
        self.merged_into = ""
        self.clocks = {}
        self.missed = {}

    class ClockStarted(Recorded):
        """A term began to run."""

        TOPIC = "clock-started"
        clock: str
        term: str
        about: str
        due: datetime

        def apply(self, family: "Clocks") -> None:
            family.clocks[self.clock] = RunningClock(self.clock, self.term, self.about, self.due)
            family.missed.pop(self.clock, None)

    class ClockStopped(Recorded):
        """What the term was for happened in time, or is no longer needed."""

        TOPIC = "clock-stopped"
        clock: str

        def apply(self, family: "Clocks") -> None:
            family.clocks.pop(self.clock, None)

    class TermMet(Recorded):
        """A person noted that what the term was for was done, in time or not: the meeting held, the assessment made."""

        TOPIC = "term-met"
        SEALED = sealed("words")
        clock: str
        term: str
        about: str
        words: str

        def apply(self, family: "Clocks") -> None:
            family.clocks.pop(self.clock, None)
            family.missed.pop(self.clock, None)

    class DeadlinePassed(Recorded):
        """A term was over before what it was for happened."""

        TOPIC = "deadline-passed"
        clock: str
        term: str
        about: str
        due: datetime

        def apply(self, family: "Clocks") -> None:
            family.clocks.pop(self.clock, None)
            family.missed[self.clock] = RunningClock(self.clock, self.term, self.about, self.due)

    def start_clock(self, term: str, about: str, due: datetime, on: Occasion) -> None:
        """Starts a term; one that runs for the same thing already is replaced only by another date."""
        clock = f"{term}:{about}" if about else term
        running = self.clocks.get(clock)
        if running is None or running.due != due:
            self.record(self.ClockStarted, on, clock=clock, term=term, about=about, due=due)

    def stop_clock(self, term: str, about: str, on: Occasion) -> None:
        """Stops a term; one that does not run is silence."""
        clock = f"{term}:{about}" if about else term
        if clock in self.clocks:
            self.record(self.ClockStopped, on, clock=clock)

    def meet_terms(self, clocks: Iterable[str], words: str, on: Occasion) -> None:
        """A person notes that what all these terms are for was done, by one deed. Raises: NotKnown, RuleBroken."""
        for clock in dict.fromkeys(clocks):
            self.meet_term(clock, words, on)

    def meet_term(self, clock: str, words: str, on: Occasion) -> None:
        """A person notes that what a term is for was done, be it after it passed.

        Raises:
            NotKnown: no such term runs, or passed without it.
            RuleBroken: without words, or where the hub itself sees whether it was done.
        """
        motivated(words)
        running = self.clocks.get(clock) or self.missed.get(clock)
        if running is None:
            raise NotKnown("No such term runs for this family, or passed.")
        if running.term in SEEN_BY_THE_HUB or is_acknowledgement(running.term):
            raise RuleBroken("The hub sees this by itself: do what the term is for.", code="term-of-the-hub")
        self.record(self.TermMet, on, clock=clock, term=running.term, about=running.about, words=words)

    def overdue(self, now: datetime) -> list[RunningClock]:
        """The terms that are over, the longest first."""
        return sorted((clock for clock in self.clocks.values() if clock.due <= now), key=lambda clock: (clock.due, clock.clock))

    def must_go_on_here(self) -> None:
        """Raises: RuleBroken, where this family was merged into another."""
        if self.merged_into:
            raise RuleBroken("This family was merged into another; decide there.", code="family-merged")

    def must_be_open(self) -> None:
        """Raises: RuleBroken, where the trajectory has ended or goes on in another family."""
        self.must_go_on_here()
        if self.phase in ENDED:
            raise RuleBroken("This trajectory has ended: only corrections and aftercare are accepted.", code="trajectory-ended")


def is_acknowledgement(term: str) -> bool:
    """Whether a term is one within which a person must take notice."""
    return term.startswith("acknowledge-")


def motivated(motivation: str) -> None:
    """Raises: RuleBroken, where a decision comes without a reason in words."""
    if not motivation.strip():
        raise RuleBroken("A decision about people needs a motivation in words.", code="motivation-missing")
