"""Following escalations live (server-sent events): what was missed comes first, nothing is lost or told twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import Header, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hub.api import schemas
from hub.api.admission import Hub, shown_of
from hub.api.forms import Form
from hub.api.operations import Operation
from hub.api.parts import Parts, Told
from hub.api.visits import Visit, note
from hub.domain.callers import Caller, Capacity
from hub.domain.policy import Act
from hub.errors import NotAllowed, TooMany, Unauthenticated
from hub.ports import Shown

QUIET = 15.0
"""Seconds of silence after which a comment says that the line is still open."""
MOST_OF_A_PARTNER, MOST_OF_A_PERSON = 8, 16
"""Streams at one time, of all systems of an organisation together, and of somebody of the staff."""
AGAIN = 5.0
"""Seconds after which whoever has as many may ask once more."""
One = TypeVar("One")
Position = Annotated[int, Field(ge=0, le=2**53)]


class Followers:
    """Everybody who follows the feed through this process."""

    def __init__(self) -> None:
        self._has_stopped = False
        self._stops: dict[asyncio.Event, tuple[str, asyncio.AbstractEventLoop]] = {}

    def stop(self) -> None:
        """Ends every stream, and begins no other; from any thread."""
        self._has_stopped = True
        for stop, (_, loop) in list(self._stops.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(stop.set)

    def told(
        self, caller: Caller, batches: AsyncIterator[Sequence[One]], heard: Callable[[Sequence[One]], Sequence[bytes] | None]
    ) -> AsyncIterator[bytes]:
        """What comes; `heard` gives the events that the listener may hear of it, or nothing when it is not welcome.

        Raises:
            TooMany: so many follow already that are of the caller's organisation, or are the same person.
        """
        whose, most = _whose(caller)
        if self._count(whose) >= most:
            raise TooMany(f"At most {most} streams are open at one time; end one first.", AGAIN, code="too-many-streams")
        return self._told(whose, most, batches, heard)

    def _count(self, whose: str) -> int:
        return sum(each == whose for each, _ in self._stops.values())

    async def _told(
        self, whose: str, most: int, batches: AsyncIterator[Sequence[One]], heard: Callable[[Sequence[One]], Sequence[bytes] | None]
    ) -> AsyncIterator[bytes]:
        # who asks for many at the same moment is let in with all of them, and hears nothing on those above their number
        stop, are_enough = asyncio.Event(), self._count(whose) >= most
        self._stops[stop] = whose, asyncio.get_running_loop()
        if self._has_stopped or are_enough:
            stop.set()
        try:
            yield b"retry: 2000\n\n"
            async for told in _until(stop, batches):
                own = await run_in_threadpool(heard, told)
                if own is None:
                    return
                yield b"".join(own) or b": still here\n\n"
        finally:
            del self._stops[stop]


def _whose(caller: Caller) -> tuple[str, int]:
    """Among whose streams one of this caller counts, and how many those may be."""
    if caller.role is Capacity.PARTNER:
        return f"organisation {caller.organisation}", MOST_OF_A_PARTNER
    return f"person {caller.subject}", MOST_OF_A_PERSON


class Events(StreamingResponse):
    """A stream of server-sent events."""

    media_type = "text/event-stream"


class Where(Form):
    """Where a stream begins."""

    after: Position | None = Field(None, description="begin after the notice of this id; Last-Event-ID goes before it")


async def _follow(
    request: Request,
    hub: Hub,
    where: Annotated[Where, Query()],
    last_event_id: Annotated[Position | None, Header(alias="Last-Event-ID")] = None,
) -> Response:
    if request.method == "HEAD":
        return Response(media_type=Events.media_type)
    after = where.after if last_event_id is None else last_event_id
    last = await run_in_threadpool(hub.feed.last_position)
    # whoever heard more than there is heard it of a hub that was restored to earlier: they hear what happened instead
    position = last if after is None else min(after, last)
    listener = _Listener(request.state.visit, shown_of(request, hub), hub)
    told = request.app.state.followers.told(listener.visit.caller, hub.feed.follow(position, quiet=QUIET), listener.heard)
    return Events(told, headers={"X-Accel-Buffering": "no"})


@dataclass(frozen=True, slots=True)
class _Listener:
    """Somebody who follows: what was shown when they came counts for as long as it is valid."""

    visit: Visit
    shown: Shown
    hub: Parts

    def heard(self, told: Sequence[Told]) -> Sequence[bytes] | None:
        """What they may hear of it, noted before they do; nothing when they are not welcome any more."""
        if not is_welcome(self.visit, self.shown, self.hub):
            return None
        own = {one.position: notice for one in told if (notice := self._own(one)) is not None}
        if own:
            families = {family for notice in own.values() if (family := _family(notice))}
            note(further(self.visit), self.hub.members(map(str, families)), self.hub)
        return [event(at, str(notice["type"]), msgspec.json.encode(notice)) for at, notice in own.items()]

    def _own(self, told: Told) -> Mapping[str, Any] | None:
        family = _family(told.notice)
        if not self.hub.admittance.hears(str(told.notice["type"]), self.visit.caller, family):
            return None
        return self.hub.disclose_notice(told.notice, self.visit.caller)


def is_welcome(visit: Visit, shown: Shown, hub: Parts) -> bool:
    """Whether who follows is still who they were when they came: what was shown then counts for as long as it is valid."""
    try:
        return hub.caller_of(replace(shown, was_let_in=True)) == visit.caller
    except (Unauthenticated, NotAllowed):
        return False


def further(visit: Visit) -> Visit:
    """The same visit, one step further along its trace."""
    return replace(visit, trace=visit.trace.then(token_hex(8)))


def _family(notice: Mapping[str, Any]) -> UUID | None:
    found = notice["data"].get("family")
    return UUID(found) if found else None


STREAM = Operation(
    method="GET",
    path="/escalations/stream",
    name="followEscalations",
    title="Follow escalations live: what was missed since Last-Event-ID comes first, and nothing comes twice",
    tag="escalations",
    act=Act.FOLLOW,
    do=_follow,
    answer=schemas.TEXT,
    query=Where,
    kind=Events,
)


async def _until(stop: asyncio.Event, batches: AsyncIterator[Sequence[One]]) -> AsyncIterator[Sequence[One]]:
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


def event(position: int, type: str, data: bytes) -> bytes:
    """One server-sent event; its `id` is what a follower gives back to go on from."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (position, type.encode(), data)
