"""Who directs: exactly one at every instant, at one of three levels, and how direction passes on."""

import pytest

from hub.domain.streams import THE_HUB
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.words import Direction
from tests.given import COACH, DUTY, OTHER, RULES, Story, given


def offered(to: Director = OTHER) -> Story:
    return given().when(lambda family, on: family.offer_handover(to, "they know the family", RULES, on))


def deadlines_pass(story: Story) -> Story:
    return story.when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)


def test_a_new_family_is_directed_by_whoever_is_on_duty() -> None:
    family = given().family
    assert (family.director, family.direction, family.coach, family.offered) == (DUTY, Direction.FAMILY, None, None)


def test_the_old_director_stays_until_the_new_one_accepts() -> None:
    story = offered().then(Trajectory.HandoverOffered, Trajectory.ClockStarted)
    assert story.family.director == DUTY
    story.when(lambda family, on: family.accept_handover(family.offered.handover, on), by=OTHER.who)
    story.then(Trajectory.HandoverAccepted, Trajectory.ClockStopped)
    assert (story.family.director, story.family.offered, story.family.clocks) == (OTHER, None, {})
    assert story.events[0].former == DUTY.who  # type: ignore[attr-defined]


def test_accepting_twice_is_silence() -> None:
    story = offered()
    handover = story.gave
    for facts in ((Trajectory.HandoverAccepted, Trajectory.ClockStopped), ()):
        story.when(lambda family, on: family.accept_handover(handover, on), by=OTHER.who).then(*facts)


def test_who_refuses_leaves_the_director_in_place_and_another_can_be_asked() -> None:
    story = offered()
    story.when(lambda family, on: family.refuse_handover(family.offered.handover, "too far away", on), by=OTHER.who)
    story.then(Trajectory.HandoverRefused, Trajectory.ClockStopped)
    assert (story.family.director, story.family.offered) == (DUTY, None)
    story.when(lambda family, on: family.offer_handover(COACH, "nearer", RULES, on))
    story.then(Trajectory.HandoverOffered, Trajectory.ClockStarted)


def test_an_offer_that_nobody_answers_times_out_once_and_can_no_longer_be_accepted() -> None:
    story = offered()
    handover = story.gave
    deadlines_pass(story.after(days=2)).then()
    deadlines_pass(story.after(days=1)).then(Trajectory.DeadlinePassed, Trajectory.HandoverTimedOut)
    deadlines_pass(story.after(days=30)).then()
    story.when(lambda family, on: family.accept_handover(handover, on), by=OTHER.who).refused("not-known")
    assert (story.family.director, story.family.offered) == (DUTY, None)


def test_a_timed_out_offer_does_not_raise_direction() -> None:
    story = deadlines_pass(offered().after(days=10))
    assert story.family.direction is Direction.FAMILY


@pytest.mark.parametrize("by", [DUTY.who, COACH.who, THE_HUB, ""])
def test_only_the_one_it_was_offered_to_can_answer(by: str) -> None:
    story = offered()
    story.when(lambda family, on: family.refuse_handover(family.offered.handover, "no", on), by=by).refused("not-offered-to-you")
    story.when(lambda family, on: family.accept_handover(family.offered.handover, on), by=by).refused("not-offered-to-you")
    assert story.family.director == DUTY


def test_an_answer_to_another_handover_is_an_answer_to_none() -> None:
    offered().when(lambda family, on: family.accept_handover("another", on), by=OTHER.who).refused("not-known")


def test_only_the_director_offers_direction_and_to_one_at_a_time_and_not_to_themselves() -> None:
    story = given()
    story.when(lambda family, on: family.offer_handover(OTHER, "mine", RULES, on), by="a-stranger").refused("not-the-director")
    story.when(lambda family, on: family.offer_handover(DUTY, "again", RULES, on)).refused("same-director")
    story.when(lambda family, on: family.offer_handover(OTHER, " ", RULES, on)).refused("motivation-missing")
    story.when(lambda family, on: family.offer_handover(OTHER, "here", RULES, on))
    story.when(lambda family, on: family.offer_handover(COACH, "or here", RULES, on)).refused("handover-open")


@pytest.mark.parametrize("end", ["end_early", "go_to_compulsion"])
def test_an_offer_ends_with_the_trajectory_and_blocks_nothing_when_it_opens_again(end: str) -> None:
    story = offered()
    handover = story.gave
    story.when(lambda family, on: getattr(family, end)("moved abroad", on), basis="a-ground")
    assert story.family.offered is None
    story.when(lambda family, on: family.accept_handover(handover, on), by=OTHER.who).refused("trajectory-ended")
    story.when(lambda family, on: family.reopen("they came back", on)).then(Trajectory.Reopened)
    story.when(lambda family, on: family.offer_handover(COACH, "nearer", RULES, on))
    story.then(Trajectory.HandoverOffered, Trajectory.ClockStarted)


# The coach -----------------------------------------------------------------------------------------------


def test_a_family_has_one_coach_and_the_same_again_is_silence() -> None:
    story = given().when(lambda family, on: family.assign_coach(COACH, on)).then(Trajectory.CoachAssigned)
    story.when(lambda family, on: family.assign_coach(COACH, on)).then()
    story.when(lambda family, on: family.assign_coach(OTHER, on)).refused("has-coach")
    story.when(lambda family, on: family.release_coach("", on)).refused("motivation-missing")
    story.when(lambda family, on: family.release_coach("on leave", on)).then(Trajectory.CoachReleased)
    story.when(lambda family, on: family.release_coach("on leave", on)).refused("no-coach")
    story.when(lambda family, on: family.assign_coach(OTHER, on)).then(Trajectory.CoachAssigned)


# The level of direction ----------------------------------------------------------------------------------


def test_refused_cooperation_raises_the_level_of_direction_and_never_an_axis() -> None:
    story = given("nuisance")
    before = dict(story.family.levels)
    for level in (Direction.NETWORK, Direction.ADMINISTRATIVE):
        story.when(lambda family, on: family.refuse_cooperation("the door stays shut", RULES, on))
        story.then(Trajectory.CooperationRefused, Trajectory.DirectionRaised)
        assert story.family.direction is level
        assert story.last.evidence == [str(story.events[0].originator_version)]
        assert (story.last.tell, story.last.contact, story.last.matrix) == (["housing-corporation"], DUTY.contact, "2026-1")
    story.when(lambda family, on: family.refuse_cooperation("still shut", RULES, on)).then(Trajectory.CooperationRefused)
    assert story.family.levels == before


def test_only_a_person_with_a_motivation_brings_direction_back() -> None:
    story = given().when(lambda family, on: family.refuse_cooperation("the door stays shut", RULES, on))
    story.when(lambda family, on: family.lower_direction(Direction.FAMILY, "", on)).refused("motivation-missing")
    story.when(lambda family, on: family.lower_direction(Direction.NETWORK, "no", on)).refused("not-lower")
    story.when(lambda family, on: family.lower_direction(Direction.FAMILY, "they opened", on)).then(Trajectory.DirectionLowered)
    assert story.family.direction is Direction.FAMILY
    story.when(lambda family, on: family.lower_direction(Direction.FAMILY, "again", on)).refused("not-lower")
