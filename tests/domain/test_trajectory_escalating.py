"""What partners worry about, how high that stands, and what people do about it."""

from dataclasses import replace
from datetime import datetime

import pytest

from hub.domain.dates import PartialDate
from hub.domain.escalation import assess
from hub.domain.signals import Informed
from hub.domain.streams import THE_HUB
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Direction, Level, Weight
from tests.domain.known import MATRIX, a_known_signal
from tests.given import DUTY, NOON, RULES, Story, given, levels_of

VIOLENCE = a_known_signal("domestic-violence")


def only_escalation(story: Story) -> str:
    (escalation,) = story.family.escalations
    return escalation


# Rising ---------------------------------------------------------------------------------------------------


def test_a_signal_and_what_it_raises_are_one_breath() -> None:
    story = given().hears(VIOLENCE)
    what_follows = (Trajectory.LevelRaised, Trajectory.ClockStarted, Trajectory.CriteriaWeighed)
    story.then(Trajectory.PersonJoined, Trajectory.SignalRecorded, *what_follows)
    _, recorded, raised, clock, _ = story.events
    assert (raised.level_from, raised.level_to, raised.rule, raised.matrix) == (1, 2, "safety-2-serious", "2026-1")
    assert (raised.signals, raised.cause, raised.leads) == ([VIOLENCE.id], VIOLENCE.id, "veilig-thuis")
    assert (raised.tell, raised.contact, raised.levers) == (["veilig-thuis"], DUTY.contact, [])
    assert (recorded.cause, recorded.basis, recorded.known_since) == ("a-message", "a-ground", VIOLENCE.recorded_at)
    assert (clock.term, clock.about, clock.due) == ("acknowledge-question", raised.escalation, raised.acknowledge_by)


def test_a_repeat_of_a_signal_is_silence() -> None:
    given(VIOLENCE).hears(VIOLENCE).then()


def test_a_light_worry_alone_raises_nothing() -> None:
    story = given().hears(a_known_signal("payment-arrears"))
    story.then(Trajectory.PersonJoined, Trajectory.SignalRecorded)
    assert story.family.level is Level.NONE


def test_the_overall_level_is_that_of_the_highest_axis() -> None:
    family = given("honour-violence", "nuisance").family
    assert (levels_of(family), family.level) == (
        {Axis.SAFETY: 3, Axis.CARE: 1, Axis.HOUSING: 2, Axis.INCOME: 1},
        Level.COMPLEX,
    )


def test_one_signal_can_raise_several_axes_and_each_says_why() -> None:
    story = given(a_known_signal("eviction-threatened", "housing-corporation"))
    story.hears(a_known_signal("domestic-violence", day=3))
    raised = [event for event in story.events if isinstance(event, Trajectory.LevelRaised)]
    assert {event.axis for event in raised} == {"safety", "housing"}
    assert all(event.signals and event.rule for event in raised)


def test_the_levers_of_the_matrix_are_only_advised() -> None:
    family = given("honour-violence").family
    (escalation,) = family.escalations.values()
    assert [dict(lever) for lever in escalation.levers] == [
        {"lever": "council-report-threatened", "by": "veilig-thuis", "ground": "wmo-2015-4-1-1"}
    ]
    assert family.levers == {}


def test_every_cell_starts_the_clocks_that_it_names() -> None:
    story = given().hears(a_known_signal("honour-violence"))
    cell = MATRIX.cells[Axis.SAFETY, Level.COMPLEX]
    assert {clock.term for clock in story.family.clocks.values()} == {cell.acknowledge, *cell.starts}
    assert {clock.about for clock in story.family.clocks.values()} == {only_escalation(story)}


def test_feedback_is_remembered_but_raises_nothing() -> None:
    story = given("feedback-taken-up", "feedback-no-follow-up", "upbringing")
    assert levels_of(story.family) == {Axis.SAFETY: 1, Axis.CARE: 2, Axis.HOUSING: 1, Axis.INCOME: 1}
    assert len(story.family.signals) == 3


def test_how_the_family_was_told_stands_with_the_signal() -> None:
    story = given()
    told = Informed(how="spoken", when=PartialDate("2026-02"), by="teacher")
    about = {"message": "m", "reference": "r", "matched": ["bsn"], "purpose": "help", "rules": RULES}
    story.when(lambda family, on: family.hear(VIOLENCE, informed=told, on=on, **about))  # type: ignore[arg-type]
    assert story.events[0].informed == {"how": "spoken", "when": "2026-02", "by": "teacher", "reasonNot": ""}


def test_a_day_that_is_not_wholly_known_stays_so() -> None:
    signal = a_known_signal("nuisance", happened=PartialDate("2026-02"))
    assert given(signal).family.signals[signal.id] == signal


# Taking notice ----------------------------------------------------------------------------------------------


def test_taking_notice_stops_the_clock_and_a_second_time_is_silence() -> None:
    story = given(VIOLENCE)
    escalation = only_escalation(story)
    story.when(lambda family, on: family.acknowledge(escalation, on), by="coordinator")
    story.then(Trajectory.EscalationAcknowledged, Trajectory.ClockStopped)
    assert (story.family.escalations[escalation].acknowledged_by, story.family.clocks) == ("coordinator", {})
    story.when(lambda family, on: family.acknowledge(escalation, on), by="another").then()
    assert story.family.escalations[escalation].acknowledged_by == "coordinator"


def test_taking_notice_leaves_the_other_clocks_of_the_cell_running() -> None:
    story = given("honour-violence")
    story.when(lambda family, on: family.acknowledge(only_escalation(story), on))
    assert {clock.term for clock in story.family.clocks.values()} == set(MATRIX.cells[Axis.SAFETY, Level.COMPLEX].starts)


def test_nobody_takes_notice_of_what_did_not_happen() -> None:
    given(VIOLENCE).when(lambda family, on: family.acknowledge("another", on)).refused("not-known")


def test_notice_that_nobody_takes_raises_direction_and_not_the_axis() -> None:
    story = given(VIOLENCE)
    story.after(days=7).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised)
    assert (story.last.rule, story.last.evidence) == ("unacknowledged-family", [only_escalation(story)])
    assert (story.family.direction, story.family.levels[Axis.SAFETY]) == (Direction.NETWORK, Level.QUESTION)


def test_notice_can_still_be_taken_too_late() -> None:
    story = given(VIOLENCE)
    story.after(days=7).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.when(lambda family, on: family.acknowledge(only_escalation(story), on)).then(Trajectory.EscalationAcknowledged)


# Stepping down ----------------------------------------------------------------------------------------------


def stepped_down() -> Story:
    return given(VIOLENCE).when(lambda family, on: family.step_down(Axis.SAFETY, Level.NONE, "it was a row", RULES, on))


def test_only_a_person_steps_down_and_says_why_and_those_who_were_told_hear_of_it() -> None:
    story = stepped_down().then(Trajectory.SteppedDown, Trajectory.ClockStopped)
    stepped, _ = story.events
    assert (stepped.level_from, stepped.level_to, stepped.by) == (2, 1, DUTY.who)
    assert (stepped.tell, stepped.contact) == (["veilig-thuis"], DUTY.contact)


def test_after_stepping_down_no_term_of_that_axis_passes_any_more() -> None:
    story = stepped_down().after(days=60)
    story.when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB).then()


def safety_terms(story: Story) -> dict[str, datetime]:
    """The terms that run for the safety axis, with when they are over."""
    about = {escalation.id for escalation in story.family.escalations.values() if escalation.axis is Axis.SAFETY}
    return {clock.term: clock.due for clock in story.family.clocks.values() if clock.about in about}


def test_a_higher_level_ends_the_terms_of_the_lower_one_but_what_goes_on_is_not_begun_anew() -> None:
    story = given(
        VIOLENCE, a_known_signal("nuisance", "housing-corporation", 1), a_known_signal("debt-crisis", "social-services", 2)
    )
    complex_ = safety_terms(story)
    assert set(complex_) == {"acknowledge-complex", "case-meeting-complex", "veilig-thuis-safety-assessment"}
    story.after(days=3).hears(a_known_signal("eviction-threatened", "housing-corporation", 3))
    assert story.family.levels[Axis.SAFETY] is Level.TOTAL
    total = safety_terms(story)
    assert set(total) == {"acknowledge-total", "case-meeting-total", "veilig-thuis-safety-assessment"}
    assert total["veilig-thuis-safety-assessment"] == complex_["veilig-thuis-safety-assessment"]


def test_what_a_rule_brings_about_is_by_the_hub_on_the_ground_of_the_matrix() -> None:
    raised = next(event for event in given().hears(VIOLENCE).events if isinstance(event, Trajectory.LevelRaised))
    assert (raised.by, raised.basis, raised.cause) == (THE_HUB, "matrix-2026-1", VIOLENCE.id)


@pytest.mark.parametrize(
    ("to", "motivation", "code"),
    [(Level.QUESTION, "no change", "not-lower"), (Level.TOTAL, "up", "not-lower"), (Level.NONE, "\t", "motivation-missing")],
)
def test_stepping_down_goes_down_and_with_a_reason(to: Level, motivation: str, code: str) -> None:
    given(VIOLENCE).when(lambda family, on: family.step_down(Axis.SAFETY, to, motivation, RULES, on)).refused(code)


def test_time_alone_never_lowers_a_level() -> None:
    story = given(VIOLENCE)
    story.after(days=800).hears(a_known_signal("payment-arrears", day=800))
    assert story.family.levels[Axis.SAFETY] is Level.QUESTION


def test_what_a_person_had_before_them_does_not_raise_the_level_again() -> None:
    story = stepped_down()
    story.hears(a_known_signal("payment-arrears", "social-services", day=1))
    story.then(Trajectory.SignalRecorded)
    story.hears(VIOLENCE).then()
    assert story.family.levels[Axis.SAFETY] is Level.NONE


def test_a_new_signal_does_raise_it_again_and_what_was_considered_stays_context() -> None:
    story = stepped_down()
    story.hears(a_known_signal("worrying-situation", "veilig-thuis", day=1))
    assert story.family.levels[Axis.SAFETY] is Level.QUESTION
    story.hears(a_known_signal("child-neglect", "veilig-thuis", day=2, id="neglect"))
    (raised,) = (event for event in story.events if isinstance(event, Trajectory.LevelRaised) and event.axis == "safety")
    assert (raised.level_to, "neglect" in raised.signals, VIOLENCE.id in raised.signals) == (3, True, True)


def test_an_old_worry_that_arrives_after_stepping_down_is_new() -> None:
    story = stepped_down()
    story.hears(a_known_signal("crime", day=-300))
    assert story.family.levels[Axis.SAFETY] is Level.QUESTION


def test_stepping_down_one_axis_leaves_the_others() -> None:
    story = given("nuisance", VIOLENCE).when(lambda family, on: family.step_down(Axis.HOUSING, Level.NONE, "quiet", RULES, on))
    assert levels_of(story.family) == {Axis.SAFETY: 2, Axis.CARE: 1, Axis.HOUSING: 1, Axis.INCOME: 1}


# Signals that were not about this family ----------------------------------------------------------------------


def test_a_signal_that_leaves_names_what_rested_on_it_and_levels_wait_for_a_person() -> None:
    story = given(VIOLENCE, a_known_signal("nuisance", people=("neighbour",)))
    escalation = next(one.id for one in story.family.escalations.values() if one.axis is Axis.SAFETY)
    story.when(lambda family, on: family.unlink(VIOLENCE.id, "another Voorbeeld", RULES, on))
    story.then(Trajectory.SignalUnlinked, Trajectory.EscalationRectified)
    left, marked = story.events
    assert (left.rested, left.people) == ([escalation], ["child"])
    assert (marked.escalation, marked.holds, marked.lost) == (escalation, 1, [VIOLENCE.id])
    assert set(story.family.people) == {"neighbour"}
    assert VIOLENCE.id not in story.family.signals
    assert story.family.levels[Axis.SAFETY] is Level.QUESTION


def test_who_is_named_by_another_signal_too_stays() -> None:
    story = given(VIOLENCE, a_known_signal("nuisance"))
    story.when(lambda family, on: family.unlink(VIOLENCE.id, "another Voorbeeld", RULES, on))
    (left, *_) = story.events
    assert (left.people, set(story.family.people)) == ([], {"child"})


def test_a_signal_that_left_no_longer_counts_for_the_next() -> None:
    absence = a_known_signal("school-absence", "school-attendance")
    story = given(absence, a_known_signal("rent-arrears", "housing-corporation"))
    story.when(lambda family, on: family.unlink(absence.id, "another Voorbeeld", RULES, on))
    story.hears(a_known_signal("school-absence", "school-attendance", day=9))
    assert story.family.levels[Axis.CARE] is Level.QUESTION
    assert assess([*story.family.signals.values(), absence], MATRIX)[Axis.CARE].level is Level.COMPLEX


def test_a_signal_leaves_with_a_reason_and_only_once() -> None:
    story = given(VIOLENCE)
    story.when(lambda family, on: family.unlink(VIOLENCE.id, "", RULES, on)).refused("motivation-missing")
    story.when(lambda family, on: family.unlink(VIOLENCE.id, "not them", RULES, on))
    story.when(lambda family, on: family.unlink(VIOLENCE.id, "not them", RULES, on)).refused("not-known")


def test_a_signal_that_was_taken_out_can_come_back() -> None:
    story = given(VIOLENCE)
    story.when(lambda family, on: family.unlink(VIOLENCE.id, "not them", RULES, on))
    story.hears(VIOLENCE).then(Trajectory.PersonJoined, Trajectory.SignalRecorded, Trajectory.EscalationRectified)
    assert (story.last.holds, story.last.lost) == (2, []), "whoever was told that it rested on less hears that it does not"


def test_a_heavier_word_of_the_sender_counts() -> None:
    assert levels_of(given(a_known_signal("worrying-situation", weight=Weight.ACUTE)).family)[Axis.SAFETY] == 3


def test_a_signal_without_a_day_counts_on_the_day_the_hub_first_heard_it() -> None:
    signal = replace(a_known_signal("nuisance"), happened=PartialDate(""), recorded_at=NOON)
    story = given(signal)
    assert story.family.signals[signal.id].day == NOON.date()
