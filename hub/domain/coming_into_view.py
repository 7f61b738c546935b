"""When households in serious trouble came into view: in time, too late or never, and which came into view for nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from hub.domain.neighbourhood import Life, Trouble
from hub.domain.words import LifeArea


class Verdict(StrEnum):
    """Whether a household came into view when it was in serious trouble."""

    IN_TIME = "in-time"
    TOO_LATE = "too-late"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which a household was in serious trouble, in days."""

    household: int
    since: float
    until: float


@dataclass(slots=True)
class View:
    """A time in which a household was in view: since somebody was asked to look, until they let go of it (if they did).

    `coached` is since when a coach was there; `looks` is how often somebody was asked to look.
    """

    household: int
    since: float
    until: float = inf
    coached: float | None = None
    looks: int = 0

    def overlaps(self, spell: Spell) -> bool:
        return self.household == spell.household and self.since < spell.until and spell.since < self.until


@dataclass(frozen=True, slots=True)
class Came:
    """A spell, and when the household came into view for it: before it where it was in view already, `None` where never."""

    spell: Spell
    at: float | None

    def verdict(self, late_after: float) -> Verdict:
        """Too late: more than so many days after the spell began."""
        if self.at is None:
            return Verdict.NEVER
        return Verdict.IN_TIME if self.at - self.spell.since <= late_after else Verdict.TOO_LATE


def spells(troubles: Iterable[Trouble], life: Life) -> list[Spell]:
    """When households were in serious trouble, by when it began: in enough areas at once a trouble was serious."""
    by_household: defaultdict[int, list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        by_household[trouble.household].append(trouble)
    found = [spell for nth, those in by_household.items() for spell in _of(nth, those, life)]
    return sorted(found, key=lambda spell: (spell.since, spell.household))


def _of(household: int, troubles: Sequence[Trouble], life: Life) -> Iterator[Spell]:
    serious = [(trouble.area, span) for trouble in troubles if (span := trouble.at_least(life.serious_from))]
    edges = sorted((moment, step, area) for area, span in serious for moment, step in zip(span, (1, -1), strict=True))
    areas: Counter[LifeArea] = Counter()
    since: float | None = None
    for moment, step, area in edges:
        areas[area] += step
        is_serious = sum(many > 0 for many in areas.values()) >= life.serious_areas
        if is_serious and since is None:
            since = moment
        elif not is_serious and since is not None:
            yield Spell(household, since, moment)
            since = None


def came(spells: Iterable[Spell], views: Iterable[View]) -> list[Came]:
    """For each spell when the household was first in view."""
    by_household: defaultdict[int, list[View]] = defaultdict(list)
    for view in views:
        by_household[view.household].append(view)
    return [
        Came(spell, min((view.since for view in by_household[spell.household] if view.overlaps(spell)), default=None))
        for spell in spells
    ]


def for_nothing(spells: Iterable[Spell], views: Iterable[View]) -> list[View]:
    """The times in view of households that were in no serious trouble all that time."""
    by_household: defaultdict[int, list[Spell]] = defaultdict(list)
    for spell in spells:
        by_household[spell.household].append(spell)
    return [view for view in views if not any(view.overlaps(spell) for spell in by_household[view.household])]
