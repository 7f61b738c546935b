"""Looking back at a family: what differs between two moments, what led to what, and who knew what when."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.domain.tellings import Attempt, Person, Way
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Level
from hub.notices import notices
from hub.ports import Fact
from tests.api.running import Running, a_worry, an_event
from tests.given import NOON
from tests.passing import passed_on

OFFICER = "data-protection-officer"
HOUR = timedelta(hours=1)


async def back(hub: Running, path: str, role: str = OFFICER, **query: str) -> dict[str, Any]:
    said = await hub.ask(path, role, params=query)
    assert said.status_code == 200, said.text
    found: dict[str, Any] = said.json()
    return found


def text(moment: Any) -> str:
    return str(moment.isoformat())


async def a_history(hub: Running) -> tuple[UUID, list[str]]:
    """A family about which three signals came, an hour after each other; and a moment just after each."""
    moments, family = [], UUID(int=0)
    for nth, concern in enumerate(("upbringing", "honour-violence", "upbringing"), start=1):
        hub.clock.set(hub.clock.now() + HOUR)
        said = await hub.post(an_event(a_worry(concern=concern, reference=f"r-{nth}"), id=str(nth)))
        assert said.status_code == 201, said.text
        family = hub.family_in(said)
        moments.append(text(hub.clock.now() + HOUR / 2))
    return family, moments


# Differences ------------------------------------------------------------------------------------------


async def test_what_a_signal_changed_stands_between_the_moment_before_and_the_moment_after(hub: Running) -> None:
    family, moments = await a_history(hub)
    query = {"recordedFrom": moments[0], "recordedUntil": moments[1]}
    found = await back(hub, f"/v1/families/{family}/history/differences", "coordinator", **query)
    assert (found["was"]["level"], found["now"]["level"]) == (2, 3)
    assert (found["was"]["levels"], found["now"]["levels"]) == ({"safety": 1}, {"safety": 3})
    assert found["was"]["signals"] == []
    assert [one["concern"] for one in found["now"]["signals"]] == ["honour-violence"]
    assert "people" not in found["now"], "nobody came or went"
    assert "level-raised" in [fact["event"] for fact in found["more"]]
    assert found["fewer"] == []


async def test_between_a_moment_and_itself_nothing_differs(hub: Running) -> None:
    family, moments = await a_history(hub)
    found = await back(hub, f"/v1/families/{family}/history/differences", recordedFrom=moments[1], recordedUntil=moments[1])
    assert (found["was"], found["now"], found["more"], found["fewer"]) == ({}, {}, [], [])


async def test_what_was_so_before_it_was_known_differs_on_the_other_axis(hub: Running) -> None:
    family, _ = await a_history(hub)
    happened = "2026-02-28T12:00:00+01:00"
    found = await back(hub, f"/v1/families/{family}/history/differences", validFrom=happened)
    assert found["was"] == {}, "nothing of it was so then"
    assert found["now"]["level"] == 3
    found = await back(hub, f"/v1/families/{family}/history/differences", recordedFrom=text(NOON - HOUR))
    assert found["was"] == {}, "nobody knew the family then"


async def test_back_in_time_is_what_went_away(hub: Running) -> None:
    family, moments = await a_history(hub)
    query = {"recordedFrom": moments[2], "recordedUntil": moments[0]}
    found = await back(hub, f"/v1/families/{family}/history/differences", **query)
    assert (found["was"]["level"], found["now"]["level"]) == (3, 2)
    assert found["more"] == []
    assert "level-raised" in [fact["event"] for fact in found["fewer"]]


# Causes -----------------------------------------------------------------------------------------------


async def test_an_escalation_leads_back_to_the_messages_that_were_signed(hub: Running) -> None:
    family, _ = await a_history(hub)
    raised = next(fact for fact in hub.hub.history.facts(family) if isinstance(fact, Trajectory.LevelRaised) and fact.level_to == 3)
    found = await back(hub, f"/v1/families/{family}/history/{raised.originator_version}/causes")
    assert found["chain"][0]["version"] == raised.originator_version
    assert {fact["data"].get("signal") for fact in found["chain"]} >= set(raised.signals)
    assert {fact["data"]["message"] for fact in found["chain"] if "message" in fact["data"]} == {
        one["message"] for one in found["messages"]
    }
    for one in found["messages"]:
        receipt, _ = hub.hub.intake.status(UUID(one["message"]), "youth-work")
        assert (one["position"], one["digest"]) == (receipt.position, f"sha-256={receipt.digest}")
        assert one["key"] == "youth-work-1"


async def test_that_somebody_took_notice_leads_back_over_the_escalation(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    assert (await hub.tell(f"/v1/families/{family}/escalations/{escalation}/acknowledgements")).status_code == 201
    facts = hub.hub.history.facts(family)
    noticed = next(fact for fact in facts if isinstance(fact, Trajectory.EscalationAcknowledged))
    found = await back(hub, f"/v1/families/{family}/history/{noticed.originator_version}/causes")
    assert [fact["event"] for fact in found["chain"]][:1] == ["escalation-acknowledged"]
    assert {"level-raised", "signal-recorded"} <= {fact["event"] for fact in found["chain"]}
    assert len(found["messages"]) == 1


@pytest.mark.parametrize(("version", "status"), [("99", 404), ("0", 400), ("x", 400), ("9999999999", 400)])
async def test_a_fact_that_is_not_there_has_no_causes(hub: Running, version: str, status: int) -> None:
    family = await hub.a_family()
    assert (await hub.ask(f"/v1/families/{family}/history/{version}/causes", OFFICER)).status_code == status


# Who knew what ----------------------------------------------------------------------------------------


def told(hub: Running, family: UUID, is_taken: bool = True) -> str:
    """The police is told that the family was escalated; gives the id of the notice."""
    facts = (Fact(at, UUID(str(one.originator_id)), hub.hub.mapper.to_domain_event(one)) for at, one in hub.hub.log.read(0, 1_000))
    raised = next(fact for fact in facts if isinstance(fact.event, Trajectory.LevelRaised) and fact.stream_id == family)
    said, now = notices(raised)[0], hub.clock.now()
    notice = str(hub.hub.tellings.own("police", "notice", str(said.id)))
    way = (Way.WEBHOOK, 1, 1, "aa", "http-200" if is_taken else "http-503", is_taken)
    hub.hub.tellings.record([Attempt("police", "police", notice, "theirs", raised.position, said.type, *way, now, now)])
    passed_on(hub.hub)
    return notice


async def knowers(hub: Running, family: UUID, role: str = OFFICER, **query: str) -> dict[tuple[str, str], Any]:
    found = await back(hub, f"/v1/families/{family}/knowledge", role, **query)
    return {(one["organisation"], one["who"]): one for one in found["knowers"]}


async def test_a_partner_knows_what_its_system_took_from_when_it_took_it(hub: Running) -> None:
    family, _ = await hub.an_escalation()
    before = text(hub.clock.now())
    hub.clock.set(hub.clock.now() + HOUR)
    told(hub, family)
    assert ("police", "") not in await knowers(hub, family, at=before)
    (said,) = (await knowers(hub, family))["police", ""]["told"]
    assert (said["type"], said["way"]) == ("nl.vig.escalations.level-raised.v1", "webhook")
    assert datetime.fromisoformat(said["takenAt"]) == hub.clock.now()


async def test_what_was_tried_and_not_taken_is_not_known(hub: Running) -> None:
    family, _ = await hub.an_escalation()
    told(hub, family, is_taken=False)
    (said,) = (await knowers(hub, family))["police", ""]["told"]
    assert said["takenAt"] is None


async def test_who_looked_and_who_took_notice_stand_with_their_names(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    notice = told(hub, family)
    began = hub.clock.now()
    hub.clock.set(hub.clock.now() + HOUR)
    hub.hub.tellings.acknowledge(["police"], UUID(notice), Person("Tessa de Proef", "officer", hub.clock.now()), "police")
    assert (await hub.ask(f"/v1/families/{family}")).status_code == 200
    assert (await hub.tell(f"/v1/families/{family}/escalations/{escalation}/acknowledgements")).status_code == 201
    found = await knowers(hub, family)
    assert [one["name"] for one in found["police", ""]["acknowledged"]] == ["Tessa de Proef"]
    desk = found["neighbourhood-team", "duty-desk"]
    assert "look-at-family" in [one["what"] for one in desk["looked"]]
    assert [one["name"] for one in desk["acknowledged"]] == ["duty-desk"]
    then = await knowers(hub, family, at=text(began))
    assert ("neighbourhood-team", "duty-desk") not in then
    assert then["police", ""]["acknowledged"] == []


async def test_one_look_at_a_family_of_many_is_one_look(hub: Running) -> None:
    family = await hub.a_family(id="1")
    for _ in range(2):
        assert (await hub.ask(f"/v1/families/{family}")).status_code == 200
    found = await knowers(hub, family, of="duty-desk")
    looked = [one["what"] for one in found["neighbourhood-team", "duty-desk"]["looked"]]
    assert looked == ["look-at-family", "look-at-family"]


async def test_one_organisation_or_person_can_be_asked_after(hub: Running) -> None:
    family, _ = await hub.an_escalation()
    told(hub, family)
    await hub.ask(f"/v1/families/{family}")
    assert set(await knowers(hub, family, of="police")) == {("police", "")}
    assert set(await knowers(hub, family, of="duty-desk")) == {("neighbourhood-team", "duty-desk")}
    assert await knowers(hub, family, of="nobody") == {}


async def test_who_knew_what_is_for_who_watches_over_it_and_is_itself_noted(hub: Running) -> None:
    family, _ = await hub.an_escalation()
    assert (await hub.ask(f"/v1/families/{family}/knowledge")).status_code == 403
    assert (await hub.ask(f"/v1/families/{family}/knowledge", "auditor")).status_code == 404, "nobody assigned them"
    hub.assign(family)
    assert (await hub.ask(f"/v1/families/{family}/knowledge", "auditor")).status_code == 200
    looked = (await knowers(hub, family, of="duty-desk")).values()
    assert "look-at-knowledge" in [look["what"] for one in looked for look in one["looked"]]


# What was answered then is what is answered of then ------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
async def test_as_it_was_known_then_is_what_was_answered_then(hub: Running, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    family, _ = await hub.an_escalation()
    answered = []
    for nth in range(12):
        hub.clock.set(hub.clock.now() + timedelta(hours=chance.randrange(1, 400)))
        if chance.random() < 0.7:
            worry = a_worry(concern=chance.choice(["upbringing", "aggression", "honour-violence"]), reference=f"s-{nth}")
            assert (await hub.post(an_event(worry, id=f"s-{nth}"))).status_code == 201
        elif hub.hub.register.read(lambda unit: unit.get(Trajectory, family).levels[Axis.SAFETY]) > Level.NONE:
            hub.hub.casework.decide(
                family, lambda one, rules, on: one.step_down(Axis.SAFETY, Level.NONE, "rust", rules, on), "desk"
            )
        answered.append((text(hub.clock.now()), (await back(hub, f"/v1/families/{family}/history"))["state"]))
    for at, state in answered:
        assert (await back(hub, f"/v1/families/{family}/history", recordedAt=at))["state"] == state
