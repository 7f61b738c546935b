"""When it turns out that two families are one, or one is two: merging, splitting, moving, and undoing each."""

from typing import Any

from hub.domain.streams import THE_HUB
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Direction, Level
from tests.domain.known import a_known_signal
from tests.given import COACH, DUTY, NOON, OTHER, RULES, Story, a_family, a_goal, an_occasion, given, state_of, tell

E = Trajectory.EscalationRectified
NOOR, BRAM = "noor", "bram"
VIOLENCE = a_known_signal("domestic-violence", people=(NOOR,))
NUISANCE = a_known_signal("nuisance", "housing-corporation", 2, people=(BRAM,))
ARREARS = a_known_signal("rent-arrears", "housing-corporation", 3, people=(BRAM,))
BOTH = a_known_signal("upbringing", "school-attendance", 4, people=(NOOR, BRAM))


def another(*signals: Any, name: str = "another-family") -> Trajectory:
    family = a_family(*signals, name=name)
    family.collect_events()
    return family


def merged(other: Trajectory, *signals: Any) -> Story:
    return given(*signals or (VIOLENCE,)).when(lambda family, on: family.merge(other, "they are one", RULES, on))


def facts(family: Trajectory, kind: type) -> list[Any]:
    return [event for event in family.collect_events() if isinstance(event, kind)]


# Merging -------------------------------------------------------------------------------------------------------


def test_merging_brings_people_and_signals_and_weighs_them_together() -> None:
    other = another(NUISANCE, ARREARS)
    story = merged(other)
    family = story.family
    assert (set(family.people), set(family.signals)) == ({NOOR, BRAM}, {VIOLENCE.id, NUISANCE.id, ARREARS.id})
    assert family.levels == {Axis.SAFETY: 3, Axis.CARE: 1, Axis.HOUSING: 2, Axis.INCOME: 1}
    (into,) = facts(other, Trajectory.MergedInto)
    assert (into.into, into.motivation, other.merged_into) == (str(family.id), "they are one", str(family.id))


def test_what_was_brought_in_says_from_where_and_keeps_who_said_it_and_when_it_was_known() -> None:
    story = merged(another(NUISANCE))
    brought = story.events[0]
    assert (brought.people, brought.signals) == ([BRAM], [NUISANCE.id])  # type: ignore[attr-defined]
    (account,) = (event for event in story.events if isinstance(event, Trajectory.SignalRecorded))
    assert (account.by, account.basis, account.cause) == ("housing-corporation", "a-ground", "a-message")
    assert (account.timestamp, account.known_since) == (NOON, NUISANCE.recorded_at)
    assert story.family.signals[NUISANCE.id] == NUISANCE


def test_the_director_the_plan_and_the_phase_of_the_family_that_goes_on_stay() -> None:
    story = given(VIOLENCE).when(lambda family, on: family.adopt_plan([a_goal()], "together", RULES, on))
    plan = story.family.plan
    story.when(lambda family, on: family.merge(another(NUISANCE), "they are one", RULES, on))
    assert (story.family.director, story.family.plan) == (DUTY, plan)


def test_a_merged_family_decides_nothing_any_more() -> None:
    other = another(NUISANCE)
    merged(other)
    gone = Story(other)
    gone.when(lambda family, on: family.assign_coach(COACH, on)).refused("family-merged")
    gone.when(lambda family, on: family.step_down(Axis.HOUSING, Level.NONE, "quiet", RULES, on)).refused("family-merged")
    gone.when(lambda family, on: family.unlink(NUISANCE.id, "not them", RULES, on)).refused("family-merged")
    gone.when(lambda family, on: family.merge(another(name="third"), "too", RULES, on)).refused("family-merged")


def test_handovers_and_referrals_of_a_merged_family_wait() -> None:
    other = another(NUISANCE)
    handover = other.offer_handover(OTHER, "theirs", RULES, an_occasion(by=DUTY.who))
    other.refer("the school asked", RULES, an_occasion(by=DUTY.who))
    merged(other)
    gone = Story(other)
    gone.when(lambda family, on: family.accept_handover(handover, on), by=OTHER.who).refused("family-merged")
    gone.when(lambda family, on: family.refuse_handover(handover, "no", on), by=OTHER.who).refused("family-merged")
    gone.when(lambda family, on: family.decide_referral(family.phase.ELIGIBLE, "fits", on)).refused("family-merged")
    assert other.director == DUTY


def test_terms_of_a_merged_family_wait_and_pass_when_it_goes_on_by_itself() -> None:
    other = another(NUISANCE)
    story = merged(other)
    gone = Story(other).after(days=100)
    gone.when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB).then()
    story.when(lambda family, on: family.separate(other, "they are two", RULES, on))
    gone.when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    gone.then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised)
    assert other.direction is Direction.NETWORK


def test_a_family_merges_once_with_a_reason_and_not_with_itself_or_an_ended_one() -> None:
    other, ended = another(NUISANCE), another(ARREARS, name="ended")
    ended.end_early("moved abroad", an_occasion())
    story = given(VIOLENCE)
    story.when(lambda family, on: family.merge(family, "me", RULES, on)).refused("same-family")
    story.when(lambda family, on: family.merge(other, "", RULES, on)).refused("motivation-missing")
    story.when(lambda family, on: family.merge(ended, "gone", RULES, on)).refused("trajectory-ended")
    story.when(lambda family, on: family.merge(other, "they are one", RULES, on))
    story.when(lambda family, on: family.merge(other, "they are one", RULES, on)).refused("family-merged")


def test_two_families_that_each_lacked_something_can_meet_the_criteria_together() -> None:
    worries = a_known_signal("upbringing", "veilig-thuis", people=(NOOR,)), a_known_signal("nuisance", people=(NOOR,))
    income = a_known_signal("benefit-measure", "social-services", people=(BRAM,))
    story = merged(another(income), *worries)
    assert Trajectory.CriteriaMet in map(type, story.events)


def test_a_signal_both_families_have_is_there_once() -> None:
    story = merged(another(NUISANCE, BOTH), VIOLENCE, BOTH)
    assert story.events[0].signals == [NUISANCE.id]  # type: ignore[attr-defined]
    assert len(story.family.signals) == 3


# Undoing it ------------------------------------------------------------------------------------------------------


def test_separating_gives_back_what_came_and_what_came_later_about_those_people_alone() -> None:
    other = another(NUISANCE)
    story = merged(other).hears(ARREARS, BOTH)
    other.collect_events()
    story.when(lambda family, on: family.separate(other, "they are two", RULES, on))
    assert set(other.signals) == {NUISANCE.id, ARREARS.id}
    assert set(story.family.signals) == {VIOLENCE.id, BOTH.id}
    assert (set(story.family.people), set(other.people)) == ({NOOR}, {BRAM})
    assert other.merged_into == ""
    assert [type(event).__name__ for event in other.collect_events()] == ["SeparatedAgain", "SignalRecorded"]


def test_separating_names_the_escalations_that_rested_on_what_leaves() -> None:
    other = another(NUISANCE)
    story = merged(other)
    rested = [one.id for one in story.family.escalations.values() if NUISANCE.id in one.signals]
    assert rested
    story.when(lambda family, on: family.separate(other, "they are two", RULES, on))
    left, *marked = story.then(Trajectory.LetGo, *(E for _ in rested)).events
    assert left.rested == rested == [one.escalation for one in marked]
    assert all(one.holds < one.level for one in marked)
    assert story.family.levels[Axis.HOUSING] is Level.QUESTION


def test_what_the_other_hears_back_is_weighed_there() -> None:
    other = another(ARREARS)
    story = merged(other).hears(NUISANCE)
    assert other.levels[Axis.HOUSING] is Level.NONE
    story.when(lambda family, on: family.separate(other, "they are two", RULES, on))
    assert other.levels[Axis.HOUSING] is Level.QUESTION


def test_only_what_was_merged_is_separated_and_only_once_and_with_a_reason() -> None:
    other = another(NUISANCE)
    story = given(VIOLENCE).when(lambda family, on: family.separate(other, "no", RULES, on)).refused("not-known")
    story.when(lambda family, on: family.merge(other, "they are one", RULES, on))
    story.when(lambda family, on: family.separate(other, "", RULES, on)).refused("motivation-missing")
    story.when(lambda family, on: family.separate(other, "they are two", RULES, on))
    story.when(lambda family, on: family.separate(other, "they are two", RULES, on)).refused("not-known")


def test_what_was_separated_can_be_merged_and_separated_again() -> None:
    other = another(NUISANCE)
    story = merged(other)
    for _ in range(3):
        story.when(lambda family, on: family.separate(other, "they are two", RULES, on))
        story.when(lambda family, on: family.merge(other, "they are one", RULES, on))
    assert set(story.family.signals) == {VIOLENCE.id, NUISANCE.id}
    assert set(story.family.people) == {NOOR, BRAM}


def test_a_family_that_was_merged_itself_separates_nothing() -> None:
    third, second = another(ARREARS, name="third"), another(NUISANCE)
    second.merge(third, "one", RULES, an_occasion())
    story = merged(second)
    Story(second).when(lambda family, on: family.separate(third, "two", RULES, on)).refused("family-merged")
    story.when(lambda family, on: family.separate(second, "two", RULES, on))
    assert set(second.signals) == {NUISANCE.id, ARREARS.id}


def test_a_mistake_can_be_undone_after_the_trajectory_ended_too() -> None:
    other = another(NUISANCE)
    story = merged(other).when(lambda family, on: family.end_early("moved abroad", on))
    story.when(lambda family, on: family.separate(other, "they are two", RULES, on))
    assert isinstance(story.events[0], Trajectory.LetGo)


# Splitting ---------------------------------------------------------------------------------------------------------


def test_who_is_split_off_takes_the_signals_along_that_are_only_about_them() -> None:
    story, new = given(VIOLENCE, NUISANCE, BOTH), another(name="new")
    rested = [one.id for one in story.family.escalations.values() if NUISANCE.id in one.signals]
    story.when(lambda family, on: family.split([BRAM], new, "they moved apart", RULES, on))
    left = story.then(Trajectory.LetGo, *(E for _ in rested)).events[0]
    assert (left.people, left.signals, left.rested) == ([BRAM], [NUISANCE.id], rested)
    assert (set(new.people), set(new.signals), new.levels[Axis.HOUSING]) == ({BRAM}, {NUISANCE.id}, Level.QUESTION)
    assert (set(story.family.people), set(story.family.signals)) == ({NOOR}, {VIOLENCE.id, BOTH.id})


def test_a_split_is_of_members_and_leaves_somebody_and_has_a_reason() -> None:
    story, new = given(VIOLENCE, NUISANCE), another(name="new")
    for people in ([], ["a-stranger"], [BRAM, "a-stranger"]):
        story.when(lambda family, on, people=people: family.split(people, new, "apart", RULES, on)).refused("not-a-member")
    story.when(lambda family, on: family.split([NOOR, BRAM], new, "apart", RULES, on)).refused("nobody-left")
    story.when(lambda family, on: family.split([BRAM, BRAM, NOOR], new, "apart", RULES, on)).refused("nobody-left")
    story.when(lambda family, on: family.split([BRAM], new, "", RULES, on)).refused("motivation-missing")
    assert list(new.collect_events()) == []


def test_a_signal_about_nobody_stays_where_it_is() -> None:
    feedback = a_known_signal("feedback-taken-up", people=())
    story, new = given(VIOLENCE, NUISANCE, feedback), another(name="new")
    story.when(lambda family, on: family.split([BRAM], new, "they moved apart", RULES, on))
    assert feedback.id in story.family.signals


# Moving a signal -----------------------------------------------------------------------------------------------------


def test_a_signal_that_was_about_another_family_goes_there_with_its_people_and_is_weighed() -> None:
    story, right = given(VIOLENCE, NUISANCE), another(ARREARS)
    rested = story.family.resting_on([NUISANCE.id])
    story.when(lambda family, on: family.pass_on(NUISANCE.id, right, "the neighbours", RULES, on))
    left, *marked = story.then(Trajectory.SignalUnlinked, *(E for _ in rested)).events
    assert (left.people, set(story.family.people)) == ([BRAM], {NOOR})
    assert [one.lost for one in marked] == [[NUISANCE.id] for _ in rested] != []
    assert right.signals[NUISANCE.id] == NUISANCE
    assert (set(right.people), right.levels[Axis.HOUSING]) == ({BRAM}, Level.QUESTION)


def test_a_signal_goes_to_another_open_family_and_with_a_reason() -> None:
    story, ended = given(VIOLENCE), another(name="ended")
    story.when(lambda family, on: family.pass_on(VIOLENCE.id, family, "here", RULES, on)).refused("same-family")
    story.when(lambda family, on: family.pass_on("another", ended, "there", RULES, on)).refused("not-known")
    before = state_of(ended)
    story.when(lambda family, on: family.pass_on(VIOLENCE.id, ended, " ", RULES, on)).refused("motivation-missing")
    assert state_of(ended) == before
    ended.end_early("moved abroad", an_occasion())
    story.when(lambda family, on: family.pass_on(VIOLENCE.id, ended, "there", RULES, on)).refused("trajectory-ended")
    assert VIOLENCE.id in story.family.signals


def test_a_signal_that_was_moved_and_is_told_again_is_told_to_the_right_family() -> None:
    story, right = given(VIOLENCE), another(name="right")
    story.when(lambda family, on: family.pass_on(VIOLENCE.id, right, "there", RULES, on))
    right.collect_events()
    tell(right, VIOLENCE)
    assert list(right.collect_events()) == []
