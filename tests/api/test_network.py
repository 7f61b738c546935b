"""The network of a family over HTTP: who stands around it, how they get along, and what a case meeting is to be about."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from jsonschema_rs import Draft202012Validator

from hub.api.network import NETWORK
from hub.domain.disclosure import published
from tests.api.running import Running
from tests.api.test_decisions import GOAL, WHY, decided

GRANDMOTHER = {
    "side": "informal",
    "name": "Oma Verzonnen",
    "what": "grandmother",
    "howToReach": "06-00000000",
    "areas": ["11"],
    "since": "2026-01",
    "askedBy": "mother",
    "permittedBy": "mother",
    "permittedOn": "2026-03-01",
}
TEACHER = {"side": "formal", "name": "J. Meester", "what": "teacher", "onBehalfOf": "primary school", "areas": ["04"]}


async def network(hub: Running, family: UUID, query: str = "", role: str = "coordinator") -> Any:
    said = await hub.ask(f"/v1/families/{family}/network{query}", role)
    assert said.status_code == 200, said.text
    return said.json()


async def with_both(hub: Running) -> tuple[UUID, str, str]:
    family = await hub.a_family()
    return family, *[(await decided(hub, family, "network", who))["member"] for who in (GRANDMOTHER, TEACHER)]


async def test_who_stands_around_the_family_is_there_with_whose_permission(hub: Running) -> None:
    family, grandmother, teacher = await with_both(hub)
    said = await network(hub, family)
    assert Draft202012Validator(dict(published(NETWORK[0].answer)), validate_formats=True).is_valid(said)
    assert {one["id"]: one["name"] for one in said["network"]} == {grandmother: "Oma Verzonnen", teacher: "J. Meester"}
    assert said["network"][0] == {**GRANDMOTHER, "id": grandmother, "onBehalfOf": ""}


async def test_without_permission_a_neighbour_is_not_noted(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.tell(
        f"/v1/families/{family}/network", {"side": "informal", "name": "Buur", "what": "neighbour"}, "coordinator"
    )
    assert (said.status_code, said.json()["code"]) == (409, "permission-missing")
    assert (await network(hub, family))["network"] == []


async def test_how_it_was_before_can_be_seen_beside_how_it_is(hub: Running) -> None:
    family, grandmother, teacher = await with_both(hub)
    tie = {"one": grandmother, "other": teacher}
    await decided(hub, family, "ties", {**tie, "quality": "strained"})
    before = hub.clock.now().isoformat().replace("+00:00", "Z")
    hub.clock.set(hub.clock.now() + timedelta(days=30))
    await decided(hub, family, "ties", {**tie, "quality": "supportive", "words": "they talk again"})
    assert [one["quality"] for one in (await network(hub, family))["ties"]] == ["supportive"]
    assert [one["quality"] for one in (await network(hub, family, f"?recordedAt={before}"))["ties"]] == ["strained"]


async def test_what_is_open_is_what_a_meeting_is_to_be_about_until_it_is_done(hub: Running) -> None:
    family, grandmother, _ = await with_both(hub)
    await decided(hub, family, "plans", {**WHY, "goals": [GOAL]})
    begins = (hub.clock.now() + timedelta(days=2)).isoformat()
    called = await decided(
        hub, family, "meetings", {"begins": begins, "place": "school", "invited": [grandmother], "agenda": ["school"]}
    )
    points = (await network(hub, family))["openPoints"]
    assert ("term", "goal", "school") in {(point["kind"], point["what"], point["about"]) for point in points}
    hub.clock.set(hub.clock.now() + timedelta(days=3))
    assert ("meeting", called["meeting"]) in {
        (point["kind"], point["about"]) for point in (await network(hub, family))["openPoints"]
    }
    resolution = {"words": "grandmother picks up", "owner": "grandmother", "dueDate": "2026-04-01"}
    at = f"meetings/{called['meeting']}"
    await decided(hub, family, f"{at}/minutes", {"present": [grandmother], "words": "agreed", "resolutions": [resolution]})
    open_ones = [point for point in (await network(hub, family))["openPoints"] if point["kind"] == "resolution"]
    assert [(point["what"], point["about"]) for point in open_ones] == [("grandmother picks up", f"{called['meeting']}/1")]
    outcome = {"became": "goal", "cameOf": "school", "words": "part of the goal"}
    await decided(hub, family, f"{at}/resolutions/1/outcomes", outcome)
    said = await network(hub, family)
    assert not [point for point in said["openPoints"] if point["kind"] in ("resolution", "meeting")]
    assert said["meetings"][0]["resolutions"][0]["cameOf"] == "school"


async def test_an_auditor_sees_that_there_is_a_network_and_nobodys_name(hub: Running) -> None:
    family, grandmother, _ = await with_both(hub)
    hub.assign(family)
    said = await network(hub, family, role="auditor")
    assert grandmother in [one["id"] for one in said["network"]]
    assert "Verzonnen" not in str(said) and "06-0" not in str(said)
    assert "identity" in said["withheld"]
    history = (await hub.ask(f"/v1/families/{family}/history", "auditor")).text
    assert "Verzonnen" not in history and "06-0" not in history


async def test_somebody_who_is_not_there_cannot_be_changed_nor_invited(hub: Running) -> None:
    family, grandmother, _ = await with_both(hub)
    nobody = str(uuid4())
    for path, body in (
        (f"network/{nobody}/changes", TEACHER),
        (f"network/{nobody}/departures", {**WHY, "leftOn": "2026-03-01"}),
        ("ties", {"one": grandmother, "other": nobody, "quality": "broken"}),
    ):
        assert (await hub.tell(f"/v1/families/{family}/{path}", body, "coordinator")).status_code == 404, path
