"""The server itself: what is no request is refused in the same form, and nothing may go on without end."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import msgspec
import pytest

from hub.api import bodies
from hub.api import server as api_server
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
            await asyncio.sleep(0.01)  # so that each is read by itself
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


async def first_line(base: str, text: bytes) -> bytes:
    """The beginning of an answer, whatever is still to be sent."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(text)
        return await reader.readline()
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
        head, problem = parts_of(await said_to(base, start, *[b"a" * 16_000] * 3))
    assert head.startswith(b"HTTP/1.1 431 ")
    assert problem["code"] == "headers-too-large"


CHUNKED = b"POST /v1/signals HTTP/1.1\r\nhost: hub\r\ncontent-type: application/cloudevents+json\r\ntransfer-encoding: chunked\r\n"


async def test_a_signature_after_the_body_does_not_count(hub: Running) -> None:
    body = an_event()
    signed = b"".join(f"{name}: {value}\r\n".encode() for name, value in hub.signed(body, {}).items())
    chunks = b"%x\r\n%s\r\n0\r\n" % (len(body), body)
    before = hub.hub.log.last_position()
    async with serving(hub) as base:
        head, problem = parts_of(await said_to(base, CHUNKED + b"\r\n" + chunks + signed + b"\r\n"))
        assert (head[:13], problem["code"]) == (b"HTTP/1.1 400 ", "malformed")
        assert hub.hub.log.last_position() == before
        said = await said_to(base, CHUNKED + signed + b"connection: close\r\n\r\n" + chunks + b"\r\n")
    assert said.startswith(b"HTTP/1.1 201 ")


async def test_a_token_after_the_headers_does_not_count(hub: Running) -> None:
    token = hub.token("operator")["Authorization"].encode()
    ask = b"GET /v1/quarantine HTTP/1.1\r\nhost: hub\r\ntransfer-encoding: chunked\r\n\r\n"
    async with serving(hub) as base:
        said = await said_to(base, ask + b"0\r\nauthorization: " + token + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 4")
    assert b"HTTP/1.1 200" not in said


async def test_a_trailer_without_end_is_cut_off(hub: Running) -> None:
    async with serving(hub) as base:
        head, problem = parts_of(await said_to(base, CHUNKED + b"\r\n2\r\n{}\r\n", b"0\r\nx: ", *[b"a" * 16_000] * 3))
    assert (head[:13], problem["code"]) == (b"HTTP/1.1 431 ", "headers-too-large")


BATCH = b"POST /v1/signals HTTP/1.1\r\nhost: hub\r\ncontent-type: application/cloudevents-batch+json\r\ncontent-length: 8000000\r\n"


async def test_a_batch_that_nobody_signed_is_refused_before_it_is_read(hub: Running) -> None:
    ask = httpx2.Headers(hub.signed(b"[]", {}, "stranger-1"))
    async with serving(hub) as base:
        async with asyncio.timeout(20):
            unsigned = await first_line(base, BATCH + b"\r\n[")
            by_a_stranger = await first_line(base, BATCH + b"".join(b"%s: %s\r\n" % each for each in ask.raw) + b"\r\n[")
    assert (unsigned[:13], by_a_stranger[:13]) == (b"HTTP/1.1 401 ", b"HTTP/1.1 401 ")


async def test_a_body_that_does_not_come_is_not_waited_for(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.1)
    async with serving(hub) as base:
        head, problem = parts_of(await said_to(base, CHUNKED + b"\r\n2\r\n{}\r\n"))
    assert (head[:13], problem["code"]) == (b"HTTP/1.1 408 ", "too-slow")


@pytest.mark.parametrize("text", [b"", b"GET / HT", b"GET /v1/jwks HTTP/1.1\r\nhost: hub\r\n\r\n\r\n"])
async def test_a_request_that_does_not_come_is_not_waited_for(hub: Running, monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr(api_server, "PATIENCE_WITH_HEAD", 0.1)
    async with serving(hub) as base:
        said = await said_to(base, text)
    assert said.startswith(b"HTTP/1.1 200 " if b"jwks" in text else b"")


async def test_an_answer_that_nobody_reads_is_given_up(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_server, "PATIENCE_WITH_READER", 0.2)
    async with serving(hub) as base:
        host, port = base.removeprefix("http://").split(":")
        greedy = socket.create_connection((host, int(port)))
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            greedy.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n" * 40)
            async with asyncio.timeout(20):
                while await asyncio.to_thread(_is_open, greedy):
                    await asyncio.sleep(0.05)
        finally:
            greedy.close()


def _is_open(connection: socket.socket) -> bool:
    """Whether the other side still has it; nothing is read."""
    try:
        connection.send(b"\r\n")
    except OSError:
        return False
    return True


async def test_only_so_many_connect_at_once(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_server, "MOST_CONNECTIONS", 1)
    ask = b"GET /v1/jwks HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"
    async with serving(hub) as base:
        host, port = base.removeprefix("http://").split(":")
        _, waiting = await asyncio.open_connection(host, int(port))
        head, problem = parts_of(await said_to(base))
        assert (head[:13], problem["code"]) == (b"HTTP/1.1 503 ", "unavailable")
        waiting.close()
        await waiting.wait_closed()
        said = b"HTTP/1.1 503 "
        async with asyncio.timeout(20):
            while said.startswith(b"HTTP/1.1 503 "):
                said = await said_to(base, ask)
    assert said.startswith(b"HTTP/1.1 200 ")


async def test_nobody_without_a_name_fills_the_log(hub: Running, capfd: pytest.CaptureFixture[str]) -> None:
    async with serving(hub) as base:
        await said_to(base, b"no HTTP at all\r\n\r\n")
        await said_to(base, b"GET / HTTP/1.1\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


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
