"""From signals to levels: a pure function of the set of signals, so that the order in which they came does not matter."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.domain.matrix import Matrix, Need, Rule
from hub.domain.signals import KnownSignal
from hub.domain.words import Axis, Level

Settled = Mapping[Axis, frozenset[str]]
"""Per axis the signals a person had before them when stepping down: no rule is about them again, but they stay context."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How high an axis stands, by which rule, and the ids of the signals this rests on, in the order of their days."""

    axis: Axis
    level: Level = Level.NONE
    rule: str = ""
    signals: tuple[str, ...] = ()


def assess(
    signals: Iterable[KnownSignal],
    matrix: Matrix,
    floor: Mapping[Axis, Level] | None = None,
    settled: Settled | None = None,
    new: KnownSignal | None = None,
) -> dict[Axis, Assessment]:
    """Every axis as these signals make it: a repeat changes nothing, and one signal more never lowers a level.

    Only rules above the `floor` are looked at; an axis that nothing lifts above it stands at no level with no rule.
    Where the floor is what the signals make without the `new` one, naming that one gives the same outcome from
    the signals near it alone, so that the cost of a signal does not grow with a long history.
    """
    about = matrix.rules if new is None else matrix.rules_about(new)
    rules = [rule for rule in about if rule.level > (floor or {}).get(rule.axis, Level.NONE)]
    if new is not None:
        signals = _near(new, signals, rules, matrix)
    ordered = _in_order(signals, matrix) if rules else []
    whole = _span(ordered)
    # a rule that asks more than there is of anything needs no closer look
    rules = [rule for rule in rules if all(_is_enough(need, whole) for need in rule.needs)]
    return {axis: _highest(axis, rules, ordered, settled or {}) for axis in Axis}


def overall(levels: Mapping[Axis, Level]) -> Level:
    """The level of a family: that of its highest axis."""
    return max(levels.values(), default=Level.NONE)


class _Tally:
    """How far one need is met by the signals between two moving ends."""

    __slots__ = ("_areas", "_axes", "_count", "_need", "_partners")

    def __init__(self, need: Need) -> None:
        self._need, self._count = need, 0
        self._partners: Counter[str] = Counter()
        self._areas: Counter[str] = Counter()
        self._axes: Counter[str] = Counter()

    def move(self, signal: KnownSignal, step: int) -> None:
        """Takes a signal in (+1) or out (-1)."""
        self._count += step
        for counted, keys in ((self._partners, (signal.partner,)), (self._areas, signal.areas), (self._axes, (signal.axis,))):
            for key in keys:
                counted[key] += step
                if not counted[key]:
                    del counted[key]

    @property
    def is_met(self) -> bool:
        need = self._need
        return (
            self._count >= need.signals_at_least
            and len(self._partners) >= need.partners_at_least
            and len(self._areas) >= need.areas_at_least
            and len(self._axes) >= need.axes_at_least
        )

    def lacks(self, signal: KnownSignal) -> bool:
        """Whether this signal would bring the need nearer."""
        need = self._need
        return (
            self._count < need.signals_at_least
            or (len(self._partners) < need.partners_at_least and signal.partner not in self._partners)
            or (len(self._areas) < need.areas_at_least and any(area not in self._areas for area in signal.areas))
            or (len(self._axes) < need.axes_at_least and signal.axis not in self._axes)
        )


class _Span(NamedTuple):
    """How much there is of what a need counts."""

    signals: int
    partners: int
    areas: int
    axes: int


@dataclass(frozen=True, slots=True)
class _Test:
    """A rule with the signals that it may no longer be about."""

    rule: Rule
    settled: frozenset[str]

    def counts(self, place: int, signal: KnownSignal) -> bool:
        return self.rule.needs[place].matches(signal) and not (place == 0 and signal.id in self.settled)

    def evidence(self, ordered: Sequence[KnownSignal]) -> tuple[str, ...]:
        """The signals of the first window in which every need is met, without those that can be missed."""
        if not self._is_met_by(ordered):
            return ()
        window = self._first_window(ordered)
        kept = {signal.id for signal in self._without_surplus(self._chosen(window))}
        return tuple(signal.id for signal in window if signal.id in kept)

    def _is_met_by(self, signals: Sequence[KnownSignal]) -> bool:
        return all(
            _is_enough(need, _span([signal for signal in signals if self.counts(place, signal)]))
            for place, need in enumerate(self.rule.needs)
        )

    def _move(self, tallies: Sequence[_Tally], signal: KnownSignal, step: int) -> None:
        for place, tally in enumerate(tallies):
            if self.counts(place, signal):
                tally.move(signal, step)

    def _first_window(self, ordered: Sequence[KnownSignal]) -> Sequence[KnownSignal]:
        tallies, first = [_Tally(need) for need in self.rule.needs], 0
        for last, signal in enumerate(ordered):
            self._move(tallies, signal, 1)
            while (signal.day - ordered[first].day).days > self.rule.within_days:
                self._move(tallies, ordered[first], -1)
                first += 1
            if all(tally.is_met for tally in tallies):
                return ordered[first : last + 1]
        return ()

    def _chosen(self, window: Sequence[KnownSignal]) -> list[KnownSignal]:
        by_weight = sorted(window, key=lambda signal: (signal.weight, signal.day, signal.id), reverse=True)
        chosen: dict[str, KnownSignal] = {}
        for place, need in enumerate(self.rule.needs):
            tally = _Tally(need)
            for signal in by_weight:
                if self.counts(place, signal) and tally.lacks(signal):
                    tally.move(signal, 1)
                    chosen[signal.id] = signal
        return list(chosen.values())

    def _without_surplus(self, chosen: list[KnownSignal]) -> list[KnownSignal]:
        for signal in reversed(chosen):
            fewer = [other for other in chosen if other is not signal]
            if self._is_met_by(fewer):
                chosen = fewer
        return chosen


def _is_enough(need: Need, found: "_Span") -> bool:
    return (
        found.signals >= need.signals_at_least
        and found.partners >= need.partners_at_least
        and found.areas >= need.areas_at_least
        and found.axes >= need.axes_at_least
    )


def _span(signals: Sequence[KnownSignal]) -> "_Span":
    areas = {area for signal in signals for area in signal.areas}
    return _Span(len(signals), len({signal.partner for signal in signals}), len(areas), len({signal.axis for signal in signals}))


def _in_order(signals: Iterable[KnownSignal], matrix: Matrix) -> list[KnownSignal]:
    once = {signal.id: signal for signal in signals if signal.concern not in matrix.silent}
    return sorted(once.values(), key=lambda signal: (signal.day, signal.id))


def _near(new: KnownSignal, signals: Iterable[KnownSignal], rules: Sequence[Rule], matrix: Matrix) -> list[KnownSignal]:
    if not rules or new.concern in matrix.silent:
        return []
    day, reach = new.day, max(rule.within_days for rule in rules)
    return [new, *(known for known in signals if abs((known.day - day).days) <= reach)]


def _highest(axis: Axis, rules: Iterable[Rule], ordered: Sequence[KnownSignal], settled: Settled) -> Assessment:
    mine = sorted((rule for rule in rules if rule.axis is axis), key=lambda rule: -rule.level)
    for rule in mine:
        if found := _Test(rule, settled.get(axis, frozenset())).evidence(ordered):
            return Assessment(axis, rule.level, rule.id, found)
    return Assessment(axis)
