"""The network of a family: with the family's permission, drawn with them, and met about until what was decided is done."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.network import Became, Involved, Quality, Side
from hub.domain.words import LifeArea
from tests.given import NOON, RULES, Story, a_goal, given

GRANDMOTHER = Involved("", Side.INFORMAL, "Oma", "grandmother", permitted_by="mother", permitted_on="2026-03-01")
TEACHER = Involved("", Side.FORMAL, "J. Meester", "teacher", on_behalf_of="primary school", areas=(LifeArea.WORK_AND_EDUCATION,))


def involve(story: Story, somebody: Involved = GRANDMOTHER) -> Story:
    return story.when(lambda family, on: family.involve(somebody, on), by="coach")


def with_both() -> tuple[Story, str, str]:
    story = involve(given("debt-collection"))
    grandmother = story.gave
    return (story := involve(story, TEACHER)), grandmother, story.gave


def call(story: Story, invited: list[str], **but: Any) -> Story:
    said = {"begins": NOON + timedelta(days=1), "place": "the school", "agenda": ["school"]} | but
    return story.when(lambda family, on: family.call_meeting(invited=invited, on=on, **said), by="coach")


def hold(story: Story, meeting: str, present: list[str], days: int = 1) -> Story:
    decided = [("pick up from school", "grandmother", date(2026, 4, 1))]
    return story.when(
        lambda family, on: family.hold_meeting(
            meeting, present, "all were there", decided, replace(on, at=NOON + timedelta(days=days))
        ),
        by="coach",
    )


def test_a_grandmother_stands_in_the_network_with_who_permitted_that_and_when() -> None:
    story = involve(given("debt-collection")).then(Trajectory.NetworkJoined)
    (somebody,) = story.family.network.values()
    assert somebody == replace(GRANDMOTHER, id=story.gave)


@pytest.mark.parametrize("but", [{"permitted_by": " "}, {"permitted_on": ""}], ids=str)
def test_without_the_permission_of_the_family_nobody_of_its_own_network_is_noted(but: dict[str, str]) -> None:
    story = involve(given("debt-collection"), replace(GRANDMOTHER, **but)).refused("permission-missing")
    assert story.family.network == {}


def test_a_professional_stands_there_by_profession_without_anybodys_permission() -> None:
    involve(given("debt-collection"), TEACHER).then(Trajectory.NetworkJoined)


def test_what_is_known_already_is_not_noted_again_and_more_of_somebody_replaces_it() -> None:
    story = involve(given("debt-collection"))
    here = replace(GRANDMOTHER, id=story.gave)
    involve(story, here).then()
    involve(story, replace(here, how_to_reach="by the mother")).then(Trajectory.NetworkJoined)
    assert story.family.network[here.id].how_to_reach == "by the mother"
    involve(story, replace(here, id=str(uuid4()))).refused("not-known")


def test_how_two_people_get_along_is_drawn_once_whoever_comes_first_and_goes_with_who_leaves() -> None:
    story, grandmother, teacher = with_both()
    for pair, then in (((grandmother, teacher), [Trajectory.TieDrawn]), ((teacher, grandmother), [])):
        story.when(lambda family, on, pair=pair: family.draw_tie(*pair, Quality.STRAINED, "", on), by="coach").then(*then)
    story.when(lambda family, on: family.draw_tie(teacher, grandmother, Quality.SUPPORTIVE, "they spoke", on), by="coach")
    assert [tie.quality for tie in story.family.ties.values()] == [Quality.SUPPORTIVE]
    story.when(lambda family, on: family.leave_network(teacher, "2026-03-02", "another school", on), by="coach")
    assert (list(story.family.network), story.family.ties) == ([grandmother], {})


def test_a_tie_is_between_two_people_who_are_there() -> None:
    story, grandmother, _ = with_both()
    story.when(lambda family, on: family.draw_tie(grandmother, "child", Quality.SUPPORTIVE, "", on), by="coach").then(
        Trajectory.TieDrawn
    )
    draw = Quality.BROKEN
    story.when(lambda family, on: family.draw_tie(grandmother, grandmother, draw, "", on), by="coach").refused("same-person")
    story.when(lambda family, on: family.draw_tie(grandmother, str(uuid4()), draw, "", on), by="coach").refused("not-known")
    story.when(lambda family, on: family.draw_tie(grandmother, "child", None, "", on), by="coach").then(Trajectory.TieErased)
    story.when(lambda family, on: family.draw_tie(grandmother, "child", None, "", on), by="coach").then()


def test_what_a_case_meeting_decided_becomes_a_goal_of_the_plan() -> None:
    story, grandmother, teacher = with_both()
    story.when(lambda family, on: family.adopt_plan([a_goal()], "a plan", RULES, on), by="duty-officer")
    meeting = call(story, [grandmother, teacher, "child"]).gave
    hold(story, meeting, [grandmother, teacher]).then(Trajectory.MeetingHeld)
    (decided,) = story.family.meetings[meeting].resolutions
    assert (decided.words, decided.became) == ("pick up from school", None)

    def follow(family: Trajectory, on: Any, goal: str = "school") -> None:
        family.follow_resolution(meeting, decided.id, Became.GOAL, goal, "in the plan", on)

    story.when(lambda family, on: follow(family, on, "another"), by="coach").refused("not-known")
    story.when(follow, by="coach").then(Trajectory.ResolutionFollowed)
    story.when(follow, by="coach").then()
    (decided,) = story.family.meetings[meeting].resolutions
    assert (decided.became, decided.came_of) == (Became.GOAL, "school")


def test_a_meeting_is_called_for_a_moment_to_come_with_people_who_are_there_and_held_once() -> None:
    story, grandmother, _ = with_both()
    call(story, [grandmother], begins=NOON - timedelta(hours=1)).refused("moment-passed")
    call(story, [str(uuid4())]).refused("not-known")
    meeting = call(story, [grandmother]).gave
    hold(story, meeting, [grandmother], days=0).refused("meeting-to-come")
    hold(story, str(uuid4()), [grandmother]).refused("not-known")
    hold(story, meeting, [grandmother]).then(Trajectory.MeetingHeld)
    hold(story, meeting, [grandmother]).refused("meeting-held")
    story.when(lambda family, on: family.cancel_meeting(meeting, "nobody came", on), by="coach").refused("meeting-held")


def test_a_meeting_that_is_cancelled_is_to_be_held_no_longer() -> None:
    story, grandmother, _ = with_both()
    meeting = call(story, [grandmother]).gave
    story.when(lambda family, on: family.cancel_meeting(meeting, "somebody is ill", on), by="coach").then(
        Trajectory.MeetingCancelled
    )
    hold(story, meeting, [grandmother]).refused("not-known")
