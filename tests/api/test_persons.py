"""What somebody asks about their own data: noted, answered in time by a person on a ground, and done."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.domain.callers import Capacity
from hub.domain.requests import Asks
from hub.domain.subscriptions import Wish
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.voice import Stance
from hub.notices import notices as said_of
from hub.ports import Fact
from hub.wiring import Watched
from hub.wiring.watched import LOOKS_ONLY
from tests.api.running import Running, a_worry, an_event, running
from tests.given import a_goal, a_number
from tests.passing import passed_on

OFFICER = Capacity.DATA_PROTECTION_OFFICER
RECEIVED = "2026-02-27"
CHILD = {
    "bsn": a_number(1),
    "familyName": "Zwaluwenhorst",
    "givenNames": "Quintijntje",
    "birthDate": "2014-11-23",
    "address": {"postcode": "9473XQ", "number": "17", "street": "Kwikstaartdreef", "town": "Oud-Ulekooterveen"},
    "role": "child",
}
PARENT = CHILD | {"bsn": a_number(2), "givenNames": "Diederickson", "birthDate": "1983-09-17", "role": "parent"}


@pytest.fixture
def hub(database: str, tmp_path: Path) -> Iterator[Running]:
    """A hub."""
    with running(tmp_path) as opened:
        yield opened


async def a_child_and_parent(hub: Running) -> tuple[UUID, UUID, UUID]:
    """A family about which two signals came: its id, the child that both name, and the parent that one of them names too."""
    family = hub.family_in(await hub.post(an_event(a_worry(people=[CHILD, PARENT], concern="honour-violence"), id="both")))
    await hub.post(an_event(a_worry(people=[CHILD], concern="school-absence-luxury", reference="a-2"), id="child"))
    people = hub.hub.register.read(lambda unit: unit.get(Trajectory, family).people)
    ids = {str(member.role): UUID(person) for person, member in people.items()}
    return family, ids["child"], ids["parent"]


async def asked(hub: Running, person: UUID, asks: str = "inspection", received: str = RECEIVED, **but: Any) -> str:
    """Somebody asks something, which the officer notes; gives the request."""
    said = await hub.tell("/v1/person-requests", {"person": str(person), "asks": asks, "received": received} | but, OFFICER)
    assert said.status_code == 201, said.text
    id: str = said.json()["request"]
    return id


async def done(hub: Running, request: str, what: str, body: Any, role: str = OFFICER) -> Any:
    """Something is done with a request; gives the answer."""
    return await hub.tell(f"/v1/person-requests/{request}/{what}", body, role)


async def granted(hub: Running, person: UUID, asks: str, ground: str) -> str:
    """A request that was granted; gives it."""
    request = await asked(hub, person, asks)
    assert (await done(hub, request, "identity-checks", {"identity": "digid"})).status_code == 201
    said = await done(hub, request, "decisions", {"decision": "granted", "ground": ground, "motivation": "zo is het"})
    assert said.status_code == 201, said.text
    return request


async def shown(hub: Running, request: str) -> dict[str, Any]:
    said = await hub.ask(f"/v1/person-requests/{request}", OFFICER)
    assert said.status_code == 200, said.text
    found: dict[str, Any] = said.json()
    return found


# Asking, and the term ------------------------------------------------------------------------------------


async def test_a_request_is_answered_within_a_month_of_the_day_that_it_was_received(hub: Running) -> None:
    _, child, _ = await a_child_and_parent(hub)
    for received, due in (
        ("2026-02-02", "2026-03-02T22:59:59.000000Z"),
        ("2026-01-31", "2026-03-02T22:59:59.000000Z"),  # the last day of February is a Saturday
        ("2026-02-27", "2026-03-27T22:59:59.000000Z"),
    ):
        one = await shown(hub, await asked(hub, child, received=received))
        assert (one["due"], one["isOpen"], one["isLate"], one["notedBy"]) == (due, True, False, "duty-desk")


async def test_the_term_of_a_request_runs_as_a_clock_and_being_late_is_an_event_and_an_alarm(hub: Running) -> None:
    _, child, _ = await a_child_and_parent(hub)
    request = await asked(hub, child, received="2026-02-02")
    hub.clock.set(datetime(2026, 3, 2, 22, 59, 58, tzinfo=UTC))
    hub.hub.pass_terms_of_requests()
    assert late(hub) == []
    hub.clock.set(datetime(2026, 3, 2, 23, tzinfo=UTC))
    assert (await shown(hub, request))["isLate"]
    for _ in range(2):
        hub.hub.pass_terms_of_requests()
        (await shown(hub, request))
    assert late(hub) == [request]
    assert "person-requests-late" in alarms(hub)
    assert (await done(hub, request, "extensions", {"motivation": "te druk"})).json()["code"] == "request-too-late-to-extend"
    assert (await done(hub, request, "decisions", {"decision": "withdrawn", "motivation": "hoeft niet meer"})).status_code == 201
    one = await shown(hub, request)
    assert (one["isOpen"], one["isLate"], one["decided"]["ground"]) == (False, False, "")
    assert "person-requests-late" not in alarms(hub)


def late(hub: Running) -> list[str]:
    """The requests of which it was recorded that the term was over."""
    facts = [hub.hub.mapper.to_domain_event(stored) for _, stored in hub.hub.log.read(0, 10_000)]
    return [str(fact.originator_id) for fact in facts if fact.TOPIC == "person-request-term-passed"]  # type: ignore[attr-defined]


def alarms(hub: Running) -> set[str]:
    return {each.code for each in Watched(hub.hub, LOOKS_ONLY, fresh=0).standing().missing}


async def test_a_request_is_extended_by_two_months_once_with_a_reason(hub: Running) -> None:
    _, child, _ = await a_child_and_parent(hub)
    request = await asked(hub, child)
    assert (await done(hub, request, "extensions", {"motivation": "  "})).status_code == 400
    assert (await done(hub, request, "extensions", {"motivation": "veel gegevens"})).status_code == 201
    assert (await shown(hub, request))["due"] == "2026-05-27T21:59:59.000000Z"
    assert (await done(hub, request, "extensions", {"motivation": "nog meer"})).json()["code"] == "request-extended-already"


async def test_what_is_open_stands_first_in_the_order_of_the_terms(hub: Running) -> None:
    _, child, parent = await a_child_and_parent(hub)
    third, first, second = [await asked(hub, child, received=f"2026-02-{day}") for day in ("03", "25", "26")]
    await done(hub, third, "decisions", {"decision": "withdrawn", "motivation": "hoeft niet meer"})
    of_parent = await asked(hub, parent, "objection", "2026-02-28")
    items = (await hub.ask("/v1/person-requests", OFFICER)).json()["items"]
    assert [one["id"] for one in items] == [first, second, of_parent, third]
    only = {
        "state=open": [first, second, of_parent],
        "state=closed": [third],
        f"person={parent}": [of_parent],
        "asks=objection": [of_parent],
    }
    for filter, wanted in only.items():
        found = (await hub.ask(f"/v1/person-requests?{filter}", OFFICER)).json()["items"]
        assert [one["id"] for one in found] == wanted
    assert (await hub.ask("/v1/person-requests?state=lost", OFFICER)).status_code == 400


async def test_whoever_directs_notes_a_request_of_their_own_family_and_no_others(hub: Running) -> None:
    _, child, _ = await a_child_and_parent(hub)
    body = {"person": str(child), "asks": "inspection", "received": RECEIVED}
    assert (await hub.tell("/v1/person-requests", body)).status_code == 201
    stranger = hub.token("coordinator", "stranger", "elsewhere")
    said = await hub.ask_now("POST", "/v1/person-requests", "", headers=stranger, json=body)
    nobody = await hub.tell("/v1/person-requests", body | {"person": str(uuid4())})
    assert (said.status_code, nobody.status_code, said.json()["detail"]) == (404, 404, nobody.json()["detail"])
    assert (await hub.tell("/v1/person-requests", body | {"received": "2026-03-03"})).json()["violations"][0][
        "where"
    ] == "/received"


# Deciding -------------------------------------------------------------------------------------------------


async def test_nothing_is_granted_to_whom_nobody_knows_and_nothing_without_a_ground_of_the_register(hub: Running) -> None:
    _, child, _ = await a_child_and_parent(hub)
    request = await asked(hub, child, "erasure")
    yes = {"decision": "granted", "ground": "avg-17-1-d", "motivation": "onrechtmatig"}
    assert (await done(hub, request, "decisions", yes)).json()["code"] == "request-identity-unchecked"
    assert (await done(hub, request, "identity-checks", {"identity": "looked-honest"})).status_code == 400
    assert (await done(hub, request, "identity-checks", {"identity": "seen-in-person"})).status_code == 201
    for ground in ("", "avg-15-1", "avg-17-3-b", "omdat-het-kan"):
        said = await done(hub, request, "decisions", yes | {"ground": ground})
        assert (said.status_code, said.json()["violations"][0]["where"]) == (400, "/ground"), ground
    assert (await done(hub, request, "executions", {})).json()["code"] == "request-not-granted"
    assert (await done(hub, request, "decisions", yes)).status_code == 201
    assert (await done(hub, request, "decisions", yes)).json()["code"] == "request-decided-already"


async def test_who_asks_to_be_erased_is_refused_where_the_law_says_to_keep(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    request = await asked(hub, child, "erasure")
    no = {"decision": "refused", "ground": "jeugdwet-7-3-8", "motivation": "het dossier loopt"}
    assert (await done(hub, request, "decisions", no)).status_code == 201
    one = await shown(hub, request)
    assert (one["isOpen"], one["decided"]["outcome"], one["decided"]["ground"]) == (False, "refused", "jeugdwet-7-3-8")
    assert (await done(hub, request, "executions", {})).json()["code"] == "request-not-granted"
    people = (await hub.ask(f"/v1/families/{family}")).json()["people"]
    assert {person["givenNames"] for person in people} == {"Quintijntje", "Diederickson"}


async def test_the_grounds_are_a_closed_list_with_their_articles_and_what_is_assumed(hub: Running) -> None:
    said = (await hub.ask("/v1/request-grounds", OFFICER)).json()
    by_code = {ground["code"]: ground for ground in said["grounds"]}
    assert by_code["avg-17-3-b"] | {"nl": "", "en": ""} == {
        "code": "avg-17-3-b",
        "nl": "",
        "en": "",
        "article": "AVG, art. 17 lid 3 onder b",
        "outcome": "refused",
        "assumed": "",
        "asks": ["erasure"],
    }
    assert by_code["jeugdwet-7-3-8"]["assumed"].startswith("assumed")
    for asks in Asks:
        assert {ground["outcome"] for ground in said["grounds"] if asks in ground["asks"]} == {"granted", "refused"}


def test_the_hub_itself_decides_nothing_of_this(hub: Running) -> None:
    for decide in (
        lambda: hub.hub.requests.refuse_groundless_erasing("avg-17-1-d", "hub"),
        lambda: hub.hub.requests.refuse_groundless_erasing("avg-17-1-d", " "),
    ):
        assert code_of(decide) == "request-nobody-decides"
    assert code_of(lambda: hub.hub.requests.refuse_groundless_erasing("avg-17-3-b", "a.janssen")) == "malformed"


def code_of(do: Callable[[], Any]) -> str:
    with pytest.raises(Exception) as refused:
        do()
    return str(refused.value.code)  # type: ignore[attr-defined]


# A complaint --------------------------------------------------------------------------------------------------


async def test_a_complaint_has_a_term_of_its_own_and_changes_nothing_of_what_is_kept(hub: Running) -> None:
    family, _, person = await a_child_and_parent(hub)
    before = (await hub.ask(f"/v1/families/{family}", "coordinator")).json()
    request = await asked(hub, person, "complaint", "2026-03-02")
    assert (await shown(hub, request))["due"] == "2026-04-13T21:59:59.000000Z"
    assert (await done(hub, request, "extensions", {"motivation": "de wethouder is ziek"})).status_code == 201
    assert (await shown(hub, request))["due"] == "2026-05-11T21:59:59.000000Z"
    await done(hub, request, "identity-checks", {"identity": "seen-in-person"})
    founded = {"decision": "granted", "ground": "awb-9-12-founded", "motivation": "er is niet teruggebeld"}
    wrong = await done(hub, request, "decisions", founded | {"ground": "avg-21-1"})
    assert (wrong.status_code, wrong.json()["violations"][0]["where"]) == (400, "/ground")
    assert (await done(hub, request, "decisions", founded)).status_code == 201
    assert (await done(hub, request, "executions", {"words": "excuses gemaakt"})).status_code == 201
    assert (await hub.ask(f"/v1/families/{family}", "coordinator")).json() == before


# Inspection -----------------------------------------------------------------------------------------------


async def test_an_officer_finds_who_asks_by_what_they_say_of_themselves(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    named = {"familyName": "Zwaluwenhorst", "givenNames": "Quintijntje", "birthDate": "2014-11-23"}
    found = (await hub.tell("/v1/persons/_search", named, OFFICER)).json()["items"]
    assert found == [{"person": str(child), "family": str(family)}]
    assert (await hub.tell("/v1/persons/_search", named | {"givenNames": "Iemand"}, OFFICER)).json()["items"] == []


async def test_a_person_gets_their_own_data_and_who_saw_it_without_the_others_of_the_family(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    assert (await hub.ask(f"/v1/families/{family}")).status_code == 200
    await asked(hub, child, words="wat weten jullie van mij?")
    said = await hub.ask(f"/v1/persons/{child}/file", OFFICER)
    file = said.json()
    assert (said.status_code, "withheld" in file) == (200, False)
    identity = file["identity"][0]
    assert (identity["number"], identity["born"], identity["address"]["postcode"]) == (CHILD["bsn"], "2014-11-23", "9473XQ")
    (own,) = file["families"]
    assert [(one["concern"], one["isAboutOthersToo"]) for one in own["signals"]] == [
        ("honour-violence", True),
        ("school-absence-luxury", False),
    ]
    assert [look["what"] for look in file["looks"]].count("look-at-family") == 1
    assert {look["role"] for look in file["looks"]} == {"coordinator", OFFICER}
    assert file["requests"][0]["words"] == "wat weten jullie van mij?"
    everything = said.text + (await hub.ask(f"/v1/persons/{child}/readable-file", OFFICER)).text
    for of_the_parent in (PARENT["bsn"], "Diederickson", "1983-09-17"):
        assert of_the_parent not in everything
    assert "duty-desk" not in json.dumps(file["looks"]), "of colleagues the role and the organisation"


async def test_the_parent_gets_what_names_the_parent_alone(hub: Running) -> None:
    _, _, parent = await a_child_and_parent(hub)
    file = (await hub.ask(f"/v1/persons/{parent}/file", OFFICER)).json()
    assert [one["concern"] for one in file["families"][0]["signals"]] == ["honour-violence"]
    assert "Quintijntje" not in json.dumps(file)


async def test_words_of_others_are_left_out_and_the_file_says_so(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    why = {"about": "a-1", "words": "volgens buurvrouw Pimpelmees was het anders"}
    assert (await hub.tell(f"/v1/families/{family}/corrections", why)).status_code == 201
    said = await hub.ask(f"/v1/persons/{child}/file", OFFICER)
    assert "Pimpelmees" not in said.text
    assert said.json()["leftOut"] == [{"what": "correction-noted", "count": 1}]


async def test_what_somebody_said_of_a_goal_is_in_their_own_file_and_shows_in_nobody_elses(hub: Running) -> None:
    family, child, parent = await a_child_and_parent(hub)

    def speak(it: Any, rules: Any, on: Any) -> None:
        it.adopt_plan([a_goal()], "samen afgesproken", rules, on)
        it.hear_voice("school", str(child), Stance.WISH, "ik wil naar paardrijden", on)
        it.tell_goal("school", str(child), "Je gaat weer elke dag naar school.", on)

    hub.hub.casework.decide(family, speak, hub.hub.settings.duty_director, "")
    files = [(await hub.ask(f"/v1/persons/{person}/file", OFFICER)).json() for person in (child, parent)]
    (own,), (others,) = (file["families"] for file in files)
    assert [(one["stance"], one["words"]) for one in own["voices"]] == [("wish", "ik wil naar paardrijden")]
    assert [one["words"] for one in own["told"]] == ["Je gaat weer elke dag naar school."]
    assert others["voices"] == others["told"] == []
    assert files[0]["leftOut"] == files[1]["leftOut"], "nor does what is left out tell that somebody else was heard"
    assert "paardrijden" in (await hub.ask(f"/v1/persons/{child}/readable-file", OFFICER)).text


@pytest.mark.parametrize(("language", "words"), [("nl", "Wie uw gegevens heeft ingezien"), ("en", "Who looked at your data")])
async def test_the_file_can_be_read_by_anybody_and_holds_the_same_for_programs(hub: Running, language: str, words: str) -> None:
    _, child, _ = await a_child_and_parent(hub)
    await asked(hub, child, words="</script><b>laat zien</b>")
    page = await hub.ask(f"/v1/persons/{child}/readable-file?language={language}", OFFICER)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert words in page.text and f'lang="{language}"' in page.text and "Quintijntje Zwaluwenhorst" in page.text
    assert "</script><b>" not in page.text
    (data,) = re.findall(r'<script type="application/json" id="data">(.*)</script>', page.text, re.DOTALL)
    inside, outside = json.loads(data), (await hub.ask(f"/v1/persons/{child}/file", OFFICER)).json()
    assert inside["identity"] == outside["identity"] and inside["families"] == outside["families"]


async def test_making_the_file_is_noted_at_the_person_and_shows_in_the_next(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    await hub.ask(f"/v1/persons/{child}/file", OFFICER)
    file = (await hub.ask(f"/v1/persons/{child}/file", OFFICER)).json()
    assert [look["what"] for look in file["looks"]] == ["inspect-person"]
    lines = (await hub.tell("/v1/processing-log/_search", {"person": str(child)}, "auditor")).json()["items"]
    assert [(line["name"], line["family"], line["purpose"]) for line in lines] == [
        ("getFile", str(family), "rights-of-the-person")
    ] * 2


async def test_of_nobody_and_of_who_was_erased_there_is_no_file(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    hub.hub.erase(child, "avg-17-1-d", "a.janssen")
    assert [(await hub.ask(f"/v1/persons/{id}/file", OFFICER)).status_code for id in (child, family, uuid4())] == [404] * 3
    assert (
        await hub.tell("/v1/person-requests", {"person": str(child), "asks": "inspection", "received": RECEIVED}, OFFICER)
    ).json()["code"] == "erased"


# Restriction, and objection -------------------------------------------------------------------------------


async def restricted(hub: Running, person: UUID, asks: str = "restriction", ground: str = "avg-18-1-a") -> None:
    """Somebody's data is kept and used no longer, as they asked."""
    request = await granted(hub, person, asks, ground)
    assert (await done(hub, request, "executions", {"words": "per brief"})).status_code == 201


async def raised(hub: Running, family: UUID) -> list[tuple[str, int, list[str]]]:
    """What rose of a family: the axis, how high, and who was to be told."""
    facts = hub.hub.history.facts(family)
    return [(fact.axis, fact.level_to, fact.tell) for fact in facts if isinstance(fact, Trajectory.LevelRaised)]


async def members(hub: Running, family: UUID) -> dict[str, bool]:
    """Those of a family by what they are in it, and whether their data may not be used."""
    people = (await hub.ask(f"/v1/families/{family}")).json()["people"]
    return {person["role"]: person["isRestricted"] for person in people}


def notices(hub: Running, type: str) -> list[tuple[list[str], Any]]:
    """What partners were to be told of that type."""

    facts = [(place, hub.hub.mapper.to_domain_event(stored)) for place, stored in hub.hub.log.read(0, 10_000)]
    said = [notice for place, event in facts for notice in said_of(Fact(place, event.originator_id, event))]  # type: ignore[attr-defined]
    return [(list(notice.tell), notice.data) for notice in said if notice.type == type]


async def worry(hub: Running, people: list[Any], concern: str, id: str) -> None:
    said = await hub.post(an_event(a_worry(people=people, concern=concern, reference=id), id=id))
    assert (said.status_code, said.json()["outcome"]) == (201, "recorded"), said.text


@pytest.mark.parametrize(("asks", "ground"), [("restriction", "avg-18-1-a"), ("objection", "avg-21-1")])
async def test_what_names_somebody_alone_raises_nothing_while_their_data_may_not_be_used(
    hub: Running, asks: str, ground: str
) -> None:
    family = hub.family_in(await hub.post(an_event(a_worry(people=[CHILD, PARENT]), id="both")))
    people = {
        str(one.role): UUID(id) for id, one in hub.hub.register.read(lambda unit: unit.get(Trajectory, family).people).items()
    }
    await restricted(hub, people["parent"], asks, ground)
    assert await members(hub, family) == {"child": False, "parent": True}
    await worry(hub, [PARENT], "eviction-threatened", "parent")
    assert [axis for axis, *_ in await raised(hub, family)] == ["care"], "as before"
    facts = hub.hub.history.facts(family)
    assert [fact.concern for fact in facts if isinstance(fact, Trajectory.SignalRecorded)][-1] == "eviction-threatened", (
        "it is kept"
    )
    await worry(hub, [PARENT], "honour-violence", "safety")
    assert [axis for axis, *_ in await raised(hub, family)] == ["care", "safety"], "the safety of others goes before (art. 18(2))"
    lifting = f"/v1/persons/{people['parent']}/restriction-liftings"
    assert (await hub.tell(lifting, {"words": "verteld in een gesprek"}, OFFICER)).status_code == 201
    assert [axis for axis, *_ in await raised(hub, family)] == ["care", "safety", "housing"]
    assert await members(hub, family) == {"child": False, "parent": False}
    assert (await hub.tell(lifting, {"words": "verteld"}, OFFICER)).json()["code"] == "not-restricted"


async def test_what_names_others_too_counts_as_it_did(hub: Running) -> None:
    family, _, parent = await a_child_and_parent(hub)
    await restricted(hub, parent)
    await worry(hub, [CHILD, PARENT], "eviction-threatened", "both-again")
    assert [axis for axis, *_ in await raised(hub, family)] == ["safety", "housing"]


async def test_of_a_family_of_restricted_people_alone_partners_hear_of_its_safety_and_nothing_else(hub: Running) -> None:
    family = hub.family_in(await hub.post(an_event(a_worry(people=[PARENT]), id="one")))
    (parent,) = (UUID(person) for person in hub.hub.register.read(lambda unit: unit.get(Trajectory, family).people))
    await restricted(hub, parent)
    await worry(hub, [PARENT], "honour-violence", "safety")
    down = {"axis": "care", "level": 1, "motivation": "het gaat weer"}
    told = next(kinds for axis, _, kinds in await raised(hub, family) if axis == "safety")
    assert "police" in told
    assert (await hub.tell(f"/v1/families/{family}/cooperation-refusals", {"motivation": "deed niet open"})).status_code == 201
    ((direction, _),) = notices(hub, "nl.vig.escalations.direction-raised.v1")
    assert sorted(direction) == sorted(told), "of the level of its safety"
    assert (await hub.tell(f"/v1/families/{family}/steps-down", down)).status_code == 201
    assert notices(hub, "nl.vig.escalations.stepped-down.v1")[0][0] == []


async def test_whoever_was_told_of_the_family_hears_that_data_may_not_be_used_and_when_it_may_again(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    ((_, _, told),) = await raised(hub, family)
    await restricted(hub, child)
    lifting = {"words": "verteld in een gesprek"}
    assert (await hub.tell(f"/v1/persons/{child}/restriction-liftings", lifting, OFFICER)).status_code == 201
    data = {"family": str(family), "contact": "duty desk"}
    assert notices(hub, "nl.vig.trajectories.restriction.v1") == [
        (sorted(told), data | {"restricted": True}),
        (sorted(told), data | {"restricted": False}),
    ]


async def test_whose_data_may_not_be_used_takes_that_along_to_another_family(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    await restricted(hub, child)
    split = {"people": [str(child)], "motivation": "woont elders"}
    said = await hub.tell(f"/v1/families/{family}/splits", split, "team-lead")
    assert said.status_code == 201, said.text
    assert await members(hub, UUID(said.json()["family"])) == {"child": True}


async def test_a_restriction_is_lifted_by_whom_it_was_told_to_and_not_before(hub: Running) -> None:
    _, child, _ = await a_child_and_parent(hub)
    await restricted(hub, child)
    assert (await hub.tell(f"/v1/persons/{child}/restriction-liftings", {"words": " "}, OFFICER)).status_code == 400
    assert (await hub.tell(f"/v1/persons/{child}/restriction-liftings", {"words": "verteld"})).status_code == 403
    assert (await hub.ask(f"/v1/persons/{child}/file", OFFICER)).json()["isRestricted"]


# Correction -----------------------------------------------------------------------------------------------


async def test_whoever_sent_what_is_wrong_is_asked_to_correct_it_and_their_correction_comes_as_a_message(hub: Running) -> None:
    family, child, _ = await a_child_and_parent(hub)
    request = await granted(hub, child, "correction", "avg-16")
    file = (await hub.ask(f"/v1/persons/{child}/file", OFFICER)).json()
    wrong = next(one for one in file["families"][0]["signals"] if one["concern"] == "school-absence-luxury")
    assert (await done(hub, request, "executions", {"messages": [wrong["message"]]})).status_code == 201
    assert not (await shown(hub, request))["isOpen"]
    ((_, said),) = notices(hub, "nl.vig.feedback.correction-asked.v1")
    about = {"family": str(family), "message": wrong["message"], "reference": "a-2"}
    assert said == about | {"organisation": "neighbourhood-team", "contact": "duty desk"}
    right = an_event(
        a_worry(people=[CHILD], concern="school-absence", reference="a-2"), id="right", extensions={"corrects": "child"}
    )
    assert (await hub.post(right)).status_code == 201
    after = (await hub.ask(f"/v1/persons/{child}/file", OFFICER)).json()["families"][0]["signals"]
    assert [(one["concern"], bool(one["takenBackAt"])) for one in after] == [
        ("honour-violence", False),
        ("school-absence-luxury", True),
        ("school-absence", False),
    ]


async def test_the_organisation_that_sent_it_hears_that_and_no_other_does(hub: Running) -> None:
    _, child, _ = await a_child_and_parent(hub)
    for organisation in ("youth-work", "police"):
        hub.hub.subscribing.subscribe(organisation, Wish(), organisation)
    request = await granted(hub, child, "correction", "avg-16")
    file = (await hub.ask(f"/v1/persons/{child}/file", OFFICER)).json()
    message = file["families"][0]["signals"][0]["message"]
    assert (await done(hub, request, "executions", {"messages": [message]})).status_code == 201
    heard = {}
    for organisation in ("youth-work", "police"):
        token = hub.token("partner", organisation=organisation)
        passed_on(hub.hub)
        (mine,) = (await hub.ask_now("GET", "/v1/subscriptions", "", headers=token)).json()["items"]
        feed = await hub.ask_now("GET", f"/v1/feed?subscription={mine['id']}", "", headers=token)
        heard[organisation] = [one["event"]["type"] for one in feed.json()["items"] if "correction-asked" in one["event"]["type"]]
    assert heard == {"youth-work": ["nl.vig.feedback.correction-asked.v1"], "police": []}


async def test_a_correction_is_of_messages_that_name_the_person_or_their_own_words_stand_beside(hub: Running) -> None:
    family, child, parent = await a_child_and_parent(hub)
    request = await granted(hub, parent, "correction", "avg-16")
    of_the_child = (await hub.ask(f"/v1/persons/{child}/file", OFFICER)).json()["families"][0]["signals"][1]["message"]
    for messages in ([], [of_the_child], [str(uuid4())]):
        said = await done(hub, request, "executions", {"messages": messages})
        assert (said.status_code, said.json()["violations"][0]["where"]) == (400, "/messages")
    words = {"words": "ik was die dag op mijn werk"}
    assert (await hub.tell(f"/v1/persons/{parent}/statements", words, OFFICER)).status_code == 201
    assert (await done(hub, request, "executions", {})).status_code == 201
    people = (await hub.ask(f"/v1/families/{family}")).json()["people"]
    assert [[one["words"] for one in person["stated"]] for person in people if person["role"] == "parent"] == [[words["words"]]]
    assert (await hub.ask(f"/v1/persons/{parent}/file", OFFICER)).json()["stated"][0]["words"] == words["words"]
    hub.hub.erase(parent, "avg-17-1-d", "a.janssen")
    people = (await hub.ask(f"/v1/families/{family}")).json()["people"]
    assert words["words"] not in json.dumps(people)
