"""What the reporter of a signal is told: each thing once, in the order in which it came further, within the term of the matrix."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from hub.domain.feedback import AHEAD, TELLING, About, Feedback, News, Outcome, Reach, due, heard_before, news_of
from hub.domain.streams import Occasion, stream_id
from hub.domain.words import Phase
from tests.given import DUTY, NOON, RULES, an_occasion, given, under_way

MESSAGE = stream_id("message", "of a test")
REACH = Reach("team", "team@example.org")
HERE = About("family-1", ("signal-1",), "reference-1")
WAITING = About("", ("signal-1",), "reference-1")
TAKEN_UP = News(Outcome.TAKEN_UP)


def begun() -> Feedback:
    told = Feedback.begin(MESSAGE, "a-school", an_occasion())
    told.collect_events()
    return told


def give(told: Feedback, news: News, about: About = HERE) -> list[str]:
    """What is recorded of it."""
    told.give(news, about, REACH, MESSAGE, NOON, an_occasion())
    return [type(event).__name__ for event in told.collect_events()]


def test_what_was_told_is_not_told_again() -> None:
    told = begun()
    assert [give(told, TAKEN_UP), give(told, TAKEN_UP)] == [["Given"], []]


def test_feedback_goes_further_and_never_back() -> None:
    told = begun()
    order = [News(Outcome.WAITING), News(Outcome.RECEIVED), TAKEN_UP]
    about = [WAITING, HERE, HERE]
    assert [give(told, news, where) for news, where in zip(order, about, strict=True)] == [["Given"]] * 3
    assert give(told, News(Outcome.RECEIVED)) == []


def test_a_decision_is_told_beside_that_it_was_taken_up_and_each_decision_once() -> None:
    told, eligible = begun(), News(Outcome.TAKEN_UP, "eligible")
    assert give(told, eligible) == ["Given", "DecisionTold"]
    assert give(told, eligible) == []
    assert give(told, News(Outcome.TAKEN_UP, "plan-adopted")) == ["DecisionTold"]


def test_a_signal_that_went_to_another_family_is_told_of_anew() -> None:
    told = begun()
    give(told, News(Outcome.TAKEN_UP, "eligible"))
    assert give(told, News(Outcome.RECEIVED), About("family-2", ("signal-1",), "reference-1")) == ["Given"]


def test_of_no_signals_nothing_is_told() -> None:
    assert give(begun(), TAKEN_UP, About("family-1", (), "")) == []


@whatever(st.lists(st.tuples(st.sampled_from(Outcome), st.sampled_from(["", "eligible", "closed"])), max_size=8))
def test_whatever_comes_nothing_is_told_twice_in_a_row(came: list[tuple[Outcome, str]]) -> None:
    told, said = begun(), []
    for outcome, decision in came:
        told.give(News(outcome, decision), HERE, REACH, MESSAGE, NOON, an_occasion())
        said += [vars(event) for event in told.collect_events()]
    outcomes = [one["outcome"] for one in said if "outcome" in one]
    assert outcomes == sorted(set(outcomes), key=[*Outcome].index)
    decisions = [one["decision"] for one in said if "decision" in one]
    assert all(before != after for before, after in pairwise(decisions))


# The term ------------------------------------------------------------------------------------------------


def test_the_term_is_that_of_the_matrix_and_starts_when_the_signal_was_first_heard() -> None:
    assert RULES.matrix.terms["feedback-to-reporter"].amount == 10
    assert due(NOON, RULES) == NOON + timedelta(days=14)


@pytest.mark.parametrize("hours", range(0, 24 * 21, 7))
def test_what_is_not_to_be_told_now_has_more_than_a_day_left(hours: int) -> None:
    now = NOON + timedelta(hours=hours)
    before = heard_before(now, RULES)
    assert due(before, RULES) - AHEAD <= now
    assert due(before + timedelta(days=1), RULES) - AHEAD > now


# What is news --------------------------------------------------------------------------------------------


def test_what_people_do_with_a_family_is_news_and_what_the_hub_does_is_none() -> None:
    story = given("domestic-violence").hears("upbringing")
    assert {news_of(event) for event in story.events} == {None}
    escalation = next(iter(story.family.escalations))
    story.when(lambda family, on: family.acknowledge(escalation, on))
    assert TAKEN_UP in [news_of(event) for event in story.events]


def test_what_was_decided_is_news_and_a_step_that_decides_nothing_is_none() -> None:
    story = given("upbringing")
    story.when(lambda family, on: family.refer("the school asked", RULES, on))
    assert {news_of(event) for event in story.events} == {None}
    story.when(lambda family, on: family.decide_referral(Phase.NOT_SUITABLE, "it does not fit", on))
    assert [news for event in story.events if (news := news_of(event))] == [News(Outcome.TAKEN_UP, "not-suitable")]
    story = under_way("upbringing").when(lambda family, on: family.enter(Phase.ANALYSIS_AND_PLAN, "they began", RULES, on))
    assert [news for event in story.events if (news := news_of(event))] == []


def test_a_trajectory_that_ends_is_news() -> None:
    story = under_way("upbringing").when(lambda family, on: family.end_early("they moved", on), by=DUTY.who)
    assert [news for event in story.events if (news := news_of(event))] == [News(Outcome.TAKEN_UP, "ended-early")]
    assert {type(event) for event in story.events} & set(TELLING)


def test_feedback_is_by_the_hub_and_says_by_which_matrix() -> None:
    told = begun()
    told.give(TAKEN_UP, HERE, REACH, MESSAGE, NOON, Occasion(NOON, "somebody").by_rule("2026-1"))
    (event,) = told.collect_events()
    assert (event.by, event.basis) == ("hub", "matrix-2026-1")
