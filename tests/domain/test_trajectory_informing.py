"""Others hear of a family when it was informed, or it is coded why not (L13); until then who leads hears of escalations alone."""

from typing import Any

import pytest

from hub.domain.signals import NOT_STATED, Informed
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Level
from tests.domain.known import a_known_signal
from tests.given import DUTY, RULES, TOLD, Story, given, tell

SAYS_NOTHING = Informed(reason_not=NOT_STATED)
NUISANCE = a_known_signal("nuisance")
WHO_HEARS_OF_SAFETY = ["veilig-thuis", "police", "school-attendance", "social-services"]


def untold(*concerns: str, informed: Informed | None = None) -> Story:
    """A family about which these worries came, and of which nobody says that it was informed."""
    story = given()
    for concern in concerns:
        tell(story.family, a_known_signal(concern), informed=informed)
    return story


def informs(story: Story, how: str = "in person", reason_not: str = "") -> Story:
    return story.when(lambda family, on: family.inform_family(how, "2026-03-02" if how else "", reason_not, on))


@pytest.mark.parametrize("informed", [None, SAYS_NOTHING])
def test_before_the_family_was_informed_others_wait(informed: Informed | None) -> None:
    (escalation,) = untold("honour-violence", informed=informed).family.escalations.values()
    assert (escalation.level, escalation.tell, escalation.held) == (Level.COMPLEX, (), tuple(WHO_HEARS_OF_SAFETY))


@pytest.mark.parametrize("informed", [TOLD, Informed(reason_not="danger-to-child")])
def test_what_a_partner_says_of_informing_or_the_code_why_not_is_enough(informed: Informed) -> None:
    (escalation,) = untold("honour-violence", informed=informed).family.escalations.values()
    assert (escalation.tell, escalation.held) == (tuple(WHO_HEARS_OF_SAFETY), ())


def test_who_leads_hears_at_once_for_it_is_theirs_to_act() -> None:
    (escalation,) = untold("nuisance").family.escalations.values()
    assert (escalation.leads, escalation.tell, escalation.held) == ("housing-corporation", ("housing-corporation",), ())


def test_when_the_family_is_informed_those_who_waited_hear_of_it_once() -> None:
    story = informs(untold("honour-violence"))
    story.then(Trajectory.FamilyInformed, Trajectory.TellingReleased)
    (escalation,) = story.family.escalations.values()
    assert (story.last.tell, story.last.contact, story.last.level) == (WHO_HEARS_OF_SAFETY, DUTY.contact, 3)
    assert (escalation.tell, escalation.held) == (tuple(WHO_HEARS_OF_SAFETY), ())
    informs(story).then(Trajectory.FamilyInformed)


def test_a_coded_reason_of_a_person_is_enough_and_saying_nothing_is_not() -> None:
    informs(untold("honour-violence"), how="", reason_not="danger-to-child").then(
        Trajectory.FamilyInformed, Trajectory.TellingReleased
    )
    informs(untold("honour-violence"), how="", reason_not=NOT_STATED).then(Trajectory.FamilyInformed)


def test_a_signal_that_says_so_lets_those_who_waited_hear_too_before_what_it_raises_itself() -> None:
    story = untold("honour-violence").hears(NUISANCE)
    happened = [type(event) for event in story.events]
    assert happened.index(Trajectory.TellingReleased) < happened.index(Trajectory.LevelRaised)
    assert Trajectory.TellingHeld not in happened


def test_what_somebody_stepped_down_from_is_not_told_any_more() -> None:
    story = untold("honour-violence")
    story.when(lambda family, on: family.step_down(Axis.SAFETY, Level.NONE, "it was a mistake", RULES, on))
    stepped_down, *_ = story.events
    assert isinstance(stepped_down, Trajectory.SteppedDown) and stepped_down.tell == []
    informs(story).then(Trajectory.FamilyInformed)


def test_what_was_withdrawn_before_is_not_told_any_more() -> None:
    story = untold("honour-violence")
    story.when(lambda family, on: family.withdraw(list(family.signals), "a-withdrawal", RULES, on), by="police")
    assert story.family.level is Level.COMPLEX, "nothing goes down by itself"
    informs(story).then(Trajectory.FamilyInformed)


def test_of_a_trajectory_that_ended_nobody_hears_later() -> None:
    story = untold("honour-violence").when(lambda family, on: family.end_early("they moved", on))
    story.when(lambda family, on: family.record_signal(NUISANCE, **_ABOUT, on=on))
    story.then(Trajectory.SignalRecorded)


_ABOUT: dict[str, Any] = {"message": "m", "reference": "r", "matched": ["bsn"], "purpose": "help", "informed": TOLD}


def test_direction_that_rises_is_told_to_who_leads_alone_before_the_family_was_informed() -> None:
    told, not_told = given("nuisance", "honour-violence"), untold("nuisance", "honour-violence")
    for story in (told, not_told):
        story.when(lambda family, on: family.refuse_cooperation("they do not open the door", RULES, on))
    assert not_told.last.tell == ["housing-corporation"]
    assert {"housing-corporation", "veilig-thuis"} < set(told.last.tell)


# What turns out otherwise ------------------------------------------------------------------------------


def withdrawn(story: Story, *signals: str) -> Story:
    """Their senders take these signals back; none is all of them."""
    gone = list(signals or story.family.signals)
    return story.when(lambda family, on: family.withdraw(gone, "a-withdrawal", RULES, on), by="police")


def of_another_family(story: Story) -> Story:
    """A signal that says that the family was informed, and turns out to be about another one."""
    tell(story.family, a_known_signal("nuisance", id="of-others"), informed=TOLD)
    return story.when(lambda family, on: family.unlink("of-others", "the house next door", RULES, on))


def told_of_safety(story: Story) -> tuple[str, ...]:
    """Who was told of the escalation on safety."""
    (escalation,) = [each for each in story.family.escalations.values() if each.axis is Axis.SAFETY]
    return escalation.tell


def test_that_another_family_was_informed_says_nothing_of_this_one() -> None:
    story = of_another_family(untold("nuisance"))
    tell(story.family, a_known_signal("honour-violence"), informed=None)
    assert told_of_safety(story) == ()


def test_what_its_sender_took_back_informs_nobody() -> None:
    story = untold("nuisance")
    tell(story.family, a_known_signal("nuisance", id="mistaken"), informed=TOLD)
    tell(withdrawn(story, "mistaken").family, a_known_signal("honour-violence"), informed=None)
    assert told_of_safety(story) == ()


def test_what_a_person_said_stands_whatever_signals_turn_out_to_be() -> None:
    story = of_another_family(informs(untold("nuisance")))
    tell(story.family, a_known_signal("honour-violence"), informed=None)
    assert told_of_safety(story) == tuple(WHO_HEARS_OF_SAFETY)


def test_who_never_heard_of_an_escalation_does_not_hear_what_became_of_it() -> None:
    story = informs(withdrawn(untold("honour-violence")))
    story.when(lambda family, on: family.refuse_cooperation("nobody opens", RULES, on))
    assert [event.tell for event in story.events if isinstance(event, Trajectory.DirectionRaised)] == [[]]
    story.when(lambda family, on: family.step_down(Axis.SAFETY, Level.NONE, "it was a mistake", RULES, on))
    assert story.events[0].tell == []


def test_who_heard_of_it_hears_every_step_down() -> None:
    story = informs(untold("honour-violence"))
    for level in (Level.QUESTION, Level.NONE):
        story.when(lambda family, on, level=level: family.step_down(Axis.SAFETY, level, "calmer", RULES, on))
        assert story.events[0].tell == WHO_HEARS_OF_SAFETY
    tell(story.family, a_known_signal("worrying-situation", id="later"), informed=TOLD)
    assert story.family.heard_of(Axis.SAFETY) == ["veilig-thuis"], "what was stepped down to rest is over"


def test_what_was_in_doubt_when_the_family_was_informed_is_told_once_it_holds_again() -> None:
    story = informs(withdrawn(untold("honour-violence"))).then(Trajectory.FamilyInformed)
    tell(story.family, a_known_signal("honour-violence", id="again"), informed=None)
    assert told_of_safety(story) == tuple(WHO_HEARS_OF_SAFETY)


def test_of_what_was_stepped_down_before_those_hear_whom_the_level_of_now_concerns() -> None:
    story = untold("honour-violence")
    story.when(lambda family, on: family.step_down(Axis.SAFETY, Level.QUESTION, "calmer", RULES, on))
    concerned = RULES.matrix.cells[Axis.SAFETY, Level.QUESTION].tell
    informs(story).then(Trajectory.FamilyInformed, Trajectory.TellingReleased)
    assert (set(story.last.tell), story.last.level) == (set(concerned) & set(WHO_HEARS_OF_SAFETY), 2)


def test_what_was_held_when_a_trajectory_ended_does_not_go_out_as_new_years_later() -> None:
    story = untold("honour-violence").when(lambda family, on: family.end_early("they moved", on)).after(days=700)
    story.hears(NUISANCE)
    assert Trajectory.TellingReleased not in [type(event) for event in story.events]
