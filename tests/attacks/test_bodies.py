"""Attacks with bodies: members that are not theirs to set, other content types, and JSON that two readers read differently."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from hub.api.admission import Guarded
from hub.wiring import openapi
from tests.api.running import Running, a_child, a_worry, an_event

DOCUMENT = openapi()
OPERATIONS = {
    said["operationId"]: (f"/v1{path}", said["requestBody"]["content"]["application/json"]["schema"])
    for path, methods in DOCUMENT["paths"].items()
    for method, said in methods.items()
    if method == "post" and path != "/signals" and "application/json" in said.get("requestBody", {}).get("content", {})
}
"""Everything that takes JSON from a person: its address and its form."""
UNKNOWN = ("has a member that is not known here", "has a field that the contract does not know")
"""What is said of a member that nobody asked for: of a form, and of what the contract of a message asks."""
NOT_THEIRS = (
    "id",
    "family",
    "version",
    "by",
    "position",
    "recordedAt",
    "phase",
    "director",
    "levels",
    "is_admin",
    "role",
    "_links",
)
"""Members of what is answered, and others that somebody might try."""


@pytest.fixture
async def family(hub: Running) -> UUID:
    """A family that the desk on duty directs, and that an auditor is assigned to."""
    family = await hub.a_family()
    hub.assign(family)
    return family


@pytest.fixture
async def client(base: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who talks HTTP to it over one connection."""
    async with httpx2.AsyncClient(base_url=base, timeout=60) as opened:
        yield opened


def resolved(schema: Any) -> Any:
    """A schema, or what it refers to."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return next((resolved(each) for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)


def objects(schema: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    """Every way to wrap a value into the objects that a form has, with the properties of the object that it is in."""
    form = resolved(schema)
    if form.get("type") == "array":
        yield from ((known, [inner]) for known, inner in objects(form["items"], value))
    if "properties" in form:
        yield form["properties"], value
        for name, inside in form["properties"].items():
            yield from ((known, {name: inner}) for known, inner in objects(inside, value))


def role_for(hub: Running, operation: str) -> str:
    """Somebody whom the policy lets do this."""
    route = next(each for each in hub.app.rest.routes if isinstance(each, Guarded) and each.operation == operation)
    return next(
        role
        for role in (
            "coordinator",
            "team-lead",
            "administrative",
            "auditor",
            "data-protection-officer",
            "operator",
            "partner",
            "reporter",
        )
        if role in route.roles
    )


async def post(
    hub: Running, client: httpx2.AsyncClient, operation: str, family: UUID, body: bytes, media: str = "application/json"
) -> httpx2.Response:
    """Sends a body to an operation, as somebody who may."""
    path = OPERATIONS[operation][0].replace("{id}", str(family)).replace("{goal}", "school")
    for name in ("handover", "lever", "escalation", "signal"):
        path = path.replace(f"{{{name}}}", str(family))
    headers = {**hub.token(role_for(hub, operation)), "content-type": media, "idempotency-key": str(family)}
    return await client.post(path, content=body, headers=headers)


def is_refused(said: httpx2.Response) -> bool:
    """Whether it was refused as something that cannot be read, in words."""
    return (
        said.status_code == 400
        and said.headers["content-type"] == "application/problem+json"
        and said.json()["code"] == "malformed"
    )


async def test_a_member_that_nobody_asked_for_is_refused_wherever_it_stands(
    hub: Running, client: httpx2.AsyncClient, family: UUID
) -> None:
    before = hub.hub.log.last_position()
    for operation, (_, schema) in OPERATIONS.items():
        for known, body in objects(schema, {"zq7unknown": 1}):
            said = await post(hub, client, operation, family, json.dumps(body).encode())
            assert is_refused(said), (operation, body, said.text)
            wrong = [each for each in said.json()["violations"] if each["what"] in UNKNOWN]
            assert wrong, (operation, body, said.text)
            assert "zq7unknown" not in said.text
            assert "zq7unknown" not in known
    assert hub.hub.log.last_position() == before


async def test_what_the_hub_itself_says_cannot_be_set_by_anybody(hub: Running, client: httpx2.AsyncClient, family: UUID) -> None:
    before = hub.hub.log.last_position()
    for operation, (_, schema) in OPERATIONS.items():
        theirs = resolved(schema).get("properties", {})
        body = {name: "zq7" for name in NOT_THEIRS if name not in theirs}
        said = await post(hub, client, operation, family, json.dumps(body).encode())
        assert is_refused(said), (operation, said.text)
        assert any(words in said.text for words in UNKNOWN)
    assert hub.hub.log.last_position() == before


async def test_a_signal_with_a_member_of_its_receipt_is_refused_or_kept_aside(hub: Running) -> None:
    event = json.loads(an_event())
    for name in ("position", "recordedat", "outcome", "message", "partner", "oin"):
        said = await hub.post(json.dumps({**event, name: "zq7"}).encode())
        assert (said.status_code, said.json()["code"]) == (400, "malformed")
    for nth, name in enumerate(("family", "level", "partner", "recordedAt", "matched", "__proto__")):
        said = await hub.post(an_event(a_worry(people=[a_child(nth)]) | {name: "zq7"}, id=name))
        assert said.json()["outcome"] == "quarantined", said.text


# Other content types -----------------------------------------------------------------------------------

OTHER = (
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/merge-patch+json",
    "application/cloudevents+json",
    "application/json, text/plain",
    "application/jsonp",
    "",
)


async def test_only_json_that_is_called_json_is_read(hub: Running, client: httpx2.AsyncClient, family: UUID) -> None:
    before = hub.hub.log.last_position()
    for operation in OPERATIONS:
        for media in OTHER:
            said = await post(hub, client, operation, family, b"{}", media)
            assert (said.status_code, said.json()["code"]) == (415, "wrong-media-type"), (operation, media, said.text)
    assert hub.hub.log.last_position() == before


# JSON that is none, or two things ----------------------------------------------------------------------

TRICKS = {
    "a name twice": b'{"motivation": "one", "motivation": "other"}',
    "a name twice, once in other letters": b'{"motivation": "one", "motiv\\u0061tion": "other"}',
    "a name twice further in": b'{"motivation": "one", "goals": [{"goal": "a", "goal": "b"}]}',
    "NaN": b'{"motivation": NaN}',
    "Infinity": b'{"motivation": "x", "level": -Infinity}',
    "a number beyond all others": b'{"motivation": "x", "level": 1e999}',
    "a whole number of many digits": b'{"level": ' + b"9" * 10_000 + b"}",
    "a fraction of many digits": b'{"level": 0.' + b"1" * 10_000 + b"}",
    "lists 10,000 deep": b'{"goals": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "objects 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "lists that never end": b"[" * 60_000,
    "half a surrogate": b'{"motivation": "\\ud800", "words": "\\ud800", "to": "\\udfff"}',
    "half a surrogate as a name": b'{"\\ud800": 1}',
    "a NUL": b'{"motivation": "a\\u0000b", "words": "a\\u0000b"}',
    "a byte that is no UTF-8": b'{"motivation": "\xff"}',
    "UTF-16": '{"motivation": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a comment": b'{} // "motivation"',
    "two values": b"{} {}",
    "a comma too many": b'{"motivation": "x",}',
    "single quotes": b"{'motivation': 'x'}",
    "nothing": b"",
    "only white space": b" " * 1_000,
    "null": b"null",
    "a list": b"[]",
    "a text": b'"{}"',
    "a number": b"7",
    "a prototype": b'{"__proto__": {"role": "operator"}}',
}


async def test_json_that_can_be_read_in_two_ways_or_none_is_refused_everywhere(
    hub: Running, client: httpx2.AsyncClient, family: UUID
) -> None:
    before = hub.hub.log.last_position()
    for trick, body in TRICKS.items():
        for operation in OPERATIONS:
            said = await post(hub, client, operation, family, body)
            assert is_refused(said), (trick, operation, said.text)
    assert hub.hub.log.last_position() == before


async def test_neither_is_it_taken_for_an_event(hub: Running) -> None:
    before = hub.hub.log.last_position()
    for trick, body in TRICKS.items():
        said = await hub.post(body)
        assert said.status_code == 400, (trick, said.text)
        in_batch = await hub.post(b"[" + body + b"]", "application/cloudevents-batch+json")
        assert in_batch.status_code == 400 or {each["status"] for each in in_batch.json()} <= {400}, (trick, in_batch.text)
    assert hub.hub.log.last_position() == before


async def test_nor_does_it_do_more_than_wait_in_quarantine_as_data(hub: Running) -> None:
    for nth, (trick, body) in enumerate(TRICKS.items()):
        event = an_event({}, id=f"trick-{nth}").replace(b'"data":{}', b'"data":' + (body or b'""'))
        said = await hub.post(event)
        assert said.status_code in (201, 400), (trick, said.text)
        assert said.status_code == 400 or said.json()["outcome"] == "quarantined", (trick, said.text)
