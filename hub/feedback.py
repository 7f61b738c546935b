"""Those who raised signals, and what they hear of them: given in time by the hub itself, and fetched by whoever wants to know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.domain.feedback import About, Feedback, News, Outcome, Reach, due, feedback_id, heard_before
from hub.domain.messages import Message
from hub.domain.questions import MatchQuestion
from hub.domain.rules import Rules
from hub.domain.streams import THE_HUB, Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.families import question_id
from hub.register import Register, Unit


@dataclass(frozen=True, slots=True)
class Heard:
    """What the reporter of some signals can know now: of which, how far they came, since when that was told, and whom to reach.

    `at` is `None` where it was not told yet; `due` is when the term for that is over.
    """

    family: str
    signals: tuple[str, ...]
    outcome: Outcome
    decision: str
    reach: Reach
    due: datetime
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Reporters:
    """The organisations that raised signals; `rules` gives those in force at a moment, `duty` is reached while a signal waits."""

    register: Register
    rules: Callable[[datetime], Rules]
    duty: Director

    def heard_before(self, now: datetime) -> datetime:
        """What was heard before this moment is to be told of now, so that its term is kept."""
        return heard_before(now, self.rules(now))

    def give(self, message: UUID, family: str, signals: Sequence[str], since: datetime, news: News) -> None:
        """Tells whoever sent this message what there is to tell of these signals of it; what was told already is silence.

        Raises:
            NotKnown: there is no such message or family.
        """

        def work(unit: Unit) -> None:
            sent = unit.get(Message, message)
            rules = self.rules(since)
            on = Occasion(unit.at, THE_HUB, signals[0]).by_rule(rules.matrix.version)
            about, reach = self._about(family, signals, unit)
            if about.signals:
                told = unit.find(Feedback, feedback_id(message)) or unit.add(Feedback.begin(message, sent.received.partner, on))
                told.give(news, about, reach, message, due(since, rules), on)

        self.register.do(work)

    def of(self, message: UUID, now: Sequence[tuple[str, str]]) -> list[Heard]:
        """What the reporter of a message can know, by family; `now` pairs each of its signals with its family, or with nothing."""

        def look(unit: Unit) -> list[Heard]:
            since = unit.get(Message, message).received.timestamp
            told = unit.find(Feedback, feedback_id(message))
            families = dict.fromkeys(family for _, family in now)
            each = [(family, [signal for signal, of in now if of == family]) for family in families]
            return [heard for family, some in each if (heard := self._heard(family, some, since, told, unit)) is not None]

        return self.register.read(look)

    def _heard(self, family: str, signals: Sequence[str], since: datetime, told: Feedback | None, unit: Unit) -> Heard | None:
        about, reach = self._about(family, signals, unit)
        if not about.signals:
            return None
        given = told.told.get(about.signals[0]) if told else None
        decided = told.decisions.get(about.signals[0]) if told else None
        was_here = given is not None and given.family == family
        outcome = Outcome(given.outcome) if given and was_here else Outcome.RECEIVED if family else Outcome.WAITING
        return Heard(
            family=family,
            signals=about.signals,
            outcome=outcome,
            decision=decided.decision if decided and decided.family == family else "",
            reach=reach,
            due=due(since, self.rules(since)),
            at=given.timestamp if given and was_here else None,
        )

    def _about(self, family: str, signals: Sequence[str], unit: Unit) -> tuple[About, Reach]:
        """Those of the signals that are there still, and whoever directs there: the desk on duty while they wait."""
        if not family:
            return _waiting(signals, unit), _reach(self.duty)
        found = unit.get(Trajectory, UUID(family))
        here = [signal for signal in signals if signal in found.accounts]
        return About(family, tuple(here), found.accounts[here[0]].reference if here else ""), _reach(found.director)


def _waiting(signals: Sequence[str], unit: Unit) -> About:
    asked = [unit.find(MatchQuestion, question_id(signal)) for signal in signals]
    waiting: list[Any] = [
        question for question in asked if question is not None and not question.family and not question.has_lapsed
    ]
    reference = waiting[0].asked.signal["reference"] if waiting else ""
    return About("", tuple(question.asked.signal_id for question in waiting), reference)


def _reach(director: Director) -> Reach:
    return Reach(director.organisation, director.contact)
