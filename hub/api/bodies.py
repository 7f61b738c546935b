"""Bytes that come in, of which content type and how many; and JSON, as it may come in and goes out."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from hub.errors import Malformed, TooLarge, Violation, WrongMediaType

Headers = Mapping[str, Sequence[str]]
PATIENCE = 30.0
"""Seconds in which a body has to come."""


def headers_of(scope: Scope) -> dict[str, list[str]]:
    """Every header by its name in lower case, with all its values."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return headers


def media_of(headers: Headers, accepted: Mapping[str, int]) -> str:
    """The content type, without its parameters.

    Raises:
        WrongMediaType: not one of those accepted, more than one, or packed in any way.
    """
    said = headers.get("content-type", ())
    media = said[0].split(";", 1)[0].strip().lower() if len(said) == 1 else ""
    if media not in accepted:
        raise WrongMediaType(f"Send one of {', '.join(accepted)}.")
    if any(coding.strip().lower() != "identity" for coding in headers.get("content-encoding", ())):
        raise WrongMediaType("Send the body as it is: packed bodies (Content-Encoding) are not read.", code="content-encoding")
    return media


async def read(receive: Receive, headers: Headers, most: int) -> bytes:
    """The body, of at most so many bytes.

    Raises:
        TooLarge: it is larger, or says so of itself; no more than the limit is ever kept.
        HTTPException: 408, it did not come in time.
    """
    if _said_length(headers) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _read(receive, most)
    except TimeoutError:
        raise HTTPException(408, headers={"Connection": "close"}) from None


async def _read(receive: Receive, most: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body") or message["type"] == "http.disconnect" or len(body) > most:
        return await _read_on(receive, message, most)
    return body


async def _read_on(receive: Receive, message: Mapping[str, object], most: int) -> bytes:
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")  # type: ignore[arg-type]
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


def refuse_ambiguous(body: bytes) -> None:
    """Refuses what is not JSON in UTF-8, or could be read in two ways: a name that stands twice in one object.

    Raises:
        Malformed: with the reason.
    """
    try:
        json.loads(body.decode(), object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        what = "has a name that is given twice" if isinstance(error, _Twice) else "is not JSON"
        raise Malformed("The request is not what its contract asks.", [Violation("", what)]) from None


class _Twice(ValueError):
    pass


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Twice


def _said_length(headers: Headers) -> int:
    said = headers.get("content-length", ("0",))[0]
    if not (said.isascii() and said.isdigit()):
        raise Malformed("The request cannot be read.", [Violation("header/content-length", "is not a number")])
    return int(said[:20])


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most} bytes.")


async def answer(send: Send, status: int, value: Any, *more: tuple[bytes, bytes]) -> None:
    """Sends a value as JSON, with more headers where they are given."""
    body = msgspec.json.encode(value)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
