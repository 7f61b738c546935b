"""Talking to a server byte by byte, as no client library would."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.api.running import Running, an_event

GET = b"GET /v1/jwks HTTP/1.1\r\nhost: hub\r\n"
POST = b"POST /v1/signals HTTP/1.1\r\nhost: hub\r\ncontent-type: application/cloudevents+json\r\n"
PATIENCE = 20.0
"""Seconds that a test waits before it fails: what a busy machine may need, not what the hub does."""


@dataclass(frozen=True)
class Said:
    """One answer as it came over the line."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a problem document."""
        code: str = self.document["code"]
        return code

    @property
    def document(self) -> Any:
        return msgspec.json.decode(self.body)

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for known, value in self.headers if known == name]


async def talk(base: str, *pieces: bytes, until_closed: bool = True) -> list[Said]:
    """Everything that the server answers to these bytes, until it closes; or, where it does not, its first answer."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.01)  # so that each is read by itself
            if reader.at_eof() or writer.is_closing():
                break  # and what is written after the end would only take the answer away
        async with asyncio.timeout(PATIENCE):
            if until_closed:
                return answers(await reader.read())
            head = await reader.readuntil(b"\r\n\r\n")
            return answers(head + await reader.readexactly(_length(head)))
    finally:
        writer.close()


def answers(text: bytes) -> list[Said]:
    """The answers in what came over a line."""
    found = []
    while text:
        head, _, rest = text.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        length = _length(head)
        found.append(Said(int(first.split(" ")[1]), headers, rest[:length]))
        text = rest[length:]
    return found


def _length(head: bytes) -> int:
    said = re.search(rb"(?im)^content-length: *(\d+)", head)
    return int(said[1]) if said else 0


def lines(headers: dict[str, str]) -> bytes:
    """Headers as they go over the line."""
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())


def a_signed_request(hub: Running, *more: bytes, **but: Any) -> bytes:
    """A whole request that would be accepted."""
    body = an_event(**but)
    return POST + lines(hub.signed(body, {})) + b"".join(more) + b"content-length: %d\r\n\r\n%s" % (len(body), body)
