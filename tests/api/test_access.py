"""Whose a family is, and what others get: nothing, the least, or a look for which they answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from hub.domain.callers import Caller, Capacity
from hub.projections import radar
from tests.api.running import Running, a_child, a_worry, an_event
from tests.api.serving import serving
from tests.api.test_decisions import SOMEBODY, WHY, decided
from tests.api.test_live import Listening, listening

WHO = ("coordinator", "stranger", "elsewhere")
LISTS = ("/v1/escalations", "/v1/today", "/v1/funnel", "/v1/clocks", "/v1/radar", "/v1/caseload")


async def look(hub: Running, family: UUID, role: str = "coordinator", who: str = "stranger", of: str = "elsewhere") -> Any:
    """Somebody looks at a family."""
    return await hub.ask(f"/v1/families/{family}", "", headers=hub.token(role, who, of))


async def break_glass(hub: Running, family: UUID, role: str = "coordinator", why: Any = WHY) -> httpx2.Response:
    """Somebody who has no part in a family says that they must look."""
    return await hub.tell(f"/v1/families/{family}/glass-breakings", why, "", headers=hub.token(role, "stranger", "elsewhere"))


# Whose it is -------------------------------------------------------------------------------------------


async def test_a_family_of_others_is_to_a_coordinator_as_if_there_were_none(hub: Running) -> None:
    family = await hub.a_family()
    hidden, unknown = await look(hub, family), await look(hub, UUID(int=7))
    assert (hidden.status_code, hidden.content) == (404, unknown.content)
    assert set(hidden.headers) == set(unknown.headers)


async def test_the_director_the_coach_the_team_and_who_was_offered_it_see_a_family(hub: Running) -> None:
    family = await hub.a_family()
    assert (await look(hub, family, who="duty-desk")).status_code == 200
    assert (await look(hub, family, of="neighbourhood-team")).status_code == 200
    assert (await look(hub, family, who="a.coach")).status_code == 404
    await decided(hub, family, "coaches", {**SOMEBODY, "to": "a.coach"})
    assert (await look(hub, family, who="a.coach")).status_code == 200
    assert (await look(hub, family, who="other-director")).status_code == 404
    await decided(hub, family, "handovers", {**SOMEBODY, **WHY})
    assert (await look(hub, family, who="other-director")).status_code == 200


async def test_administration_sees_a_family_when_direction_has_come_that_far(hub: Running) -> None:
    family = await hub.a_family()
    assert (await look(hub, family, "administrative")).status_code == 404
    for _ in range(2):
        await decided(hub, family, "cooperation-refusals", WHY)
    assert (await look(hub, family, "administrative")).status_code == 200
    assert (await look(hub, family, "coordinator")).status_code == 404


async def test_lists_show_to_each_their_own_families_alone(hub: Running) -> None:
    family, _ = await hub.an_escalation()
    await decided(hub, family, "coaches", {**SOMEBODY, "to": "a.coach"})
    for path in LISTS:
        theirs = (await hub.ask(path, "", headers=hub.token(*WHO))).json()
        assert theirs["items"] == [], path
        assert all(stage["count"] == 0 for stage in theirs.get("stages", ())), path
    for path in set(LISTS) - {"/v1/radar"}:
        mine = await hub.ask(path)
        assert str(family) in mine.text, path


async def test_what_is_offered_waits_today_for_whom_it_is_offered_to_until_they_answer(hub: Running) -> None:
    family, _ = await hub.an_escalation()
    offered = hub.token("coordinator", "other-director", "elsewhere")
    assert (await hub.ask("/v1/today", "", headers=offered)).json()["items"] == []
    await decided(hub, family, "handovers", {**SOMEBODY, **WHY})
    said = (await hub.ask("/v1/today", "", headers=offered)).json()
    ((item,), counters) = said["items"], said["counters"]
    assert (item["family"], item["handover"]["isForMe"], counters["families"], counters["handovers"]) == (str(family), True, 1, 1)
    assert (await hub.ask("/v1/today", "", headers=hub.token("team-lead", "a.lead", "elsewhere"))).json()["items"] == []
    assert (await hub.ask("/v1/clocks", "", headers=offered)).json()["items"] == [], "it is not theirs yet"
    refusal = {**WHY, "accepted": False}
    answered = await hub.tell(f"/v1/families/{family}/handovers/{item['handover']['id']}/answers", refusal, "", headers=offered)
    assert answered.status_code < 300, answered.text
    hub.hub.views.catch_up()
    assert (await hub.ask("/v1/today", "", headers=offered)).json()["items"] == []


async def test_the_administration_is_told_of_today_without_names_and_plans(hub: Running) -> None:
    family, _ = await hub.an_escalation()
    for _ in range(2):
        await decided(hub, family, "cooperation-refusals", WHY)
    said = (await hub.ask("/v1/today", "administrative")).json()
    (item,) = said["items"]
    assert "names" not in item
    assert {"identity", "plan-text"} <= set(said["withheld"])
    assert item["level"]["overall"] >= 2


async def test_an_authority_that_gave_signals_decides_on_its_lever_and_sees_no_more_for_it(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    lever = next(one for one in hub.hub.casework.rules(hub.clock.now()).matrix.levers.items())
    body = {**WHY, "lever": lever[0], "ground": lever[1].ground, "escalations": [escalation]}
    of = hub.token("administrative", "an.officer", "youth-work")
    said = await hub.tell(f"/v1/families/{family}/levers", body, "", headers=of)
    assert (said.status_code, said.json()["code"]) == (409, "not-competent"), "it was let in, and the lever is another's"
    assert (await hub.ask(f"/v1/families/{family}", "", headers=of)).status_code == 404
    stranger = hub.token("administrative", "an.officer", "elsewhere")
    assert (await hub.tell(f"/v1/families/{family}/levers", body, "", headers=stranger)).status_code == 404


# Broken glass ------------------------------------------------------------------------------------------


async def test_broken_glass_lets_somebody_look_for_four_hours_and_decide_nothing(hub: Running) -> None:
    family = await hub.a_family()
    broken = await break_glass(hub, family)
    assert (broken.status_code, broken.json()["until"]) == (201, "2026-03-02T16:00:00Z")
    assert (await look(hub, family)).status_code == 200
    assert (await hub.ask(f"/v1/families/{family}/history", "", headers=hub.token(*WHO))).status_code == 200
    assert (await hub.tell(f"/v1/families/{family}/referrals", WHY, "", headers=hub.token(*WHO))).status_code == 404
    hub.clock.set(hub.clock.now() + timedelta(hours=4))
    assert (await look(hub, family)).status_code == 404


async def test_glass_breaks_for_a_reason_in_words_and_for_families_that_there_are(hub: Running) -> None:
    family = await hub.a_family()
    assert (await break_glass(hub, family, why={"motivation": " "})).status_code == 400
    assert (await break_glass(hub, UUID(int=7))).status_code == 404
    assert (await break_glass(hub, family, role="auditor")).status_code == 403
    assert (await look(hub, family)).status_code == 404


async def test_broken_glass_is_told_to_the_director_and_the_officer_and_to_nobody_else(hub: Running) -> None:
    family = await hub.a_family()
    await break_glass(hub, family)
    await look(hub, family)
    hub.hub.outbox.catch_up()
    officer = hub.token("data-protection-officer", "an.officer", "supervision")
    colleague = hub.token("coordinator", "colleague")
    async with serving(hub) as base:
        for listener in (hub.token("coordinator"), officer):
            async with listening(hub, base, "?after=0", **listener) as heard:
                told = [one for one in await heard_until(heard, "nl.vig.looks.looked-into.v1") if "looks" in one["type"]]
            assert [one["type"] for one in told] == ["nl.vig.looks.glass-broken.v1", "nl.vig.looks.looked-into.v1"]
            assert {one["data"]["who"] for one in told} == {"stranger"}
        async with listening(hub, base, "?after=0", **colleague) as heard:
            await decided(hub, family, "cooperation-refusals", WHY)
            hub.hub.outbox.catch_up()
            told = await heard_until(heard, "nl.vig.escalations.direction-raised.v1")
            assert not [one for one in told if "looks" in one["type"]]


async def heard_until(heard: Listening, type: str) -> list[Any]:
    """What somebody heard until a notice of this type came."""
    while not any(one["type"] == type for one in heard.data):
        await heard.until(len(heard.data) + 1)
    return heard.data


# Looks -------------------------------------------------------------------------------------------------


async def test_the_director_hears_once_an_hour_who_else_looked_and_never_of_their_own_looks(hub: Running) -> None:
    family = await hub.a_family()

    async def looks() -> list[str]:
        hub.hub.outbox.catch_up()
        return [one.notice["data"]["who"] for one in hub.hub.ways["feed"].out.after(0) if "looks" in one.notice["type"]]

    await look(hub, family, who="duty-desk")
    assert await looks() == []
    hub.assign(family, "stranger")
    for minutes in (0, 30, 31):
        hub.clock.set(hub.clock.now() + timedelta(minutes=minutes))
        assert (await look(hub, family, "auditor")).status_code == 200
    assert await looks() == ["stranger", "stranger"]
    version = hub.hub.history.facts(family)[-1].originator_version
    assert (await look(hub, family, who="duty-desk")).json()["version"] == version, "a look changes nothing of the family"


async def test_a_director_whose_family_was_handed_over_hears_of_looks_no_more(hub: Running) -> None:
    family = await hub.a_family()
    handover = (await decided(hub, family, "handovers", {**SOMEBODY, **WHY}))["handover"]
    other = hub.token("coordinator", "other-director", "local-team")
    await decided(hub, family, f"handovers/{handover}/answers", {**WHY, "accepted": True}, "", headers=other)
    assert hub.hub.admittance.hears(
        "nl.vig.looks.looked-into.v1", Caller(Capacity.COORDINATOR, "other-director", "local-team"), family
    )
    assert not hub.hub.admittance.hears(
        "nl.vig.looks.looked-into.v1", Caller(Capacity.COORDINATOR, "duty-desk", "neighbourhood-team"), family
    )


# What was tried -----------------------------------------------------------------------------------------


async def two_families(hub: Running) -> tuple[UUID, UUID]:
    """One that the desk still directs, and one that has a director elsewhere."""
    mine, theirs = await hub.a_family(), await hub.a_family_of(a_child(9), id="theirs")
    handover = (await decided(hub, theirs, "handovers", {**SOMEBODY, **WHY}))["handover"]
    other = hub.token("coordinator", "other-director", "local-team")
    await decided(hub, theirs, f"handovers/{handover}/answers", {**WHY, "accepted": True}, "", headers=other)
    return mine, theirs


async def test_nobody_gets_at_a_family_of_others_by_merging_it_into_their_own(hub: Running) -> None:
    mine, theirs = await two_families(hub)
    before = len(hub.hub.history.facts(theirs))
    for path in ("merges", "separations"):
        said = await hub.tell(f"/v1/families/{mine}/{path}", {**WHY, "family": str(theirs)})
        assert (said.status_code, said.json()["code"]) == (404, "not-known"), path
    signal = next(iter((await hub.ask(f"/v1/families/{mine}/history")).json()["state"]["signals"]))["signal"]
    moved = await hub.tell(f"/v1/families/{mine}/signals/{signal}/moves", {**WHY, "to": str(theirs)})
    assert moved.status_code == 404
    assert len(hub.hub.history.facts(theirs)) == before


async def test_both_families_of_a_merger_stand_in_the_processing_log(hub: Running) -> None:
    mine, theirs = await hub.a_family(), await hub.a_family_of(a_child(9), id="theirs")
    assert (await hub.tell(f"/v1/families/{mine}/merges", {**WHY, "family": str(theirs)})).status_code == 201
    for family in (mine, theirs):
        log = await hub.ask(f"/v1/families/{family}/processing-log", "auditor")
        assert "mergeFamilies" in {line["name"] for line in log.json()["items"]}, family


async def test_a_waiting_signal_goes_to_a_family_that_it_may_be_about_or_to_ones_own(hub: Running) -> None:
    mine, theirs = await two_families(hub)
    namesake = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}
    await hub.post(an_event(a_worry(people=[namesake]), id="asked"))
    (question,) = (await hub.ask("/v1/match-questions")).json()["items"]
    said = await hub.tell(f"/v1/match-questions/{question['id']}/answers", {**WHY, "family": str(theirs)})
    assert (said.status_code, question["candidates"]) == (404, [str(mine)])
    assert (await hub.tell(f"/v1/match-questions/{question['id']}/answers", {**WHY, "family": str(mine)})).status_code == 201


async def test_who_was_offered_a_family_looks_and_answers_and_decides_nothing_else(hub: Running) -> None:
    family = await hub.a_family()
    handover = (await decided(hub, family, "handovers", {**SOMEBODY, **WHY}))["handover"]
    offered: dict[str, Any] = {"role": "", "headers": hub.token("coordinator", "other-director", "local-team")}
    assert (await hub.ask(f"/v1/families/{family}", **offered)).status_code == 200
    assert (await hub.ask(f"/v1/families/{family}/history", **offered)).status_code == 404
    for path, body in (("early-endings", WHY), ("coaches", SOMEBODY), ("handovers", {**SOMEBODY, **WHY})):
        assert (await hub.tell(f"/v1/families/{family}/{path}", body, **offered)).status_code == 404, path
    elsewhere = hub.token("coordinator", "other-director", "another-team")
    answer = await hub.tell(f"/v1/families/{family}/handovers/{handover}/answers", {**WHY, "accepted": True}, "", headers=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-offered-to-you"), "it was offered to somebody of a team"


async def test_an_offer_ends_with_its_term_and_with_a_merger(hub: Running) -> None:
    mine, theirs = await hub.a_family(), await hub.a_family_of(a_child(9), id="theirs")
    for family in (mine, theirs):
        await decided(hub, family, "handovers", {**SOMEBODY, **WHY})
        assert (await look(hub, family, who="other-director")).status_code == 200
    assert (await hub.tell(f"/v1/families/{mine}/merges", {**WHY, "family": str(theirs)})).status_code == 201
    assert (await look(hub, theirs, who="other-director")).status_code == 404
    hub.clock.set(hub.clock.now() + timedelta(days=30))
    assert (await look(hub, mine, who="other-director")).status_code == 404, "also before the clock made it an event"


async def test_glass_opens_to_whoever_was_offered_direction_what_an_offer_does_not(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "handovers", {**SOMEBODY, "to": "stranger", "organisation": "elsewhere", **WHY})
    history = f"/v1/families/{family}/history"
    assert (await hub.ask(history, "", headers=hub.token(*WHO))).status_code == 404
    assert (await break_glass(hub, family)).status_code == 201
    assert (await hub.ask(history, "", headers=hub.token(*WHO))).status_code == 200


async def test_a_look_through_an_escalation_is_a_look(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    await break_glass(hub, family)
    assert (await hub.ask(f"/v1/escalations/{escalation}", "", headers=hub.token(*WHO))).status_code == 200
    hub.hub.outbox.catch_up()
    told = [one.notice["data"] for one in hub.hub.ways["feed"].out.after(0) if one.notice["type"].endswith("looked-into.v1")]
    assert [(one["who"], one["what"]) for one in told] == [("stranger", "see-escalations")]


async def lines_of(hub: Running, family: UUID) -> set[tuple[str, str, str]]:
    """What the processing log says was done at a family: by whom, what, and what came of it."""
    items = (await hub.ask(f"/v1/families/{family}/processing-log", "auditor")).json()["items"]
    return {(line["who"], line["name"], line["outcome"]) for line in items}


async def test_whoever_tries_a_family_by_way_of_their_own_stands_in_the_log_of_that_family(hub: Running) -> None:
    mine, theirs = await two_families(hub)
    await hub.tell(f"/v1/families/{mine}/merges", {**WHY, "family": str(theirs)})
    assert ("duty-desk", "mergeFamilies", "refused") in await lines_of(hub, theirs)
    await hub.post(an_event(a_worry(people=[a_child(7)], concern="honour-violence"), id="raised"))
    hub.hub.views.catch_up()
    (raised,) = (await hub.ask("/v1/escalations?axis=safety")).json()["items"]
    family = UUID(raised["family"])
    await hub.ask(f"/v1/escalations/{raised['id']}", "", headers=hub.token(*WHO))
    assert ("stranger", "getEscalationsById", "refused") in await lines_of(hub, family)


async def test_what_is_decided_about_a_waiting_signal_stands_in_the_log_of_the_family(hub: Running) -> None:
    family = await hub.a_family()
    namesake = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}
    await hub.post(an_event(a_worry(people=[namesake]), id="asked"))
    (question,) = (await hub.ask("/v1/match-questions")).json()["items"]
    assert (await hub.tell(f"/v1/match-questions/{question['id']}/answers", {**WHY, "family": str(family)})).status_code == 201
    assert (await hub.tell(f"/v1/match-questions/{question['id']}/retractions", WHY)).status_code == 201
    names = {name for _, name, _ in await lines_of(hub, family)}
    assert {"getMatchQuestions", "answerMatchQuestion", "retractAnswer"} <= names


async def test_no_decision_is_taken_that_cannot_be_noted(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    namesake = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}
    family = await hub.a_family()
    await hub.post(an_event(a_worry(people=[namesake]), id="asked"))
    (question,) = (await hub.ask("/v1/match-questions")).json()["items"]
    unread = (await hub.post(an_event({"nothing": "of the contract"}, id="unread"))).json()["message"]
    position = hub.hub.log.last_position()
    with hub.hub.stored.reads.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON readings BEGIN SELECT RAISE(ABORT, 'full'); END")
    answer = await hub.tell(f"/v1/match-questions/{question['id']}/answers", {**WHY, "family": str(family)})
    again = await hub.tell(f"/v1/messages/{unread}/processings", role="operator")
    referral = await hub.tell(f"/v1/families/{family}/referrals", WHY)
    assert {said.status_code for said in (answer, again, referral)} == {503}
    assert hub.hub.log.last_position() == position


async def test_who_may_not_see_a_family_learns_nothing_of_its_versions(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    lever = next(iter(hub.hub.casework.rules(hub.clock.now()).matrix.levers.items()))
    body = {**WHY, "lever": lever[0], "ground": lever[1].ground, "escalations": [escalation]}
    involved = hub.token("coordinator", "an.officer", "youth-work")
    said = [
        await hub.tell(f"/v1/families/{family}/levers", body, "", headers={**involved, "If-Match": f'"{version}"'})
        for version in range(1, 12)
    ]
    assert len({(each.status_code, each.content) for each in said}) == 1


async def test_a_legal_ground_is_a_code_and_no_place_for_words(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.tell(f"/v1/families/{family}/compulsions", {**WHY, "ground": "because of Noor"}, "administrative")
    assert (said.status_code, said.json()["violations"][0]["where"]) == (400, "/ground")


@pytest.mark.parametrize("happened", ["0001", "0001-01-01", "9999-12-31"])
async def test_no_date_of_one_partner_takes_a_family_off_the_radar(hub: Running, happened: str) -> None:
    family = await hub.a_family()
    await hub.post(an_event(a_worry(happened=happened), id="odd"))
    hub.hub.views.catch_up()
    assert {standing.stopped_because for standing in hub.hub.views.state()} == {""}
    (row,) = [dict(row) for row in _radar(hub) if row["family"] == str(family)]
    assert row["latest"] == ("2026-03-02" if happened > "2026" else "2026-03-01"), "a day to come was known today"


def _radar(hub: Running) -> Any:
    with hub.hub.stored.views.connect() as connection:
        return connection.execute(select(radar.FAMILIES)).mappings().all()


async def test_an_organisation_that_somebody_typed_opens_nothing(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "coaches", {**SOMEBODY, "to": "a.coach", "organisation": "elsewhere"})
    assert (await look(hub, family, who="stranger", of="elsewhere")).status_code == 404
    assert (await hub.ask("/v1/funnel", "", headers=hub.token(*WHO))).json()["items"] == []


async def test_people_of_a_suspended_partner_are_not_let_in(hub: Running) -> None:
    family = await hub.a_family()
    hub.hub.registry.suspend("police", "an incident", "operator")
    said = await look(hub, family, who="duty-desk", of="police")
    assert (said.status_code, said.json()["code"]) == (403, "partner-suspended")


async def test_why_glass_was_broken_stands_with_the_family_and_travels_nowhere(hub: Running) -> None:
    family = await hub.a_family()
    await break_glass(hub, family, why={"motivation": "Noor is in danger tonight"})
    hub.hub.outbox.catch_up()
    seen = await hub.ask(f"/v1/families/{family}/glass-breakings")
    assert [(one["who"], one["reason"]) for one in seen.json()["items"]] == [("stranger", "Noor is in danger tonight")]
    assert "Noor is" not in repr([one.notice for one in hub.hub.ways["feed"].out.after(0)])


async def test_only_feedback_is_known_by_the_reference_that_it_answers(hub: Running) -> None:
    family = await hub.a_family()
    heard = len(hub.hub.history.facts(family))
    for number, reference in enumerate(("a-1", "unheard-of")):
        said = await hub.post(an_event(a_worry(people=[], refersTo=reference), id=f"refers-{number}"))
        assert (said.status_code, said.json()["outcome"]) == (201, "match-question"), "known or not is not told"
    assert len(hub.hub.history.facts(family)) == heard


async def test_everybody_is_told_what_they_are_to_a_family_and_until_when(hub: Running) -> None:
    family = await hub.a_family()
    own = (await hub.ask(f"/v1/families/{family}/standing")).json()
    assert (own["relation"], own["until"]) == ("director", None)
    assert {"direct", "see-family"} <= set(own["may"])
    other = hub.token("coordinator", "stranger", "elsewhere")
    async with hub.client() as client:
        assert (await client.get(f"/v1/families/{family}/standing", headers=other)).status_code == 404
        body = {"motivation": "a neighbour heard screaming"}
        broken = await client.post(f"/v1/families/{family}/glass-breakings", headers=other, json=body)
        glass = (await client.get(f"/v1/families/{family}/standing", headers=other)).json()
    assert (glass["relation"], glass["until"]) == ("glass", broken.json()["until"])
    assert "see-family" in glass["may"]
    assert not {"direct", "place", "decide-lever"} & set(glass["may"])
