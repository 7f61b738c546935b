"""A neighbourhood that does not exist: households, troubles that begin, grow and fade unseen, and what partners see of them.

Troubles in a life area begin at random (a Poisson process), more often in vulnerable households. A trouble grows in a straight line
to its peak, stays there, and fades in a straight line; its peak is drawn evenly between nothing and 1, and how long each part takes
from an exponential distribution. One that becomes serious may bring along another in another area. Who can see a trouble sees it at
random while it is grave enough to be seen, and says so after a delay; now and then something is said where there is nothing.

All that is drawn comes out of one row of chances: the same chances make the same neighbourhood. Moments are days since somebody
begins to look; people lived there before, so troubles begin before that day too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from heapq import heappop, heappush
from itertools import accumulate, count
from math import log

from hub.domain.identifiers import numbers_for_tests
from hub.domain.words import LifeArea

Chance = Callable[[], float]
"""Draws evenly between 0 and 1, 1 left out."""
A_YEAR = 365.25
BEFORE = 2 * A_YEAR
"""Days that people live there before anybody begins to look: by then as many troubles fade as begin."""
MOST_PEOPLE = 4
"""Of one household: two adults and two children."""
_GOLDEN = 0.6180339887498949
"""Its multiples, without what is before the point, lie evenly between 0 and 1 (Weyl)."""
_GIVEN = ("Robin", "Sacha", "Noa", "Jip")


@dataclass(frozen=True, slots=True)
class Mix:
    """A composition of households, and its part of all of them in percent."""

    code: str
    adults: int
    children: int
    percent: float


@dataclass(frozen=True, slots=True)
class Hazard:
    """How many troubles in a life area begin by themselves in a year, in 1,000 households."""

    area: LifeArea
    yearly: float


@dataclass(frozen=True, slots=True)
class Eye:
    """What a kind of partner can see of troubles in a life area, and tells as that concern.

    It sees one of a gravity of at least `seen_from` so often a `weekly`, and tells of it after `delay` days on average; in 1,000
    households it tells so often a year (`mistaken`) where there is nothing. `of_child`: only where there are children.
    """

    partner: str
    concern: str
    area: LifeArea
    seen_from: float
    weekly: float
    delay: float
    mistaken: float
    of_child: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """How troubles go: parts of one, average days, and in how many areas at once serious trouble is that of the household."""

    vulnerable_share: float
    vulnerable_times: float
    grows_days: float
    stays_days: float
    fades_days: float
    serious_from: float
    brings_along: float
    serious_areas: float


@dataclass(frozen=True, slots=True)
class Work:
    """How people work on what comes into view: days, hours, weeks, and how many there are.

    `late_after` is how many days after a household came into serious trouble it is too late to come into view.
    """

    look_days: float
    answer_days: float
    look_hours: float
    coach_weeks: float
    coach_hours: float
    coach_families: float
    coaches: float
    late_after: float


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Everything that is taken to be so."""

    mix: Sequence[Mix]
    hazards: Sequence[Hazard]
    eyes: Sequence[Eye]
    life: Life
    work: Work


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who does not exist; the person number is one that is only for tests, and empty once those are given out."""

    number: str
    given: str
    name: str
    born: date


@dataclass(frozen=True, slots=True)
class Household:
    """Who lives together, and where: nobody else has that name or that address."""

    adults: Sequence[Resident]
    children: Sequence[Resident]
    postcode: str
    house: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble that nobody may have seen: how grave it is at its peak (at most 1), and how many days each part takes."""

    household: int
    area: LifeArea
    begins: float
    peak: float
    grows: float
    stays: float
    fades: float

    def at_least(self, gravity: float) -> tuple[float, float] | None:
        """From when until when it is so grave; `None` where it never is."""
        if gravity > self.peak:
            return None
        part = gravity / self.peak
        top = self.begins + self.grows
        return self.begins + part * self.grows, top + self.stays + (1 - part) * self.fades


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a partner sees of a household, and tells later; `trouble` is `None` where there was nothing to see."""

    household: int
    eye: Eye
    seen: float
    told: float
    trouble: Trouble | None


Happening = Trouble | Sighting


def household(nth: int, mix: Sequence[Mix]) -> Household:
    """The nth household: always the same, kept nowhere."""
    shares = list(accumulate(each.percent for each in mix))
    at = nth * _GOLDEN % 1 * shares[-1]
    found = next(each for each, until in zip(mix, shares, strict=True) if at < until)
    everybody = [_resident(nth, place) for place in range(MOST_PEOPLE)]
    adults, children = everybody[: found.adults], everybody[2 : 2 + found.children]
    return Household(adults, children, f"{1000 + nth % 9000}ZZ", str(1 + nth // 9000))


def _resident(nth: int, place: int) -> Resident:
    numbers, at = _numbers(), nth * MOST_PEOPLE + place
    year = (1975 + nth % 20) if place < 2 else (2009 + nth % 6)
    born = date(year, 1 + (nth + place) % 12, 1 + (nth // 7 + place) % 28)
    return Resident(numbers[at] if at < len(numbers) else "", _GIVEN[place], f"Verzonnen{nth}", born)


@cache
def _numbers() -> Sequence[str]:
    return tuple(numbers_for_tests())


def happenings(assumed: Assumptions, households: int, chance: Chance) -> Iterator[Happening]:
    """Every trouble as it begins and every sighting as it is told, in the order of their moments, without end.

    What is told before anybody begins to look is lost; troubles that began before are not.

    What is kept meanwhile is what still runs: it does not grow with time.
    """
    life = _Lives(assumed, households, chance)
    while True:
        yield from life.go_on()


class _Lives:
    """What will happen, as far as it is known already."""

    def __init__(self, assumed: Assumptions, households: int, chance: Chance) -> None:
        self._assumed, self._households, self._chance = assumed, households, chance
        self._agenda: list[tuple[float, int, Hazard | Eye | Happening]] = []
        self._order = count()
        for hazard in assumed.hazards:
            self._again(hazard, -BEFORE, hazard.yearly)
        for eye in assumed.eyes:
            self._again(eye, 0.0, eye.mistaken)

    def go_on(self) -> Iterator[Happening]:
        """The next thing, and what follows from it."""
        moment, _, what = heappop(self._agenda)
        if isinstance(what, Hazard):
            self._begin(self._somebody(), what.area, moment)
            self._again(what, moment, what.yearly)
        elif isinstance(what, Eye):
            at = int(self._chance() * self._households)
            if self._may_see(what, at):
                self._see(Sighting(at, what, moment, moment + self._wait(what.delay), None))
            self._again(what, moment, what.mistaken)
        else:
            if isinstance(what, Trouble):
                self._run(what)
            if isinstance(what, Trouble) or moment >= 0:
                yield what

    def _plan(self, moment: float, what: Hazard | Eye | Happening) -> None:
        heappush(self._agenda, (moment, next(self._order), what))

    def _again(self, what: Hazard | Eye, moment: float, yearly: float) -> None:
        if rate := yearly * self._households / 1000 / A_YEAR:
            self._plan(moment + self._wait(1 / rate), what)

    def _wait(self, mean: float) -> float:
        return -mean * log(1 - self._chance())

    def _somebody(self) -> int:
        """The first households are the vulnerable ones."""
        life, all_of_them = self._assumed.life, self._households
        vulnerable = round(life.vulnerable_share * all_of_them)
        weight = vulnerable * life.vulnerable_times
        at = self._chance() * (weight + all_of_them - vulnerable)
        return int(at / life.vulnerable_times) if at < weight else vulnerable + int(at - weight)

    def _begin(self, household: int, area: LifeArea, moment: float) -> None:
        life = self._assumed.life
        peak = 1 - self._chance()
        parts = (self._wait(life.grows_days), self._wait(life.stays_days), self._wait(life.fades_days))
        self._plan(moment, Trouble(household, area, moment, peak, *parts))

    def _run(self, trouble: Trouble) -> None:
        """What is seen of a trouble, and the one that it may bring along."""
        for eye in self._assumed.eyes:
            seen = trouble.at_least(eye.seen_from)
            if eye.area is trouble.area and seen and self._may_see(eye, trouble.household):
                self._watch(trouble, eye, *seen)
        serious = trouble.at_least(self._assumed.life.serious_from)
        if serious and self._chance() < self._assumed.life.brings_along:
            others = [each.area for each in self._assumed.hazards if each.area is not trouble.area]
            if others:
                self._begin(trouble.household, others[int(self._chance() * len(others))], serious[0])

    def _may_see(self, eye: Eye, nth: int) -> bool:
        return not eye.of_child or bool(household(nth, self._assumed.mix).children)

    def _watch(self, trouble: Trouble, eye: Eye, since: float, until: float) -> None:
        if not eye.weekly:
            return
        while (since := since + self._wait(7 / eye.weekly)) < until:
            self._see(Sighting(trouble.household, eye, since, since + self._wait(eye.delay), trouble))

    def _see(self, sighting: Sighting) -> None:
        self._plan(sighting.told, sighting)
