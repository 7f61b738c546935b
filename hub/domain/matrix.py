"""The intervention matrix as it was agreed: what raises a level, who then leads, and which clocks start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from hub.domain.signals import KnownSignal
from hub.domain.words import Axis, Direction, Level, LifeArea, Weight


class Unit(StrEnum):
    """What a term is counted in."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working-days"
    WEEKS = "weeks"
    MONTHS = "months"


class Stagnation(StrEnum):
    """What raises the level of direction, but never an axis."""

    NO_PROGRESS = "no-progress"
    MISSED_DEADLINE = "missed-deadline"
    REFUSED_COOPERATION = "refused-cooperation"
    UNACKNOWLEDGED = "unacknowledged"


class Condition(StrEnum):
    """What a referral criterion can ask."""

    CHILD_WITH_WORRIES = "child-with-worries"
    ANY_MARK = "any-mark"
    SERIOUS_AREAS = "serious-areas"


@dataclass(frozen=True, slots=True)
class Words:
    """What people are shown, in both languages."""

    dutch: str = ""
    english: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take; `source` says where that stands, or begins with ``assumed``.

    `is_statutory` terms that end on a free day run on to the next working day (Algemene termijnenwet art. 1).
    """

    name: str
    amount: int
    unit: Unit
    source: str
    valid_from: date
    words: Words
    is_statutory: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """So many signals of one kind, by so many partners, over so many life areas and axes; an empty filter lets all through."""

    concerns: frozenset[str] = frozenset()
    areas: frozenset[LifeArea] = frozenset()
    axes: frozenset[Axis] = frozenset()
    weight_at_least: Weight = Weight.LIGHT
    signals_at_least: int = 1
    partners_at_least: int = 1
    areas_at_least: int = 1
    axes_at_least: int = 1

    def matches(self, signal: KnownSignal) -> bool:
        """Whether a signal counts for this need."""
        return (
            signal.weight >= self.weight_at_least
            and (not self.concerns or signal.concern in self.concerns)
            and (not self.axes or signal.axis in self.axes)
            and (not self.areas or not self.areas.isdisjoint(signal.areas))
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """An axis reaches a level when every need is met by signals that lie at most `within_days` apart.

    The first need is what the rule is about; the others are what must stand around it.
    """

    id: str
    axis: Axis
    level: Level
    within_days: int
    needs: tuple[Need, ...]
    source: str
    words: Words


@dataclass(frozen=True, slots=True)
class StagnationRule:
    """Direction that goes no further at one level is taken over by the next; `term` is the clock, where there is one."""

    id: str
    on: Stagnation
    held: Direction
    to: Direction
    source: str
    words: Words
    term: str = ""


@dataclass(frozen=True, slots=True)
class Lever:
    """Pressure or compulsion that the named authority may decide on, by that legal ground; the hub only advises it.

    `reconsider` is the term within which the decision must be looked at again.
    """

    lever: str
    by: str
    ground: str
    source: str
    words: Words
    reconsider: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What goes with an axis at a level: who leads, which levers are advised, which clocks start, who is told.

    `tell` are kinds of partners, `roles` kinds of people at the hub; `acknowledge` and `starts` are names of terms.
    """

    axis: Axis
    level: Level
    leads: str
    words: Words
    acknowledge: str = ""
    starts: tuple[str, ...] = ()
    levers: tuple[Lever, ...] = ()
    tell: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a referral asks; which fields count depends on the condition."""

    id: str
    condition: Condition
    within_days: int
    source: str
    words: Words
    weight_at_least: Weight = Weight.LIGHT
    age_at_most: int = 0
    marks: frozenset[str] = frozenset()
    areas_at_least: int = 0


@dataclass(frozen=True, slots=True)
class ContraIndication:
    """What may stand in the way of a trajectory; a person judges it, case by case."""

    id: str
    concerns: frozenset[str]
    source: str
    words: Words


@dataclass(frozen=True, slots=True)
class Matrix:
    """One version of the agreements, valid from its first through its last day (`None` is open).

    `silent` concerns, such as feedback, count for no rule and no criterion.
    """

    version: str
    valid_from: date
    valid_until: date | None
    source: str
    rules: tuple[Rule, ...]
    stagnation: tuple[StagnationRule, ...] = ()
    cells: Mapping[tuple[Axis, Level], Cell] = field(default_factory=dict)
    terms: Mapping[str, Term] = field(default_factory=dict)
    levers: Mapping[str, Lever] = field(default_factory=dict)
    criteria: tuple[Criterion, ...] = ()
    contra_indications: tuple[ContraIndication, ...] = ()
    silent: frozenset[str] = frozenset()
    _about: dict[tuple[object, ...], tuple[Rule, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def rules_about(self, signal: KnownSignal) -> tuple[Rule, ...]:
        """The rules that a signal counts for: they follow from its concern, weight, areas and axis, and are looked up once."""
        kind = (signal.concern, signal.weight, signal.areas, signal.axis)
        if kind not in self._about:
            self._about[kind] = tuple(rule for rule in self.rules if any(need.matches(signal) for need in rule.needs))
        return self._about[kind]

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
