"""What if: the same history of a family under another matrix, and where that differs from what was recorded.

What partners sent and what people decided stays as it was. Of what the hub decided by itself only the levels of the axes are
decided anew, by the same aggregate: not who would have been told, which terms would have passed, where direction would have gone,
or what anybody would have done about it. Where an axis would not have been above the level to which somebody stepped down, there
was nothing to step down from.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.domain.rules import Rules
from hub.domain.streams import THE_HUB, Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Axis, Level

_WEEK = timedelta(weeks=1)


class Outcome(StrEnum):
    """What becomes of a level that was reached, or would have been."""

    SAME = "same"
    EARLIER = "earlier"
    LATER = "later"
    MORE = "more"
    NOT_ANY_MORE = "not-any-more"


@dataclass(frozen=True, slots=True)
class Reached:
    """A level that an axis reached, when and by which rule."""

    at: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A level of an axis of a family: as it was recorded to be reached, and as it would have been; at least one of both."""

    family: UUID
    axis: Axis
    level: Level
    recorded: Reached | None
    supposed: Reached | None

    @property
    def weeks(self) -> float:
        """By how many weeks it would have been later; negative where earlier, and nothing where it is in one of both alone."""
        return (self.supposed.at - self.recorded.at) / _WEEK if self.recorded and self.supposed else 0.0

    @property
    def outcome(self) -> Outcome:
        if self.recorded is None:
            return Outcome.MORE
        if self.supposed is None:
            return Outcome.NOT_ANY_MORE
        if self.weeks == 0:
            return Outcome.SAME
        return Outcome.EARLIER if self.weeks < 0 else Outcome.LATER


@dataclass(frozen=True, slots=True)
class Tally:
    """How often what became of which level of which axis, and by how many whole weeks it was later (negative: earlier)."""

    outcomes: Counter[tuple[Axis, Level, Outcome]] = field(default_factory=Counter)
    weeks: Counter[tuple[Axis, Level, int]] = field(default_factory=Counter)

    def count(self, one: Compared) -> None:
        self.outcomes[one.axis, one.level, one.outcome] += 1
        if one.recorded and one.supposed:
            self.weeks[one.axis, one.level, round(one.weeks)] += 1

    def of(self, outcome: Outcome) -> int:
        """How many, of all axes and levels."""
        return sum(times for (_, _, each), times in self.outcomes.items() if each is outcome)


def suppose(facts: Sequence[Any], rules: Rules) -> Iterator[Compared]:
    """How high the axes of a family would have come by these rules, all along, beside how high they came by what was recorded.

    `facts` are all of its events, in their order; nothing is recorded.
    """
    recorded, supposed = _Course(), _Course()
    family: Trajectory = facts[0].mutate(None)
    for fact in facts[1:]:
        match fact:
            case Trajectory.LevelRaised():
                recorded.rise(fact)
            case Trajectory.SteppedDown():
                _step_down(family, fact, recorded, supposed)
            case _ if isinstance(fact, _BROUGHT_ABOUT):
                fact.apply(family)
        if isinstance(fact, _WEIGHED):
            for raised in _weigh(family, fact, rules):
                supposed.rise(raised)
    for axis, period, level in sorted(recorded.levels | supposed.levels, key=lambda key: (key[1], key[0], key[2])):
        place = axis, period, level
        yield Compared(facts[0].originator_id, axis, level, recorded.reached.get(place), supposed.reached.get(place))


_WEIGHED = (Trajectory.SignalRecorded, Trajectory.PersonUnrestricted)
_BROUGHT_ABOUT = (
    *_WEIGHED,
    Trajectory.SignalUnlinked,
    Trajectory.SignalWithdrawn,
    Trajectory.SignalCorrected,
    Trajectory.PersonJoined,
    Trajectory.PersonRestricted,
    Trajectory.PeopleLeft,
    Trajectory.LetGo,
    Trajectory.MergedInto,
    Trajectory.SeparatedAgain,
    Trajectory.Referred,
    Trajectory.ReferralDecided,
    Trajectory.PhaseEntered,
    Trajectory.EndedEarly,
    Trajectory.WentToCompulsion,
    Trajectory.Reopened,
)
"""What partners and people brought about, as far as it says which signals count."""
_Place = tuple[Axis, int, Level]
"""A level of an axis, after so many times that somebody stepped that axis down."""


class _Course:
    """How high each axis came, and when."""

    def __init__(self) -> None:
        self.reached: dict[_Place, Reached] = {}
        self.levels: set[_Place] = set()
        self._period: Counter[Axis] = Counter()
        self._floor = dict.fromkeys(Axis, Level.NONE)

    def rise(self, raised: Trajectory.LevelRaised) -> None:
        """An axis that rises to a level has reached those below it too."""
        axis = Axis(raised.axis)
        places = [(axis, self._period[axis], Level(level)) for level in range(self._floor[axis] + 1, raised.level_to + 1)]
        for place in places:
            self.reached.setdefault(place, Reached(raised.timestamp, raised.rule))
        self.levels.update(places[-1:])

    def step_down(self, fact: Trajectory.SteppedDown) -> None:
        """From here on it is about rising anew."""
        axis = Axis(fact.axis)
        self._period[axis] += 1
        self._floor[axis] = Level(fact.level_to)


def _step_down(family: Trajectory, fact: Trajectory.SteppedDown, *courses: _Course) -> None:
    for course in courses:
        course.step_down(fact)
    if family.levels[Axis(fact.axis)] > fact.level_to:
        fact.apply(family)


def _weigh(family: Trajectory, fact: Any, rules: Rules) -> list[Trajectory.LevelRaised]:
    if family.phase in ENDED or family.merged_into:
        return []
    new = fact.known if isinstance(fact, Trajectory.SignalRecorded) else None
    family.escalate(rules, Occasion(fact.timestamp, THE_HUB), new)
    return [made for made in family.collect_events() if isinstance(made, Trajectory.LevelRaised)]
