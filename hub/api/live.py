"""Following escalations live (server-sent events): what was missed comes first, nothing is lost or told twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated

import msgspec
from fastapi import Header, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hub.api import schemas
from hub.api.admission import Hub, Known, token_of
from hub.api.decisions import CASE
from hub.api.forms import Form
from hub.api.operations import Operation
from hub.api.parts import Feed, Parts, Told
from hub.domain.callers import Caller
from hub.errors import Unauthenticated

QUIET = 15.0
"""Seconds of silence after which a comment says that the line is still open."""
Position = Annotated[int, Field(ge=0, le=2**53)]


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


class Events(StreamingResponse):
    """A stream of server-sent events."""

    media_type = "text/event-stream"


class Where(Form):
    """Where a stream begins."""

    after: Position | None = Field(None, description="begin after the notice of this id; Last-Event-ID goes before it")


async def _follow(
    request: Request,
    hub: Hub,
    caller: Known,
    where: Annotated[Where, Query()],
    last_event_id: Annotated[Position | None, Header(alias="Last-Event-ID")] = None,
) -> Response:
    if request.method == "HEAD":
        return Response(media_type=Events.media_type)
    position = where.after if last_event_id is None else last_event_id
    if position is None:
        position = await run_in_threadpool(hub.feed.last_position)
    token = await token_of(request)
    told = request.app.state.followers.told(position, lambda: _is_still(caller, token, hub))
    return Events(told, headers={"X-Accel-Buffering": "no"})


def _is_still(caller: Caller, token: str, hub: Parts) -> bool:
    """Whether the token is valid still: a stream outlives none."""
    try:
        return hub.caller_of(token) == caller
    except Unauthenticated:
        return False


STREAM = Operation(
    method="GET",
    path="/escalations/stream",
    name="followEscalations",
    title="Follow escalations live: what was missed since Last-Event-ID comes first, and nothing comes twice",
    tag="escalations",
    roles=CASE,
    do=_follow,
    answer=schemas.TEXT,
    query=Where,
    kind=Events,
)


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
