"""What was read is known: every answer about people stands in the log before it is given, and the officer can read it."""

import re
import sqlite3
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from jsonschema_rs import Draft202012Validator

from hub.api.admission import Guarded
from hub.api.application import routes_with
from hub.api.processing import PROCESSING_LOG
from hub.api.trace import trace_of
from hub.domain.traces import read
from hub.wiring import VIEWS
from tests.api.running import Running, a_child, an_event
from tests.given import NOON, a_number

OFFICER = "data-protection-officer"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def logged(hub: Running, path: str = "/v1/processing-log", **query: Any) -> list[dict[str, Any]]:
    """What the officer reads in the log, but their own reading of it."""
    said = await hub.ask(path, OFFICER, params=query)
    assert said.status_code == 200, said.text
    return [line for line in said.json()["items"] if not line["attributes"][ACTIVITY].endswith("read-processing-log")]


async def of_person(hub: Running, body: dict[str, Any]) -> list[dict[str, Any]]:
    said = await hub.tell("/v1/processing-log/_search", body, OFFICER)
    assert said.status_code == 200, said.text
    return [line for line in said.json()["items"] if not line["attributes"][ACTIVITY].endswith("read-processing-log")]


ACTIVITY, SUBJECT, KIND = (f"dpl.core.{name}" for name in ("processing_activity_id", "data_subject_id", "data_subject_id_type"))


def members(hub: Running, family: UUID) -> set[str]:
    """The stream ids of the people in a family, as the hub's own casework has them."""
    return {member["person"] for member in hub.hub.history(family, None, None)["state"]["people"]}


# Every reading is there -----------------------------------------------------------------------------


async def test_a_look_at_a_family_is_a_line_for_everybody_in_it(hub: Running) -> None:
    family = await hub.a_family()
    assert (await hub.ask(f"/v1/families/{family}")).status_code == 200
    lines = [line for line in await logged(hub) if line["attributes"][ACTIVITY].endswith(":look-at-family")]
    assert len([line for line in lines if SUBJECT in line["attributes"]]) == len(members(hub, family)) == 1
    for line in lines:
        assert line["object"] == {"kind": "family", "reference": str(family)}
        assert (line["who"], line["role"], line["organisation"]) == ("duty-desk", "coordinator", "neighbourhood-team")
        assert (line["handling"], line["status"], line["outcome"]) == ("read", "Ok", "given")
        assert (line["purpose"], line["ground"]) == ("coordinating-help", "avg-6-1-e")
        assert line["startTime"] == line["endTime"] == "2026-03-02T12:00:00Z"
        assert re.fullmatch("[0-9a-f]{32}", line["traceId"]) and re.fullmatch("[0-9a-f]{16}", line["spanId"])
        assert line["resource"]["attributes"]["service.name"].startswith("vig-hub ")


async def test_what_is_told_of_the_log_is_what_its_schema_says(hub: Running) -> None:
    family = await hub.a_family()
    await hub.ask(f"/v1/families/{family}")
    for path in ("/v1/processing-log", f"/v1/families/{family}/processing-log"):
        said = (await hub.ask(path, OFFICER)).json()
        Draft202012Validator(PROCESSING_LOG[0].answer, validate_formats=True).validate(said)


async def test_a_list_is_a_line_for_everybody_in_it(hub: Running) -> None:
    families = [await hub.a_family_of(a_child(nth), id=str(nth)) for nth in (2, 3, 4)]
    assert len((await hub.ask("/v1/clocks")).json()["items"]) == 3
    lines = [line for line in await logged(hub) if line["name"] and line["attributes"][ACTIVITY].endswith(":list-families")]
    assert {line["family"] for line in lines if SUBJECT in line["attributes"]} == {str(family) for family in families}


async def test_a_decision_is_a_line_too(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.tell(f"/v1/families/{family}/referrals", {"motivation": "the school asked"})
    assert said.status_code == 201, said.text
    assert {line["handling"] for line in await logged(hub, activity="decide-on-family")} == {"decide"}


async def test_a_partner_that_reads_its_receipt_is_known(hub: Running) -> None:
    message = (await hub.post(an_event())).json()["message"]
    assert (await hub.ask(f"/v1/signals/{message}", "partner")).status_code == 200
    assert {line["role"] for line in await logged(hub, activity="read-receipt")} == {"partner"}


async def test_a_search_that_found_nobody_is_known_and_tells_nothing_of_what_was_asked(hub: Running) -> None:
    wanted = {"familyName": "Nergensman", "givenNames": "Onbekend", "birthDate": "2001-02-03"}
    assert (await hub.tell("/v1/families/_search", wanted)).json()["items"] == []
    lines = await logged(hub, activity="search-person")
    assert {line["attributes"].get(KIND) for line in lines} == {None, "urn:vig-hub:subject:sought"}
    assert {line["outcome"] for line in lines} == {"nothing"}
    hub.hub.stored.reads.dispose()
    written = b"".join(path.read_bytes() for path in hub.hub.settings.data_dir.glob("reads.db*"))
    assert [word for word in ("Nergensman", "nergensman", "Onbekend", "2001-02-03") if word.encode() in written] == []
    assert [line["who"] for line in await of_person(hub, wanted)] == ["duty-desk"]


async def test_who_may_not_look_is_refused_and_known(hub: Running) -> None:
    family = await hub.a_family()
    hub.hub.views.catch_up()
    async with hub.client() as client:
        stranger = hub.token("coordinator", "curious", "elsewhere")
        assert (await client.get(f"/v1/families/{family}", headers=stranger)).status_code == 404
    (line,) = [line for line in await logged(hub, who="curious") if line["family"]]
    assert (line["outcome"], line["status"], line["family"]) == ("refused", "Unset", str(family))


# Whose lines ------------------------------------------------------------------------------------------


async def test_the_log_of_one_person_lists_exactly_the_readings_of_their_families(hub: Running) -> None:
    mine, other = await hub.a_family(), await hub.a_family_of(a_child(7), id="7")
    await hub.ask(f"/v1/families/{mine}")
    await hub.ask(f"/v1/families/{other}")
    await hub.ask(f"/v1/families/{mine}/timeline")
    (person,) = members(hub, mine)
    by_id, by_number = await of_person(hub, {"person": person}), await of_person(hub, {"bsn": a_number(1)})
    seen = [(line["attributes"][ACTIVITY].rpartition(":")[2], line["family"]) for line in by_id]
    assert seen == [("look-at-timeline", str(mine)), ("look-at-family", str(mine))]
    assert [line["spanId"] for line in by_number] == [line["spanId"] for line in by_id]
    assert len({line["attributes"][SUBJECT] for line in by_id}) == 1


async def test_there_is_no_log_of_a_family_that_is_not_there(hub: Running) -> None:
    assert (await hub.ask(f"/v1/families/{uuid4()}/processing-log", OFFICER)).status_code == 404


async def test_the_log_of_one_family_lists_its_readings_alone(hub: Running) -> None:
    mine, other = await hub.a_family(), await hub.a_family_of(a_child(7), id="7")
    await hub.ask(f"/v1/families/{mine}")
    await hub.ask(f"/v1/families/{other}")
    lines = await logged(hub, f"/v1/families/{mine}/processing-log")
    assert {line["family"] for line in lines} == {str(mine)}
    assert lines == await logged(hub, family=str(mine))


async def test_who_when_and_what_narrow_the_log(hub: Running) -> None:
    family = await hub.a_family()
    await hub.ask(f"/v1/families/{family}")
    hub.clock.set(NOON + timedelta(hours=1))
    await hub.ask("/v1/clocks", "team-lead")
    later = (NOON + timedelta(minutes=30)).isoformat()
    assert {line["role"] for line in await logged(hub, **{"from": later})} == {"team-lead"}
    assert {line["role"] for line in await logged(hub, until=later)} == {"coordinator"}
    assert {line["role"] for line in await logged(hub, activity="list-families")} == {"team-lead"}
    assert await logged(hub, who="nobody") == []


async def test_pages_follow_each_other(hub: Running) -> None:
    family = await hub.a_family()
    for _ in range(3):
        await hub.ask(f"/v1/families/{family}")
    whole = [line["spanId"] for line in await logged(hub, activity="look-at-family", limit=500)]
    first = (await hub.ask("/v1/processing-log", OFFICER, params={"activity": "look-at-family", "limit": 4})).json()
    rest = (await hub.ask("/v1/processing-log", OFFICER, params={"activity": "look-at-family", "after": first["next"]})).json()
    assert [line["spanId"] for line in first["items"] + rest["items"]] == whole
    assert rest["next"] == ""


@pytest.mark.parametrize(
    "query", [{"after": "9999"}, {"from": "yesterday"}, {"family": "x"}, {"limit": 0}, {"activity": "A b"}, {"name": "x"}]
)
async def test_what_cannot_be_asked_of_the_log_is_refused(hub: Running, query: dict[str, Any]) -> None:
    assert (await hub.ask("/v1/processing-log", OFFICER, params=query)).status_code == 400


@pytest.mark.parametrize("body", [{}, {"person": "x"}, {"familyName": "Voorbeeld"}, {"person": str(UUID(int=1)), "limit": 501}])
async def test_who_is_meant_has_to_be_said(hub: Running, body: dict[str, Any]) -> None:
    assert (await hub.tell("/v1/processing-log/_search", body, OFFICER)).status_code == 400


@pytest.mark.parametrize("role", ["coordinator", "team-lead", "administrative", "operator", "partner"])
async def test_nobody_else_reads_the_log(hub: Running, role: str) -> None:
    assert (await hub.ask("/v1/processing-log", role)).status_code == 403


async def test_reading_the_log_is_in_the_log(hub: Running) -> None:
    family = await hub.a_family()
    (person,) = members(hub, family)
    assert (await hub.tell("/v1/processing-log/_search", {"person": person}, OFFICER)).status_code == 200
    said = (await hub.tell("/v1/processing-log/_search", {"person": person}, OFFICER)).json()
    assert [(line["role"], line["attributes"][ACTIVITY]) for line in said["items"]] == [
        (OFFICER, "urn:vig-hub:processing-activity:read-processing-log")
    ]


# No line, no answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["DROP TABLE lines", "ALTER TABLE readings RENAME TO gone"])
async def test_what_cannot_be_logged_is_not_answered(hub: Running, broken: str) -> None:
    family = await hub.a_family()
    with sqlite3.connect(hub.hub.settings.data_dir / "reads.db") as connection:
        connection.execute(broken)
    for path in (f"/v1/families/{family}", f"/v1/families/{family}/timeline", "/v1/clocks", f"/v1/families/{family}/history"):
        refused = await hub.ask(path)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert str(family) not in refused.text


async def test_every_operation_that_asks_who_calls_is_in_the_register(hub: Running) -> None:
    guarded = [route for route in routes_with(VIEWS) if isinstance(route, Guarded)]
    activities = {route.operation_id: hub.hub.activities.of_operation(str(route.operation_id), NOON.date()) for route in guarded}
    assert len(activities) == len(guarded) > 30
    registered = {name for activity in hub.hub.activities.versions for name in activity.operations}
    assert registered - activities.keys() == {"postSignals"}


# Traces -----------------------------------------------------------------------------------------------


async def test_the_trace_of_the_caller_goes_on(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.ask(f"/v1/families/{family}", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    step = read(said.headers["traceparent"])
    assert step is not None and step.trace_id == TRACE and step.span_id != SPAN
    (top,) = [line for line in await logged(hub) if line["spanId"] == step.span_id]
    assert (top["traceId"], top["parentSpanId"]) == (TRACE, SPAN)
    assert top["attributes"]["dpl.core.foreign_operation.processor"] == "urn:vig-hub:organisation:neighbourhood-team"
    under = [line for line in await logged(hub, activity="look-at-family") if line["parentSpanId"] == step.span_id]
    assert len(under) == 1


async def test_without_a_trace_one_begins_and_none_is_named_above_it(hub: Running) -> None:
    said = await hub.ask(f"/v1/families/{await hub.a_family()}")
    step = read(said.headers["traceparent"])
    assert step is not None
    (top,) = [line for line in await logged(hub) if line["spanId"] == step.span_id]
    assert top["parentSpanId"] == ""
    assert "dpl.core.foreign_operation.processor" not in top["attributes"]


@pytest.mark.parametrize(
    "values", [[], ["nonsense"], [f"00-{TRACE}-{SPAN}-01"] * 2, [f"00-{TRACE.upper()}-{SPAN}-01"], ["\xff" * 55]]
)
def test_a_trace_that_is_not_wholly_right_is_not_taken_over(values: list[str]) -> None:
    scope = {"headers": [(b"traceparent", value.encode("latin-1")) for value in values]}
    first, second = trace_of(scope), trace_of(scope)
    assert first.trace_id not in (TRACE, second.trace_id)
    assert first.parent_span_id == ""


def test_what_else_a_caller_says_of_a_trace_is_not_looked_at() -> None:
    scope = {"headers": [(b"traceparent", f"00-{TRACE}-{SPAN}-01".encode()), (b"tracestate", b"vendor=bsn")]}
    assert "vendor" not in repr(trace_of(scope))
