"""The course of a trajectory: from candidate to aftercare, with its side exits and its reopening."""

from datetime import date
from itertools import pairwise

import pytest

from hub.domain.streams import THE_HUB
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Direction, Level, Phase
from tests.domain.known import a_known_signal
from tests.given import COACH, OTHER, RULES, Story, Verb, a_goal, given, hand_over, step_to, under_way

WAY = (
    Phase.START_TALK,
    Phase.ANALYSIS_AND_PLAN,
    Phase.COACH_DIRECTS,
    Phase.HANDED_BACK,
    Phase.WINDING_DOWN,
    Phase.AFTERCARE,
    Phase.CLOSED,
)
FITTING = (
    a_known_signal("upbringing", "veilig-thuis", id="upbringing"),
    a_known_signal("nuisance", "housing-corporation", 3, id="nuisance"),
    a_known_signal("benefit-measure", "social-services", 6, id="benefit"),
)


def enter(story: Story, phase: Phase) -> Story:
    return story.when(lambda family, on: family.enter(phase, "the next step", RULES, on))


def with_coach_and_plan(story: Story) -> Story:
    story.when(lambda family, on: family.assign_coach(COACH, on))
    return story.when(lambda family, on: family.adopt_plan([a_goal(due=date(2027, 1, 1))], "together", RULES, on))


def come_to(phase: Phase) -> Story:
    """A family that went the whole way to this phase."""
    story = with_coach_and_plan(under_way())
    for step in WAY[1 : WAY.index(phase) + 1]:
        story.when(lambda family, on, step=step: step_to(family, step, on))
    assert story.family.phase is phase
    return story


def ended_early() -> Story:
    return under_way().when(lambda family, on: family.end_early("moved abroad", on))


def compelled() -> Story:
    return under_way().when(lambda family, on: family.go_to_compulsion("the judge decided", on), basis="bw-1-255")


ENDS = {"closed": lambda: come_to(Phase.CLOSED), "ended early": ended_early, "compulsion": compelled}


# Referral --------------------------------------------------------------------------------------------------


def test_the_hub_advises_referral_once_and_names_what_each_criterion_rests_on() -> None:
    story = given(*FITTING[:2]).hears(FITTING[2])
    (advice,) = (event for event in story.events if isinstance(event, Trajectory.CriteriaMet))
    assert (advice.matrix, advice.cause, story.family.phase) == ("2026-1", "benefit", Phase.CANDIDATE)
    assert {result["criterion"]: (result["met"], result["signals"]) for result in advice.results} == {
        "child-with-worries": (True, ["benefit"]),
        "pressure": (True, ["benefit"]),
        "four-serious-areas": (True, ["benefit", "nuisance", "upbringing"]),
    }
    story.hears("crime", "substance-use")
    assert not any(isinstance(event, Trajectory.CriteriaMet) for event in story.events)


def test_before_the_criteria_are_met_nothing_is_advised() -> None:
    assert not given(*FITTING[:2]).family.criteria_met


def test_what_may_stand_in_the_way_is_for_a_person_to_judge() -> None:
    story = given(*FITTING[:2], a_known_signal("substance-use", "veilig-thuis", 5, id="use")).hears(FITTING[2])
    (advice,) = (event for event in story.events if isinstance(event, Trajectory.CriteriaMet))
    assert advice.contra_indications == [{"indication": "addiction", "signals": ["use"]}]


def test_a_person_can_refer_although_something_is_missing_and_that_is_recorded() -> None:
    story = given("upbringing").when(lambda family, on: family.refer("I know this family", RULES, on))
    story.then(Trajectory.Referred, Trajectory.ClockStarted)
    referred = story.events[0]
    assert (referred.met, referred.motivation, story.family.phase) == (False, "I know this family", Phase.REFERRED)
    missing = {result["criterion"]: result["missing"]["en"] for result in referred.results}
    assert missing["child-with-worries"] == ""
    assert missing["four-serious-areas"] == "serious problems on 2 of 4 life areas"
    assert missing["pressure"].startswith("missing: a benefit")


def test_after_a_referral_the_hub_advises_no_more() -> None:
    story = given(*FITTING[:2]).when(lambda family, on: family.refer("the school asked", RULES, on)).hears(FITTING[2])
    assert not any(isinstance(event, Trajectory.CriteriaMet) for event in story.events)


@pytest.mark.parametrize("decision", [Phase.ELIGIBLE, Phase.NOT_SUITABLE, Phase.CONTRA_INDICATED])
def test_a_person_decides_on_a_referral(decision: Phase) -> None:
    story = given().when(lambda family, on: family.refer("the school asked", RULES, on))
    story.when(lambda family, on: family.decide_referral(decision, "after reading it", on))
    story.then(Trajectory.ReferralDecided, Trajectory.ClockStopped)
    assert (story.family.phase, story.family.clocks) == (decision, {})


def test_a_referral_is_decided_once_as_one_of_three_and_with_a_reason() -> None:
    story = given().when(lambda family, on: family.decide_referral(Phase.ELIGIBLE, "it fits", on)).refused("not-referred")
    story.when(lambda family, on: family.refer("", RULES, on)).refused("motivation-missing")
    story.when(lambda family, on: family.refer("the school asked", RULES, on))
    story.when(lambda family, on: family.refer("again", RULES, on)).refused("not-a-candidate")
    story.when(lambda family, on: family.decide_referral(Phase.CLOSED, "no", on)).refused("no-such-decision")
    story.when(lambda family, on: family.decide_referral(Phase.ELIGIBLE, "", on)).refused("motivation-missing")
    story.when(lambda family, on: family.decide_referral(Phase.ELIGIBLE, "it fits", on))
    story.when(lambda family, on: family.decide_referral(Phase.ELIGIBLE, "it fits", on)).refused("not-referred")


@pytest.mark.parametrize("decision", [Phase.NOT_SUITABLE, Phase.CONTRA_INDICATED])
def test_who_was_not_suitable_can_be_referred_again(decision: Phase) -> None:
    story = given().when(lambda family, on: family.refer("the school asked", RULES, on))
    story.when(lambda family, on: family.decide_referral(decision, "not now", on))
    story.when(lambda family, on: family.refer("much has changed", RULES, on)).then(Trajectory.Referred, Trajectory.ClockStarted)


def test_a_referral_that_nobody_decides_on_raises_direction() -> None:
    story = given().when(lambda family, on: family.refer("the school asked", RULES, on))
    story.after(days=15).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised)
    assert story.last.evidence == ["referral-decision"]


# The phases ----------------------------------------------------------------------------------------------------


def test_the_whole_way_is_walked_step_by_step_and_leaves_no_clock_running() -> None:
    story = come_to(Phase.CLOSED)
    assert story.family.clocks == {}
    assert story.family.phase is Phase.CLOSED


@pytest.mark.parametrize(("now", "skipped"), [(a, c) for (a, _), (_, c) in pairwise(pairwise(WAY))], ids=str)
def test_no_phase_is_skipped_and_none_goes_back(now: Phase, skipped: Phase) -> None:
    story = come_to(now)
    enter(story, skipped).refused("phase-order")
    for back in (Phase.CANDIDATE, Phase.REFERRED, Phase.ELIGIBLE):
        enter(story, back).refused("phase-order")


@pytest.mark.parametrize("side", [Phase.ENDED_EARLY, Phase.COMPULSION, Phase.NOT_SUITABLE])
def test_a_side_exit_is_no_next_phase(side: Phase) -> None:
    enter(under_way(), side).refused("phase-order")


def test_the_present_phase_again_is_silence() -> None:
    enter(under_way(), Phase.START_TALK).then()


def test_a_step_needs_a_reason() -> None:
    story = under_way().when(lambda family, on: family.enter(Phase.ANALYSIS_AND_PLAN, "", RULES, on))
    story.refused("motivation-missing")


def test_a_coach_directs_only_with_a_plan_when_one_is_assigned_and_once_direction_is_theirs() -> None:
    story = enter(under_way(), Phase.ANALYSIS_AND_PLAN)
    enter(story, Phase.COACH_DIRECTS).refused("no-coach-or-plan")
    story.when(lambda family, on: family.assign_coach(COACH, on))
    enter(story, Phase.COACH_DIRECTS).refused("no-coach-or-plan")
    enter(with_coach_and_plan(story), Phase.COACH_DIRECTS).refused("coach-does-not-direct")
    story.when(lambda family, on: hand_over(family, COACH, on))
    enter(story, Phase.COACH_DIRECTS).then(Trajectory.PhaseEntered)


def test_direction_is_handed_back_once_somebody_else_has_accepted_it() -> None:
    story = enter(come_to(Phase.COACH_DIRECTS), Phase.HANDED_BACK).refused("coach-still-directs")
    story.when(lambda family, on: hand_over(family, OTHER, on))
    enter(story, Phase.HANDED_BACK).then(Trajectory.PhaseEntered, Trajectory.ClockStopped, Trajectory.ClockStopped)


# Six months ----------------------------------------------------------------------------------------------------


def test_six_months_begin_with_the_start_talk_and_end_at_handing_back() -> None:
    story = under_way()
    assert story.family.clocks["trajectory"].due.date() == date(2026, 9, 2)
    assert "trajectory" not in come_to(Phase.HANDED_BACK).family.clocks


def test_more_than_six_months_needs_a_reason_and_runs_on_from_the_old_end() -> None:
    story = under_way().after(days=100)
    story.when(lambda family, on: family.extend(" ", RULES, on)).refused("motivation-missing")
    story.when(lambda family, on: family.extend("the debts take longer", RULES, on))
    story.then(Trajectory.TermExtended, Trajectory.ClockStarted)
    assert story.family.clocks["trajectory"].due.date() == date(2027, 3, 2)


def test_only_a_trajectory_under_way_is_extended() -> None:
    for story in (given(), come_to(Phase.HANDED_BACK)):
        story.when(lambda family, on: family.extend("longer", RULES, on)).refused("not-under-way")


def test_six_months_that_are_over_raise_direction_once() -> None:
    story = under_way().after(days=190)
    story.when(lambda family, on: family.stop_clock("no-progress", "", on))
    story.when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised)
    assert (story.events[0].term, story.family.direction) == ("trajectory", Direction.NETWORK)
    story.after(days=190).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB).then()


def test_aftercare_that_has_lasted_its_time_is_a_fact_and_nobodys_failure() -> None:
    story = come_to(Phase.AFTERCARE)
    story.when(lambda family, on: family.result_goal("school", "reached", "it did", RULES, on))
    assert set(story.family.clocks) == {"aftercare"}
    story.after(days=190).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.then(Trajectory.DeadlinePassed)
    assert story.family.direction is Direction.FAMILY


# Ends ----------------------------------------------------------------------------------------------------------


def test_a_side_exit_stops_every_clock_and_says_why() -> None:
    for story, fact in ((ended_early(), Trajectory.EndedEarly), (compelled(), Trajectory.WentToCompulsion)):
        story.then(fact, *[Trajectory.ClockStopped] * 2)
        assert story.family.clocks == {}
    under_way().when(lambda family, on: family.end_early("", on)).refused("motivation-missing")


def test_compulsion_needs_a_legal_ground() -> None:
    under_way().when(lambda family, on: family.go_to_compulsion("enough", on)).refused("ground-missing")


DECISIONS: dict[str, Verb] = {
    "step down": lambda family, on: family.step_down(Axis.CARE, Level.NONE, "better", RULES, on),
    "offer direction": lambda family, on: family.offer_handover(OTHER, "theirs", RULES, on),
    "assign a coach": lambda family, on: family.assign_coach(COACH, on),
    "refuse cooperation": lambda family, on: family.refuse_cooperation("no", RULES, on),
    "lower direction": lambda family, on: family.lower_direction(Direction.FAMILY, "better", on),
    "adopt a plan": lambda family, on: family.adopt_plan([a_goal()], "again", RULES, on),
    "note progress": lambda family, on: family.record_progress("school", "well", RULES, on),
    "result a goal": lambda family, on: family.result_goal("school", "reached", "well", RULES, on),
    "refer": lambda family, on: family.refer("again", RULES, on),
    "go on": lambda family, on: family.enter(Phase.START_TALK, "again", RULES, on),
    "extend": lambda family, on: family.extend("longer", RULES, on),
    "end early": lambda family, on: family.end_early("again", on),
    "compel": lambda family, on: family.go_to_compulsion("again", on),
    "inform": lambda family, on: family.inform_family("spoken", "2026-03-01", "", on),
    "decide on a lever": lambda family, on: family.decide_lever("benefit-measure", "social-services", "x", [], RULES, on),
}


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("end", ENDS)
def test_after_the_end_nothing_is_decided_any_more(end: str, decision: str) -> None:
    ENDS[end]().when(DECISIONS[decision], basis="participatiewet-18-2").refused("trajectory-ended")


@pytest.mark.parametrize("end", ENDS)
def test_after_the_end_corrections_are_accepted(end: str) -> None:
    story = ENDS[end]().when(lambda family, on: family.note_correction("a-signal", "it was the neighbour", on))
    story.then(Trajectory.CorrectionNoted)
    story.when(lambda family, on: family.note_correction("a-signal", "", on)).refused("motivation-missing")


@pytest.mark.parametrize("end", ENDS)
def test_after_the_end_no_deadline_ever_passes(end: str) -> None:
    ENDS[end]().after(days=4000).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB).then()


@pytest.mark.parametrize("end", ENDS)
def test_a_new_signal_opens_an_ended_trajectory_again_as_a_candidate(end: str) -> None:
    story = ENDS[end]().hears("crime")
    assert [type(event).__name__ for event in story.events][1:3] == ["Reopened", "SignalRecorded"]
    assert (story.family.phase, story.family.levels[Axis.SAFETY]) == (Phase.CANDIDATE, Level.QUESTION)


def test_a_repeat_does_not_open_it_again() -> None:
    story = under_way(FITTING[0]).when(lambda family, on: family.end_early("moved abroad", on))
    story.hears(FITTING[0]).then()
    assert story.family.phase is Phase.ENDED_EARLY


def test_a_person_opens_it_again_with_a_reason_and_an_open_one_is_silence() -> None:
    story = ended_early().when(lambda family, on: family.reopen("", on)).refused("motivation-missing")
    story.when(lambda family, on: family.reopen("they came back", on)).then(Trajectory.Reopened)
    story.when(lambda family, on: family.reopen("they came back", on)).then()


def test_who_is_a_candidate_again_can_be_advised_again() -> None:
    story = given(*FITTING).when(lambda family, on: family.end_early("moved abroad", on)).hears("crime")
    assert any(isinstance(event, Trajectory.CriteriaMet) for event in story.events)


# Telling the family -----------------------------------------------------------------------------------------------


def test_the_family_was_told_or_there_is_a_reason_why_not() -> None:
    story = given().when(lambda family, on: family.inform_family("spoken", "2026-03-01", "", on)).then(Trajectory.FamilyInformed)
    story.when(lambda family, on: family.inform_family("", "", "danger", on)).then(Trajectory.FamilyInformed)
    story.when(lambda family, on: family.inform_family("", "", "", on)).refused("informed-or-reason")
    story.when(lambda family, on: family.inform_family("spoken", "", "danger", on)).refused("informed-or-reason")
