"""The rules that every address keeps: who may, in which form the hub says no, and the NL API Design Rules."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from hub import errors
from hub.api import VERSION
from hub.api.admission import Guarded
from hub.api.application import OPEN
from hub.api.front import Front
from hub.api.problems import STATUS, problem_of
from hub.domain.callers import Capacity
from hub.errors import HubError, Violation
from hub.wiring import openapi
from tests.api.running import BASE, Running
from tests.tools import STANDARDS, spectral

_ADDRESS = count()
NOBODY = "00000000-0000-5000-8000-000000000000"
RULES = STANDARDS / "adr" / "linter.yaml"
HEADERS = {
    "api-version": VERSION,
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def addresses(hub: Running) -> Iterator[tuple[str, str, Any]]:
    """Every method and path of the interface, with what answers there."""
    for route in hub.app.routes:
        if not route.path.startswith("/v1/"):
            continue  # the pages and the authorization server have rules of their own
        for method in sorted(route.methods - {"HEAD"}):
            yield method, re.sub(r"{\w+}", NOBODY, route.path), route


async def asked(hub: Running, method: str, path: str, **more: Any) -> Any:
    """What anybody is answered there, without a token; each from an address of its own, for who fails often has to wait."""
    transport = httpx2.ASGITransport(hub.app, client=(f"192.0.2.{next(_ADDRESS) % 250}", 1))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        return await client.request(method, path, **more)


# Who may -----------------------------------------------------------------------------------------------


def test_every_route_is_open_by_name_or_declares_who_may(hub: Running) -> None:
    for _, _, route in addresses(hub):
        if route.path not in OPEN:
            assert isinstance(route, Guarded), route.path
            assert route.roles, route.path
            assert route.roles <= set(Capacity), route.path


async def test_nobody_gets_in_without_a_valid_token(hub: Running) -> None:
    wrong = ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"})
    for method, path, route in addresses(hub):
        if route.path in OPEN:
            continue
        for headers in wrong:
            said = await asked(hub, method, path, headers=headers)
            assert (said.status_code, said.json()["code"]) in ((401, "token-missing"), (401, "token-malformed")), path
            assert said.headers["www-authenticate"].startswith("Bearer")


async def test_nothing_is_read_of_somebody_without_a_token(hub: Running) -> None:
    async def untouched() -> AsyncIterator[bytes]:
        raise AssertionError("somebody read it")
        yield b""

    for method, path, route in addresses(hub):
        if route.path not in OPEN:
            headers = {"Content-Type": "application/json"}
            assert (await asked(hub, method, path, content=untouched(), headers=headers)).status_code == 401, path


async def test_two_tokens_are_none(hub: Running) -> None:
    token = hub.token("coordinator")["Authorization"]
    said = await asked(hub, "GET", "/v1/radar", headers=[("authorization", token), ("authorization", token)])
    assert said.status_code == 401


async def test_a_token_that_ran_out_is_refused(hub: Running) -> None:
    headers = hub.token("coordinator")
    assert (await asked(hub, "GET", "/v1/radar", headers=headers)).status_code == 200
    hub.clock.set(hub.clock.now().replace(hour=14))
    assert (await asked(hub, "GET", "/v1/radar", headers=headers)).status_code == 401


async def test_every_role_that_is_not_named_is_refused(hub: Running) -> None:
    for method, path, route in addresses(hub):
        if route.path not in OPEN:
            for role in set(Capacity) - route.roles:
                said = await hub.ask_now(method, path, role)
                assert (said.status_code, said.json()["code"]) == (403, "role-not-allowed"), (path, role)


# In which form -----------------------------------------------------------------------------------------


def test_every_error_has_a_status_of_its_own_or_of_its_kind() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubError)]
    assert set(kinds) == set(STATUS)
    for kind in kinds:
        problem = problem_of(kind("words", 1.0) if kind is errors.TooMany else kind("words", [Violation("/a", "is wrong")]))
        assert (problem.status, problem.code) == (STATUS[kind][0], kind.code)
        assert kind is errors.TooMany or problem.document()["violations"] == [{"where": "/a", "what": "is wrong"}]


def test_an_error_of_a_kind_unknown_to_the_table_takes_that_of_its_parents() -> None:
    class Odd(errors.IdReused):
        code = "odd"

    assert (problem_of(Odd("words")).status, problem_of(Odd("words")).code) == (409, "odd")


async def test_what_nobody_foresaw_is_told_without_anybodys_data() -> None:
    async def broken(*_: Any) -> None:
        raise KeyError("Noor Voorbeeld")

    front = Front([], FastAPI(), lambda: None)
    front._pages = broken  # type: ignore[assignment]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with structlog.testing.capture_logs() as told:
        await front({"type": "http", "path": "/", "query_string": b"", "headers": []}, None, send)  # type: ignore[arg-type]
    said = json.loads(sent[1]["body"])
    assert (sent[0]["status"], said["code"]) == (500, "unforeseen")
    assert told[0]["incident"] == said["instance"]
    assert told[0]["kind"] == "KeyError"
    assert "Noor" not in repr(told) + repr(sent)


async def test_what_nobody_foresaw_in_an_operation_is_told_once_and_without_anybodys_data(hub: Running) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("Noor Voorbeeld")

    family, state = await hub.a_family(), hub.app.rest.state
    state.parts = replace(state.parts, history=broken)
    with structlog.testing.capture_logs() as told:
        said = await hub.ask(f"/v1/families/{family}/history")
    assert (said.status_code, said.json()["code"]) == (500, "unforeseen")
    assert [each["incident"] for each in told] == [said.json()["instance"]]
    assert "Noor" not in repr(told) + said.text


def test_a_status_of_the_framework_becomes_a_problem_too() -> None:
    assert problem_of(HTTPException(404)).code == "not-known"


async def test_errors_are_problem_documents_everywhere(hub: Running) -> None:
    for method, path in (
        ("GET", "/nowhere"),
        ("GET", "/v1/nowhere"),
        ("DELETE", "/v1/signals"),
        ("GET", "/v1/families/not-an-id"),
        ("POST", "/v1/signals"),
        ("GET", "/v1/radar"),
        ("GET", "/v1/" + "a" * 9_000),
        ("OPTIONS", "/v1/radar"),
    ):
        said = await asked(hub, method, path)
        assert said.status_code >= 400
        assert said.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code"} <= set(said.json())
        assert said.json()["status"] == said.status_code


async def test_headers_without_end_are_refused(hub: Running) -> None:
    said = await asked(hub, "GET", "/v1/jwks", headers={"x-long": "a" * 40_000})
    assert (said.status_code, said.json()["code"]) == (431, "headers-too-large")


async def test_a_method_that_is_not_there_is_told_which_are(hub: Running) -> None:
    said = await asked(hub, "PUT", "/v1/signals")
    assert (said.status_code, said.headers["allow"]) == (405, "POST")


# The NL API Design Rules ---------------------------------------------------------------------------------


async def test_every_answer_carries_the_version_and_the_headers_of_security(hub: Running) -> None:
    for method, path in (
        ("GET", "/v1/jwks"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/v1/radar"),
        ("GET", "/x"),
        ("PUT", "/v1/jwks"),
    ):
        said = await asked(hub, method, path)
        assert {name: said.headers[name] for name in HEADERS} == HEADERS
    assert {name: (await hub.ask("/v1/radar")).headers[name] for name in HEADERS} == HEADERS


async def test_a_slash_at_the_end_is_another_address_where_nothing_is(hub: Running) -> None:
    for method, path, _ in addresses(hub):
        said = await asked(hub, method, path + "/")
        assert (said.status_code, said.headers.get("location")) == (404, None), path


async def test_the_document_is_for_everybody_from_everywhere(hub: Running) -> None:
    said = await asked(hub, "GET", "/v1/openapi.json", headers={"Origin": "https://elsewhere.example.org"})
    assert (said.status_code, said.headers["access-control-allow-origin"]) == (200, "*")
    assert said.json() == openapi()
    assert said.json()["openapi"].startswith("3.1")


def test_every_route_is_in_the_document_and_nothing_else(hub: Running) -> None:
    documented = {(method.upper(), "/v1" + path) for path, methods in openapi()["paths"].items() for method in methods}
    assert documented == {(method, route.path) for method, _, route in addresses(hub)}


@pytest.mark.skipif(not RULES.exists(), reason="needs the NL API Design Rules in ../shared/standards/adr")
def test_the_document_passes_the_linter_of_the_design_rules(hub: Running, tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(openapi()))
    assert spectral(path, RULES) == []


def test_no_address_asks_for_personal_data(hub: Running) -> None:
    personal = re.compile(r"bsn|name|born|birth|postcode|address|street|phone|mail", re.IGNORECASE)
    for path, methods in openapi()["paths"].items():
        for operation in methods.values():
            keys = [each["name"] for each in operation.get("parameters", ()) if each["in"] in ("query", "path")]
            assert not [name for name in (path, *keys) if personal.search(name)]
