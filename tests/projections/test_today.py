"""What waits for a person today: what is over comes first, what was done is gone, and nothing is counted that is not there."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.domain.signals import Informed
from hub.domain.words import Axis, Level, Phase
from hub.errors import Malformed
from hub.projections import moment
from tests.given import COACH, DUTY, ELSEWHERE, NOON, OTHER, a_goal, a_person, a_signal, step_to
from tests.projections.conftest import Shown

pytestmark = pytest.mark.usefixtures("database")
NOTHING = {"families": 1, "escalations": 0, "overdue": 0, "soon": 0, "handovers": 0, "progress": 0}


def a_home(number: int) -> Any:
    """A child of a family of its own."""
    return a_person(family_name=f"Gezin{'abcdefghij'[number]}", address=type(ELSEWHERE)(postcode="4321BA", number=str(number)))


def a_grave_one(hub: Shown, number: int) -> UUID:
    """A family for which partners must meet."""
    family = a_house(hub, number, "domestic-violence")
    for concern, partner in (("nuisance", "housing-corporation"), ("debt-crisis", "social-services")):
        hub.tell(a_signal(a_home(number), concern=concern, reference=concern), partner=partner)
    return family


def a_house(hub: Shown, number: int, concern: str = "upbringing") -> UUID:
    return hub.tell(a_signal(a_home(number), concern=concern, reference=f"{number}"))


def today(hub: Shown, **asked: Any) -> Any:
    return hub.ask("today", **asked)


def only(hub: Shown, **asked: Any) -> Any:
    """The one family of which anything can wait."""
    (item,) = today(hub, **asked)["items"]
    return item


def order(answer: Any) -> list[UUID]:
    return [UUID(item["family"]) for item in answer["items"]]


def later(hub: Shown, family: UUID | None = None, **passed: float) -> None:
    """So much time goes by, and what is over then passes."""
    hub.heart.clock.set(hub.heart.clock.now() + timedelta(**passed))
    if family is not None:
        hub.heart.casework.pass_deadlines(family)


def notice_all(hub: Shown, family: UUID) -> None:
    for escalation in hub.heart.family(family).escalations:
        hub.decide(family, lambda it, _, on, escalation=escalation: it.acknowledge(escalation, on))


# what a row says ------------------------------------------------------------------------------------


def test_a_family_is_recognised_by_its_names_levels_and_who_is_there_for_it(hub: Shown) -> None:
    parent = a_person(given_names="Sam", prefix="van", family_name="Testeren")
    family = hub.tell(a_signal(a_person(), parent, a_person(given_names="Bo"), concern="child-neglect", informed=None))
    shown, known = only(hub), hub.heart.family(family)
    assert (shown["family"], shown["names"]) == (str(family), ["Voorbeeld", "van Testeren"])
    assert (shown["phase"], shown["direction"]["level"], shown["director"]["who"]) == ("candidate", "family", DUTY.who)
    assert (shown["coach"], shown["plan"], shown["informed"], shown["handover"]) == (None, None, None, None)
    assert {axis["axis"]: axis["level"] for axis in shown["level"]["axes"]} == {axis: known.levels[axis] for axis in Axis}
    assert shown["level"]["overall"] == known.level


def test_a_family_with_a_coach_and_a_plan_that_was_told_says_so(hub: Shown) -> None:
    family = hub.under_way(a_signal(informed=Informed(reason_not="danger")))
    assert (only(hub)["informed"]["isTold"], only(hub)["informed"]["reasonNot"]) == (False, "danger")
    hub.decide(family, lambda it, _, on: it.inform_family("in person", "2026-03-02", "", on))
    shown = only(hub)
    assert (shown["coach"]["who"], shown["plan"]["version"], shown["informed"]["isTold"]) == (COACH.who, 1, True)
    assert shown["plan"].keys() == {"version", "adoptedAt"}, "what was agreed is not for a list"


# escalations ----------------------------------------------------------------------------------------


def test_an_escalation_waits_with_its_term_until_somebody_takes_notice(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    known = hub.heart.family(family)
    terms = {clock.about: moment(clock.due) for clock in known.clocks.values() if clock.term.startswith("acknowledge-")}
    assert {one["id"]: one["due"] for one in only(hub)["escalations"]} == {id: terms[id] for id in known.escalations}
    assert only(hub)["nextDue"] == min(terms.values())
    notice_all(hub, family)
    assert (only(hub)["escalations"], today(hub)["counters"]["escalations"]) == ([], 0)


def test_an_escalation_that_nobody_noticed_in_time_is_over_until_somebody_does(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    due = {one["id"]: one["due"] for one in only(hub)["escalations"]}
    later(hub, family, days=30)
    assert {one["id"]: one["due"] for one in only(hub)["escalations"]} == due
    assert (only(hub)["nextDue"], today(hub)["counters"]["overdue"]) == (min(due.values()), 1)
    notice_all(hub, family)
    assert only(hub)["escalations"] == []
    assert not [term for term in only(hub)["terms"] if term["term"].startswith("acknowledge-")]


def test_the_escalation_that_must_be_noticed_first_stands_first(hub: Shown) -> None:
    a_grave_one(hub, 1)
    dues = [one["due"] or "later" for one in only(hub)["escalations"]]
    assert dues == sorted(dues)
    assert dues[-1] == "later", "that of the lower level, which rose on"


def test_what_rose_and_was_brought_down_again_waits_for_notice_without_a_term(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    hub.decide(family, lambda it, rules, on: it.step_down(Axis.SAFETY, Level.NONE, "it is safe", rules, on))
    (safety,) = [one for one in only(hub)["escalations"] if one["axis"] == "safety"]
    assert safety["due"] is None


# terms ----------------------------------------------------------------------------------------------


def test_every_term_that_runs_stands_once_with_what_it_is_about(hub: Shown) -> None:
    family = hub.under_way("child-neglect")
    hub.decide(family, lambda it, rules, on: it.offer_handover(OTHER, "they know them", rules, on), COACH.who)
    shown, running = only(hub), hub.heart.family(family).clocks
    said = {term["clock"] for term in shown["terms"]}
    said |= {f"acknowledge-complex:{one['id']}" for one in shown["escalations"] if one["level"] == Level.COMPLEX}
    said |= {f"acknowledge-question:{one['id']}" for one in shown["escalations"] if one["level"] == Level.QUESTION}
    said |= {f"handover-answer:{shown['handover']['id']}", "no-progress"}
    assert said >= set(running)
    assert [term["due"] for term in shown["terms"]] == sorted(term["due"] for term in shown["terms"])
    assert not any(term["isMissed"] for term in shown["terms"])
    assert shown["nextDue"] == min(moment(clock.due) for clock in running.values())


def test_a_meeting_that_was_not_held_waits_until_it_is_or_the_level_is_brought_down(hub: Shown) -> None:
    family = a_grave_one(hub, 1)
    notice_all(hub, family)
    later(hub, family, days=60)
    late = {term["clock"] for term in only(hub)["terms"] if term["isMissed"]}
    meeting = next(clock for clock in late if clock.startswith("case-meeting"))
    assert (late, today(hub)["counters"]["overdue"]) == (set(hub.heart.family(family).missed), 1)
    hub.decide(family, lambda it, _, on: it.meet_term(meeting, "they met, late", on))
    assert {term["clock"] for term in only(hub)["terms"]} == late - {meeting}
    hub.decide(family, lambda it, rules, on: it.step_down(Axis.SAFETY, Level.NONE, "it is safe", rules, on))
    assert (only(hub)["terms"], today(hub)["counters"]) == ([], NOTHING)


def test_a_goal_that_was_not_reached_in_time_waits_for_its_result(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    later(hub, family, days=100)
    assert {term["about"] for term in only(hub)["terms"] if term["isMissed"]} == {"school", "debts"}
    hub.decide(family, lambda it, rules, on: it.result_goal("debts", "partly", "two are paid", rules, on))
    assert {term["about"] for term in only(hub)["terms"] if term["isMissed"]} == {"school"}
    longer = a_goal(due=(NOON + timedelta(days=200)).date())
    hub.decide(family, lambda it, rules, on: it.adopt_plan([longer], "more time", rules, on), COACH.who)
    assert [(term["about"], term["isMissed"]) for term in only(hub)["terms"] if term["term"] == "goal"] == [("school", False)]


def test_a_referral_waits_for_its_decision_be_it_too_late(hub: Shown) -> None:
    family = hub.tell("upbringing")
    hub.decide(family, lambda it, rules, on: it.refer("the school asked", rules, on))
    later(hub, family, days=30)
    assert [term["clock"] for term in only(hub)["terms"] if term["isMissed"]] == ["referral-decision"]
    hub.decide(family, lambda it, _, on: it.decide_referral(Phase.ELIGIBLE, "it fits", on))
    assert only(hub)["terms"] == []


def test_a_trajectory_that_took_too_long_waits_until_it_is_extended_or_handed_back(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    later(hub, family, days=200)
    assert "trajectory" in {term["clock"] for term in only(hub)["terms"] if term["isMissed"]}
    hub.decide(family, lambda it, rules, on: it.extend("the debts take longer", rules, on))
    assert [term["isMissed"] for term in only(hub)["terms"] if term["clock"] == "trajectory"] == [False]
    later(hub, family, days=300)
    hub.decide(family, lambda it, _, on: step_to(it, Phase.HANDED_BACK, on))
    assert "trajectory" not in {term["clock"] for term in only(hub)["terms"]}


# progress -------------------------------------------------------------------------------------------


def test_a_family_is_without_progress_from_when_it_had_to_be_noted_until_it_is(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    notice_all(hub, family)
    due = moment(hub.heart.family(family).clocks["no-progress"].due)
    assert only(hub)["progress"] == {"notedAt": None, "due": due}
    later(hub, family, days=29)
    assert (only(hub)["progress"]["due"], today(hub)["counters"]["progress"]) == (due, 1), "its term began anew by itself"
    later(hub, family, days=29)
    assert only(hub)["progress"]["due"] == due
    hub.decide(family, lambda it, rules, on: it.record_progress("school", "she went all week", rules, on))
    now, next_time = moment(hub.heart.clock.now()), moment(hub.heart.family(family).clocks["no-progress"].due)
    assert (only(hub)["progress"], today(hub)["counters"]["progress"]) == ({"notedAt": now, "due": next_time}, 0)


# handovers ------------------------------------------------------------------------------------------


def test_direction_that_is_offered_waits_for_whom_it_is_offered_to(hub: Shown) -> None:
    family = hub.tell("upbringing")
    handover = hub.decide(family, lambda it, rules, on: it.offer_handover(OTHER, "they know them", rules, on))
    theirs, ours = only(hub, who=OTHER.who), only(hub, who=DUTY.who)
    assert (theirs["handover"]["id"], theirs["handover"]["isForMe"], ours["handover"]["isForMe"]) == (handover, True, False)
    assert [today(hub, who=who)["counters"]["handovers"] for who in (OTHER.who, DUTY.who)] == [1, 0]
    later(hub, family, days=10)
    assert (only(hub)["handover"], today(hub, who=OTHER.who)["counters"]["handovers"]) == (None, 0)
    assert not [term for term in only(hub)["terms"] if term["term"] == "handover-answer"], "nobody can answer any more"


# which families, and in which order ------------------------------------------------------------------


def test_what_is_over_comes_first_then_what_is_over_next_then_the_rest(hub: Shown) -> None:
    calm, soon, over = a_house(hub, 1), a_house(hub, 2, "nuisance"), a_grave_one(hub, 3)
    for family in (calm, over):
        notice_all(hub, family)
    later(hub, over, days=60)
    hub.decide(soon, lambda it, rules, on: it.refer("the school asked", rules, on))
    notice_all(hub, soon)
    hub.decide(
        calm, lambda it, rules, on: [it.step_down(axis, Level.NONE, "calm", rules, on) for axis in Axis if it.levels[axis] > 1]
    )
    answer = today(hub)
    assert order(answer) == [over, soon, calm]
    assert [item["nextDue"] is None for item in answer["items"]] == [False, False, True]
    first = today(hub, limit=2)
    assert order(first) + order(today(hub, after=first["next"])) == [over, soon, calm]
    assert first["counters"] == answer["counters"], "a page counts all"


def test_what_is_counted_can_be_asked_for(hub: Shown) -> None:
    families = [a_house(hub, number, concern) for number, concern in enumerate(("upbringing", "child-neglect", "nuisance"))]
    hub.decide(families[0], lambda it, rules, on: it.offer_handover(OTHER, "they know them", rules, on))
    hub.decide(families[2], lambda it, rules, on: it.refer("the school asked", rules, on))
    later(hub, families[1], days=4)
    counted = today(hub, who=OTHER.who)["counters"]
    for waits, count in counted.items():
        if waits != "families":
            assert len(today(hub, who=OTHER.who, waits=waits)["items"]) == count, waits
    assert counted["families"] == 3
    with pytest.raises(Malformed):
        today(hub, waits="everything")


def test_a_family_that_was_merged_waits_in_the_other_until_it_is_separated(hub: Shown) -> None:
    stays, goes = a_house(hub, 1), a_house(hub, 2)
    hub.heart.casework.merge(stays, goes, "the same family", DUTY.who)
    assert order(today(hub)) == [stays]
    hub.heart.casework.separate(stays, goes, "it was not", DUTY.who)
    assert set(order(today(hub))) == {stays, goes}


def test_an_ended_trajectory_waits_for_notice_alone_and_a_new_signal_begins_again(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    hub.decide(family, lambda it, _, on: it.end_early("they moved", on))
    assert (only(hub)["terms"], {one["due"] for one in only(hub)["escalations"]}) == ([], {None})
    notice_all(hub, family)
    assert (today(hub)["items"], today(hub)["counters"]["families"]) == ([], 0)
    hub.tell(a_signal(concern="nuisance", reference="later"))
    assert only(hub)["phase"] == "candidate"


def test_a_closed_trajectory_leaves_nothing_to_be_done(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    notice_all(hub, family)
    later(hub, family, days=400)
    for phase in (Phase.HANDED_BACK, Phase.WINDING_DOWN, Phase.AFTERCARE, Phase.CLOSED):
        hub.decide(family, lambda it, _, on, phase=phase: step_to(it, phase, on))
    assert today(hub)["items"] == []
