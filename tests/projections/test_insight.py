"""All families together: what counts where, once, whatever became of it since."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from hub.domain.people import Person
from hub.domain.signals import Address
from hub.domain.streams import Occasion
from hub.domain.trajectory.direction import Director
from hub.domain.words import LifeArea, Phase
from hub.projections.insight.tables import NAMED
from tests.given import COACH, DUTY, NOON, a_goal, a_person, a_signal
from tests.projections.conftest import Shown

pytestmark = pytest.mark.usefixtures("database")

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MARCH = {"from": "2026-03", "until": "2026-03"}
SPRING = {"from": "2026-03", "until": "2026-05"}


def a_child(nth: int, postcode: str = "4321BA", **but: Any) -> Any:
    """One of many children who have nothing to do with each other."""
    home = Address(postcode=postcode, number=str(nth + 1), municipality="0518")
    return a_person(family_name=f"Gezin{LETTERS[nth // 26]}{LETTERS[nth % 26]}", address=but.pop("address", home), **but)


def families(hub: Shown, count: int, first: int = 0, concern: str = "upbringing", **but: Any) -> list[UUID]:
    """Families of whom the hub hears today."""
    told = (a_signal(a_child(nth, **but), reference=str(nth), concern=concern) for nth in range(first, first + count))
    return [hub.tell(each) for each in told]


def it_is(hub: Shown, month: int, day: int = 2, year: int = 2026) -> None:
    hub.heart.clock.set(datetime(year, month, day, 12, tzinfo=UTC))


def stages(said: Any) -> dict[str, int | None]:
    return {each["stage"]: each["count"] for each in said["stages"]}


def refer(hub: Shown, *referred: UUID) -> None:
    for family in referred:
        hub.decide(family, lambda it, rules, on: it.refer("the school asked", rules, on))


def start(hub: Shown, *started: UUID) -> None:
    for family in started:
        hub.decide(family, lambda it, _, on: it.decide_referral(Phase.ELIGIBLE, "it fits", on))
        hub.decide(family, lambda it, rules, on: it.enter(Phase.START_TALK, "they agreed", rules, on))


def end(hub: Shown, *ended: UUID) -> None:
    for family in ended:
        hub.decide(family, lambda it, _, on: it.end_early("they moved", on))


# the early path -----------------------------------------------------------------------------------


def test_families_count_in_the_month_in_which_they_came_however_late_they_went_on(hub: Shown) -> None:
    came = families(hub, 10)
    it_is(hub, 4)
    families(hub, 5, 10)
    refer(hub, *came[:5])
    it_is(hub, 5)
    start(hub, *came[:5])
    assert stages(hub.ask("insight/early-path", **MARCH)) | {"signals": 10} == {
        "signals": 10,
        "candidates": 10,
        "criteria-met": None,
        "referred": 5,
        "decided": None,
        "started": None,
    }
    assert stages(hub.ask("insight/early-path"))["candidates"] == 15
    it_is(hub, 6)
    assert stages(hub.ask("insight/early-path", **MARCH))["started"] == 5
    later = {"from": "2026-04", "until": "2026-05"}
    assert stages(hub.ask("insight/early-path", **later)) == stages(hub.ask("insight/early-path", **MARCH)) | {
        "signals": 5,
        "candidates": 5,
        "referred": None,
        "decided": None,
        "started": None,
    }


def test_why_families_were_not_referred_and_what_was_missing(hub: Shown) -> None:
    met = families(hub, 5)
    for nth, family in enumerate(met):
        child = a_child(nth)
        for concern in ("debt-crisis", "eviction-threatened", "crime"):
            assert hub.tell(a_signal(child, reference=f"{concern}-{nth}", concern=concern)) == family
    families(hub, 10, 10)
    families(hub, 5, 30, concern="payment-arrears")
    end(hub, *families(hub, 5, 40))
    it_is(hub, 4)
    said = hub.ask("insight/early-path", **MARCH)
    assert {each["why"]: each["count"] for each in said["notReferred"]} == {
        "criteria-not-met": 15,
        "nobody-referred": 5,
        "ended-early": 5,
    }
    assert (stages(said)["candidates"], stages(said)["criteria-met"]) == (25, 5)
    # of five families nothing serious was told
    missing = {"child-with-worries": 5, "four-serious-areas": 15, "pressure": 15}
    assert {each["criterion"]: each["count"] for each in said["missing"]} == missing


def test_a_family_that_came_back_counts_where_it_came_and_where_it_came_back(hub: Shown) -> None:
    came = families(hub, 5)
    refer(hub, *came)
    start(hub, *came)
    end(hub, *came)
    it_is(hub, 5)
    families(hub, 5, concern="nuisance")
    it_is(hub, 6)
    march, may = (stages(hub.ask("insight/early-path", **{"from": month, "until": month})) for month in ("2026-03", "2026-05"))
    assert (march["candidates"], march["started"], march["signals"]) == (5, 5, 5)
    assert (may["candidates"], may["referred"], may["signals"]) == (5, None, 5)


def test_families_that_turn_out_to_be_one_count_once_and_so_do_their_signals(hub: Shown) -> None:
    came = families(hub, 10)
    for stays, goes in zip(came[:5], came[5:], strict=True):
        hub.heart.casework.merge(stays, goes, "the same family", DUTY.who)
    it_is(hub, 4)
    said = stages(hub.ask("insight/early-path", **MARCH))
    assert (said["candidates"], said["signals"]) == (5, 10)
    told = hub.ask("insight/signals", **MARCH)
    assert [row["total"] for name in ("partners", "neighbourhoods") for row in told[name]] == [10, 10]
    for stays, goes in zip(came[:5], came[5:], strict=True):
        hub.heart.casework.separate(stays, goes, "they are not", DUTY.who)
    said = stages(hub.ask("insight/early-path", **MARCH))
    assert (said["candidates"], said["signals"]) == (10, 10)
    assert hub.ask("insight/signals", **MARCH) == told


def test_nothing_of_the_month_that_is_not_over_is_told(hub: Shown) -> None:
    came = families(hub, 10)
    it_is(hub, 4)
    before = hub.ask("insight/early-path"), hub.ask("insight/waiting"), hub.ask("insight/goals"), hub.ask("insight/caseload")
    refer(hub, *came)
    start(hub, *came)
    for family in came:
        hub.decide(family, lambda it, _, on: it.assign_coach(COACH, on))
        hub.decide(family, lambda it, rules, on: it.adopt_plan([a_goal()], "agreed", rules, on))
    after = hub.ask("insight/early-path"), hub.ask("insight/waiting"), hub.ask("insight/goals"), hub.ask("insight/caseload")
    assert after == before


def test_a_month_begins_at_midnight_here(hub: Shown) -> None:
    hub.heart.clock.set(datetime(2026, 3, 31, 21, 59, tzinfo=UTC))
    families(hub, 5)
    hub.heart.clock.set(datetime(2026, 3, 31, 22, 1, tzinfo=UTC))
    families(hub, 10, 10)
    it_is(hub, 5)
    months = [{"from": month, "until": month} for month in ("2026-03", "2026-04")]
    assert [stages(hub.ask("insight/early-path", **month))["candidates"] for month in months] == [5, 10]
    hub.heart.clock.set(datetime(2026, 4, 30, 22, 1, tzinfo=UTC))
    assert hub.ask("insight/early-path")["asOf"] == "2026-04-30"


# waiting ------------------------------------------------------------------------------------------


def test_how_long_families_waited_is_told_in_weeks_of_ten_or_more(hub: Shown) -> None:
    came = families(hub, 9)
    hub.heart.clock.set(NOON + timedelta(days=13))
    refer(hub, *came)
    hub.heart.clock.set(NOON + timedelta(days=20))
    start(hub, *came)
    it_is(hub, 5)
    assert [step["medianDays"] for step in hub.ask("insight/waiting")["steps"]] == [None] * 4
    tenth = families(hub, 1, 10)
    refer(hub, *tenth)
    start(hub, *tenth)
    it_is(hub, 6)
    said = hub.ask("insight/waiting")
    assert {step["step"]: (step["families"], step["medianDays"]) for step in said["steps"]} == {
        "criteria-met": (None, None),
        "referred": (10, 14),
        "decided": (10, 7),
        "started": (10, 0),
    }
    assert (said["total"]["families"], said["total"]["medianDays"], said["total"]["p90Days"]) == (10, 21, None)
    assert said["formerMonths"] == sum(step["months"] for step in said["former"]) == 16


# signals ------------------------------------------------------------------------------------------


def test_a_signal_counts_when_it_was_first_known_on_every_life_area_that_it_is_about(hub: Shown) -> None:
    families(hub, 5, concern="rent-arrears")
    it_is(hub, 4)
    families(hub, 5, 10)
    it_is(hub, 5)
    said = hub.ask("insight/signals", **SPRING | {"until": "2026-04"})
    areas = {row["code"]: row["counts"] for row in said["lifeAreas"] if row["total"]}
    assert areas == {
        LifeArea.FINANCES: [5, None],
        LifeArea.HOUSING: [5, None],
        LifeArea.BEHAVIOUR: [None, 5],
        LifeArea.RELATIONS: [None, 5],
    }
    assert len(said["lifeAreas"]) == 12
    assert said["partners"] == [{"code": "police", "counts": [5, 5], "total": 10}]


def test_what_others_did_with_a_report_is_no_signal_of_a_worry(hub: Shown) -> None:
    families(hub, 5, concern="feedback-taken-up")
    it_is(hub, 4)
    assert hub.ask("insight/signals", **MARCH)["partners"] == []


def test_a_neighbourhood_is_four_digits_of_a_postcode_or_else_a_municipality(hub: Shown) -> None:
    families(hub, 5, postcode="4321BA")
    families(hub, 5, 10, postcode="4321ZZ")
    families(hub, 5, 20, address=Address(street="Zandpad", number="1", municipality="0363"))
    families(hub, 5, 30, address=Address(postcode="onbekend"))
    it_is(hub, 4)
    said = hub.ask("insight/signals", **MARCH)["neighbourhoods"]
    assert {row["code"]: row["total"] for row in said} == {"4321": 10, "gm0363": 5}


def test_a_signal_about_several_who_live_together_counts_once_there(hub: Shown) -> None:
    for nth in range(5):
        hub.tell(a_signal(a_child(nth), a_child(nth, given_names="Broer", birth_date=a_person().birth_date), reference=str(nth)))
    it_is(hub, 4)
    assert [row["total"] for row in hub.ask("insight/signals", **MARCH)["neighbourhoods"]] == [5]


def test_what_turned_out_to_be_about_others_counts_there_alone(hub: Shown) -> None:
    here, there = families(hub, 1)[0], families(hub, 1, 10, postcode="9876AA")[0]
    for nth in range(5):
        hub.tell(a_signal(a_child(0), reference=f"again-{nth}", concern="nuisance"))
    for signal in list(hub.heart.family(here).signals)[1:]:
        hub.heart.casework.move_signal(signal, here, there, "it was their neighbours", DUTY.who)
    it_is(hub, 4)
    said = hub.ask("insight/signals", **MARCH)
    assert [row["total"] for row in said["partners"]] == [5]
    with hub.relay.engine.connect() as connection:
        named = connection.execute(select(NAMED.c.family, func.count()).group_by(NAMED.c.family)).all()
    assert dict(named) == {str(here): 1, str(there): 6}


def test_where_somebody_lived_is_forgotten_with_them(hub: Shown) -> None:
    came = families(hub, 5)
    it_is(hub, 4)
    assert hub.ask("insight/signals", **MARCH)["neighbourhoods"] != []
    people = [person for family in came for person in hub.heart.family(family).people]

    def erase(unit: Any) -> None:
        for person in people:
            unit.get(Person, UUID(person)).erase("their wish", [], [], Occasion(unit.at, "officer"))

    hub.heart.register.do(erase)
    said = hub.ask("insight/signals", **MARCH)
    assert (said["neighbourhoods"], said["partners"][0]["total"]) == ([], 5)


# goals --------------------------------------------------------------------------------------------


def test_what_became_of_goals_by_the_month_in_which_they_were_set(hub: Shown) -> None:
    debts = {"area": LifeArea.FINANCES}
    came = families(hub, 15)
    for family in came:
        hub.decide(family, lambda it, rules, on: it.adopt_plan([a_goal(), a_goal("debts", **debts)], "agreed", rules, on))
    it_is(hub, 4)
    for family in came[:10]:
        hub.decide(family, lambda it, rules, on: it.result_goal("school", "reached", "well", rules, on))
        hub.decide(family, lambda it, rules, on: it.result_goal("debts", "not", "too much", rules, on))
    for family in came[5:]:
        hub.decide(family, lambda it, rules, on: it.adopt_plan([a_goal(), a_goal("rent", **debts)], "anew", rules, on))
    it_is(hub, 5)
    said = hub.ask("insight/goals", **MARCH)
    assert {row.pop("code"): row for row in said["lifeAreas"]} == {
        LifeArea.FINANCES: {"set": 10, "reached": None, "partly": None, "notReached": 10, "open": None},
        LifeArea.WORK_AND_EDUCATION: {"set": 15, "reached": 10, "partly": None, "notReached": None, "open": 5},
    }
    assert said["total"] == {"set": 25, "reached": 10, "partly": None, "notReached": 10, "open": 5}
    april = hub.ask("insight/goals", **{"from": "2026-04", "until": "2026-04"})
    assert april["total"] == {"set": 10, "reached": None, "partly": None, "notReached": None, "open": 10}


# caseload -----------------------------------------------------------------------------------------


def assign(hub: Shown, family: UUID, coach: str = "coach") -> None:
    hub.decide(family, lambda it, _, on: it.assign_coach(Director(coach, "vig", ""), on))


def test_the_caseload_at_the_end_of_each_month(hub: Shown) -> None:
    came = families(hub, 25)
    for nth, family in enumerate(came):
        assign(hub, family, "busy" if nth < 6 else f"coach-{nth % 4}")
    it_is(hub, 4)
    for family in came[:5]:
        hub.decide(family, lambda it, _, on: it.release_coach("they go on alone", on))
    end(hub, *came[5:10])
    for stays, goes in zip(came[10:15], came[15:20], strict=True):
        hub.heart.casework.merge(stays, goes, "the same family", DUTY.who)
    it_is(hub, 5)
    for stays, goes in zip(came[10:15], came[15:20], strict=True):
        hub.heart.casework.separate(stays, goes, "they are not", DUTY.who)
    for family in came[5:10]:
        hub.decide(family, lambda it, _, on: it.reopen("they came back", on))
    it_is(hub, 6)
    said = hub.ask("insight/caseload", **SPRING)
    assert said["months"] == ["2026-03", "2026-04", "2026-05"]
    assert said["counts"] == [25, 10, 20]
    assert said["coaches"] == [5, 5, 5]
    assert said["mostPerCoach"] == [6, None, 5]


def test_a_coach_who_took_over_counts_from_then(hub: Shown) -> None:
    came = families(hub, 5)
    for family in came:
        assign(hub, family)
    it_is(hub, 4)
    for family in came:
        hub.decide(family, lambda it, _, on: it.release_coach("another takes over", on))
        assign(hub, family, "another")
    it_is(hub, 5)
    assert hub.ask("insight/caseload", **SPRING | {"until": "2026-04"})["counts"] == [5, 5]


def test_an_empty_hub_tells_of_nobody(hub: Shown) -> None:
    assert set(stages(hub.ask("insight/early-path")).values()) == {None}
    assert hub.ask("insight/signals")["partners"] == []
    assert hub.ask("insight/goals")["lifeAreas"] == []
    assert set(hub.ask("insight/caseload")["counts"]) == {None}
    assert hub.ask("insight/waiting")["total"] == {"step": "total", "families": None, "medianDays": None, "p90Days": None}
