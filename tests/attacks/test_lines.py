"""Attacks on the reading of HTTP itself: too much, too slow, and requests that two readers would read differently."""

import asyncio

import pytest

from hub.api import bodies
from hub.api import server as api_server
from hub.api.front import MOST_IN_ADDRESS, MOST_IN_HEADERS
from tests.api.running import Running, an_event
from tests.attacks.talking import GET, POST, Said, a_signed_request, answers, lines, talk

CLOSE = b"connection: close\r\n\r\n"


def refused(said: list[Said], *statuses: int) -> Said:
    """The one answer, which says no and ends the connection."""
    assert len(said) == 1, said
    assert said[0].status in statuses, said
    assert said[0].all("content-type") == ["application/problem+json"]
    return said[0]


# Too much ----------------------------------------------------------------------------------------------


async def test_one_header_that_is_too_large_is_refused(base: str) -> None:
    said = refused(await talk(base, GET + b"x: " + b"a" * (MOST_IN_HEADERS + 1) + b"\r\n" + CLOSE), 431)
    assert said.code == "headers-too-large"


async def test_many_small_headers_are_refused(base: str) -> None:
    many = b"".join(b"x-%04d: 123456\r\n" % nth for nth in range(3_000))
    assert refused(await talk(base, GET + many + CLOSE), 431).code == "headers-too-large"


async def test_as_many_headers_as_are_allowed_do_not_take_long(base: str) -> None:
    many = b"".join(b"x%d:\r\n" % nth for nth in range(3_000))
    (said,) = await talk(base, GET + many + CLOSE)
    assert said.status == 200


async def test_an_address_that_is_too_long_is_refused(base: str) -> None:
    path = b"GET /v1/jwks?" + b"a" * MOST_IN_ADDRESS + b" HTTP/1.1\r\nhost: hub\r\n"
    assert refused(await talk(base, path + CLOSE), 414).code == "address-too-long"


async def test_a_name_of_a_header_without_end_is_cut_off(base: str) -> None:
    assert refused(await talk(base, GET, *[b"a" * 16_000] * 4), 431).code == "headers-too-large"


async def test_chunk_extensions_without_end_are_cut_off(base: str) -> None:
    said = await talk(base, POST + b"transfer-encoding: chunked\r\n\r\n1;", *[b"a=" + b"b" * 16_000 + b";"] * 4)
    refused(said, 400, 431)


async def test_a_body_in_chunks_of_one_byte_is_read_and_no_more_than_its_limit(hub: Running, base: str) -> None:
    body = an_event()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    signed = lines(hub.signed(body, {}))
    (said,) = await talk(base, POST + signed + b"transfer-encoding: chunked\r\n" + CLOSE + chunks)
    assert said.status == 201


# Too slow ----------------------------------------------------------------------------------------------


async def drip(base: str, start: bytes, drop: bytes) -> bytes:
    """Sends a drop at a time for as long as the server listens, and gives what it said."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def dripping() -> None:
        writer.write(start)
        while not reader.at_eof():
            writer.write(drop)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(dripping())
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        task.cancel()
        writer.close()


async def test_a_head_that_comes_drop_by_drop_is_not_waited_for(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_server, "PATIENCE_WITH_HEAD", 0.2)
    assert await drip(base, GET, b"x: 1\r\n") == b""


async def test_a_body_that_comes_drop_by_drop_is_not_waited_for(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)
    said = await drip(base, POST + b"content-length: 60000\r\n\r\n", b" ")
    # a drop that falls after the end takes the answer away
    assert not said or said.startswith(b"HTTP/1.1 408 ")


async def test_slow_ones_are_in_nobodys_way(hub: Running, base: str) -> None:
    host, port = base.removeprefix("http://").split(":")
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(100)]
    for nth, (_, writer) in enumerate(slow):
        writer.write(GET if nth % 2 else POST + b"content-length: 60000\r\n\r\n ")
    try:
        (said,) = await talk(base, a_signed_request(hub, b"connection: close\r\n"))
        assert said.status == 201
    finally:
        for _, writer in slow:
            writer.close()


async def test_an_answer_that_nobody_reads_holds_nobody_up(hub: Running, base: str) -> None:
    host, port = base.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port), limit=1)
    try:
        writer.write(b"GET /v1/openapi.json HTTP/1.1\r\nhost: hub\r\n\r\n" * 200)
        (said,) = await talk(base, a_signed_request(hub, b"connection: close\r\n"))
        assert said.status == 201
    finally:
        writer.transport.abort()


async def test_one_place_does_not_take_every_connection(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_server, "MOST_OF_PLACE", 2)
    host, port = base.removeprefix("http://").split(":")
    held = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
    try:
        assert refused(await talk(base), 503).code == "unavailable"
        (other,) = await _from("127.0.0.2", base)
        assert other.status == 200
    finally:
        for _, writer in held:
            writer.close()


async def _from(address: str, base: str) -> list[Said]:
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(address, 0))
    try:
        writer.write(GET + CLOSE)
        async with asyncio.timeout(20):
            return answers(await reader.read())
    finally:
        writer.close()


# Two readers -------------------------------------------------------------------------------------------

SMUGGLED = b"GET /v1/quarantine HTTP/1.1\r\nhost: hub\r\n\r\n"
TWO_WAYS = {
    "a length and chunks": b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"content-length: 4\r\ncontent-length: 0\r\n\r\n1234",
    "the same length twice": b"content-length: 4\r\ncontent-length: 4\r\n\r\n1234",
    "two lengths in one": b"content-length: 4, 4\r\n\r\n1234",
    "a length with a sign": b"content-length: +4\r\n\r\n1234",
    "a negative length": b"content-length: -4\r\n\r\n1234",
    "a length in hexadecimal": b"content-length: 0x4\r\n\r\n1234",
    "a length beyond all numbers": b"content-length: 99999999999999999999999\r\n\r\n1234",
    "an empty length": b"content-length:\r\n\r\n1234",
    "chunks in capitals with a space": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunks that are not last": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks twice": b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks with a vertical tab": b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks of another kind": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"transfer-encoding:\r\n chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "a folded value": b"x: 1\r\n folded\r\ncontent-length: 0\r\n\r\n",
    "lines that end in a bare LF": b"x: 1\ncontent-length: 0\r\n\r\n",
    "a head that ends in bare LFs": b"content-length: 0\n\n",
    "a bare CR in a value": b"x: 1\rcontent-length: 4\r\ncontent-length: 0\r\n\r\n",
    "a NUL in a value": b"x: 1\x00\r\ncontent-length: 0\r\n\r\n",
    "a space before the colon": b"content-length : 0\r\n\r\n",
    "a name with a space": b"content length: 0\r\n\r\n",
    "a line without a name": b": 1\r\ncontent-length: 0\r\n\r\n",
    "a chunk longer than it says": b"transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "a chunk size with a sign": b"transfer-encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
    "a chunk size with 0x": b"transfer-encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "a chunk size beyond all numbers": b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n",
    "a chunk that ends in a bare LF": b"transfer-encoding: chunked\r\n\r\n1\na\n0\n\n",
    "a chunk extension with a bare LF": b"transfer-encoding: chunked\r\n\r\n1;\na\r\na\r\n0\r\n\r\n",
}


async def test_a_request_that_two_could_read_differently_is_the_last_of_its_connection(base: str) -> None:
    for way, how in TWO_WAYS.items():
        said = await talk(base, POST + how + SMUGGLED + SMUGGLED)
        assert len(said) == 1, (way, "nothing behind it is taken for a request", said)
        assert said[0].status in (400, 401, 413, 415), (way, said)


async def test_what_is_pipelined_is_answered_in_its_order_and_each_by_itself(hub: Running, base: str) -> None:
    text = b"".join(a_signed_request(hub, id=f"p-{nth}") for nth in range(5)) + GET + CLOSE
    said = await talk(base, text)
    assert [one.status for one in said] == [201] * 5 + [200]
    assert [one.document["id"] for one in said[:5]] == [f"p-{nth}" for nth in range(5)]


async def test_what_is_pipelined_behind_a_refusal_is_not_let_in_by_it(hub: Running, base: str) -> None:
    unsigned = POST + b"content-length: 2\r\n\r\n{}"
    said = await talk(base, unsigned + a_signed_request(hub) + unsigned + GET + CLOSE)
    assert [one.status for one in said] == [401, 201, 401, 200]


@pytest.mark.parametrize("hosts", [b"", b"host: hub\r\nhost: other\r\n", b"Host: hub\r\nHOST: hub\r\n"])
async def test_a_request_is_for_one_host(base: str, hosts: bytes) -> None:
    refused(await talk(base, b"GET /v1/jwks HTTP/1.1\r\n" + hosts + CLOSE), 400)


async def test_other_protocols_are_not_spoken(base: str) -> None:
    upgrade = GET + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n"
    for text in (upgrade, GET + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n"):
        (said,) = await talk(base, text, until_closed=False)
        assert said.status == 200
    refused(await talk(base, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400)
    refused(await talk(base, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400)


@pytest.mark.parametrize("start", [b"GET /v1/jwks HTTP/9.9", b"GET /v1/jwks", b"G\x00T /v1/jwks HTTP/1.1"])
async def test_a_first_line_that_is_none_is_refused(base: str, start: bytes) -> None:
    said = await talk(base, start + b"\r\nhost: hub\r\n" + CLOSE)
    assert [one.status for one in said] in ([400], [])
