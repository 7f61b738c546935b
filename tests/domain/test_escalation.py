"""From signals to levels: what each rule answers to, and what holds for any signals at all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.concerns import CONCERNS
from hub.domain.dates import PartialDate
from hub.domain.escalation import assess, overall
from hub.domain.matrix import Need, Rule
from hub.domain.signals import KnownSignal
from hub.domain.words import Axis, Level, Weight
from tests.domain.known import MATRICES, MATRIX, PARTNERS, a_known_signal

POLICE, VT, HOUSING, SOCIAL, SCHOOL = PARTNERS
ACUTE, GRAVE, SERIOUS, LIGHT = Weight.ACUTE, Weight.GRAVE, Weight.SERIOUS, Weight.LIGHT

EXAMPLES: dict[str, list[tuple[object, ...]]] = {
    "safety-4-three-axes": [
        ("domestic-violence", POLICE, 60),
        ("debt-crisis", SOCIAL, 40),
        ("eviction-threatened", HOUSING, 65),
        ("school-absence", SCHOOL, 30),
    ],
    "safety-4-acute-confirmed": [("home-ban", POLICE, 0), ("child-neglect", VT, 9)],
    "safety-4-child-and-violence": [
        ("child-neglect", VT, 10),
        ("domestic-violence", POLICE, 0),
        ("school-absence", SCHOOL, 80),
    ],
    "safety-3-acute": [("honour-violence", POLICE, 0)],
    "safety-3-grave-and-several": [("domestic-violence", POLICE, 150), ("payment-arrears", SOCIAL, 0)],
    "safety-3-violence-and-upbringing": [("domestic-violence", POLICE, 0), ("upbringing", POLICE, 170)],
    "safety-3-repeated": [("worrying-situation", POLICE, 0), ("worrying-situation", POLICE, 60), ("aggression", HOUSING, 120)],
    "safety-2-serious": [("worrying-situation", POLICE, 0)],
    "safety-2-relations-twice": [("worrying-situation", POLICE, 0, LIGHT), ("upbringing", SCHOOL, 100, LIGHT)],
    "care-4-care-and-health": [
        ("school-absence-absolute", SCHOOL, 0),
        ("mental-health", VT, 30),
        ("domestic-violence", POLICE, 60),
    ],
    "care-4-order-and-danger": [("supervision-order", VT, 0), ("domestic-violence", POLICE, 80), ("nuisance", HOUSING, 90)],
    "care-4-everywhere": [
        ("school-absence", SCHOOL, 0),
        ("upbringing", VT, 10),
        ("nuisance", HOUSING, 20),
        ("administration-failing", SOCIAL, 30),
        ("home-misused", HOUSING, 40),
        ("home-neglected", HOUSING, 50),
    ],
    "care-3-grave-and-several": [("school-absence-long", SCHOOL, 0), ("rent-arrears", HOUSING, 100)],
    "care-3-absence-again": [("school-absence", SCHOOL, 0), ("school-absence", SCHOOL, 40), ("rent-arrears", HOUSING, 41)],
    "care-3-repeated": [("school-absence", SCHOOL, 0), ("school-absence", SCHOOL, 40), ("school-absence", VT, 41)],
    "care-2-serious": [("school-absence", SCHOOL, 0)],
    "care-2-light-twice": [("school-absence-luxury", SCHOOL, 0), ("isolation", VT, 180)],
    "housing-4-evicted": [("evicted", HOUSING, 100), ("debt-collection", SOCIAL, 20), ("domestic-violence", POLICE, 50)],
    "housing-4-eviction-near": [
        ("eviction-threatened", HOUSING, 0),
        ("eviction-threatened", HOUSING, 60),
        ("domestic-violence", POLICE, 30),
        ("school-absence", SCHOOL, 30),
    ],
    "housing-3-evicted": [("evicted", HOUSING, 0)],
    "housing-3-grave-and-several": [("eviction-threatened", HOUSING, 90), ("school-absence", SCHOOL, 0)],
    "housing-3-neglected-with-child": [("home-neglected", HOUSING, 0), ("upbringing", SCHOOL, 120)],
    "housing-3-nuisance-again": [("nuisance", HOUSING, 0), ("nuisance", HOUSING, 90), ("nuisance", HOUSING, 180)],
    "housing-2-serious": [("nuisance", HOUSING, 0)],
    "housing-2-arrears-again": [("rent-arrears", HOUSING, 0), ("rent-arrears", HOUSING, 31)],
    "income-4-income-and-home": [
        ("benefit-measure", SOCIAL, 0),
        ("debt-crisis", VT, 20),
        ("eviction-threatened", HOUSING, 90),
    ],
    "income-4-acute": [
        ("debt-crisis", SOCIAL, 0, ACUTE),
        ("nuisance", HOUSING, 30),
        ("domestic-violence", POLICE, 60),
    ],
    "income-3-crisis-and-creditors": [("debt-crisis", SOCIAL, 40), ("rent-arrears", HOUSING, 5)],
    "income-3-measure-and-debts": [("benefit-measure", SOCIAL, 0), ("payment-arrears", SOCIAL, 180)],
    "income-3-repeated": [("debt-collection", SOCIAL, 0), ("debt-collection", SOCIAL, 10), ("administration-failing", VT, 20)],
    "income-2-serious": [("debt-collection", SOCIAL, 0)],
    "income-2-two-creditors": [("payment-arrears", SOCIAL, 0), ("rent-arrears", HOUSING, 7)],
    "income-2-arrears-again": [("payment-arrears", SOCIAL, 0), ("payment-arrears", SOCIAL, 60), ("payment-arrears", SOCIAL, 120)],
}

ANY_SIGNAL = st.builds(
    a_known_signal,
    st.sampled_from(sorted(CONCERNS)),
    st.sampled_from(PARTNERS),
    st.integers(0, 400),
    st.none() | st.sampled_from(list(Weight)),
    happened=st.none() | st.sampled_from([PartialDate(""), PartialDate("2026"), PartialDate("2026-05")]),
)
SIGNALS = st.lists(ANY_SIGNAL, max_size=25)


def signals_of(example: str) -> list[KnownSignal]:
    return [a_known_signal(*signal) for signal in EXAMPLES[example]]  # type: ignore[arg-type]


def levels(signals: Sequence[KnownSignal]) -> dict[Axis, Level]:
    return {axis: assessment.level for axis, assessment in assess(signals, MATRIX).items()}


# What the rules say --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in MATRIX.rules])
def test_every_rule_decides_in_some_family(rule: Rule) -> None:
    signals = signals_of(rule.id)
    found = assess(signals, MATRIX)[rule.axis]
    assert (found.level, found.rule, set(found.signals)) == (rule.level, rule.id, {signal.id for signal in signals})


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in MATRIX.rules])
def test_no_rule_fires_without_one_of_its_signals(rule: Rule) -> None:
    signals, alone = signals_of(rule.id), replace(MATRIX, rules=(rule,))
    for missing in signals:
        assert assess([signal for signal in signals if signal is not missing], alone)[rule.axis].level is Level.NONE


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in MATRIX.rules if len(EXAMPLES[rule.id]) > 1])
def test_signals_too_far_apart_do_not_add_up(rule: Rule) -> None:
    first, *others = sorted(signals_of(rule.id), key=lambda signal: signal.day)
    late = [
        replace(signal, happened=PartialDate.of(signal.day + timedelta(days=rule.within_days + 1)), recorded_at=signal.recorded_at)
        for signal in others
    ]
    assert assess([first, *late], replace(MATRIX, rules=(rule,)))[rule.axis].level is Level.NONE


def test_nothing_known_is_no_level() -> None:
    assert levels([]) == dict.fromkeys(Axis, Level.NONE)
    assert overall(levels([])) is Level.NONE


def test_a_payment_in_arrears_alone_raises_nothing() -> None:
    assert levels([a_known_signal("payment-arrears", SOCIAL)])[Axis.INCOME] is Level.NONE


def test_feedback_raises_nothing_however_often_it_comes() -> None:
    feedback = [a_known_signal(concern, partner, day, ACUTE) for day, partner in enumerate(PARTNERS) for concern in MATRIX.silent]
    assert overall(levels(feedback)) is Level.NONE


def test_feedback_is_no_second_partner_around_a_grave_signal() -> None:
    violence = a_known_signal("domestic-violence", POLICE)
    assert levels([violence, *(a_known_signal("feedback-taken-up", VT, day) for day in range(9))]) == levels([violence])


def test_nobody_brings_a_family_to_level_four_alone() -> None:
    one_partner = [a_known_signal(concern, POLICE, 0, ACUTE) for concern in CONCERNS]
    assert overall(levels(one_partner)) is Level.COMPLEX


def test_the_level_of_a_family_is_that_of_its_highest_axis() -> None:
    assert overall(levels(signals_of("housing-3-nuisance-again"))) is Level.COMPLEX


def test_a_signal_without_a_date_counts_on_the_day_it_was_recorded() -> None:
    undated = [replace(signal, happened=PartialDate("")) for signal in signals_of("housing-3-nuisance-again")]
    assert levels(undated)[Axis.HOUSING] is Level.COMPLEX


def test_a_signal_of_some_time_in_a_year_counts_from_its_first_day() -> None:
    nuisance = signals_of("housing-3-nuisance-again")
    vague = [*nuisance[:2], replace(nuisance[2], happened=PartialDate("2024"))]
    assert levels(vague)[Axis.HOUSING] is Level.QUESTION


def test_twelve_weeks_of_one_family_rise_step_by_step() -> None:
    story = [
        (a_known_signal("payment-arrears", SOCIAL, 0), {}),
        (a_known_signal("rent-arrears", HOUSING, 7), {Axis.INCOME: 2}),
        (a_known_signal("nuisance", HOUSING, 21), {Axis.HOUSING: 2}),
        (a_known_signal("school-absence", SCHOOL, 28), {Axis.CARE: 2}),
        (a_known_signal("debt-crisis", SOCIAL, 42), {Axis.INCOME: 3}),
        (a_known_signal("nuisance", HOUSING, 49), {}),
        (a_known_signal("worrying-situation", POLICE, 56), {Axis.SAFETY: 2}),
        (a_known_signal("domestic-violence", POLICE, 56), {Axis.SAFETY: 3}),
        (a_known_signal("eviction-threatened", HOUSING, 63), {Axis.HOUSING: 3, Axis.SAFETY: 4}),
        (a_known_signal("feedback-taken-up", VT, 70), {}),
    ]
    present, known = dict.fromkeys(Axis, Level.NONE), []
    for signal, expected in story:
        known.append(signal)
        found = assess(known, MATRIX, floor=present, new=signal)
        assert {axis: each.level for axis, each in found.items() if each.rule} == expected
        present |= {axis: each.level for axis, each in found.items() if each.rule}
    assert overall(present) is Level.TOTAL


def test_the_family_of_last_year_is_weighed_by_the_matrix_of_last_year() -> None:
    signals = signals_of("safety-4-three-axes")
    assert assess(signals, MATRIX)[Axis.SAFETY].level is Level.TOTAL
    assert assess(signals, MATRICES.version("2024-1"))[Axis.SAFETY].level is Level.COMPLEX


# After a person stepped down -----------------------------------------------------------------------


def test_signals_that_a_person_settled_do_not_raise_again() -> None:
    signals = signals_of("safety-3-grave-and-several")
    settled = {Axis.SAFETY: frozenset(signal.id for signal in signals)}
    light = a_known_signal("isolation", SCHOOL, 160)
    assert assess([*signals, light], MATRIX, settled=settled)[Axis.SAFETY].level is Level.NONE


def test_settled_signals_remain_the_context_of_a_new_one() -> None:
    signals = signals_of("safety-3-grave-and-several")
    settled = {Axis.SAFETY: frozenset(signal.id for signal in signals)}
    again = a_known_signal("domestic-violence", POLICE, 160)
    found = assess([*signals, again], MATRIX, settled=settled)[Axis.SAFETY]
    assert found.level is Level.COMPLEX
    assert again.id in found.signals


def test_settling_one_axis_leaves_the_others_as_they_are() -> None:
    signals = signals_of("safety-4-three-axes")
    settled = {Axis.SAFETY: frozenset(signal.id for signal in signals)}
    found = assess(signals, MATRIX, settled=settled)
    assert {axis: each for axis, each in found.items() if axis is not Axis.SAFETY} == {
        axis: each for axis, each in assess(signals, MATRIX).items() if axis is not Axis.SAFETY
    }


# What holds for any signals ------------------------------------------------------------------------


@given(SIGNALS, st.randoms(use_true_random=False))
def test_any_order_of_the_same_signals_ends_the_same(signals: list[KnownSignal], random: Random) -> None:
    shuffled = list(signals)
    random.shuffle(shuffled)
    assert assess(shuffled, MATRIX) == assess(signals, MATRIX)


@given(SIGNALS, st.data())
def test_a_repeat_changes_nothing(signals: list[KnownSignal], data: st.DataObject) -> None:
    repeats = data.draw(st.lists(st.sampled_from(signals), max_size=10)) if signals else []
    assert assess([*repeats, *signals, *repeats], MATRIX) == assess(signals, MATRIX)


@given(SIGNALS, SIGNALS)
def test_more_signals_never_lower_a_level(signals: list[KnownSignal], more: list[KnownSignal]) -> None:
    before, after = levels(signals), levels([*signals, *more])
    assert all(after[axis] >= before[axis] for axis in Axis)


@given(SIGNALS)
def test_no_level_without_its_rule_and_evidence(signals: list[KnownSignal]) -> None:
    for axis, found in assess(signals, MATRIX).items():
        assert (found.level > Level.NONE) == bool(found.rule) == bool(found.signals)
        assert set(found.signals) <= {signal.id for signal in signals}
        cited = [signal for signal in signals if signal.id in found.signals]
        assert assess(cited, MATRIX)[axis].level >= found.level


@given(SIGNALS)
def test_the_evidence_holds_nothing_that_can_be_missed(signals: list[KnownSignal]) -> None:
    for axis, found in assess(signals, MATRIX).items():
        alone = replace(MATRIX, rules=tuple(rule for rule in MATRIX.rules if rule.id == found.rule))
        for missing in found.signals:
            fewer = [signal for signal in signals if signal.id in found.signals and signal.id != missing]
            assert assess(fewer, alone)[axis].level is Level.NONE


@given(SIGNALS, st.randoms(use_true_random=False))
def test_signal_by_signal_ends_where_all_at_once_does(signals: list[KnownSignal], random: Random) -> None:
    random.shuffle(signals)
    present = dict.fromkeys(Axis, Level.NONE)
    for place, signal in enumerate(signals):
        found = assess(signals[:place], MATRIX, floor=present, new=signal)
        present = {axis: max(present[axis], found[axis].level) for axis in Axis}
    assert present == levels(signals)


@given(SIGNALS)
def test_above_the_present_level_there_is_nothing_left_to_find(signals: list[KnownSignal]) -> None:
    assert not any(found.rule for found in assess(signals, MATRIX, floor=levels(signals)).values())


@settings(max_examples=60)
@given(SIGNALS)
def test_the_moving_window_finds_what_trying_every_window_finds(signals: list[KnownSignal]) -> None:
    assert levels(signals) == {axis: by_every_window(axis, signals) for axis in Axis}


def by_every_window(axis: Axis, signals: list[KnownSignal]) -> Level:
    """The same levels by the plainest reading of the rules: each window that starts on the day of a signal."""
    counted = [signal for signal in signals if signal.concern not in MATRIX.silent]
    reached = [Level.NONE]
    for rule in (rule for rule in MATRIX.rules if rule.axis is axis):
        for start in {signal.day for signal in counted}:
            window = [signal for signal in counted if 0 <= (signal.day - start).days <= rule.within_days]
            if all(is_met(need, window) for need in rule.needs):
                reached.append(rule.level)
    return max(reached)


def is_met(need: Need, window: list[KnownSignal]) -> bool:
    found = [signal for signal in window if need.matches(signal)]
    return (
        len(found) >= need.signals_at_least
        and len({signal.partner for signal in found}) >= need.partners_at_least
        and len({area for signal in found for area in signal.areas}) >= need.areas_at_least
        and len({signal.axis for signal in found}) >= need.axes_at_least
    )
