"""Pressure and compulsion: always decided by a named person of the competent authority, never by the hub."""

from dataclasses import replace
from typing import Any

import pytest

from hub.domain.streams import THE_HUB
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.levers import DecidedLever
from hub.domain.words import Direction
from tests.domain.known import MATRIX, a_known_signal
from tests.given import RULES, Story, given

GROUND = "participatiewet-18-2"


def decide(story: Story, basis: str = GROUND, **but: Any) -> Story:
    said = {"lever": "benefit-measure", "authority": "social-services", "motivation": "no applications for weeks"}
    said["escalations"] = list(story.family.escalations)  # type: ignore[assignment]
    return story.when(lambda family, on: family.decide_lever(**said | but, rules=RULES, on=on), by="s.officer", basis=basis)


def decided() -> Story:
    return decide(given("debt-collection"))


def test_a_lever_names_who_decided_by_which_ground_and_on_which_escalations_it_rests() -> None:
    story = decided().then(Trajectory.LeverDecided, Trajectory.ClockStarted)
    fact = story.events[0]
    assert (fact.by, fact.basis, fact.authority, fact.matrix) == ("s.officer", GROUND, "social-services", "2026-1")
    assert fact.escalations == list(story.family.escalations)
    assert fact.motivation
    rests_on = tuple(fact.escalations)
    expected = DecidedLever(story.gave, "benefit-measure", "social-services", "s.officer", GROUND, rests_on)
    assert story.family.levers == {story.gave: expected}


@pytest.mark.parametrize(
    ("but", "code"),
    [
        ({"authority": "housing-corporation"}, "not-competent"),
        ({"authority": ""}, "not-competent"),
        ({"basis": ""}, "ground-missing"),
        ({"basis": "another-law"}, "other-ground"),
        ({"motivation": " "}, "motivation-missing"),
        ({"lever": "shouting"}, "not-known"),
        ({"escalations": ["another"]}, "not-known"),
    ],
    ids=str,
)
def test_a_lever_needs_a_competent_authority_a_ground_a_reason_and_escalations_that_happened(
    but: dict[str, Any], code: str
) -> None:
    story = decide(given("debt-collection"), **but).refused(code)
    assert story.family.levers == {}


@pytest.mark.parametrize("lever", sorted(MATRIX.levers))
def test_every_lever_of_the_matrix_can_be_decided_by_whom_it_names_and_by_nobody_else(lever: str) -> None:
    agreed = MATRIX.levers[lever]
    decide(given(), lever=lever, authority=agreed.by, basis=agreed.ground)
    decide(given(), lever=lever, authority=THE_HUB, basis=agreed.ground).refused("not-competent")


def test_a_benefit_measure_is_reconsidered_within_three_months_or_direction_is_raised() -> None:
    story = decided()
    (clock,) = (clock for clock in story.family.clocks.values() if clock.about == story.gave)
    assert (clock.term, clock.due.month) == ("benefit-measure-reconsidered", 6)
    story.when(lambda family, on: [family.acknowledge(one, on) for one in family.escalations])
    story.after(days=93).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    story.then(Trajectory.DeadlinePassed, Trajectory.DirectionRaised)
    assert (story.last.evidence, story.family.direction) == ([clock.clock], Direction.NETWORK)


def test_reconsidering_lets_the_term_begin_anew() -> None:
    story = decided()
    lever = story.gave
    story.after(days=60).when(lambda family, on: family.reconsider_lever(lever, "still no applications", RULES, on))
    story.then(Trajectory.LeverReconsidered, Trajectory.ClockStopped, Trajectory.ClockStarted)
    (clock,) = (clock for clock in story.family.clocks.values() if clock.about == lever)
    assert clock.due.month == 8


def test_a_lever_that_ended_is_no_longer_in_force_and_nothing_waits_for_it() -> None:
    story = decided()
    lever = story.gave
    story.when(lambda family, on: family.end_lever(lever, "", on)).refused("motivation-missing")
    story.when(lambda family, on: family.end_lever(lever, "he works", on)).then(Trajectory.LeverEnded, Trajectory.ClockStopped)
    assert (story.family.levers, [clock for clock in story.family.clocks.values() if clock.about == lever]) == ({}, [])
    story.when(lambda family, on: family.end_lever(lever, "again", on)).refused("not-known")
    story.when(lambda family, on: family.reconsider_lever(lever, "again", RULES, on)).refused("not-known")


def test_a_lever_in_force_can_be_ended_after_the_trajectory_and_no_deadline_passes_for_it() -> None:
    story = decided()
    lever = story.gave
    story.when(lambda family, on: family.end_early("moved abroad", on))
    story.when(lambda family, on: family.reconsider_lever(lever, "it stands", RULES, on))
    story.after(days=400).when(lambda family, on: family.pass_deadlines(RULES, on), by=THE_HUB)
    assert story.family.direction is Direction.FAMILY
    story.when(lambda family, on: family.end_lever(lever, "gone", on))
    assert story.family.levers == {}


def test_a_lever_that_a_later_matrix_no_longer_knows_can_still_be_reconsidered_and_ended() -> None:
    story = decided()
    lever, later = story.gave, replace(RULES, matrix=replace(MATRIX, levers={}))
    story.when(lambda family, on: family.reconsider_lever(lever, "it stands", later, on)).then(Trajectory.LeverReconsidered)
    story.when(lambda family, on: family.end_lever(lever, "he works", on))
    assert story.family.levers == {}


def advised() -> tuple[Story, str, dict[str, Any]]:
    """A family with an escalation that advises levers: its id, and one of them with whose it is."""
    story = given("debt-collection", a_known_signal("debt-crisis", "housing-corporation", day=1))
    escalation = next(one for one in story.family.escalations.values() if one.levers)
    lever = escalation.levers[0]
    return story, escalation.id, {"lever": lever["lever"], "authority": lever["by"], "escalations": [escalation.id]}


def decline(story: Story, **said: Any) -> Story:
    why = {"motivation": "they found another house"}
    return story.when(lambda family, on: family.decline_lever(**why | said, rules=RULES, on=on), by="s.officer")


def test_advice_that_is_not_followed_names_who_decided_so_and_why_and_changes_nothing_else() -> None:
    story, escalation, lever = advised()
    before = (dict(story.family.levers), dict(story.family.clocks), dict(story.family.levels))
    fact = decline(story, **lever).then(Trajectory.AdviceDeclined).last
    assert (fact.by, fact.lever, fact.authority, fact.matrix) == ("s.officer", lever["lever"], lever["authority"], "2026-1")
    assert (fact.escalations, fact.motivation) == ([escalation], "they found another house")
    assert (story.family.levers, story.family.clocks, story.family.levels) == before


@pytest.mark.parametrize(
    ("but", "code"),
    [
        ({"authority": "another"}, "not-competent"),
        ({"motivation": " "}, "motivation-missing"),
        ({"lever": "shouting"}, "not-known"),
        ({"escalations": ["another"]}, "not-known"),
        ({"lever": "written-instruction", "authority": "certified-institution"}, "not-known"),
    ],
    ids=str,
)
def test_only_the_competent_authority_declines_only_what_was_advised_and_says_why(but: dict[str, Any], code: str) -> None:
    story, _, lever = advised()
    decline(story, **{**lever, **but}).refused(code)
