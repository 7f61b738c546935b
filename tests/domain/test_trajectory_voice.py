"""The voice of a family: its own words beside the plan's, and who of it is told of which goal."""

from typing import Any

from hypothesis import given as any_of
from hypothesis import strategies as st

from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.voice import MOST_GOALS, Stance, Voice
from hub.errors import HubError
from tests.given import DUTY, RULES, Story, a_family, a_goal, a_known_signal, an_occasion, given

CHILD, MOTHER = "a-child", "a-mother"
GOALS = [f"goal-{nth}" for nth in range(MOST_GOALS + 2)]


def planned(*goals: str) -> Story:
    """A family of a child and a mother with these goals in its plan."""
    story = given(a_known_signal("debt-collection", people=(CHILD, MOTHER)))
    return adopt(story, *(goals or ("school",)))


def adopt(story: Story, *goals: str) -> Story:
    wanted = [a_goal(goal) for goal in goals]
    return story.when(lambda family, on: family.adopt_plan(wanted, "together", RULES, on))


def hear(story: Story, stance: Stance = Stance.AGREE, words: str = "", goal: str = "school", person: str = CHILD) -> Story:
    return story.when(lambda family, on: family.hear_voice(goal, person, stance, words, on))


def tell(story: Story, goal: str = "school", person: str = CHILD, words: str = "You go to school every day.") -> Story:
    return story.when(lambda family, on: family.tell_goal(goal, person, words, on))


def test_somebody_says_what_they_think_and_may_think_otherwise_later() -> None:
    story = hear(planned(), Stance.WISH, "I want another class.").then(Trajectory.VoiceHeard)
    hear(story, Stance.WISH, "I want another class.").then()
    hear(story, words="It is good now.").then(Trajectory.VoiceHeard)
    assert list(story.family.voices.values()) == [Voice("school", CHILD, "agree", "It is good now.")]


def test_whoever_does_not_agree_is_heard_in_words() -> None:
    for stance in (Stance.DISAGREE, Stance.WISH):
        hear(planned(), stance, "  ").refused("voice-without-words")
    hear(planned(), Stance.AGREE).then(Trajectory.VoiceHeard)


def test_only_of_a_goal_of_the_valid_plan_and_only_of_people_of_this_family() -> None:
    for verb in (hear, tell):
        verb(planned(), goal="another").refused("not-known")
        verb(planned(), person="somebody-else").refused("not-known")
        verb(given(a_known_signal("debt-collection", people=(CHILD,)))).refused("not-known")


def test_nobody_is_told_of_a_goal_until_somebody_tells_them() -> None:
    story = planned("school", "rent")
    assert [story.family.tellings_to(one) for one in (CHILD, MOTHER)] == [[], []]
    tell(story).then(Trajectory.GoalTold)
    tell(story).then()
    assert [one.goal for one in story.family.tellings_to(CHILD)] == ["school"]
    assert story.family.tellings_to(MOTHER) == []


def test_what_somebody_should_not_read_is_kept_back_for_a_reason() -> None:
    story = tell(planned())
    story.when(lambda family, on: family.keep_back_goal("school", CHILD, "", on)).refused("motivation-missing")
    story.when(lambda family, on: family.keep_back_goal("school", CHILD, "it is about her father", on)).then(
        Trajectory.GoalKeptBack
    )
    assert story.family.tellings_to(CHILD) == []
    story.when(lambda family, on: family.keep_back_goal("school", CHILD, "once more", on)).refused("not-known")


def test_a_goal_that_is_dropped_is_in_nobodys_plan_and_is_again_when_it_comes_back() -> None:
    story = tell(planned("school", "rent"))
    assert adopt(story, "rent").family.tellings_to(CHILD) == []
    assert [one.goal for one in adopt(story, "rent", "school").family.tellings_to(CHILD)] == ["school"]


def test_a_plan_that_somebody_reads_goes_on_two_sheets() -> None:
    story = planned(*GOALS)
    for goal in GOALS[:MOST_GOALS]:
        tell(story, goal).then(Trajectory.GoalTold)
    tell(story, GOALS[-1]).refused("plan-too-long")
    tell(story, GOALS[0], words="Other words for one of them go in.").then(Trajectory.GoalTold)
    tell(story, GOALS[-1], MOTHER).then(Trajectory.GoalTold)


def test_nothing_is_said_of_a_plan_that_is_over() -> None:
    story = planned()
    story.when(lambda family, on: family.end_early("they moved", on))
    hear(story).refused("trajectory-ended")
    tell(story).refused("trajectory-ended")


@any_of(st.lists(st.tuples(st.sampled_from(["tell", "keep"]), st.sampled_from(GOALS[:3]), st.sampled_from([CHILD, MOTHER, "a"]))))
def test_somebody_reads_exactly_what_they_were_told_and_was_not_kept_back(done: list[tuple[str, str, str]]) -> None:
    family, on = a_family(a_known_signal("debt-collection", people=(CHILD, MOTHER))), an_occasion(by=DUTY.who)
    family.adopt_plan([a_goal(goal) for goal in GOALS[:3]], "together", RULES, on)
    reads: dict[str, set[str]] = {CHILD: set(), MOTHER: set(), "a": set()}
    for what, goal, person in done:
        _done(family, what, goal, person, on)
        reads[person] = reads[person] | {goal} if what == "tell" and person != "a" else reads[person] - {goal}
    assert {person: {one.goal for one in family.tellings_to(person)} for person in reads} == reads


def _done(family: Trajectory, what: str, goal: str, person: str, on: Any) -> None:
    try:
        family.tell_goal(goal, person, "words", on) if what == "tell" else family.keep_back_goal(goal, person, "a reason", on)
    except HubError:
        assert person == "a" or what == "keep"
