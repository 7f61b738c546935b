"""Following escalations live (server-sent events): what was missed comes first, nothing is lost or told twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from hub.api.bodies import Headers, headers_of
from hub.api.decisions import CASE
from hub.api.operations import admitted, bearer
from hub.api.parts import Feed, Parts, Told
from hub.api.queries import Parameter, query_of, whole
from hub.domain.callers import Caller
from hub.errors import Malformed, Unauthenticated, Violation

QUIET = 15.0
"""Seconds of silence after which a comment says that the line is still open."""
_position = whole(0, 2**53)
AFTER = Parameter(
    "after",
    {"type": "integer", "minimum": 0},
    "begin after the notice of this id instead of now; Last-Event-ID goes before it",
    _position,
)


class Followers:
    """Everybody who follows the feed through this process."""

    def __init__(self, feed: Feed) -> None:
        self._feed, self._has_stopped = feed, False
        self._stops: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def stop(self) -> None:
        """Ends every stream, and begins no other; from any thread."""
        self._has_stopped = True
        for stop, loop in list(self._stops.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(stop.set)

    async def told(self, position: int, is_welcome: Callable[[], bool]) -> AsyncIterator[bytes]:
        """What comes after a position, for as long as the listener is welcome."""
        stop = asyncio.Event()
        self._stops[stop] = asyncio.get_running_loop()
        if self._has_stopped:
            stop.set()
        try:
            yield b"retry: 2000\n\n"
            async for told in _until(stop, self._feed.follow(position, quiet=QUIET)):
                if not is_welcome():
                    return
                yield b"".join(_event(one) for one in told) or b": still here\n\n"
        finally:
            del self._stops[stop]


class Stream:
    """The stream over HTTP."""

    roles = CASE

    def __init__(self, parts: Parts, followers: Followers) -> None:
        self._parts, self._followers = parts, followers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        caller = admitted(headers, self.roles, self._parts.caller_of)
        position = _begin(headers, scope["query_string"])
        if scope["method"] == "HEAD":
            await Response(media_type="text/event-stream")(scope, receive, send)
            return
        if position is None:
            position = await run_in_threadpool(self._parts.feed.last_position)
        told = self._followers.told(position, lambda: self._is_still(caller, headers))
        await StreamingResponse(told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})(scope, receive, send)

    def _is_still(self, caller: Caller, headers: Headers) -> bool:
        """Whether the token is valid still: a stream outlives none."""
        try:
            return self._parts.caller_of(bearer(headers)) == caller
        except Unauthenticated:
            return False


def _begin(headers: Headers, query: bytes) -> int | None:
    """After which notice to begin, where the listener says so."""
    wrong: list[Violation] = []
    found: int | None = query_of(query, [AFTER], wrong)["after"]
    if last := headers.get("last-event-id"):
        try:
            found = _position(last[0])
        except ValueError as error:
            wrong.append(Violation("header/last-event-id", str(error)))
    if wrong:
        raise Malformed("The request is not what its contract asks.", wrong)
    return found


async def _until(stop: asyncio.Event, batches: AsyncIterator[Sequence[Told]]) -> AsyncIterator[Sequence[Told]]:
    """What comes until somebody says stop."""
    stopped = asyncio.ensure_future(stop.wait())
    coming = asyncio.ensure_future(anext(batches))
    try:
        while not stop.is_set():
            await asyncio.wait({coming, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                yield coming.result()
                coming = asyncio.ensure_future(anext(batches))
    finally:
        stopped.cancel()
        coming.cancel()


def _event(told: Told) -> bytes:
    type = str(told.notice["type"]).encode()
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (told.position, type, msgspec.json.encode(told.notice))
