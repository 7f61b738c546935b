"""How a family is shown, after what really happened to it."""

from datetime import timedelta
from typing import Any

import pytest

from hub.domain.dates import PartialDate
from hub.domain.signals import Informed
from hub.domain.words import Axis, Direction, Level, Phase, Role
from tests.given import COACH, DUTY, ELSEWHERE, HOME, NOON, OTHER, a_goal, a_number, a_person, a_signal, step_to
from tests.projections.conftest import Shown

pytestmark = pytest.mark.usefixtures("database")


def family_of(hub: Shown, family: Any) -> Any:
    return hub.ask("families/{id}", family)


def test_a_family_that_nobody_signalled_is_not_there(hub: Shown) -> None:
    assert family_of(hub, "nobody") is None


def test_a_first_signal_shows_the_family_its_director_and_who_is_involved(hub: Shown) -> None:
    family = hub.tell(a_signal(a_person(), a_person(given_names="Sam", birth_date=PartialDate("1988"), role=Role.PARENT)))
    shown = family_of(hub, family)
    assert shown["phase"] == "candidate"
    assert (shown["director"]["who"], shown["director"]["contact"]) == (DUTY.who, DUTY.contact)
    assert shown["direction"]["level"] == "family"
    assert {person["givenNames"]: (person["role"], person["born"]) for person in shown["people"]} == {
        "Noor": ("child", "2016-04-05"),
        "Sam": ("parent", "1988"),
    }
    assert [(home["address"]["postcode"], len(home["people"])) for home in shown["households"]] == [("1234AB", 2)]
    assert shown["involved"] == [{"partner": "police", "since": shown["openedAt"], "latestAt": shown["openedAt"], "signals": 1}]


def test_a_child_that_lives_elsewhere_is_another_household(hub: Shown) -> None:
    noor, sam = a_person(), a_person(given_names="Sam", birth_date=PartialDate("2014-01-02"), address=ELSEWHERE)
    shown = family_of(hub, hub.tell(a_signal(noor, sam)))
    assert {home["address"]["postcode"]: len(home["people"]) for home in shown["households"]} == {"1234AB": 1, "4321BA": 1}


def test_the_latest_address_counts_and_a_name_once_known_stays(hub: Shown) -> None:
    family = hub.tell(a_signal(a_person(bsn=a_number())))
    hub.tell(a_signal(a_person(bsn=a_number(), given_names="", address=ELSEWHERE), reference="a-2"))
    shown = family_of(hub, family)
    assert [person["givenNames"] for person in shown["people"]] == ["Noor"]
    assert [home["address"]["postcode"] for home in shown["households"]] == ["4321BA"]


def test_the_version_is_that_of_the_trajectory(hub: Shown) -> None:
    family = hub.tell("upbringing")
    assert family_of(hub, family)["version"] == hub.heart.family(family).version


def test_an_escalation_shows_its_rule_and_stays_open_until_somebody_takes_notice(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    shown = family_of(hub, family)
    trajectory = hub.heart.family(family)
    assert shown["level"]["overall"] == trajectory.level
    safety = shown["level"]["axes"][0]
    (escalation,) = [known for known in trajectory.escalations.values() if known.axis is Axis.SAFETY]
    assert (safety["level"], safety["rule"], safety["signals"]) == (escalation.level, escalation.rule, list(escalation.signals))
    due = {clock["due"] for clock in shown["clocks"] if clock["about"] == escalation.id and clock["term"].startswith("ack")}
    assert [(open["id"], open["due"]) for open in shown["escalations"] if open["axis"] == "safety"] == [(escalation.id, due.pop())]

    hub.decide(family, lambda it, _, on: it.acknowledge(escalation.id, on))
    assert [open["id"] for open in family_of(hub, family)["escalations"] if open["axis"] == "safety"] == []


def test_stepping_down_shows_the_lower_level_without_a_rule(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    hub.decide(family, lambda it, rules, on: it.step_down(Axis.SAFETY, Level.NONE, "it is safe", rules, on))
    safety = family_of(hub, family)["level"]["axes"][0]
    assert (safety["level"], safety["rule"]) == (1, "")


def test_one_plan_with_its_results_and_its_progress(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    hub.decide(family, lambda it, rules, on: it.record_progress("school", "she went all week", rules, on))
    hub.decide(family, lambda it, rules, on: it.result_goal("debts", "partly", "two are paid", rules, on))
    hub.decide(
        family, lambda it, rules, on: it.adopt_plan([a_goal(), a_goal("debts"), a_goal("home")], "more", rules, on), COACH.who
    )
    plan = family_of(hub, family)["plan"]
    assert plan["version"] == 2
    assert [(goal["goal"], goal["result"], goal["progress"] and goal["progress"]["words"]) for goal in plan["goals"]] == [
        ("school", "", "she went all week"),
        ("debts", "partly", "two are paid"),
        ("home", "", None),
    ]


def test_direction_passes_when_the_other_accepts(hub: Shown) -> None:
    family = hub.tell("upbringing")
    handover = hub.decide(family, lambda it, rules, on: it.offer_handover(OTHER, "they know them", rules, on))
    shown = family_of(hub, family)
    assert (shown["handover"]["id"], shown["handover"]["to"], shown["director"]["who"]) == (handover, OTHER.who, DUTY.who)
    hub.decide(family, lambda it, _, on: it.accept_handover(handover, on), OTHER.who)
    shown = family_of(hub, family)
    assert (shown["handover"], shown["director"]["who"]) == (None, OTHER.who)
    assert [clock for clock in shown["clocks"] if clock["about"] == handover] == []


def test_refused_cooperation_raises_direction_and_a_person_brings_it_back(hub: Shown) -> None:
    family = hub.tell("upbringing")
    hub.decide(family, lambda it, rules, on: it.refuse_cooperation("the door stays shut", rules, on))
    assert (family_of(hub, family)["direction"]["level"], family_of(hub, family)["direction"]["rule"] != "") == ("network", True)
    hub.decide(family, lambda it, _, on: it.lower_direction(Direction.FAMILY, "they talk again", on))
    assert family_of(hub, family)["direction"]["level"] == "family"


def test_a_lever_shows_its_ground_and_until_when_it_must_be_reconsidered(hub: Shown) -> None:
    family = hub.tell("benefit-measure", partner="social-services")
    lever = hub.decide(
        family,
        lambda it, rules, on: it.decide_lever("benefit-measure", "social-services", "agreed", [], rules, on),
        "officer",
        "participatiewet-18-2",
    )
    (shown,) = family_of(hub, family)["levers"]
    assert (shown["id"], shown["decidedBy"], shown["ground"]) == (lever, "officer", "participatiewet-18-2")
    assert shown["reconsiderBefore"] > shown["decidedAt"]
    hub.decide(family, lambda it, _, on: it.end_lever(lever, "the term is over", on))
    assert family_of(hub, family)["levers"] == []


def test_the_coach_and_the_phases(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    shown = family_of(hub, family)
    assert (shown["phase"], shown["coach"]["who"]) == ("coach-directs", COACH.who)
    hub.decide(family, lambda it, _, on: it.release_coach("another has room", on))
    hub.decide(family, lambda it, _, on: it.end_early("they moved away", on))
    shown = family_of(hub, family)
    assert (shown["phase"], shown["coach"], shown["clocks"]) == ("ended-early", None, [])
    hub.tell(a_signal(concern="nuisance", reference="later"))
    assert family_of(hub, family)["phase"] == "candidate"


def test_that_the_family_was_told_outweighs_why_it_was_not(hub: Shown) -> None:
    family = hub.tell(a_signal(informed=Informed(reason_not="danger")))
    assert family_of(hub, family)["informed"]["reasonNot"] == "danger"
    hub.tell(a_signal(concern="nuisance", reference="silent", informed=Informed(reason_not="not-stated")))
    assert family_of(hub, family)["informed"]["reasonNot"] == "danger", "saying nothing takes nothing back"
    hub.decide(family, lambda it, _, on: it.inform_family("in person", "2026-03-02", "", on))
    hub.tell(a_signal(concern="nuisance", reference="later", informed=Informed(reason_not="danger")))
    hub.tell(a_signal(concern="nuisance", reference="last", informed=Informed(reason_not="not-stated")))
    assert (family_of(hub, family)["informed"]["how"], family_of(hub, family)["informed"]["reasonNot"]) == ("in person", "")


def test_a_signal_that_was_taken_out_no_longer_counts_its_partner_as_involved(hub: Shown) -> None:
    family = hub.tell("upbringing")
    (signal,) = hub.heart.family(family).signals
    hub.decide(family, lambda it, rules, on: it.unlink(signal, "another Noor", rules, on))
    assert family_of(hub, family)["involved"] == []


def test_a_merged_family_says_where_it_went_and_comes_back_with_what_was_its_own(hub: Shown) -> None:
    stays = hub.tell("upbringing")
    goes = hub.tell(a_signal(a_person(family_name="Anders", address=ELSEWHERE)), partner="school-attendance")
    before = family_of(hub, goes)
    hub.heart.casework.merge(stays, goes, "the same family", DUTY.who)
    assert family_of(hub, goes)["mergedInto"] == str(stays)
    assert {partner["partner"] for partner in family_of(hub, stays)["involved"]} == {"police", "school-attendance"}
    hub.heart.casework.separate(stays, goes, "it was not", DUTY.who)
    after = family_of(hub, goes)
    assert (after["mergedInto"], after["people"]) == ("", before["people"])
    assert [partner["partner"] for partner in family_of(hub, stays)["involved"]] == ["police"]
    assert len(family_of(hub, stays)["people"]) == 1


def test_a_term_that_passed_is_gone(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    hub.heart.clock.set(NOON + timedelta(days=400))
    hub.heart.casework.pass_deadlines(family)
    assert {clock["clock"] for clock in family_of(hub, family)["clocks"]} == set(hub.heart.family(family).clocks)


def test_the_home_of_somebody_without_an_address_is_unknown(hub: Shown) -> None:
    family = hub.tell(a_signal(a_person(), a_person(given_names="Sam", birth_date=PartialDate("2014-01-02"), address=type(HOME)())))
    assert [home["address"] is None for home in family_of(hub, family)["households"]] == [False, True]


def test_the_phase_is_that_of_the_trajectory_at_every_step(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    for phase in (Phase.HANDED_BACK, Phase.WINDING_DOWN, Phase.AFTERCARE, Phase.CLOSED):
        hub.decide(family, lambda it, _, on, phase=phase: step_to(it, phase, on))
        assert family_of(hub, family)["phase"] == phase


def test_one_dwelling_is_one_household_however_much_of_the_address_is_said(hub: Shown) -> None:
    plain = type(HOME)(HOME.postcode, HOME.number, HOME.addition)
    family = hub.tell(a_signal(a_person(), a_person(given_names="Sam", birth_date=PartialDate("2014-01-02"), address=plain)))
    (home,) = family_of(hub, family)["households"]
    assert (home["address"]["street"], len(home["people"])) == (HOME.street, 2)


def test_a_whole_name_is_shown_where_an_earlier_partner_gave_initials(hub: Shown) -> None:
    family = hub.tell(a_signal(a_person(given_names="A.")))
    hub.tell(a_signal(a_person(given_names="Anna"), reference="later"))
    assert [person["givenNames"] for person in family_of(hub, family)["people"]] == ["Anna"]
