"""Measuring a family: at set moments, on the scales of an instrument, by whom it was; also when the trajectory is over."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.adapters.contracts import contracts
from hub.adapters.instruments import load_instruments
from hub.domain.instruments import MeasuredAt, Score
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from hub.errors import Malformed
from tests.given import COACH, DUTY, NOON, RULES, Story, a_goal, step_to, under_way

ALL = load_instruments(contracts() / "instruments")
GETTING_BY, SAFETY = (ALL.find(code, NOON.date()) for code in ("self-sufficiency", "safety"))
POORLY = (Score("finances", 2), Score("housing", 1))


def measure(story: Story, moment: MeasuredAt = MeasuredAt.START, by: str = DUTY.who, **but: Any) -> Story:
    said = {"instrument": GETTING_BY, "taken_on": story.at.date(), "measured_by": "C. Oach", "scores": POORLY, "words": ""} | but
    return story.when(lambda family, on: family.measure(moment=moment, on=on, **said), by=by)


def at(story: Story, phase: Phase) -> Story:
    """The same family when it has come to that phase, by the steps in between."""
    family, on = story.family, Occasion(story.at, DUTY.who, "", "")
    family.assign_coach(COACH, on)
    family.adopt_plan([a_goal()], "together", RULES, on)
    for step in list(Phase)[list(Phase).index(Phase.ANALYSIS_AND_PLAN) :]:
        step_to(family, step, on)
        if step is phase:
            return story
    raise AssertionError(phase)


def test_a_family_is_measured_at_the_start_and_who_measured_is_kept() -> None:
    story = measure(under_way("debt-collection")).then(Trajectory.MeasurementTaken)
    (taken,) = story.family.measurements.values()
    assert (taken.id, taken.instrument, taken.edition, taken.moment) == (story.gave, "self-sufficiency", "2026-1", "start")
    assert (taken.measured_by, taken.scores, taken.taken_on, taken.recorded_at) == ("C. Oach", POORLY, "2026-03-02", NOON)


def test_everything_that_is_wrong_with_a_measurement_is_said_at_once() -> None:
    wrong = (Score("finances", 6), Score("housing", 0), Score("weather", 3), Score("finances", 2))
    story = measure(under_way("debt-collection"), scores=wrong, taken_on=NOON.date() + timedelta(days=1))
    assert isinstance(story.refusal, Malformed) and story.events == []
    assert [(one.where, one.what) for one in story.refusal.violations] == [
        ("/scores/0/score", "is not on its scale, from 1 to 5"),
        ("/scores/0/domain", "is scored twice"),
        ("/scores/1/score", "is not on its scale, from 1 to 5"),
        ("/scores/2/domain", "is not a domain of this instrument"),
        ("/scores/3/domain", "is scored twice"),
        ("/takenOn", "is still to come"),
    ]


def test_a_measurement_without_any_score_or_from_before_its_moment_is_none() -> None:
    story = measure(under_way("debt-collection"), scores=(), taken_on=date(2026, 3, 1))
    assert isinstance(story.refusal, Malformed)
    assert [one.where for one in story.refusal.violations] == ["/scores", "/takenOn"]


def test_each_scale_has_its_own_bounds() -> None:
    story = under_way("debt-collection")
    measure(story, instrument=SAFETY, scores=(Score("safe-now", 0), Score("stays-safe", 10))).then(Trajectory.MeasurementTaken)
    measure(story, scores=(Score("finances", 0),))
    assert isinstance(story.refusal, Malformed)


def test_an_instrument_is_taken_once_at_a_moment_until_it_is_taken_back_with_the_reason() -> None:
    story = measure(under_way("debt-collection"))
    first = story.gave
    measure(story).refused("measured-already")
    story.when(lambda family, on: family.withdraw_measurement(first, " ", on)).refused("motivation-missing")
    story.when(lambda family, on: family.withdraw_measurement(first, "of another family", on)).then(Trajectory.MeasurementWithdrawn)
    story.when(lambda family, on: family.withdraw_measurement(first, "once more", on)).refused("not-known")
    measure(story).then(Trajectory.MeasurementTaken)
    assert list(story.family.measurements) == [story.gave] != [first]


def test_only_who_directs_or_coaches_measures_and_takes_back() -> None:
    story = measure(under_way("debt-collection"), by="somebody-else").refused("not-the-director")
    measure(story)
    id = story.gave
    story.when(lambda family, on: family.withdraw_measurement(id, "not mine", on), by="somebody-else").refused("not-the-director")
    story.family.assign_coach(COACH, Occasion(NOON, DUTY.who, "", ""))
    measure(story, instrument=SAFETY, scores=(Score("safe-now", 4),), by=COACH.who).then(Trajectory.MeasurementTaken)


@pytest.mark.parametrize("moment", [one for one in MeasuredAt if one is not MeasuredAt.START], ids=str)
def test_nobody_measures_a_moment_that_the_trajectory_has_not_come_to(moment: MeasuredAt) -> None:
    measure(under_way("debt-collection"), moment).refused("not-measured-yet")


def test_after_closing_a_family_is_measured_around_six_and_twelve_months() -> None:
    story = at(under_way("debt-collection"), Phase.CLOSED)
    assert {one.moment: one.due for one in story.family.measuring()} == {
        MeasuredAt.START: date(2026, 3, 2),
        MeasuredAt.HANDING_BACK: date(2026, 3, 2),
        MeasuredAt.CLOSING: date(2026, 3, 2),
        MeasuredAt.SIX_MONTHS: date(2026, 9, 2),
        MeasuredAt.TWELVE_MONTHS: date(2027, 3, 2),
    }
    measure(story).refused("trajectory-ended")
    measure(story, MeasuredAt.CLOSING).then(Trajectory.MeasurementTaken)
    story.at = datetime(2026, 8, 1, 12, tzinfo=UTC)
    measure(story, MeasuredAt.SIX_MONTHS).refused("not-measured-yet")
    story.at = datetime(2026, 8, 2, 12, tzinfo=UTC)
    measure(story, MeasuredAt.SIX_MONTHS).then(Trajectory.MeasurementTaken)
    measure(story, MeasuredAt.TWELVE_MONTHS).refused("not-measured-yet")


def test_who_closes_can_measure_at_the_last_talk_before_it_is_closed() -> None:
    story = at(under_way("debt-collection"), Phase.AFTERCARE)
    measure(story, MeasuredAt.CLOSING).then(Trajectory.MeasurementTaken)


def test_a_trajectory_that_is_opened_again_is_measured_anew_and_what_was_measured_stays() -> None:
    story = measure(under_way("debt-collection"))
    story.when(lambda family, on: family.end_early("they moved", on))
    story.when(lambda family, on: family.reopen("they came back", on))
    assert (story.family.measuring(), story.family.measured_now()) == ([], [])
    story.after(days=1)
    story.when(lambda family, on: family.refer("the school asked", RULES, on))
    story.when(lambda family, on: family.decide_referral(Phase.ELIGIBLE, "it fits", on))
    story.when(lambda family, on: family.enter(Phase.START_TALK, "they agreed", RULES, on))
    measure(story).then(Trajectory.MeasurementTaken)
    assert len(story.family.measurements) == 2
