"""A match question laid open: whom the signal names, how they are like the people of the families, and that it was looked at."""

from typing import Any
from uuid import UUID

from hub.api.comparing import COMPARE
from hub.domain.questions import MatchQuestion
from hub.domain.streams import Occasion
from tests.api.running import Running, a_worry, an_event
from tests.api.test_decisions import WHY, decided
from tests.api.test_lookups import keeps
from tests.api.test_processing_log import ACTIVITY, of_person

OTHER = {"to": "other-director", "organisation": "local-team", "contact": "other desk"}
NAMESAKE = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}


async def a_question(hub: Running, **but: Any) -> str:
    """A signal that may be about a family that is there: the path of its question."""
    said = (await hub.post(an_event(a_worry(people=[NAMESAKE | but]), id="2"))).json()
    assert said["outcome"] == "match-question"
    return f"/v1/match-questions/{(await hub.ask('/v1/match-questions')).json()['items'][0]['id']}"


async def test_whom_a_signal_names_stands_beside_whom_they_are_like(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.ask(f"{await a_question(hub)}/comparison")
    assert said.status_code == 200 and keeps(COMPARE.answer, said.json())
    (named,), (candidate,) = said.json()["people"], said.json()["families"]
    assert {name: named[name] for name in ("familyName", "givenNames", "born", "role", "address", "isSubject")} == {
        "familyName": "Voorbeeld",
        "givenNames": "Noor",
        "born": "2016-04-05",
        "role": "child",
        "address": None,
        "isSubject": True,
    }
    assert "bsn" not in named
    (alike,) = candidate["alike"]
    assert (candidate["id"], candidate["contact"], candidate["isOpen"]) == (str(family), "duty desk", True)
    assert (alike["nth"], alike["by"], alike["conflicts"]) == (0, "name-birth", False)


async def test_of_a_family_of_others_it_is_told_that_there_is_a_likeness_and_whom_to_ask(hub: Running) -> None:
    family = await hub.a_family()
    question = await a_question(hub)
    handover = (await decided(hub, family, "handovers", {**OTHER, **WHY}))["handover"]
    other = hub.token("coordinator", "other-director", "local-team")
    await decided(hub, family, f"handovers/{handover}/answers", {**WHY, "accepted": True}, "", headers=other)
    (candidate,) = (await hub.ask(f"{question}/comparison")).json()["families"]
    assert (candidate["isOpen"], candidate["contact"], len(candidate["alike"])) == (False, "other desk", 1)


async def test_who_is_named_and_who_is_like_them_can_see_that_somebody_looked(hub: Running) -> None:
    await hub.a_family()
    question = await a_question(hub, familyName="Voorbeeld")
    assert (await hub.ask(f"{question}/comparison")).status_code == 200
    whom = {name: NAMESAKE[name] for name in ("familyName", "givenNames", "birthDate")}
    found = [line for line in await of_person(hub, whom) if line["name"] == COMPARE.name]
    assert found and all(line["attributes"][ACTIVITY].endswith(":look-at-match-questions") for line in found)


async def test_what_has_to_be_asked_first_stands_with_the_question_which_stays_open(hub: Running) -> None:
    family = await hub.a_family()
    question = await a_question(hub)
    assert (await hub.tell(f"{question}/inquiries", {"words": "Call the school."})).status_code == 201
    shown = (await hub.ask(question)).json()
    assert shown["state"] == "open"
    assert [(one["words"], one["by"]) for one in shown["inquiries"]] == [("Call the school.", "duty-desk")]
    assert (await hub.tell(f"{question}/answers", {**WHY, "family": str(family)})).status_code == 201
    assert (await hub.tell(f"{question}/inquiries", {"words": "Too late."})).json()["code"] == "answered-already"


async def test_of_a_signal_that_was_taken_back_nothing_is_left_to_compare(hub: Running) -> None:
    await hub.a_family()
    question = await a_question(hub)
    hub.hub.register.do(
        lambda unit: unit.get(MatchQuestion, UUID(question[-36:])).lapse("a-message", Occasion(unit.at, "youth-work"))
    )
    said = await hub.ask(f"{question}/comparison")
    assert (said.status_code, said.json()["code"]) == (409, "taken-back")
