"""How long what is kept is kept: the register of terms, from when each counts, and since when a family is over."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from hub.domain.matrix import Words
from hub.domain.streams import Recorded
from hub.domain.terms import AMSTERDAM
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Phase

_ISO = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A period of the calendar (ISO 8601, without hours); `text` is as it is written, such as ``P1Y6M``."""

    text: str
    months: int
    days: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises: ValueError, where it is no such period."""
        if (found := _ISO.fullmatch(text)) is None:
            raise ValueError("not a period of years, months, weeks and days (ISO 8601)")
        years, months, weeks, days = (int(many or 0) for many in found.groups())
        return cls(text, years * 12 + months, weeks * 7 + days)

    def last_day(self, start: date) -> date:
        """The last day of the period; what begins on a day that a month lacks ends on that month's last (29 February: 28)."""
        years, month = divmod(start.month - 1 + self.months, 12)
        year = start.year + years
        if year > date.max.year:
            return date.max
        whole = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
        return date.fromordinal(min(whole.toordinal() + self.days, date.max.toordinal()))

    def is_over(self, start: date, today: date) -> bool:
        """Whether its last day is past."""
        return self.last_day(start) < today

    def latest_start(self, today: date) -> date:
        """The last day of which the period, begun then, is over."""
        day = today - timedelta(days=min(self.days + self.months * 28, today.toordinal() - 1))
        while day > date.min and not self.is_over(day, today):
            day -= timedelta(days=1)
        return day


class Deed(StrEnum):
    """What is done when a term is over."""

    DESTROY_KEYS = "destroy-keys"
    """By a run: what was sealed is unreadable from then on, wherever it stands."""
    DELETE_ROWS = "delete-rows"
    """By a run."""
    WITH_THE_FAMILY = "with-the-family"
    """With the last family that it is of."""
    BY_ITSELF = "by-itself"
    """The hub does it as it goes."""
    OPERATOR = "operator"
    """By whoever operates the hub, for it lies outside."""
    ELSEWHERE = "elsewhere"
    """By whoever has to keep it: the hub is not where it is kept."""
    NOT_YET = "not-yet"
    """By nobody: the hub has no way to do it, and says so."""


CLOSED, LEFT, NEVER_HELPED = "family-closed", "family-ended-otherwise", "family-never-helped"
UNPLACED, QUARANTINE, DELIVERIES, MAILS = "signals-unplaced", "messages-in-quarantine", "deliveries", "mails"
FAMILIES = (CLOSED, LEFT, NEVER_HELPED)
EXECUTED: Mapping[str, Deed] = {
    **dict.fromkeys((*FAMILIES, UNPLACED, QUARANTINE), Deed.DESTROY_KEYS),
    **dict.fromkeys((DELIVERIES, MAILS), Deed.DELETE_ROWS),
}
"""The categories that a run knows how to end, and how."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of data, as the register has it from a day on; without a term it goes with something else.

    `counts_from` is the event or date that the term counts from; `assumed` says what is not sure, empty where nothing is.
    """

    code: str
    words: Words
    term: Period | None
    counts_from: str
    deed: Deed
    source: str
    assumed: str
    valid_from: date
    valid_until: date | None

    def holds(self, day: date) -> bool:
        """Whether this is the word of the register that day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def due(self, start: date) -> date | None:
        """The first day on which it may no longer be kept, as the register is now."""
        last = self.term.last_day(start) if self.term else date.max
        return last + timedelta(days=1) if last < date.max else None


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """The register: every category as it was and will be, and what this version of it is called."""

    version: str
    categories: Sequence[Category]

    def at(self, day: date) -> Mapping[str, Category]:
        """What holds that day, by code; of two that do, the later counts."""
        in_order = sorted(self.categories, key=lambda one: one.valid_from)
        return {one.code: one for one in in_order if one.holds(day)}

    def is_due(self, code: str, start: date, today: date) -> bool:
        """Whether the term of that category is over today, by what holds today."""
        found = self.at(today).get(code)
        return found is not None and found.term is not None and found.term.is_over(start, today)

    def latest_start(self, code: str, today: date) -> date | None:
        """What began that day or before is due today; nothing where the register has no term, or a run may not end it."""
        found = self.at(today).get(code)
        if found is None or found.term is None or EXECUTED.get(code) is not found.deed:
            return None
        return found.term.latest_start(today)


# Since when ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a family stands, since when its term counts, and into which it was merged."""

    phase: Phase
    since: datetime
    merged_into: str = ""

    @property
    def category(self) -> str:
        """Its category, or nothing while it is under way."""
        return _CATEGORIES.get(self.phase, "")

    @property
    def day(self) -> date:
        """Since which day, by the Dutch calendar."""
        return self.since.astimezone(AMSTERDAM).date()


_CATEGORIES = {
    Phase.CLOSED: CLOSED,
    Phase.ENDED_EARLY: LEFT,
    Phase.COMPULSION: LEFT,
    **dict.fromkeys((Phase.CANDIDATE, Phase.NOT_SUITABLE, Phase.CONTRA_INDICATED), NEVER_HELPED),
}
_PHASES: Mapping[type[Recorded], Phase] = {
    Trajectory.Referred: Phase.REFERRED,
    Trajectory.EndedEarly: Phase.ENDED_EARLY,
    Trajectory.WentToCompulsion: Phase.COMPULSION,
    Trajectory.Reopened: Phase.CANDIDATE,
}
_MORE = (Trajectory.SignalRecorded, Trajectory.BroughtIn, Trajectory.LetGo)
FOLLOWED: tuple[type[Recorded], ...] = (
    Trajectory.Opened,
    Trajectory.PhaseEntered,
    Trajectory.ReferralDecided,
    Trajectory.MergedInto,
    Trajectory.SeparatedAgain,
    *_PHASES,
    *_MORE,
)
"""The events by which a family's term begins, or begins anew."""


def follow(stand: Stand | None, event: Any) -> Stand:
    """Where a family stands after that event; what an ended one still hears of does not begin its term anew."""
    at = event.timestamp
    if stand is None:
        return Stand(Phase.CANDIDATE, at)
    match event:
        case Trajectory.PhaseEntered():
            return replace(stand, phase=Phase(event.phase), since=at)
        case Trajectory.ReferralDecided():
            return replace(stand, phase=Phase(event.decision), since=at)
        case Trajectory.MergedInto():
            return replace(stand, merged_into=event.into)
        case Trajectory.SeparatedAgain():
            return replace(stand, merged_into="", since=at)
    if type(event) in _PHASES:
        return replace(stand, phase=_PHASES[type(event)], since=at)
    return replace(stand, since=at) if isinstance(event, _MORE) and stand.phase not in ENDED else stand


def stand_of(facts: Sequence[Any]) -> Stand:
    """Where a family stands after all that was recorded of it."""
    stand: Stand | None = None
    for fact in facts:
        stand = follow(stand, fact)
    if stand is None:
        raise ValueError("nothing was recorded of it")
    return stand
