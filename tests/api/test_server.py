"""The server itself: what is no request is refused in the same form, and nothing may go on without end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import msgspec
import pytest

from tests.api.running import Running, an_event
from tests.api.serving import serving


async def said_to(base: str, *pieces: bytes) -> bytes:
    """What the server answers to bytes as they are, until it closes."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


def parts_of(said: bytes) -> tuple[bytes, Any]:
    """The first line and headers, and the document."""
    head, _, body = said.partition(b"\r\n\r\n")
    return head, msgspec.json.decode(body)


@pytest.mark.parametrize("text", [b"no HTTP at all\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n"])
async def test_what_is_no_request_is_refused_in_the_form_of_all_refusals(hub: Running, text: bytes) -> None:
    async with serving(hub) as base:
        head, problem = parts_of(await said_to(base, text))
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert b"api-version: " in head
    assert (problem["status"], problem["code"]) == (400, "malformed")


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nx-long: "])
async def test_headers_without_end_are_cut_off(hub: Running, start: bytes) -> None:
    async with serving(hub) as base:
        head, problem = parts_of(await said_to(base, start, *[b"a" * 16_000] * 6))
    assert head.startswith(b"HTTP/1.1 431 ")
    assert problem["code"] == "headers-too-large"


async def test_many_requests_share_a_connection(hub: Running) -> None:
    ask = b"GET /v1/jwks HTTP/1.1\r\nhost: hub\r\n\r\n"
    async with serving(hub) as base:
        said = await said_to(base, ask[:20], ask[20:] + ask[:-2] + b"connection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200 OK") == 2


async def test_a_body_without_end_is_cut_off_and_the_server_goes_on(hub: Running) -> None:
    async def without_end() -> AsyncIterator[bytes]:
        for _ in range(5_000):
            yield b" " * 10_000

    async with serving(hub) as base, httpx2.AsyncClient(base_url=base, timeout=20) as client:
        headers = {"content-type": "application/cloudevents+json"}
        try:
            said = await client.post("/v1/signals", content=without_end(), headers=headers)
            assert (said.status_code, said.json()["code"]) == (413, "too-large")
        except httpx2.TransportError:
            pass  # the server closed before the client had read why
        headers |= hub.signed(an_event(), {})
        assert (await client.post("/v1/signals", content=an_event(), headers=headers)).status_code == 201
