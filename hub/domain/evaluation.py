"""Evaluation: what became of a cohort of families, and how often partners signalled before, during and after their trajectory.

Each family is followed in months of its own: back from its start, on from its start, and on from its end. Of all together that is
one series of counts with two interruptions, as in Bernal, Cummins and Gasparrini, Interrupted time series regression for the
evaluation of public health interventions (International Journal of Epidemiology 46, 2017, 348-355). Nobody is compared with, so
it shows what changed and not why.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, floor, sqrt

from hub.domain.matrix import Words
from hub.domain.words import Axis, LifeArea

A_MONTH = timedelta(days=365.25 / 12)
SPAN = 12
"""Months that a family is followed before its start and after its end."""
FEWEST_FAMILIES = 5
"""In a month of the series: of fewer nothing is told."""
FEWEST_BEFORE = 8
"""Months: Penfold and Zhang, Use of interrupted time series analysis in evaluating health care quality improvements (2013)."""
FEWEST_LATER = 4
"""Months during and after, of the six that a trajectory lasts; Cochrane EPOC asks three."""
FEWEST_SIGNALS = 5
"""In each part of the series."""
FEWEST_HEARD = 3
"""Months of a part in which there was a signal: with one or two a trend may be anything."""
SIGNALS_EACH = 10
"""For each coefficient: Peduzzi and others, A simulation study of the number of events per variable (1996)."""
_SURE = 1.959963984540054
"""Standard deviations on either side within which 95 in 100 lie."""


@dataclass(frozen=True, slots=True)
class Told:
    """A signal: when the hub first knew of it, whose it is and what it is about."""

    at: datetime
    partner: str
    axis: Axis
    areas: tuple[LifeArea, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """How a family scored on a domain of an instrument at its start, and when it was measured last."""

    instrument: str
    domain: str
    first: int
    last: int


@dataclass(slots=True)
class Family:
    """What became of one family since it came into view; moments are `None` while they did not come.

    `ended` is when direction was handed back, or when it ended otherwise; `end` is the code of that. `known` is until when it is
    followed; `goals` are the life area of each goal with its result, empty where it goes on; `missing` are the criteria that were
    not met. `is_restricted` is whether anybody of it may have no data used but to keep it (GDPR, art. 18).
    """

    came: datetime
    known: datetime
    met: datetime | None = None
    referred: datetime | None = None
    decided: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    end: str = ""
    id: str = ""
    children: int = 0
    place: str = ""
    missing: tuple[str, ...] = ()
    signals: Sequence[Told] = ()
    goals: Sequence[tuple[LifeArea, str]] = ()
    changes: Sequence[Change] = ()
    is_restricted: bool = False

    def stretch(self, part: "Part") -> tuple[datetime, datetime] | None:
        """From when until when a part of its trajectory was, while it is followed; `None` where it did not come."""
        if part is Part.BEFORE:
            return self.came, self.started or self.ended or self.known
        if part is Part.DURING:
            return (self.started, self.ended or self.known) if self.started else None
        return (self.ended, min(self.known, self.ended + SPAN * A_MONTH)) if self.started and self.ended else None


def days_between(since: datetime | None, until: datetime | None) -> int | None:
    """Whole days, none less than nothing; `None` where one of them did not come."""
    return None if since is None or until is None else max((until - since).days, 0)


# How sure a share is ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Between:
    """Within what a share lies (95%), in percent, outwards to the nearest five."""

    low: int
    high: int


def share(count: int, of: int) -> Between | None:
    """The share that so many of them are (Wilson, 1927); `None` without five on either side.

    The bounds are told and not the share: together with the number it would say how many there were.
    """
    if min(count, of - count) < FEWEST_FAMILIES:
        return None
    part, square = count / of, _SURE**2
    middle = (part + square / (2 * of)) / (1 + square / of)
    half = _SURE * sqrt(part * (1 - part) / of + square / (4 * of * of)) / (1 + square / of)
    return Between(5 * floor(20 * (middle - half)), 5 * ceil(20 * (middle + half)))


# The series ---------------------------------------------------------------------------------------------------


class Part(StrEnum):
    """The three parts of the series."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(slots=True)
class Month:
    """A month of the series: the `nth` since its part began, or before the start below nothing.

    `exposure` is how many months of families are in it, which is less than `families` where some were not followed all month.
    """

    part: Part
    nth: int
    families: int = 0
    exposure: float = 0.0
    signals: int = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """One family since it came into view, with the moments at which partners signalled after that."""

    since: datetime
    started: datetime
    ended: datetime | None
    until: datetime
    told: Sequence[datetime]

    def stretches(self) -> Iterator[tuple[Part, datetime, datetime, datetime]]:
        """Each part with the moment that its months count from, its beginning and its end."""
        yield Part.BEFORE, self.started, max(self.since, self.started - SPAN * A_MONTH), self.started
        yield Part.DURING, self.started, self.started, self.ended or self.until
        if self.ended:
            yield Part.AFTER, self.ended, self.ended, min(self.until, self.ended + SPAN * A_MONTH)


def followed(families: Iterable[Family], counts: Callable[[Told], bool]) -> Iterator[Followed]:
    """The families that started, with the signals that count.

    A family is there because of its first signal: before that there can be none, and it says nothing of how often they come.
    """
    for one in families:
        if one.started:
            ended = one.ended if one.ended and one.ended > one.started else None
            told = [each.at for each in one.signals if each.at > one.came and counts(each)]
            yield Followed(one.came, one.started, ended, one.known, told)


def series(all_: Iterable[Followed]) -> list[Month]:
    """The months around the start and the end of which at least five families are followed, in order, without gaps."""
    found: dict[tuple[Part, int], Month] = {}
    for one in all_:
        for part, zero, begin, end in one.stretches():
            for nth in range(floor((begin - zero) / A_MONTH), ceil((end - zero) / A_MONTH)):
                at = zero + nth * A_MONTH
                month = found.setdefault((part, nth), Month(part, nth))
                first, last = max(begin, at), min(end, at + A_MONTH)
                month.families += 1
                month.exposure += (last - first) / A_MONTH
                month.signals += sum(first <= told < last for told in one.told)
    before = list(reversed(_enough(found, Part.BEFORE, -1, -1)))
    return [*before, *_enough(found, Part.DURING, 0, 1), *_enough(found, Part.AFTER, 0, 1)]


def _enough(found: dict[tuple[Part, int], Month], part: Part, nth: int, step: int) -> list[Month]:
    kept = []
    while (month := found.get((part, nth))) is not None and month.families >= FEWEST_FAMILIES:
        kept.append(month)
        nth += step
    return kept


def usable(months: Sequence[Month]) -> list[Month]:
    """The months that can be computed with: without those after the end, while there are too few of them."""
    is_enough = _missing(months, Part.AFTER, FEWEST_LATER) is None
    return [month for month in months if month.part is not Part.AFTER or is_enough]


def too_little(months: Sequence[Month]) -> Words | None:
    """Why nothing can be computed from these months; `None` where it can."""
    if why := _missing(months, Part.BEFORE, FEWEST_BEFORE) or _missing(months, Part.DURING, FEWEST_LATER):
        return why
    needed = SIGNALS_EACH * len(design(months)[0])
    if sum(month.signals for month in months) < needed:
        return Words(f"Te weinig signalen: {needed} zijn nodig.", f"Too few signals: {needed} are needed.")
    return None


_CALLED = {
    Part.BEFORE: Words("voor het begin", "before the start"),
    Part.DURING: Words("tijdens het traject", "during the trajectory"),
    Part.AFTER: Words("na het einde", "after the end"),
}


def _missing(months: Sequence[Month], part: Part, fewest: int) -> Words | None:
    """What there is too little of in one part."""
    those, called = [month for month in months if month.part is part], _CALLED[part]
    if len(those) < fewest:
        return Words(
            f"Te weinig maanden {called.dutch}: van minstens vijf gezinnen tegelijk zijn er {len(those)}, en {fewest} zijn nodig.",
            f"Too few months {called.english}: of at least five families at once there are {len(those)}, and {fewest} are needed.",
        )
    if sum(month.signals for month in those) < FEWEST_SIGNALS:
        return Words(f"Te weinig signalen {called.dutch}: minder dan vijf.", f"Too few signals {called.english}: fewer than five.")
    if sum(month.signals > 0 for month in those) < FEWEST_HEARD:
        return Words(
            f"Signalen {called.dutch} vallen in minder dan drie maanden.",
            f"Signals {called.english} are in fewer than three months.",
        )
    return None


def design(months: Sequence[Month]) -> list[list[float]]:
    """Of each month what explains it: 1, the month, whether it had begun, months since; and the last two of the end, if it came."""
    zero = sum(month.part is Part.BEFORE for month in months)
    end = zero + sum(month.part is Part.DURING for month in months)
    rows = []
    for place in range(len(months)):
        row = [1.0, float(place - zero), float(place >= zero), float(max(place - zero, 0))]
        rows.append(row + ([float(place >= end), float(max(place - end, 0))] if end < len(months) else []))
    return rows


class Coefficient(StrEnum):
    """What each column of the design is about, after the first: the level at the start had nothing begun."""

    TREND = "trend"
    LEVEL_AT_START = "level-at-start"
    TREND_SINCE_START = "trend-since-start"
    LEVEL_AT_END = "level-at-end"
    TREND_SINCE_END = "trend-since-end"


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as many signals: as found, and within what it lies (95%)."""

    of: Coefficient
    found: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether it lies all on one side of no change."""
        return self.low > 1 or self.high < 1


@dataclass(frozen=True, slots=True)
class Course:
    """What came of a series: ratios; and signals per family and month as the model has them, and as they would have gone on."""

    months: Sequence[Month]
    ratios: Sequence[Ratio]
    modelled: Sequence[float]
    otherwise: Sequence[float]


def lags(months: int) -> int:
    """Over how many months errors may hang together (the rule of thumb of Newey and West, 1994)."""
    return floor(4 * float((months / 100) ** (2 / 9)))
