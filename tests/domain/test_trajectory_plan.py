"""One plan: exactly one version is valid, and it is SMART."""

from datetime import date

import pytest

from hub.domain.streams import THE_HUB
from hub.domain.trajectory import Trajectory
from hub.domain.words import Direction, Phase
from hub.errors import Malformed
from tests.given import COACH, RULES, Story, a_goal, given, step_to, under_way

SCHOOL, RENT = a_goal(), a_goal("rent", specific="the rent is paid", due=date(2026, 5, 1))


def adopted(*goals: object) -> Story:
    return given().when(lambda family, on: family.adopt_plan(goals or (SCHOOL,), "after the start talk", RULES, on))


def test_the_first_plan_is_version_one_and_its_clocks_run() -> None:
    story = adopted(SCHOOL, RENT)
    story.then(Trajectory.PlanAdopted, *[Trajectory.ClockStarted] * 3)
    assert (story.gave, story.family.valid_plan().goals) == (1, (SCHOOL, RENT))
    assert set(story.family.clocks) == {"goal:school", "goal:rent", "no-progress"}


def test_a_new_version_replaces_the_old_and_only_its_clocks_run() -> None:
    story = adopted(SCHOOL, RENT).after(days=7)
    story.when(lambda family, on: family.adopt_plan([RENT], "school goes well", RULES, on))
    assert (story.gave, story.family.valid_plan().version, story.family.valid_plan().goals) == (2, 2, (RENT,))
    assert set(story.family.clocks) == {"goal:rent", "no-progress"}


def test_a_goal_that_goes_on_keeps_its_result() -> None:
    story = adopted(SCHOOL, RENT)
    story.when(lambda family, on: family.result_goal("rent", "partly", "half of it", RULES, on))
    story.when(lambda family, on: family.adopt_plan([SCHOOL, RENT], "on we go", RULES, on))
    assert [goal.result for goal in story.family.valid_plan().goals] == ["", "partly"]
    assert "goal:rent" not in story.family.clocks


def test_nobody_gives_a_goal_a_result_by_writing_it_into_a_plan() -> None:
    assert adopted(a_goal(result="reached")).family.valid_plan().goals[0].result == ""


def test_everything_that_is_not_smart_is_said_at_once() -> None:
    blank = dict.fromkeys(("specific", "measurable", "achievable", "relevant", "owner"), " ")
    story = adopted(a_goal("", **blank, due=date(2026, 3, 2)), SCHOOL, a_goal(owner="")).refused("malformed")
    assert isinstance(story.refusal, Malformed)
    assert [str(violation) for violation in story.refusal.violations] == [
        *(f"/goals/0/{name}: is empty" for name in ("goal", *blank)),
        "/goals/0/due: is not after start",
        "/goals/2/owner: is empty",
        "/goals: two goals have the same id",
    ]
    assert story.family.plan is None


def test_a_plan_has_at_least_one_goal() -> None:
    given().when(lambda family, on: family.adopt_plan([], "nothing to do", RULES, on)).refused("malformed")


def test_only_the_director_or_the_coach_adopts_a_plan_and_says_why() -> None:
    story = given()
    story.when(lambda family, on: family.adopt_plan([SCHOOL], "mine", RULES, on), by=COACH.who).refused("not-the-director")
    story.when(lambda family, on: family.adopt_plan([SCHOOL], "", RULES, on)).refused("motivation-missing")
    story.when(lambda family, on: family.assign_coach(COACH, on))
    story.when(lambda family, on: family.adopt_plan([SCHOOL], "ours", RULES, on), by=COACH.who)
    assert story.family.valid_plan().version == 1


def test_a_result_stops_the_clock_of_its_goal_and_the_same_again_is_silence() -> None:
    story = adopted().after(days=1)
    story.when(lambda family, on: family.result_goal("school", "reached", "four weeks", RULES, on))
    story.then(Trajectory.GoalResulted, Trajectory.ClockStopped, Trajectory.ClockStarted)
    story.when(lambda family, on: family.result_goal("school", "reached", "four weeks", RULES, on)).then()
    story.when(lambda family, on: family.result_goal("school", "not", "he left again", RULES, on)).then(Trajectory.GoalResulted)
    assert story.family.valid_plan().goals[0].result == "not"


def test_progress_lets_the_term_begin_anew() -> None:
    story = adopted()
    before = story.family.clocks["no-progress"].due
    story.after(days=10).when(lambda family, on: family.record_progress("school", "three good weeks", RULES, on))
    story.then(Trajectory.ProgressRecorded, Trajectory.ClockStarted)
    assert (story.family.clocks["no-progress"].due - before).days == 10


@pytest.mark.parametrize(
    ("goal", "result", "code"), [("other", "reached", "not-known"), ("school", "fine", "malformed"), ("school", "", "malformed")]
)
def test_a_result_is_one_of_three_and_of_a_goal_of_the_valid_plan(goal: str, result: str, code: str) -> None:
    adopted().when(lambda family, on: family.result_goal(goal, result, "so", RULES, on)).refused(code)


def test_without_a_plan_there_is_no_progress_to_note() -> None:
    given().when(lambda family, on: family.record_progress("school", "fine", RULES, on)).refused("not-known")
    adopted().when(lambda family, on: family.record_progress("school", "", RULES, on)).refused("motivation-missing")


def test_a_goal_that_nobody_reports_on_in_time_raises_direction() -> None:
    story = adopted(a_goal(due=date(2026, 3, 9))).after(days=7, hours=10)
    story.when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB).then()
    story.after(hours=2).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised)
    assert (story.last.rule, story.last.evidence) == ("missed-deadline-family", ["goal:school"])


def test_no_progress_raises_direction_each_time_the_term_is_over_and_no_higher_than_it_goes() -> None:
    story = adopted(a_goal(due=date(2030, 1, 1)))
    for level in (Direction.NETWORK, Direction.ADMINISTRATIVE):
        story.after(days=29).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
        story.then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised, Trajectory.ClockStarted)
        assert story.family.direction is level
    story.after(days=29).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.then(Trajectory.DeadlinePassed, Trajectory.ClockStarted)


def test_after_direction_was_handed_back_nobody_is_late_with_progress() -> None:
    story = under_way()
    story.when(lambda family, on: family.adopt_plan([SCHOOL], "after the start talk", RULES, on))
    story.when(lambda family, on: family.assign_coach(COACH, on))
    for phase in (Phase.ANALYSIS_AND_PLAN, Phase.COACH_DIRECTS, Phase.HANDED_BACK):
        story.when(lambda family, on, phase=phase: step_to(family, phase, on))
    assert "no-progress" not in story.family.clocks
    story.when(lambda family, on: family.record_progress("school", "still fine", RULES, on)).then(Trajectory.ProgressRecorded)
