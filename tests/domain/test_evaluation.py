"""Evaluation: series of a cohort and what can be said of them, against numbers that are known, and tables that give nobody away."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import exp, log, sqrt
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.segmented_regression import course
from hub.domain.anonymity import MOST_LEFT_OUT, SUPPRESSED, Anonymous, K, QuasiIdentifier, anonymous
from hub.domain.evaluation import (
    A_MONTH,
    Between,
    Change,
    Coefficient,
    Family,
    Followed,
    Month,
    Part,
    Told,
    days_between,
    design,
    followed,
    lags,
    series,
    share,
    too_little,
    usable,
)
from hub.domain.matrix import Words
from hub.domain.research import KNOWN as RESEARCH_KNOWN
from hub.domain.research import banded, columns, row
from hub.domain.words import Axis, LifeArea
from tests.given import NOON

BEFORE, DURING, AFTER = Part


def months(part: Part, *signals: int, families: int = 10) -> list[Month]:
    """Months of one part with so many signals about ten families, each of them followed all month."""
    first = -len(signals) if part is BEFORE else 0
    return [Month(part, first + nth, families, families, count) for nth, count in enumerate(signals)]


def a_family(*told: float, ended: float | None = 6, until: float = 18) -> Followed:
    """A family that started now; in months from that when partners signalled, when it ended and until when it is followed."""

    def at(month: float) -> datetime:
        return NOON + month * A_MONTH

    return Followed(at(-12), at(0), None if ended is None else at(ended), at(until), [at(month) for month in told])


# How sure a share is ---------------------------------------------------------------------------------------


def test_a_share_is_told_by_its_bounds_as_wilson_computed_them() -> None:
    # 12 of 30: middle (0.4 + 3.8415 / 60) / (1 + 3.8415 / 30) = 0.4113, half 0.1663: 24.6 to 57.7 in 100
    assert share(12, 30) == Between(20, 60)
    # 50 of 100: middle 0.5, half 0.0962: 40.4 to 59.6
    assert share(50, 100) == Between(40, 60)


@pytest.mark.parametrize(("count", "of"), [(4, 30), (26, 30), (0, 100), (100, 100), (4, 9)])
def test_a_share_without_five_on_either_side_is_not_told(count: int, of: int) -> None:
    assert share(count, of) is None


@given(st.integers(5, 500), st.integers(5, 500))
def test_a_share_lies_within_its_bounds_and_they_are_of_whole_fives(count: int, others: int) -> None:
    told = share(count, count + others)
    assert told is not None
    assert 0 <= told.low <= 100 * count / (count + others) <= told.high <= 100
    assert told.low % 5 == told.high % 5 == 0


def test_nobody_waits_for_what_did_not_come() -> None:
    assert days_between(NOON, None) is None
    assert days_between(NOON, NOON + timedelta(days=9, hours=23)) == 9
    assert days_between(NOON, NOON - timedelta(days=3)) == 0


# The series ---------------------------------------------------------------------------------------------------


def test_months_count_from_the_start_and_from_the_end_of_each_family() -> None:
    found = series([a_family(-0.5, -0.4, 0, 5.9, 6, 6.5) for _ in range(5)])
    assert [(month.part, month.nth) for month in found[:1] + found[11:13] + found[17:19] + found[-1:]] == [
        (BEFORE, -12),
        (BEFORE, -1),
        (DURING, 0),
        (DURING, 5),
        (AFTER, 0),
        (AFTER, 11),
    ]
    told = {(month.part, month.nth): month.signals for month in found if month.signals}
    assert told == {(BEFORE, -1): 10, (DURING, 0): 5, (DURING, 5): 5, (AFTER, 0): 10}
    assert {month.families for month in found} == {5}


def test_a_month_in_which_a_family_was_followed_in_part_counts_in_part() -> None:
    found = {(month.part, month.nth): month for month in series([a_family(5.9, ended=5.25, until=7) for _ in range(5)])}
    assert found[DURING, 5].exposure == pytest.approx(5 * 0.25)
    assert found[DURING, 5].signals == 0, "what is told after the end is no longer during"
    assert found[AFTER, 0].signals == 5
    assert found[AFTER, 1].exposure == pytest.approx(5 * 0.75)


def test_of_a_month_with_fewer_than_five_families_nothing_is_in_the_series() -> None:
    found = series([*(a_family(ended=4) for _ in range(4)), *(a_family(ended=6) for _ in range(4))])
    assert [month.nth for month in found if month.part is DURING] == [0, 1, 2, 3]
    assert series([a_family() for _ in range(4)]) == []


def test_a_family_that_goes_on_has_nothing_after() -> None:
    assert {month.part for month in series([a_family(ended=None, until=5) for _ in range(5)])} == {BEFORE, DURING}


def test_the_signal_by_which_a_family_came_into_view_says_nothing_of_how_often_they_come() -> None:
    told = [Told(NOON + month * A_MONTH, "police", Axis.SAFETY, (LifeArea.JUSTICE,)) for month in (0, 0.5, 3)]
    came = Family(NOON, NOON + 12 * A_MONTH, started=NOON + 2 * A_MONTH, signals=told)
    never_started = Family(NOON, NOON + 12 * A_MONTH, signals=told)
    (found,) = followed([came, never_started], lambda _: True)
    assert (found.since, found.told) == (NOON, [each.at for each in told[1:]])
    assert [(month.part, month.nth) for month in series([found] * 5)][:3] == [(BEFORE, -2), (BEFORE, -1), (DURING, 0)]
    assert [each.told for each in followed([came], lambda each: each.partner == "school")] == [[]]


# What can be computed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([], "Too few months before the start: of at least five families at once there are 0, and 8 are needed."),
        (months(BEFORE, *[9] * 7) + months(DURING, *[9] * 6), "Too few months before"),
        (months(BEFORE, *[9] * 8) + months(DURING, *[9] * 3), "Too few months during"),
        (months(BEFORE, *[0] * 8) + months(DURING, *[9] * 6), "Too few signals before the start: fewer than five."),
        (months(BEFORE, *[9] * 8) + months(DURING, 4, 0, 0, 0), "Too few signals during"),
        (months(BEFORE, *[9] * 8) + months(DURING, 90, 9, 0, 0), "Signals during the trajectory are in fewer than three months."),
        (months(BEFORE, *[2] * 8) + months(DURING, *[5] * 4), "Too few signals: 40 are needed."),
    ],
)
def test_too_few_months_or_signals_give_no_number_but_the_reason(found: list[Month], says: str) -> None:
    why = too_little(found)
    assert why is not None
    assert why.english.startswith(says)
    assert why.dutch.startswith(("Te weinig", "Signalen tijdens"))


def test_enough_is_not_refused_and_what_came_after_waits_until_there_is_enough() -> None:
    found = months(BEFORE, *[9] * 8) + months(DURING, *[9] * 6)
    assert too_little(found) is None
    assert usable(found + months(AFTER, 3, 3, 3)) == found
    assert usable(found + months(AFTER, 1, 1, 1, 1)) == found
    assert usable(found + months(AFTER, 30, 0, 0, 0, 0)) == found
    assert len(usable(found + months(AFTER, 3, 3, 3, 3))) == 18


def test_the_design_has_a_level_and_a_trend_for_each_part() -> None:
    rows = design(months(BEFORE, 1, 1) + months(DURING, 1, 1, 1) + months(AFTER, 1, 1))
    assert rows == [
        [1, -2, 0, 0, 0, 0],
        [1, -1, 0, 0, 0, 0],
        [1, 0, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 2, 1, 2, 0, 0],
        [1, 3, 1, 3, 1, 0],
        [1, 4, 1, 4, 1, 1],
    ]


# What is computed ------------------------------------------------------------------------------------------------


def test_a_series_worked_out_on_paper_comes_out() -> None:
    # before 80 a month; at the start it is four times as much and halves each month: 320, 160, 80, 40; had that gone on, 20 would
    # follow. It is 80, four times as much, and doubles, which is four times a half: 80, 160, 320, 640
    found = course(months(BEFORE, *[80] * 8) + months(DURING, 320, 160, 80, 40) + months(AFTER, 80, 160, 320, 640))
    assert {ratio.of: round(ratio.found, 6) for ratio in found.ratios} == {
        Coefficient.TREND: 1,
        Coefficient.LEVEL_AT_START: 4,
        Coefficient.TREND_SINCE_START: 0.5,
        Coefficient.LEVEL_AT_END: 4,
        Coefficient.TREND_SINCE_END: 4,
    }
    assert found.modelled == pytest.approx([8] * 8 + [32, 16, 8, 4, 8, 16, 32, 64])
    assert found.otherwise == pytest.approx([8] * 16)


def test_half_the_families_with_half_the_signals_are_no_change() -> None:
    found = course(months(BEFORE, *[40] * 8) + months(DURING, *[20] * 6, families=5))
    assert [round(ratio.found, 6) for ratio in found.ratios] == [1, 1, 1]


COUNTS = months(BEFORE, 12, 9, 15, 11, 8, 14, 10, 13) + months(DURING, 6, 9, 4, 7, 5, 8)
STUDENT = 2.228138852
"""97.5% of Student's t with 14 months less 4 coefficients, from a printed table."""


def by_formula(those: Sequence[Month]) -> tuple[Any, Any]:
    """The errors of Newey and West, and those of Poisson widened by what is left over, by matrices alone."""
    x, y = numpy.array(design(those)), numpy.array([month.signals for month in those], dtype=float)
    mu = numpy.array(course(those).modelled) * 10
    many, free = len(y), len(y) - x.shape[1]
    assert x.T @ (y - mu) == pytest.approx(numpy.zeros(x.shape[1]), abs=1e-6), "the likelihood is highest there"
    scores = x * (y - mu)[:, None]
    meat = scores.T @ scores
    for lag in range(1, lags(many) + 1):
        apart = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags(many) + 1)) * (apart + apart.T)
    bread = numpy.linalg.inv((x * mu[:, None]).T @ x)
    together = numpy.sqrt(numpy.diag(bread @ meat @ bread) * many / free)
    return together, numpy.sqrt(numpy.diag(bread) * max(((y - mu) ** 2 / mu).sum() / free, 1))


@pytest.mark.parametrize(
    ("those", "is_together"),
    [(COUNTS, False), (months(BEFORE, 2, 2, 2, 30, 30, 30, 2, 2) + months(DURING, 2, 30, 30, 2, 2, 2), None)],
    ids=["little spread", "months that hang together"],
)
def test_bounds_are_the_wider_of_two_as_their_formulas_give_them(those: list[Month], is_together: bool | None) -> None:
    found, (together, spread) = course(those), by_formula(those)
    if is_together is False:
        assert (spread > together).all(), "Newey and West are too sure of few months"
    for ratio, error in zip(found.ratios, numpy.maximum(together, spread)[1:], strict=True):
        assert log(ratio.high / ratio.found) == pytest.approx(STUDENT * error, rel=1e-6)
        assert log(ratio.found / ratio.low) == pytest.approx(STUDENT * error, rel=1e-6)


TRUE = (1.03, 0.7, 0.95, 1.2, 1.0)
"""The ratios that the simulated series are made with."""


def simulated(seed: int, spread: float, hanging: float) -> list[Month]:
    """Counts about twenty families around a level and trends that are known.

    They vary more than Poisson's where `spread` is more than nothing, and months hang together by `hanging`.
    """
    chance = numpy.random.default_rng(seed)
    those = [Month(part, nth, 20, 20) for part, many in ((BEFORE, 12), (DURING, 6), (AFTER, 12)) for nth in range(many)]
    weather = 0.0
    for month, explained in zip(those, design(those), strict=True):
        weather = hanging * weather + (chance.normal(0, 0.2 * sqrt(1 - hanging**2)) if hanging else 0)
        mean = 20 * exp(weather + sum(each * true for each, true in zip(explained, (log(2), *map(log, TRUE)), strict=True)))
        month.signals = int(chance.poisson(chance.gamma(1 / spread, mean * spread) if spread else mean))
    return those


@pytest.mark.parametrize(
    ("spread", "hanging", "least"), [(0, 0, 0.9), (0.05, 0, 0.9), (0, 0.5, 0.8)], ids=["poisson", "more spread", "hanging together"]
)
def test_known_changes_are_found_again_in_simulated_series_and_the_bounds_hold_them(
    spread: float, hanging: float, least: float
) -> None:
    found = [course(simulated(seed, spread, hanging)).ratios for seed in range(150)]
    for nth, true in enumerate(TRUE):
        middle = exp(sum(log(each[nth].found) for each in found) / len(found))
        assert middle == pytest.approx(true, rel=0.05)
        assert sum(each[nth].low <= true <= each[nth].high for each in found) / len(found) >= least


def test_where_nothing_changed_a_change_is_rarely_clear() -> None:
    chance = numpy.random.default_rng(4)
    clear = 0
    for _ in range(100):
        noise = [int(count) for count in chance.poisson(20, 20)]
        found = course(months(BEFORE, *noise[:12]) + months(DURING, *noise[12:]))
        clear += next(ratio.is_clear for ratio in found.ratios if ratio.of is Coefficient.LEVEL_AT_START)
    assert clear <= 10


# Tables that give nobody away --------------------------------------------------------------------------------------


def itself(value: str) -> str:
    return value


KNOWN = (
    QuasiIdentifier("came", (itself, lambda value: value[:4])),
    QuasiIdentifier("place", (itself, lambda value: value[:2])),
)


def a_row(came: str = "2026-01", place: str = "2512", end: str = "closed") -> dict[str, str]:
    return {"came": came, "place": place, "end": end}


def told(rows: Sequence[dict[str, str]]) -> Anonymous:
    found = anonymous(rows, KNOWN)
    assert isinstance(found, Anonymous), found
    return found


def test_five_that_are_alike_are_told_as_they_are() -> None:
    found = told([a_row()] * 5)
    assert (found.rows, found.taken, found.smallest) == ([a_row()] * 5, {"came": 0, "place": 0}, 5)


def test_columns_are_told_coarser_one_after_another_until_five_are_alike() -> None:
    found = told([a_row(f"2026-0{nth}") for nth in range(1, 6)])
    assert found.taken == {"came": 1, "place": 0}
    assert {row["came"] for row in found.rows} == {"2026"}
    assert told([a_row(f"2026-0{nth}", f"25{nth}1") for nth in range(1, 6)]).taken == {"came": 1, "place": 1}


def test_who_is_like_nobody_is_left_out_while_that_is_a_tenth_at_most() -> None:
    found = told([*[a_row()] * 9, a_row("2025-01", "9999")])
    assert (len(found.rows), found.left_out) == (9, 1)
    refused = anonymous([*[a_row()] * 8, a_row("2025-01", "9999")], KNOWN)
    assert isinstance(refused, Words)
    assert "more than a tenth" in refused.english


def test_of_fewer_than_five_there_is_no_table() -> None:
    refused = anonymous([a_row()] * 4, KNOWN)
    assert isinstance(refused, Words)
    assert "fewer than five" in refused.english


def test_a_value_that_fewer_than_five_have_is_suppressed() -> None:
    rare = [a_row(end="ended-early")] * 3 + [a_row(end="compulsion")] * 2
    found = told([*[a_row()] * 6, *rare])
    assert Counter(row["end"] for row in found.rows) == {"closed": 6, SUPPRESSED: 5}
    assert found.suppressed == {"end": 5}


@pytest.mark.parametrize("rare", [1, 4])
def test_what_is_suppressed_never_says_itself_what_it_was(rare: int) -> None:
    found = told([*[a_row()] * 9, *[a_row(end="ended-early")] * rare])
    assert {row["end"] for row in found.rows} == {SUPPRESSED}, "of two values the other one would be read off"
    some = told([*[a_row()] * 9, *[a_row(end="compulsion")] * 6, *[a_row(end="ended-early")] * rare])
    assert Counter(row["end"] for row in some.rows) == {"closed": 9, SUPPRESSED: 6 + rare}


ROWS = st.lists(
    st.builds(
        a_row,
        st.sampled_from(["2025-11", "2026-01", "2026-02"]),
        st.sampled_from(["2511", "2512", "9711"]),
        st.sampled_from(["closed", "ended-early", ""]),
    ),
    max_size=40,
)


@given(ROWS)
def test_whatever_the_table_five_are_alike_or_there_is_none(rows: list[dict[str, str]]) -> None:
    found = anonymous(rows, KNOWN)
    if isinstance(found, Words):
        return
    alike = Counter((row["came"], row["place"]) for row in found.rows)
    assert min(alike.values()) == found.smallest >= K
    assert all(many >= K for many in Counter(row["end"] for row in found.rows).values())
    assert len(found.rows) + found.left_out == len(rows)
    assert found.left_out <= MOST_LEFT_OUT * len(rows)


# A family as a row for research -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0"), (1, "1 to 2"), (2, "1 to 2"), (5, "3 to 5"), (11, "11 or more"), (400, "11 or more")]
)
def test_counts_are_told_in_bands(count: int, said: str) -> None:
    assert banded(count, (0, 1, 3, 6, 11)) == said


def a_row_of(**but: Any) -> Mapping[str, str]:
    start = NOON + 10 * A_MONTH
    told = [Told(NOON + month * A_MONTH, "police", Axis.SAFETY, (LifeArea.ADDICTION,)) for month in (0, 1, 2, 11, 17)]
    known = {"started": start, "ended": start + 6 * A_MONTH, "end": "handed-back", "signals": told, "place": "2512", "children": 2}
    family = Family(NOON, NOON + 24 * A_MONTH, id="3f0c", **known | but)
    return row(family, columns({"self-sufficiency": Words("zelfredzaamheid", "self-sufficiency")}))


def test_a_row_says_when_in_months_and_how_much_in_bands_and_not_who() -> None:
    said = a_row_of()
    assert (said["came"], said["place"], said["children"], said["first_partner"]) == ("2026-03", "2512", "2", "police")
    assert [said[f"signals_{part.value}_safety"] for part in Part] == ["3 to 5", "1 to 2", "1 to 2"]
    assert said["signals_before_care"] == "0"
    assert said["weeks_to_start"] == "27 to 52"
    assert (said["weeks_to_referral"], said["change_self_sufficiency"]) == ("none", "none")
    assert "3f0c" not in said.values()
    assert not any("10" in value for value in said.values()), "that a worry is about addiction is not told"


def test_what_did_not_come_is_none_and_not_nothing() -> None:
    said = a_row_of(started=None, ended=None, end="")
    assert [said[f"signals_{part.value}_safety"] for part in Part] == ["3 to 5", "none", "none"]
    assert said["end"] == "none"


@pytest.mark.parametrize(
    ("scores", "says"), [(((1, 2), (3, 3)), "better"), (((2, 1),), "worse"), (((2, 2),), "same"), (((1, 2), (2, 1)), "mixed")]
)
def test_what_was_measured_is_told_of_the_whole_instrument(scores: Sequence[tuple[int, int]], says: str) -> None:
    changes = [Change("self-sufficiency", f"{nth}", *pair) for nth, pair in enumerate(scores)]
    assert a_row_of(changes=changes)["change_self_sufficiency"] == says


def test_what_outsiders_may_know_is_told_coarser_step_by_step() -> None:
    steps = {each.name: each.steps for each in RESEARCH_KNOWN}
    assert [step("2026-05") for step in steps["came"]] == ["2026-05", "2026-Q2", "2026"]
    assert [step("2512") for step in steps["place"]] == ["2512", "25", "any"]
    assert steps["place"][1]("gm0518") == "gm0518"
    assert [step("1") for step in steps["children"]] == ["1", "0 to 2"]
    assert set(steps) <= set(a_row_of())
