"""What whoever raised a signal hears of it: that somebody directs and how to reach them, that it was taken up, what was decided."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hub.domain.rules import Rules
from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase

TERM = "feedback-to-reporter"
"""The term of the matrix within which a reporter hears something; it starts when the hub first hears the signal."""
AHEAD = timedelta(days=1)
"""How long before its term is over a reporter is told the least there is, where nobody did anything yet."""


class Outcome(StrEnum):
    """How far a signal came, for its reporter."""

    WAITING = "waiting"
    """Nobody could say yet whose family it is about; the desk on duty can be reached."""
    RECEIVED = "received"
    """Somebody directs the family that it is about."""
    TAKEN_UP = "taken-up"
    """Somebody took notice of what rose, took direction over, or decided on help, since it came."""


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell: an outcome, and what was decided where anything was."""

    outcome: Outcome
    decision: str = ""


_ORDER = [outcome.value for outcome in Outcome]
_DECIDED = frozenset({Phase.ELIGIBLE, Phase.NOT_SUITABLE, Phase.CONTRA_INDICATED, Phase.CLOSED})


def news_of(event: Recorded) -> News | None:
    """What an event of a family is to those who raised a signal about it before: news, or nothing."""
    match event:
        case Trajectory.EscalationAcknowledged() | Trajectory.HandoverAccepted():
            return News(Outcome.TAKEN_UP)
        case Trajectory.ReferralDecided():
            return News(Outcome.TAKEN_UP, event.decision)
        case Trajectory.PlanAdopted():
            return News(Outcome.TAKEN_UP, "plan-adopted")
        case Trajectory.PhaseEntered() if event.phase in _DECIDED:
            return News(Outcome.TAKEN_UP, event.phase)
        case Trajectory.EndedEarly():
            return News(Outcome.TAKEN_UP, Phase.ENDED_EARLY.value)
        case Trajectory.WentToCompulsion():
            return News(Outcome.TAKEN_UP, Phase.COMPULSION.value)
    return None


TELLING = (
    Trajectory.EscalationAcknowledged,
    Trajectory.HandoverAccepted,
    Trajectory.ReferralDecided,
    Trajectory.PlanAdopted,
    Trajectory.PhaseEntered,
    Trajectory.EndedEarly,
    Trajectory.WentToCompulsion,
)
"""The events that can be news."""


def due(since: datetime, rules: Rules) -> datetime:
    """When the term is over of a signal that the hub first heard then."""
    return rules.due(TERM, since)


def heard_before(now: datetime, rules: Rules) -> datetime:
    """What was heard before this moment is to be told of now, though nothing happened, so that its term is kept."""
    day = timedelta(days=1)
    return next(now - day * back for back in range(10_000) if due(now - day * back, rules) - AHEAD <= now)


def feedback_id(message: UUID) -> UUID:
    """The stream of what was told of a message."""
    return stream_id("feedback", str(message))


@dataclass(frozen=True, slots=True)
class About:
    """Which signals of a message are told of: their family (empty while they wait), and the reporter's reference of the first."""

    family: str
    signals: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Reach:
    """For which organisation somebody directs, and how to reach them."""

    organisation: str
    contact: str


class Feedback(Stream):
    """What the organisation that sent a message was told became of it; beside the families, so that it changes none of them."""

    TOPIC = "feedback"

    reporter: str
    told: dict[str, "Feedback.Given"]
    decisions: dict[str, "Feedback.DecisionTold"]

    class Begun(Opening):
        """There is something to tell of a message, to the organisation (by the name of its registration) that sent it."""

        TOPIC = "feedback-begun"
        message: str
        reporter: str

        def apply(self, feedback: "Feedback") -> None:
            feedback.reporter, feedback.told, feedback.decisions = self.reporter, {}, {}

    class Given(Recorded):
        """The reporter can know how far its signals came, and whom to contact; `due` is when the term for that is over."""

        TOPIC = "feedback-given"
        message: str
        reporter: str
        family: str
        signals: list[str]
        reference: str
        outcome: str
        organisation: str
        contact: str
        due: datetime

        def apply(self, feedback: "Feedback") -> None:
            feedback.told.update(dict.fromkeys(self.signals, self))

    class DecisionTold(Recorded):
        """The reporter can know, where a ground allows, what was decided about the family that its signals are about."""

        TOPIC = "feedback-decision-told"
        message: str
        reporter: str
        family: str
        signals: list[str]
        reference: str
        decision: str
        organisation: str
        contact: str

        def apply(self, feedback: "Feedback") -> None:
            feedback.decisions.update(dict.fromkeys(self.signals, self))

    @classmethod
    def begin(cls, message: UUID, reporter: str, on: Occasion) -> "Feedback":
        """Nothing was told yet."""
        return cls.open(cls.Begun, feedback_id(message), on, message=str(message), reporter=reporter)

    def give(self, news: News, about: About, reach: Reach, message: UUID, due: datetime, on: Occasion) -> None:
        """Tells what is new; what was told of these signals already is silence."""
        if not about.signals:
            return
        said = {
            "message": str(message),
            "reporter": self.reporter,
            "family": about.family,
            "signals": list(about.signals),
            "reference": about.reference,
            "organisation": reach.organisation,
            "contact": reach.contact,
        }
        if any(self._came_further(signal, about.family, news.outcome) for signal in about.signals):
            self.record(self.Given, on, outcome=news.outcome.value, due=due, **said)
        if news.decision and any(self._decided_since(signal, about.family, news.decision) for signal in about.signals):
            self.record(self.DecisionTold, on, decision=news.decision, **said)

    def _came_further(self, signal: str, family: str, outcome: Outcome) -> bool:
        told = self.told.get(signal)
        return told is None or told.family != family or _ORDER.index(told.outcome) < _ORDER.index(outcome)

    def _decided_since(self, signal: str, family: str, decision: str) -> bool:
        told = self.decisions.get(signal)
        return told is None or (told.family, told.decision) != (family, decision)
