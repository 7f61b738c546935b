"""What people decide over HTTP: each decision once, by who may, on what they have seen."""

import gzip
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.api.decisions import ON_FAMILIES
from hub.domain.trajectory import Trajectory
from tests.api.running import Running, a_worry, an_event

WHY = {"motivation": "agreed at the case meeting"}
SOMEBODY = {"to": "other-director", "organisation": "local-team", "contact": "other@example.org"}
GOAL = {
    "goal": "school",
    "area": "04",
    "specific": "to school every day",
    "measurable": "no absence in four weeks",
    "achievable": "school picks up at home",
    "relevant": "absence began this",
    "start": "2026-03-02",
    "due": "2026-06-01",
    "owner": "parents",
}
NOBODY = "00000000-0000-5000-8000-000000000000"


async def decided(hub: Running, family: UUID, path: str, body: Any = None, role: str = "coordinator", **more: Any) -> Any:
    """What a decision on a family gave, after it was accepted."""
    said = await hub.tell(f"/v1/families/{family}/{path}", body, role, **more)
    assert said.status_code == 201, said.text
    assert said.json()["family"] == str(family)
    assert said.headers["etag"] == f'"{said.json()["version"]}"'
    return said.json()


async def standing(hub: Running, family: UUID, by: dict[str, str] | None = None) -> Any:
    """How the family stands now, for the director on duty or somebody else."""
    return (await hub.ask(f"/v1/families/{family}/history", "" if by else "coordinator", headers=by or {})).json()["state"]


async def test_a_family_goes_from_candidate_to_a_plan_under_a_coach(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "referrals", WHY)
    await decided(hub, family, "referral-decisions", {**WHY, "decision": "eligible"})
    for phase in ("start-talk", "analysis-and-plan"):
        await decided(hub, family, "phases", {**WHY, "phase": phase})
    assert (await decided(hub, family, "plans", {**WHY, "goals": [GOAL]}))["plan"] == 1
    await decided(hub, family, "coaches", {**SOMEBODY, "to": "coach"}, "team-lead")
    handover = (await decided(hub, family, "handovers", {**SOMEBODY, "to": "coach", **WHY}))["handover"]
    as_coach = hub.token("coordinator", "coach", "local-team")
    await decided(hub, family, f"handovers/{handover}/answers", {**WHY, "accepted": True}, "", headers=as_coach)
    now_directs: dict[str, Any] = {"role": "", "headers": as_coach}
    await decided(hub, family, "phases", {**WHY, "phase": "coach-directs"}, **now_directs)
    await decided(hub, family, "goals/school/progress", {"words": "two weeks without absence"}, **now_directs)
    await decided(hub, family, "goals/school/results", {"result": "reached", "words": "no absence since March"}, **now_directs)
    await decided(hub, family, "extensions", WHY, **now_directs)
    await decided(hub, family, "coach-releases", WHY, **now_directs)
    state = await standing(hub, family, as_coach)
    assert (state["phase"], state["coach"]) == ("coach-directs", None)
    assert state["plan"]["goals"][0]["result"] == "reached"


async def test_direction_passes_on_when_the_other_accepts(hub: Running) -> None:
    family = await hub.a_family()
    handover = (await decided(hub, family, "handovers", {**SOMEBODY, **WHY}))["handover"]
    path = f"/v1/families/{family}/handovers/{handover}/answers"
    as_other = hub.token("coordinator", "other-director", "local-team")
    mine = await hub.tell(path, {**WHY, "accepted": True})
    assert (mine.status_code, mine.json()["code"]) == (409, "not-offered-to-you")
    accepted = await hub.tell(path, {**WHY, "accepted": True}, "", headers=as_other)
    assert accepted.status_code == 201
    assert (await hub.ask(f"/v1/families/{family}")).status_code == 404, "the family is no longer theirs"
    assert (await standing(hub, family, as_other))["director"]["who"] == "other-director"


async def test_direction_stays_when_the_other_refuses(hub: Running) -> None:
    family = await hub.a_family()
    handover = (await decided(hub, family, "handovers", {**SOMEBODY, **WHY}))["handover"]
    as_other = hub.token("coordinator", "other-director", "local-team")
    await decided(hub, family, f"handovers/{handover}/answers", {**WHY, "accepted": False}, "", headers=as_other)
    assert (await standing(hub, family))["director"]["who"] == "duty-desk"


async def test_an_escalation_is_acknowledged_and_stepped_down_by_a_person(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    await decided(hub, family, f"escalations/{escalation}/acknowledgements")
    raised = (await standing(hub, family))["levels"]["safety"]
    assert raised > 1
    await decided(hub, family, "steps-down", {**WHY, "axis": "safety", "level": 1})
    assert (await standing(hub, family))["levels"]["safety"] == 1


async def test_a_lever_is_decided_reconsidered_and_ended_by_the_authority_that_may(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    agreed = next(iter(hub.hub.casework.rules(hub.clock.now()).matrix.levers.items()))
    body = {**WHY, "lever": agreed[0], "ground": agreed[1].ground, "escalations": [escalation]}
    competent: dict[str, Any] = {"role": "", "headers": hub.token("administrative", organisation=agreed[1].by)}
    refused = await hub.tell(f"/v1/families/{family}/levers", body, "administrative")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-competent"), "the authority is what the caller is of"
    refused = await hub.tell(f"/v1/families/{family}/levers", {**body, "ground": "another-law"}, **competent)
    assert (refused.status_code, refused.json()["code"]) == (409, "other-ground")
    lever = (await decided(hub, family, "levers", body, **competent))["lever"]
    await decided(hub, family, f"levers/{lever}/reconsiderations", WHY, "administrative")
    await decided(hub, family, f"levers/{lever}/endings", WHY, "administrative")
    assert (await standing(hub, family))["levers"] == []


async def test_advice_is_declined_by_the_authority_that_may_and_the_escalation_says_so(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    advised = (await hub.ask(f"/v1/escalations/{escalation}")).json()["levers"][0]
    body = {**WHY, "lever": advised["lever"], "escalations": [escalation]}
    competent: dict[str, Any] = {"role": "", "headers": hub.token("coordinator", organisation=advised["by"])}
    refused = await hub.tell(f"/v1/families/{family}/lever-refusals", body, "administrative")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-competent")
    assert (await hub.tell(f"/v1/families/{family}/lever-refusals", {**body, "escalations": []}, **competent)).status_code == 400
    for _ in range(2):
        await decided(hub, family, "lever-refusals", body, **competent)
    (declined,) = (await hub.ask(f"/v1/escalations/{escalation}")).json()["declined"]
    assert (declined["lever"], declined["declinedBy"]) == (advised["lever"], "duty-desk")
    assert (await standing(hub, family))["levers"] == []
    said = (await hub.ask(f"/v1/families/{family}/timeline?kind=advice-declined")).json()["items"]
    assert [one["by"] for one in said] == ["duty-desk"] * 2


async def test_direction_rises_when_cooperation_is_refused_and_a_person_brings_it_back(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "cooperation-refusals", WHY)
    assert (await standing(hub, family))["direction"] == "network"
    await decided(hub, family, "direction-steps-down", {**WHY, "direction": "family"})
    assert (await standing(hub, family))["direction"] == "family"


@pytest.mark.parametrize(
    ("path", "body", "role", "phase"),
    [
        ("early-endings", WHY, "coordinator", "ended-early"),
        ("compulsions", {**WHY, "ground": "bw-1-255"}, "administrative", "escalated-to-compulsion"),
    ],
)
async def test_a_trajectory_can_end_early_and_open_again(hub: Running, path: str, body: Any, role: str, phase: str) -> None:
    family = await hub.a_family()
    await decided(hub, family, path, body, role)
    assert (await standing(hub, family))["phase"] == phase
    late = await hub.tell(f"/v1/families/{family}/referrals", WHY)
    assert (late.status_code, late.json()["code"]) == (409, "trajectory-ended")
    await decided(hub, family, "corrections", {"about": "phase", "words": "it ended a week before"})
    await decided(hub, family, "reopenings", WHY)
    assert (await standing(hub, family))["phase"] == "candidate"


async def test_it_is_noted_how_a_family_was_told_or_why_not(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "family-informations", {"how": "spoken", "when": "2026-03"})
    await decided(hub, family, "family-informations", {"reasonNot": "investigation"})
    neither = await hub.tell(f"/v1/families/{family}/family-informations", {})
    assert (neither.status_code, neither.json()["code"]) == (409, "informed-or-reason")


# On what was seen ------------------------------------------------------------------------------------


async def test_a_decision_on_an_older_state_is_refused(hub: Running) -> None:
    family = await hub.a_family()
    seen = (await hub.ask(f"/v1/families/{family}")).headers["etag"]
    await decided(hub, family, "referrals", WHY, headers={"If-Match": seen})
    stale = await hub.tell(f"/v1/families/{family}/referral-decisions", {**WHY, "decision": "eligible"}, headers={"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-decision")


@pytest.mark.parametrize("tag", ["7", '"a"', 'W/"7"', "*", '"1", "2"'])
async def test_a_version_that_is_none_is_refused(hub: Running, tag: str) -> None:
    family = await hub.a_family()
    said = await hub.tell(f"/v1/families/{family}/referrals", WHY, headers={"If-Match": tag})
    assert (said.status_code, said.json()["violations"][0]["where"]) == (400, "header/if-match")


async def test_a_version_where_it_guards_nothing_is_refused_rather_than_passed_over(hub: Running) -> None:
    path = f"/v1/families/{await hub.a_family()}/merges"
    said = await hub.tell(path, {**WHY, "family": str(uuid4())}, headers={"If-Match": '"7"'})
    assert (said.status_code, said.json()["violations"][0]["where"]) == (400, "header/if-match")


# Whose family ----------------------------------------------------------------------------------------


async def test_a_match_question_is_answered_and_the_answer_taken_back(hub: Running) -> None:
    family = await hub.a_family()
    people = [{"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}]
    said = (await hub.post(an_event(a_worry(people=people), id="2"))).json()
    assert (said["outcome"], said["signals"][0]["outcome"]) == ("match-question", "match-question")
    question = (await hub.ask("/v1/match-questions")).json()["items"][0]["id"]
    answered = await hub.tell(f"/v1/match-questions/{question}/answers", {**WHY, "family": str(family)})
    assert (answered.status_code, answered.json()) == (201, {"family": str(family)})
    assert len((await standing(hub, family))["signals"]) == 2
    taken_back = await hub.tell(f"/v1/match-questions/{question}/retractions", WHY)
    assert (taken_back.status_code, taken_back.json()) == (201, {"question": question})
    assert len((await standing(hub, family))["signals"]) == 1
    new = await hub.tell(f"/v1/match-questions/{question}/answers", {**WHY, "family": None})
    assert new.json()["family"] != str(family)


async def test_families_are_merged_separated_and_split(hub: Running) -> None:
    one = await hub.a_family()
    elsewhere = {"postcode": "4321BA", "number": "5"}
    person = {"familyName": "Voorbeeld", "birthDate": "2012-01-01", "address": elsewhere, "role": "child"}
    other_people = [person | {"givenNames": name} for name in ("Ali", "Bo")]
    await hub.post(an_event(a_worry(people=other_people), id="2"))
    found = {UUID(item["family"]) for item in (await hub.ask("/v1/funnel")).json()["items"]}
    (other,) = found - {one}
    merged = await hub.tell(f"/v1/families/{one}/merges", {**WHY, "family": str(other)})
    assert (merged.status_code, merged.json()) == (201, {"family": str(one)})
    assert len((await standing(hub, one))["people"]) == 3
    apart = await hub.tell(f"/v1/families/{one}/separations", {**WHY, "family": str(other)})
    assert apart.json() == {"family": str(other)}
    people = [person["person"] for person in (await standing(hub, other))["people"]]
    split = await hub.tell(f"/v1/families/{other}/splits", {**WHY, "people": people[:1]})
    assert split.status_code == 201
    assert len((await standing(hub, UUID(split.json()["family"])))["people"]) == 1


async def test_a_signal_is_moved_to_the_family_it_is_about(hub: Running) -> None:
    wrong = await hub.a_family()
    person = a_worry()["people"][0] | {
        "givenNames": "Bo",
        "birthDate": "2012-01-01",
        "address": {"postcode": "4321BA", "number": "5"},
    }
    person.pop("bsn")
    await hub.post(an_event(a_worry(people=[person]), id="2"))
    families = {UUID(item["family"]) for item in (await hub.ask("/v1/funnel")).json()["items"]}
    (right,) = families - {wrong}
    signal = (await standing(hub, wrong))["signals"][0]["signal"]
    moved = await hub.tell(f"/v1/families/{wrong}/signals/{signal}/moves", {**WHY, "to": str(right)})
    assert (moved.status_code, moved.json()) == (201, {"family": str(right)})
    assert len((await standing(hub, right))["signals"]) == 2


# What is refused -------------------------------------------------------------------------------------


async def test_all_that_is_wrong_with_a_decision_is_said_at_once_and_nothing_of_it_repeated(hub: Running) -> None:
    body = {
        "goals": [{**GOAL, "area": "13", "start": "2026-02-30", "owner": " ", "Noor Voorbeeld": 1}, "school"],
        "motivation": "a\0b",
        "extra": 1,
    }
    said = await hub.tell("/v1/families/not-an-id/plans?bsn=x", body, headers={"If-Match": "x"})
    assert said.status_code == 400
    assert {(wrong["where"], wrong["what"]) for wrong in said.json()["violations"]} == {
        ("path/id", "is not an id (UUID)"),
        ("query", "has a key that is not known here"),
        ("header/if-match", "is not one version between quotes"),
        ("/goals/0/area", "is not one of '01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11' or '12'"),
        ("/goals/0/start", "is not a date of the calendar (YYYY-MM-DD)"),
        ("/goals/0/owner", "is empty"),
        ("/goals/0", "has a member that is not known here"),
        ("/goals/1", "is not an object"),
        ("/motivation", "is not of the form that is asked"),
        ("", "has a member that is not known here"),
    }
    assert "Noor" not in said.text


async def test_a_plan_that_is_not_smart_says_where(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.tell(f"/v1/families/{family}/plans", {**WHY, "goals": [{**GOAL, "due": "2026-03-01"}]})
    assert (said.status_code, said.json()["violations"]) == (400, [{"where": "/goals/0/due", "what": "is not after start"}])


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[" * 10_000, b'{"motivation": "\\ud800"}', b'{"motivation": "\xff"}', b"null"])
async def test_a_body_that_is_no_form_is_refused(hub: Running, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    path = f"/v1/families/{await hub.a_family()}/referrals"
    said = await hub.ask(path, "coordinator", "POST", content=body, headers=headers)
    assert (said.status_code, said.json()["code"]) == (400, "malformed"), said.text


async def test_a_body_of_another_type_or_size_is_refused(hub: Running) -> None:
    path = f"/v1/families/{await hub.a_family()}/referrals"
    text = await hub.ask(path, "coordinator", "POST", content=b"x", headers={"content-type": "text/plain"})
    large = await hub.ask(path, "coordinator", "POST", content=b" " * 65_537, headers={"content-type": "application/json"})
    packed = {"content-type": "application/json", "content-encoding": "gzip"}
    bomb = await hub.ask(path, "coordinator", "POST", content=gzip.compress(b" " * 9_999_999), headers=packed)
    assert (text.status_code, large.status_code, bomb.status_code) == (415, 413, 415)
    assert large.json()["code"] == "too-large"


async def test_a_family_that_nobody_knows_is_not_found(hub: Running) -> None:
    for operation in ON_FAMILIES:
        if operation.takes_version and operation.form is None:
            path = operation.path.replace("{id}", NOBODY).replace("{escalation}", NOBODY)
            said = await hub.tell(f"/v1{path}", role="coordinator")
            assert (said.status_code, said.json()["code"]) == (404, "not-known")


async def test_a_decision_stands_in_the_log_with_who_took_it(hub: Running) -> None:
    family = await hub.a_family()
    hub.clock.set(hub.clock.now() + timedelta(minutes=1))
    await decided(hub, family, "referrals", WHY)
    last = next(event for event in reversed(hub.hub.history.facts(family)) if isinstance(event, Trajectory.Referred))
    assert (last.by, last.motivation) == ("duty-desk", WHY["motivation"])


async def test_a_running_term_is_met_when_somebody_says_what_was_done(hub: Running) -> None:
    family = await hub.a_family("honour-violence")
    hub.hub.views.catch_up()
    clocks = [clock["clock"] for clock in (await hub.ask(f"/v1/families/{family}")).json()["clocks"]]
    meant = next(clock for clock in clocks if not clock.startswith("acknowledge-"))
    await decided(hub, family, "terms-met", {"clock": meant, "words": "the assessment was made today"})
    unknown = await hub.tell(f"/v1/families/{family}/terms-met", {"clock": meant, "words": "once more"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-known")


async def test_one_deed_meets_all_the_terms_that_it_was_for(hub: Running) -> None:
    family = await hub.a_family("honour-violence")
    first, second, *_ = [clock for clock in await the_clocks(hub, family) if not clock.startswith("acknowledge-")]
    said = {"words": "one meeting about all of it"}
    mixed = await hub.tell(f"/v1/families/{family}/terms-met", {"clock": first, "also": [second, "nothing"], **said})
    assert mixed.status_code == 404
    assert {first, second} <= await the_clocks(hub, family), "all of it or nothing"
    await decided(hub, family, "terms-met", {"clock": first, "also": [second, second], **said})
    assert not {first, second} & await the_clocks(hub, family)


async def the_clocks(hub: Running, family: UUID) -> set[str]:
    hub.hub.views.catch_up()
    return {clock["clock"] for clock in (await hub.ask(f"/v1/families/{family}")).json()["clocks"]}
