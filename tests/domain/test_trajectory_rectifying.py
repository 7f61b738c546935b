"""A partner takes back what it said: what rested on it is marked, and nothing that people decided is undone."""

from typing import Any

import pytest

from hub.domain.signals import KnownSignal
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Level, Phase
from tests.domain.known import a_known_signal
from tests.domain.test_trajectory_course import FITTING
from tests.given import DUTY, RULES, Story, given, under_way

VIOLENCE = a_known_signal("domestic-violence", "police", people=("noor",))
ANOTHER = a_known_signal("domestic-violence", "veilig-thuis", people=("noor",))
NUISANCE = a_known_signal("nuisance", "housing-corporation", people=("esther",))
NUISANCE_OF_BRAM = a_known_signal("nuisance", "housing-corporation", people=("bram",))
W = Trajectory.SignalWithdrawn
E = Trajectory.EscalationRectified


def withdraw(story: Story, *signals: KnownSignal, by: str = "police") -> Story:
    ids = [signal.id for signal in signals]
    return story.when(lambda family, on: family.withdraw(ids, "a-withdrawal", RULES, on), by=by)


def without_advice(story: Story) -> Story:
    """The facts but those of what the hub advises on referral."""
    advice = (Trajectory.CriteriaMet, Trajectory.CriteriaWeighed, Trajectory.CriteriaNoLongerMet)
    story.events = [event for event in story.events if not isinstance(event, advice)]
    return story


def correct(story: Story, old: KnownSignal, *new: KnownSignal, by: str = "police") -> Story:
    """As the way in does it: the old makes room, the new is recorded, and then it is settled."""

    def verb(family: Trajectory, on: Occasion) -> None:
        here = family.correct([old.id], "a-correction", [signal.id for signal in new], on)
        for signal in new:
            hear_instead(family, signal, old, on)
        family.settle(here, old.people, "a-correction", RULES, on)

    return story.when(verb, by=by)


def hear_instead(family: Trajectory, signal: KnownSignal, old: KnownSignal, on: Occasion) -> None:
    said: dict[str, Any] = {"message": "a-correction", "reference": "r", "matched": ["bsn"], "purpose": "help", "informed": None}
    for person in signal.people:
        family.join(person, *joined(family), on)
    family.hear(signal, **said, rules=RULES, on=on, instead_of=[old.id])


def joined(family: Trajectory) -> Any:
    some = next(iter(family.people.values()))
    return some.role, some.born


def test_what_rested_on_a_withdrawn_signal_stays_and_says_what_still_holds() -> None:
    story = given(VIOLENCE)
    level, (escalation,) = story.family.levels[Axis.SAFETY], story.family.escalations.values()
    clocks = dict(story.family.clocks)
    without_advice(withdraw(story, VIOLENCE)).then(W, E)
    withdrawn, rectified = story.events
    assert (withdrawn.signal, withdrawn.message, withdrawn.by) == (VIOLENCE.id, "a-withdrawal", "police")  # type: ignore[attr-defined]
    assert withdrawn.rested == [escalation.id]  # type: ignore[attr-defined]
    assert (rectified.escalation, rectified.level, rectified.holds) == (escalation.id, level, 1)  # type: ignore[attr-defined]
    assert (rectified.lost, rectified.signals) == ([VIOLENCE.id], [])  # type: ignore[attr-defined]
    assert tuple(rectified.tell) == escalation.tell  # type: ignore[attr-defined]
    assert story.family.levels[Axis.SAFETY] == level, "only a person lowers a level"
    assert story.family.clocks == clocks, "what waits for a person waits on"
    assert (story.family.signals, story.family.escalations[escalation.id].acknowledged_by) == ({}, "")


def test_a_second_withdrawal_changes_nothing() -> None:
    withdraw(withdraw(given(VIOLENCE), VIOLENCE), VIOLENCE).then()


def test_a_signal_that_this_family_never_had_changes_nothing() -> None:
    withdraw(given(VIOLENCE), NUISANCE).then()


def test_a_withdrawn_signal_that_is_told_again_is_not_heard() -> None:
    withdraw(given(VIOLENCE), VIOLENCE).hears(VIOLENCE).then()


def test_whoever_was_told_hears_also_that_it_holds_by_what_others_said() -> None:
    story = withdraw(given(VIOLENCE, ANOTHER), VIOLENCE)
    assert [event.holds for event in story.events if isinstance(event, E)] == [story.family.levels[Axis.SAFETY]]


def test_a_signal_on_which_nothing_rests_leaves_no_mark() -> None:
    withdraw(given(VIOLENCE, ANOTHER), ANOTHER, by="veilig-thuis").then(W)


def test_what_comes_later_makes_a_marked_escalation_hold_again() -> None:
    story = withdraw(given(VIOLENCE), VIOLENCE).hears(ANOTHER)
    assert story.last.holds == story.family.levels[Axis.SAFETY]
    assert isinstance(story.last, E)


def test_a_level_that_a_person_lowered_since_is_not_marked_again_by_what_comes_later() -> None:
    story = withdraw(given(VIOLENCE), VIOLENCE)
    story.when(lambda family, on: family.step_down(Axis.SAFETY, Level.NONE, "it was a mistake", RULES, on))
    story.hears(ANOTHER)
    assert not [event for event in story.events if isinstance(event, E)]
    assert story.family.levels[Axis.SAFETY] > Level.NONE, "and a new signal raises it by itself"


def test_the_people_of_a_withdrawn_signal_stay_until_a_person_decides() -> None:
    story = withdraw(given(VIOLENCE, NUISANCE), VIOLENCE)
    assert story.events[0].people == ["noor"]  # type: ignore[attr-defined]
    assert set(story.family.people) == {"noor", "esther"}


def test_withdrawing_the_only_signal_of_a_family_leaves_its_director_and_its_people() -> None:
    story = withdraw(given(VIOLENCE), VIOLENCE)
    assert (story.family.director, set(story.family.people)) == (DUTY, {"noor"})


def test_signals_of_one_message_are_withdrawn_together_and_each_escalation_is_marked_once() -> None:
    story = withdraw(given(VIOLENCE, ANOTHER), VIOLENCE, ANOTHER)
    marks = [event for event in story.events if isinstance(event, E)]
    assert len(marks) == len({event.escalation for event in marks})
    assert {event.holds for event in marks} == {1}


def test_a_correction_takes_the_place_of_a_signal_without_falling_in_between() -> None:
    story = without_advice(correct(given(VIOLENCE), VIOLENCE, ANOTHER))
    story.then(Trajectory.SignalCorrected, Trajectory.SignalRecorded, E)
    assert story.events[0].instead == [ANOTHER.id]  # type: ignore[attr-defined]
    assert story.last.holds == story.family.levels[Axis.SAFETY]
    assert set(story.family.signals) == {ANOTHER.id}


def test_a_correction_does_not_count_beside_what_it_corrects() -> None:
    light = a_known_signal("nuisance", "police", people=("noor",))
    alone, corrected = given(light), correct(given(light), light, a_known_signal("nuisance", "police", people=("noor",)))
    assert corrected.family.levels == alone.family.levels
    assert len(corrected.family.signals) == 1


def test_those_whom_a_correction_no_longer_names_leave() -> None:
    story = correct(given(VIOLENCE, NUISANCE), NUISANCE, NUISANCE_OF_BRAM, by="housing-corporation")
    assert set(story.family.people) == {"noor", "bram"}
    (left,) = [event for event in story.events if isinstance(event, Trajectory.PeopleLeft)]
    assert left.people == ["esther"]


def test_nobody_leaves_a_family_that_would_be_left_without_people() -> None:
    story = correct(given(VIOLENCE), VIOLENCE)
    assert set(story.family.people) == {"noor"}


def test_a_candidate_that_no_longer_meets_the_criteria_is_no_candidate_to_advise() -> None:
    *others, benefit = FITTING
    story = given(*FITTING)
    assert story.family.criteria_met
    withdraw(story, benefit, by="social-services")
    assert isinstance(story.last, Trajectory.CriteriaNoLongerMet)
    assert not story.family.criteria_met
    assert {signal for result in story.last.results for signal in result["signals"]} <= {signal.id for signal in others}
    story.hears(a_known_signal("benefit-measure", "social-services", 6))
    assert story.family.criteria_met


def test_a_referral_that_a_person_made_stands_and_is_named() -> None:
    story = under_way(VIOLENCE)
    cited = VIOLENCE.id in story.family.referred_on
    withdraw(story, VIOLENCE)
    assert story.events[0].referral is cited  # type: ignore[attr-defined]
    assert story.family.phase is Phase.START_TALK


def test_a_lever_that_a_person_decided_stands_and_is_named() -> None:
    collection = a_known_signal("debt-collection", "social-services", people=("noor",))
    story = given(collection)
    said: dict[str, Any] = {"lever": "benefit-measure", "authority": "social-services", "motivation": "the rent"}
    said["escalations"] = list(story.family.escalations)
    story.when(lambda family, on: family.decide_lever(**said, rules=RULES, on=on), by="s.officer", basis="participatiewet-18-2")
    lever = story.gave
    withdraw(story, collection, by="social-services")
    assert story.events[0].decisions == [lever]  # type: ignore[attr-defined]
    assert lever in story.family.levers


def test_a_correction_does_not_open_an_ended_trajectory_unless_it_raises_an_axis() -> None:
    story = given(NUISANCE)
    story.when(lambda family, on: family.end_early("they moved", on))
    same = a_known_signal("nuisance", "housing-corporation", people=("esther",))
    correct(story, NUISANCE, same, by="housing-corporation")
    assert story.family.phase is Phase.ENDED_EARLY
    graver = a_known_signal("evicted", "housing-corporation", people=("esther",))
    correct(story, same, graver, by="housing-corporation")
    assert Trajectory.Reopened in map(type, story.events)
    assert story.family.levels[Axis.HOUSING] > Level.NONE


def test_an_escalation_of_a_family_whose_signal_went_on_to_another_is_marked_too() -> None:
    story, other = given(VIOLENCE, NUISANCE), given(ANOTHER).family
    story.when(lambda family, on: family.pass_on(VIOLENCE.id, other, "the neighbours", RULES, on))
    cited = story.family.resting_on([VIOLENCE.id])
    without_advice(withdraw(story, VIOLENCE)).then(W, *(E for _ in cited))
    assert cited and story.events[0].rested == cited  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", [0, 1])
def test_two_withdrawals_end_alike_in_any_order(first: int) -> None:
    story, pair = given(VIOLENCE, ANOTHER, NUISANCE), [VIOLENCE, ANOTHER]
    withdraw(story, pair[first])
    withdraw(story, pair[1 - first])
    assert {known.holds for known in story.family.escalations.values() if known.axis is Axis.SAFETY} == {Level.NONE}
