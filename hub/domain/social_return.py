"""Social return: what a way of working costs beside what it spares whom, as ranges and never as one number.

What one kind of event is worth follows Social Value UK, A guide to Social Return on Investment (2012), stages 4 and 5: quantity
times price, less what would have happened anyway (deadweight), what only moved elsewhere (displacement) and what is due to
others (attribution), less with the years (drop-off), and each year discounted. Prices are those of one year, transfers are
taken from whom they were given to, and uncertainty is told as such: CPB/PBL, Algemene leidraad voor maatschappelijke
kosten-batenanalyse (2013); SEO, Werkwijzer voor kosten-batenanalyse in het sociale domein (2016).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import ceil, isfinite, sqrt
from typing import Any

from hub.domain.matrix import Words
from hub.errors import NotKnown, RuleBroken

Chance = Callable[[], float]
"""Gives a number from 0 up to and without 1, another each time."""
A_LIFE = 100
"""Years: longer nothing stays avoided."""
Values = Mapping[str, float]
"""What every price (euros of the year of the model) and every assumption is taken to be, by code."""


class Role(StrEnum):
    """What an assumption adjusts."""

    COUNTERFACTUAL = "counterfactual"
    """The part of what is said to happen without that would have happened."""
    DEADWEIGHT = "deadweight"
    """The part of what was avoided that would not have happened anyway, where there is nobody to compare with."""
    DISPLACEMENT = "displacement"
    """The part of what was avoided that happened elsewhere instead."""
    ATTRIBUTION = "attribution"
    """The part of what was avoided that is due to this way of working; the guide takes off the part of others."""
    DURATION = "duration"
    """How many years what was avoided in one year stays avoided: whole years."""
    DROP_OFF = "drop-off"
    """The part by which that is less in every year after the first."""
    DISCOUNT = "discount"
    """By how much a euro of a year later is worth less."""


@dataclass(frozen=True, slots=True)
class Range:
    """The least, the likeliest and the most that something may be; in between as a triangle."""

    low: float
    most: float
    high: float

    def at(self, share: float) -> float:
        """The value below which that share of the triangle lies (the inverse of its distribution)."""
        whole = self.high - self.low
        if not whole:
            return self.most
        if share < (self.most - self.low) / whole:
            return self.low + sqrt(share * whole * (self.most - self.low))
        return self.high - sqrt((1 - share) * whole * (self.high - self.most))

    def times(self, factor: float) -> "Range":
        """All three so many times."""
        return Range(self.low * factor, self.most * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is counted: what is done (a cost), or what happened to a family and is hoped to happen less."""

    code: str
    words: Words
    is_cost: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What one of a kind costs one payer, in euros of `year`; a transfer is what somebody else gets for it.

    `source` is where it was found, empty where nowhere; `assumed` is what of it is not sure, empty where nothing is.
    """

    code: str
    kind: str
    payer: str
    words: Words
    range: Range
    year: int
    transfer_to: str
    source: str
    assumed: Words


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is taken to be so, for one kind or, without one, for all that have none of their own."""

    code: str
    role: Role
    kind: str
    words: Words
    range: Range
    source: str
    assumed: Words


@dataclass(frozen=True)
class Model:
    """The prices and assumptions of one day; every price is brought to the level of `year` already."""

    version: str
    year: int
    kinds: Mapping[str, Kind]
    payers: Mapping[str, Words]
    prices: Sequence[Price]
    assumptions: Sequence[Assumption]

    @cached_property
    def inputs(self) -> Mapping[str, Price | Assumption]:
        """Everything that could be otherwise, by code."""
        named: list[Price | Assumption] = [*self.prices, *self.assumptions]
        return {each.code: each for each in named}

    @cached_property
    def _adjusting(self) -> Mapping[tuple[Role, str], str]:
        return {(each.role, each.kind): each.code for each in self.assumptions}

    def code_of(self, role: Role, kind: str) -> str:
        """The assumption that adjusts this of that kind."""
        return self._adjusting.get((role, kind)) or self._adjusting[role, ""]

    def supposing(self, code: str, range: Range) -> "Model":
        """The same with another price or assumption. Raises: NotKnown, RuleBroken."""
        if code not in self.inputs:
            raise NotKnown(f"There is no price or assumption {code}.")
        if wrong := wrong_with(self.inputs[code], range):
            raise RuleBroken(f"{code} {wrong}.", code="not-a-range")
        other: dict[str, Any] = {"range": range, "source": "", "assumed": _SET}
        prices = [replace(each, **other) if each.code == code else each for each in self.prices]
        assumptions = [replace(each, **other) if each.code == code else each for each in self.assumptions]
        return replace(self, prices=prices, assumptions=assumptions)


_SET = Words("ingevuld door wie dit berekende", "set by whoever computed this")


def wrong_with(input: Price | Assumption, range: Range) -> str:
    """What is wrong with such a range for that price or assumption; empty where nothing is."""
    if not range.low <= range.most <= range.high:
        return "does not go up from the least by the likeliest to the most"
    if range.low < 0:
        return "is less than nothing"
    if not isfinite(range.high):
        return "has no end"
    if isinstance(input, Assumption) and input.role is Role.DURATION and range.high > A_LIFE:
        return f"is more than {A_LIFE} years"
    is_share = isinstance(input, Assumption) and input.role not in (Role.DURATION, Role.COUNTERFACTUAL)
    return "is a part, and more than the whole" if is_share and range.high > 1 else ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a kind there were, and how many there would have been without.

    `is_compared` is so where the latter was counted in a group that is alike: what would have happened anyway is in it then.
    """

    kind: str
    had: float
    without: float
    is_compared: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted in one place, of so many families."""

    place: str
    families: int
    counts: Sequence[Count]

    @classmethod
    def together(cls, place: str, all_: Sequence["Counted"]) -> "Counted":
        """All of these as one place."""
        return cls(place, sum(each.families for each in all_), [count for each in all_ for count in each.counts])


@dataclass(frozen=True, slots=True)
class Line:
    """What one price brings one payer: a cost, or a benefit (less than nothing where it is a loss)."""

    code: str
    payer: str
    cost: float
    benefit: float


# One computation ----------------------------------------------------------------------------------------


def present_value(yearly: float, years: int, drop_off: float, discount: float) -> float:
    """What so much a year is worth now, over so many years (the guide, stages 4.4, 5.1 and 5.2).

    The first year is discounted once, and drop-off begins with the second.
    """
    return sum(yearly * (1 - drop_off) ** (year - 1) / (1 + discount) ** year for year in range(1, years + 1))


def lines(model: Model, counted: Counted, values: Values) -> list[Line]:
    """What every price brings whom when everything is taken to be as `values` says; a transfer brings its receiver the opposite."""
    found = []
    for price, count in ((price, count) for price in model.prices for count in counted.counts if count.kind == price.kind):
        if model.kinds[price.kind].is_cost:
            found.append(Line(price.code, price.payer, (count.had - count.without) * values[price.code], 0.0))
            continue
        benefit = _benefit(model, count, values) * values[price.code]
        found.append(Line(price.code, price.payer, 0.0, benefit))
        if price.transfer_to:
            found.append(Line(price.code, price.transfer_to, 0.0, -benefit))
    return found


def _benefit(model: Model, count: Count, values: Values) -> float:
    """How many of a kind were avoided by this, in present value; less than nothing where there were more."""

    def value(role: Role) -> float:
        return values[model.code_of(role, count.kind)]

    avoided = count.without * value(Role.COUNTERFACTUAL) - count.had
    anyway = 0.0 if count.is_compared else value(Role.DEADWEIGHT)
    ours = avoided * (1 - anyway) * (1 - value(Role.DISPLACEMENT)) * value(Role.ATTRIBUTION)
    return present_value(ours, round(value(Role.DURATION)), value(Role.DROP_OFF), value(Role.DISCOUNT))


def likeliest(model: Model) -> Values:
    """Everything as it is likeliest."""
    return {code: each.range.most for code, each in model.inputs.items()}


# Many of them -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """Between what most draws lie: 5 in 100 are below `low`, half below `middle`, 5 in 100 above `high`."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, drawn: Sequence[float]) -> "Spread":
        """By nearest rank."""
        ranked = sorted(drawn)
        return cls(*(ranked[ceil(len(ranked) * percent / 100) - 1] for percent in (5, 50, 95)))


@dataclass(frozen=True, slots=True)
class Share:
    """What one payer, or all together, pays and is spared, in euros."""

    costs: Spread
    benefits: Spread
    net: Spread


@dataclass(frozen=True, slots=True)
class Return:
    """What came of all draws: by payer, and together. `ratio` is how many euros came of one, and is `None` without costs.

    `positive` is in which part of all draws the benefits were more than the costs. Payers add up in each draw; percentiles do not.
    """

    payers: Mapping[str, Share]
    together: Share
    ratio: Spread | None
    positive: float


def social_return(model: Model, counted: Counted, draws: int, chance: Chance) -> Return:
    """Draws every price and assumption that often, each by itself, and computes each time (Monte Carlo)."""
    drawn: dict[str, list[tuple[float, float]]] = {}
    for draw in range(draws):
        values = {code: each.range.at(chance()) for code, each in model.inputs.items()}
        for line in lines(model, counted, values):
            mine = drawn.setdefault(line.payer, [(0.0, 0.0)] * draws)
            cost, benefit = mine[draw]
            mine[draw] = cost + line.cost, benefit + line.benefit
    all_ = [_together(each) for each in zip(*drawn.values(), strict=True)] or [(0.0, 0.0)] * draws
    has_costs = all(cost > 0 for cost, _ in all_)
    return Return(
        {payer: _share(drawn[payer]) for payer in model.payers if payer in drawn},
        _share(all_),
        Spread.of([benefit / cost for cost, benefit in all_]) if has_costs else None,
        sum(benefit > cost for cost, benefit in all_) / draws,
    )


def _together(each: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(cost for cost, _ in each), sum(benefit for _, benefit in each)


def _share(drawn: Sequence[tuple[float, float]]) -> Share:
    costs, benefits = zip(*drawn, strict=True)
    return Share(Spread.of(costs), Spread.of(benefits), Spread.of([benefit - cost for cost, benefit in drawn]))


@dataclass(frozen=True, slots=True)
class Swing:
    """What benefits less costs are, in euros, with one price or assumption at its least and at its most, all others likeliest."""

    code: str
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """How much hangs on it."""
        return abs(self.at_high - self.at_low)


def tornado(model: Model, counted: Counted) -> list[Swing]:
    """What matters most first (the sensitivity analysis of the guide, stage 5.4); what changes nothing is left out."""
    usual = likeliest(model)

    def net(code: str, value: float) -> float:
        return sum(line.benefit - line.cost for line in lines(model, counted, {**usual, code: value}))

    swings = [Swing(code, net(code, each.range.low), net(code, each.range.high)) for code, each in model.inputs.items()]
    return sorted((each for each in swings if each.width), key=lambda each: (-each.width, each.code))
