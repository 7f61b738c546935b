"""Whether a family fits a trajectory, and what the answer rests on."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.dates import PartialDate
from hub.domain.referral import CriterionResult, ReferralAssessment, assess_referral
from hub.domain.signals import KnownSignal
from hub.domain.words import Weight
from tests.domain.known import FIRST_DAY, MATRIX, PARTNERS, a_known_signal

POLICE, VT, HOUSING, SOCIAL, SCHOOL = PARTNERS
TODAY = FIRST_DAY + timedelta(days=70)
FAMILY = {"child": PartialDate("2014-09-01"), "mother": PartialDate("1984-02-11")}

STORY = [
    a_known_signal("payment-arrears", SOCIAL, 0, id="arrears", people=("mother",)),
    a_known_signal("nuisance", HOUSING, 21, id="nuisance", people=("mother",)),
    a_known_signal("school-absence", SCHOOL, 28, id="absence", people=("child",)),
    a_known_signal("debt-crisis", SOCIAL, 42, id="crisis", people=("mother",)),
    a_known_signal("domestic-violence", POLICE, 56, id="violence", people=("child", "mother")),
    a_known_signal("eviction-threatened", HOUSING, 63, id="eviction", people=("mother",)),
]


def assessed(signals: list[KnownSignal], people: dict[str, PartialDate] | None = None, today: date = TODAY) -> ReferralAssessment:
    return assess_referral(signals, FAMILY if people is None else people, today, MATRIX)


def criterion(found: ReferralAssessment, id: str) -> CriterionResult:
    return next(result for result in found.results if result.id == id)


def test_a_family_fits_once_the_eviction_threatens() -> None:
    assert [assessed(STORY[:known]).met for known in range(len(STORY) + 1)] == [False] * 6 + [True]


def test_the_answer_names_the_signals_each_criterion_rests_on() -> None:
    found = assessed(STORY)
    assert {result.id: result.signals for result in found.results} == {
        "child-with-worries": ("violence",),
        "pressure": ("eviction",),
        "four-serious-areas": ("absence", "eviction", "nuisance", "violence"),
    }
    assert found.matrix_version == MATRIX.version


def test_the_answer_says_what_is_missing() -> None:
    found = assessed(STORY[:3])
    assert criterion(found, "pressure").missing.dutch.startswith("ontbreekt: uitkering, ondertoezichtstelling")
    assert criterion(found, "four-serious-areas").missing.english == "serious problems on 3 of 4 life areas"
    assert criterion(found, "child-with-worries").missing.english == ""


def test_of_nothing_everything_is_missing() -> None:
    found = assessed([], {})
    assert not found.met
    assert all(
        not result.met and not result.signals and result.missing.dutch and result.missing.english for result in found.results
    )


def test_each_kind_of_pressure_counts() -> None:
    for concern in ("benefit-measure", "supervision-order", "council-report-threatened", "eviction-threatened", "evicted"):
        assert criterion(assessed([a_known_signal(concern)]), "pressure").met


def test_light_problems_are_not_serious_ones() -> None:
    light = [a_known_signal(concern, weight=Weight.LIGHT) for concern in ("nuisance", "domestic-violence", "school-absence")]
    assert criterion(assessed(light), "four-serious-areas").signals == ()


def test_somebody_is_a_child_until_the_day_they_turn_twenty_four() -> None:
    worry, born = [a_known_signal("upbringing", VT)], {"child": PartialDate("2002-03-16")}
    assert criterion(assessed(worry, born, date(2026, 3, 15)), "child-with-worries").met
    assert not criterion(assessed(worry, born, date(2026, 3, 16)), "child-with-worries").met


def test_a_birth_date_that_leaves_room_for_a_higher_age_does_not_count_and_is_asked_for() -> None:
    found = criterion(assessed([a_known_signal("upbringing", VT)], {"child": PartialDate("2002")}), "child-with-worries")
    assert not found.met
    assert "is de geboortedatum niet volledig" in found.missing.dutch
    assert criterion(assessed([a_known_signal("upbringing", VT)], {"child": PartialDate("2003")}), "child-with-worries").met


def test_a_child_whom_no_signal_names_is_no_child_with_worries() -> None:
    found = criterion(assessed([a_known_signal("domestic-violence", POLICE, people=("mother",))]), "child-with-worries")
    assert not found.met
    assert found.missing.english == "no signal of worries that names a child of 0–23"


def test_a_signal_of_more_than_a_year_ago_no_longer_counts() -> None:
    assert assessed(STORY, today=FIRST_DAY + timedelta(days=28 + 365)).met
    assert not assessed(STORY, today=FIRST_DAY + timedelta(days=63 + 366)).met


def test_feedback_on_an_earlier_report_is_no_worry() -> None:
    feedback = [a_known_signal("feedback-taken-up", VT, weight=Weight.ACUTE)]
    assert not any(result.met for result in assessed(feedback).results)


def test_contra_indications_are_named_for_a_person_and_decide_nothing() -> None:
    ill = [
        a_known_signal("substance-use", VT, 60, id="use"),
        a_known_signal("mental-health", SCHOOL, 61, id="mind"),
    ]
    found = assessed([*STORY, *ill])
    assert found.met
    assert found.contra_indications == (("addiction", ("use",)), ("psychiatric", ("mind",)))
    assert assessed(STORY).contra_indications == ()


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=4))
def test_neither_order_nor_repeats_change_the_answer(signals: list[KnownSignal], repeats: list[KnownSignal]) -> None:
    assert assessed([*repeats, *signals]) == assessed(STORY)


@given(st.sets(st.sampled_from(STORY)))
def test_what_is_met_rests_on_signals_and_what_is_not_says_why(signals: set[KnownSignal]) -> None:
    found = assessed(list(signals))
    for result in found.results:
        assert (result.missing.dutch == "", result.missing.english == "") == (result.met, result.met)
        assert not result.met or result.signals
        assert set(result.signals) <= {signal.id for signal in signals}
    assert found.met == all(result.met for result in found.results)
