"""Terms that run for a family: each passes once, as an event, so that a replay fires nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.streams import THE_HUB
from hub.domain.trajectory import Trajectory
from hub.domain.words import Direction
from tests.domain.known import a_known_signal
from tests.given import DUTY, NOON, OTHER, RULES, Story, a_family, an_occasion, given, state_of

VIOLENCE = a_known_signal("domestic-violence")


def time_passes(story: Story, **passed: float) -> Story:
    story.after(**passed)
    return story.when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)


def replayed(family: Trajectory, *events: object) -> Trajectory:
    again = None
    for event in events:
        again = event.mutate(again)  # type: ignore[attr-defined]
    return again  # type: ignore[return-value]


def test_a_passed_deadline_is_a_fact_with_what_it_was_about_and_when_it_was_due() -> None:
    story = given(VIOLENCE)
    (clock,) = story.family.clocks.values()
    passed = time_passes(story, days=8).events[0]
    assert (passed.clock, passed.term, passed.about, passed.due) == (clock.clock, clock.term, clock.about, clock.due)  # type: ignore[attr-defined]
    assert (passed.timestamp, passed.by) == (NOON + timedelta(days=8), THE_HUB)


def test_what_follows_from_a_passed_deadline_says_that_it_caused_it() -> None:
    story = time_passes(given(VIOLENCE), days=8)
    assert story.last.cause == story.events[0].clock  # type: ignore[attr-defined]


@pytest.mark.parametrize("late", [0, 1, 3600, 86400 * 400])
def test_a_deadline_passes_once_however_late_anybody_looks(late: int) -> None:
    story = given(VIOLENCE)
    (clock,) = story.family.clocks.values()
    story.at = clock.due - timedelta(seconds=1)
    time_passes(story).then()
    time_passes(story, seconds=1 + late).then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised)
    time_passes(story).then()
    time_passes(story, days=1000).then()


def test_a_replay_fires_nothing_twice() -> None:
    family = a_family(VIOLENCE)
    family.pass_deadlines(RULES, an_occasion(at=NOON + timedelta(days=30), by=THE_HUB))
    events = list(family.collect_events())
    again = replayed(family, *events)
    assert state_of(again) == state_of(family)
    again.pass_deadlines(RULES, an_occasion(at=NOON + timedelta(days=30), by=THE_HUB))
    assert list(again.collect_events()) == []


def test_terms_pass_in_the_order_in_which_they_were_due() -> None:
    story = given("honour-violence")
    passed = [event.due for event in time_passes(story, days=60).events if isinstance(event, Trajectory.DeadlinePassed)]
    assert len(passed) == 3
    assert passed == sorted(passed)


def test_a_term_that_is_started_again_for_the_same_day_is_silence() -> None:
    due = NOON + timedelta(days=3)
    story = given().when(lambda family, on: family.start_clock("plan", "", due, on)).then(Trajectory.ClockStarted)
    story.when(lambda family, on: family.start_clock("plan", "", due, on)).then()
    story.when(lambda family, on: family.start_clock("plan", "", due + timedelta(days=1), on)).then(Trajectory.ClockStarted)
    assert [clock.due for clock in story.family.clocks.values()] == [due + timedelta(days=1)]


def test_a_term_that_does_not_run_is_stopped_in_silence() -> None:
    story = given().when(lambda family, on: family.stop_clock("plan", "", on)).then()
    story.when(lambda family, on: family.start_clock("plan", "a", NOON, on))
    story.when(lambda family, on: family.stop_clock("plan", "b", on)).then()
    story.when(lambda family, on: family.stop_clock("plan", "a", on)).then(Trajectory.ClockStopped)


def test_terms_of_different_things_run_beside_each_other() -> None:
    story = given(VIOLENCE, a_known_signal("nuisance"))
    assert len({clock.clock for clock in story.family.clocks.values()}) == 2


def test_working_days_are_dutch_ones() -> None:
    before_the_holidays = an_occasion(at=datetime(2026, 4, 2, 10, tzinfo=UTC), by=DUTY.who)
    family = a_family(on=before_the_holidays)
    family.offer_handover(OTHER, "theirs", RULES, before_the_holidays)
    (clock,) = family.clocks.values()
    # Good Friday and Easter Monday lie between
    assert clock.due.date().isoformat() == "2026-04-09"
    assert clock.due.hour == 10


def test_many_deadlines_at_once_raise_direction_no_higher_than_it_goes() -> None:
    story = given("honour-violence", "evicted", a_known_signal("school-absence", "school-attendance"))
    time_passes(story, days=400)
    raised = [event for event in story.events if isinstance(event, Trajectory.DirectionRaised)]
    assert (len(raised), story.family.direction) == (2, Direction.ADMINISTRATIVE)
    assert story.family.clocks == {}


# Terms that a person meets ---------------------------------------------------------------------------------------


LIFTING = (VIOLENCE, a_known_signal("nuisance", "housing-corporation"), a_known_signal("debt-crisis", "social-services"))


def test_a_term_is_met_when_a_person_says_what_was_done() -> None:
    story = given(*LIFTING)
    meeting = next(clock for clock in story.family.clocks if clock.startswith("case-meeting"))
    story.when(lambda family, on: family.meet_term(meeting, "all partners met on Tuesday", on)).then(Trajectory.TermMet)
    assert meeting not in story.family.clocks
    story.when(lambda family, on: family.meet_term(meeting, "again", on)).refused("not-known")


def test_what_a_term_is_for_can_be_done_after_it_passed() -> None:
    story = given(*LIFTING)
    meeting = next(clock for clock in story.family.clocks if clock.startswith("case-meeting"))
    story.after(days=60).when(lambda family, on: family.pass_deadlines(RULES, on))
    assert meeting in story.family.missed
    story.when(lambda family, on: family.meet_term(meeting, "all partners met, late", on)).then(Trajectory.TermMet)
    story.when(lambda family, on: family.meet_term(meeting, "again", on)).refused("not-known")


def test_a_term_is_not_met_without_words_nor_when_the_hub_sees_it_by_itself() -> None:
    story = given(*LIFTING)
    meeting = next(clock for clock in story.family.clocks if clock.startswith("case-meeting"))
    notice = next(clock for clock in story.family.clocks if clock.startswith("acknowledge-"))
    story.when(lambda family, on: family.meet_term(meeting, " ", on)).refused("motivation-missing")
    story.when(lambda family, on: family.meet_term(notice, "seen", on)).refused("term-of-the-hub")
