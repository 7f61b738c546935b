"""What can be asked: views page by page, a family's history on two axes, and who is involved with somebody."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema_rs import Draft202012Validator

from hub.api.admission import roles_for
from hub.api.hearing import SIGNAL
from hub.api.lookups import HISTORY, SEARCH
from hub.api.schemas import RECEIPT
from hub.domain.disclosure import published
from hub.wiring import VIEWS
from tests.api.running import Running, a_child, a_worry, an_event
from tests.given import NOON, a_number

NOBODY = "00000000-0000-5000-8000-000000000000"


def keeps(schema: Any, said: Any) -> bool:
    """Whether an answer is what the document promises."""
    return Draft202012Validator(dict(schema), validate_formats=True).is_valid(said)


# Views ---------------------------------------------------------------------------------------------------


async def test_every_view_answers_as_it_promises(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    ids = {"families/{id}": family, "families/{id}/timeline": family, "escalations/{id}": escalation}
    for view in VIEWS:
        if "{" in view.path and view.path not in ids:
            continue
        said = await hub.ask("/v1/" + view.path.replace("{id}", str(ids.get(view.path))), sorted(roles_for(view.act))[0])
        assert said.status_code == 200, (view.path, said.text)
        assert keeps(published(view.answer), said.json()), view.path


async def test_a_family_is_shown_with_its_version(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.ask(f"/v1/families/{family}")
    assert said.json()["id"] == str(family)
    assert said.headers["etag"] == f'"{said.json()["version"]}"'


async def test_what_nobody_knows_is_not_found(hub: Running) -> None:
    said = await hub.ask(f"/v1/families/{NOBODY}")
    assert (said.status_code, said.json()["code"]) == (404, "not-known")


async def test_a_list_comes_page_by_page_without_loss(hub: Running) -> None:
    known = {str(await hub.a_family_of(a_child(nth), id=str(nth))) for nth in range(10, 15)}
    seen: list[str] = []
    after = ""
    while True:
        page = (await hub.ask(f"/v1/funnel?limit=2&after={after}")).json()
        seen += [item["family"] for item in page["items"]]
        after = page["next"]
        if not after:
            break
    assert (len(seen), set(seen)) == (5, known)


async def test_filters_narrow_a_list(hub: Running) -> None:
    await hub.an_escalation()
    assert (await hub.ask("/v1/escalations?axis=safety")).json()["items"]
    assert (await hub.ask("/v1/escalations?axis=income")).json()["items"] == []


def a_cursor(place: int) -> str:
    """A cursor as somebody makes one up."""
    return urlsafe_b64encode(json.dumps([place]).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "query/limit"),
        ("limit=501", "query/limit"),
        ("limit=x", "query/limit"),
        ("limit=1&limit=2", "query/limit"),
        ("after=x", "/after"),
        ("level=x", "/level"),
        (f"level={2**63}", "/level"),
        (f"level={-(2**63) - 1}", "/level"),
        (f"after={a_cursor(2**63)}", "/after"),
        (f"after={a_cursor(-(2**63) - 1)}", "/after"),
        (f"after={a_cursor(2**64)}", "/after"),
        ("unknown=1", "query"),
        ("a=%ff", "query"),
        ("&".join(f"a{n}" for n in range(60)), "query"),
    ],
)
async def test_a_query_that_cannot_be_read_is_refused(hub: Running, query: str, where: str) -> None:
    said = await hub.ask(f"/v1/escalations?{query}")
    assert (said.status_code, said.json()["violations"][0]["where"]) == (400, where)


# History -------------------------------------------------------------------------------------------------


async def test_a_family_is_shown_as_it_was_known_then(hub: Running) -> None:
    family = await hub.a_family()
    hub.clock.set(NOON + timedelta(days=1))
    await hub.tell(f"/v1/families/{family}/referrals", {"motivation": "the school asked"})
    now = (await hub.ask(f"/v1/families/{family}/history")).json()
    then = (await hub.ask(f"/v1/families/{family}/history?recordedAt=2026-03-02T14:00:00Z")).json()
    assert (now["state"]["phase"], then["state"]["phase"]) == ("referred", "candidate")
    assert keeps(HISTORY.answer, now)
    assert keeps(HISTORY.answer, then)


@pytest.mark.parametrize("text", ["2026-03-02T14:00:00+01:00", quote("2026-03-02T14:00:00+01:00"), "2026-03-02T13:00:00.000000Z"])
async def test_any_offset_is_taken_and_utc_answered(hub: Running, text: str) -> None:
    family = await hub.a_family()
    said = (await hub.ask(f"/v1/families/{family}/history?recordedAt={text}")).json()
    assert said["recordedAt"] == "2026-03-02T13:00:00Z"
    assert all(event["recordedAt"].endswith("Z") for event in said["events"])


async def test_both_axes_are_said_to_be_wrong_at_once(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.ask(f"/v1/families/{family}/history?recordedAt=2026-03-02T14:00:00&validAt=2026-02-30T00:00:00Z")
    assert said.status_code == 400
    assert [(wrong["where"], wrong["what"]) for wrong in said.json()["violations"]] == [
        ("query/recordedAt", "is not a date and time with an offset (RFC 3339)"),
        ("query/validAt", "is not a moment of the calendar"),
    ]


async def test_before_anything_was_known_there_is_nothing(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.ask(f"/v1/families/{family}/history?recordedAt=2020-01-01T00:00:00Z")
    assert said.status_code == 404


# Who is involved -----------------------------------------------------------------------------------------

CHILD = {"familyName": "Voorbeeld", "givenNames": "Noor"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"bsn": a_number(1)},
        {**CHILD, "birthDate": "2016-04-05"},
        {**CHILD, "postcode": "1234 ab", "number": "12"},
    ],
)
async def test_somebody_is_found_and_no_more_is_said_than_whom_to_contact(hub: Running, wanted: Any) -> None:
    family = await hub.a_family()
    said = await hub.tell("/v1/families/_search", wanted)
    item = {"family": str(family), "involved": True, "contact": "duty desk", "isOpen": True}
    assert (said.status_code, said.json()) == (200, {"items": [item]})
    assert keeps(SEARCH.answer, said.json())


async def test_nobody_is_found_where_there_is_nobody(hub: Running) -> None:
    said = await hub.tell("/v1/families/_search", {"bsn": a_number(3)})
    assert (said.status_code, said.json()) == (200, {"items": []})


async def test_an_address_finds_nobody_by_another_name(hub: Running) -> None:
    await hub.a_family()
    home = {"postcode": "1234AB", "number": "12"}
    stranger = {"familyName": "Iemand", "givenNames": "Anders", **home}
    for wanted in (stranger, {**stranger, "bsn": a_number(3)}):
        assert (await hub.tell("/v1/families/_search", wanted)).json() == {"items": []}


@pytest.mark.parametrize(
    "wanted",
    [{}, {"familyName": "Voorbeeld"}, {"postcode": "1234AB", "number": "12"}, {**CHILD, "postcode": "1234AB"}, {"bsn": "1" * 9}],
)
async def test_fishing_is_refused(hub: Running, wanted: Any) -> None:
    said = await hub.tell("/v1/families/_search", wanted)
    assert (said.status_code, said.json()["violations"][0]["where"]) == (400, "")


# Receipts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("happened", ["2026-03-01", "yesterday"])
async def test_receipts_are_as_the_document_promises(hub: Running, happened: str) -> None:
    said = await hub.post(an_event(a_worry(happened=happened)))
    assert keeps(RECEIPT, said.json())
    assert keeps(published(SIGNAL), (await hub.ask(said.headers["location"], "partner")).json())
