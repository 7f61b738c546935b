"""What happens while somebody looks: the live feed of the interface as words on the page, announced and in nobody's way."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hub.console.asking import Ask, Refused
from hub.console.pages import fragment
from hub.console.showing import Rooms

_TOLD = {
    "nl.vig.escalations.level-raised.v1": "raised",
    "nl.vig.escalations.direction-raised.v1": "direction",
    "nl.vig.trajectories.director-changed.v1": "director",
}
"""The notices that are worth a word on the page, and what those are about."""


def live(rooms: Rooms) -> Route:
    """The route of a stream of pieces of page (server-sent events), which htmx puts in their place."""

    async def follow(request: Request) -> Response:
        session = await rooms.session(request)
        if session is None:
            return Response(status_code=204)  # and the browser asks no more
        ask = rooms.ask(request, session)
        return StreamingResponse(_pieces(ask, rooms), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return Route("/live", follow, methods=["GET"], name="console-live")


async def _pieces(ask: Ask, rooms: Rooms) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(ask.follow("/escalations/stream")) as told:
            async for block in _blocks(told):
                yield _piece(block, ask, rooms)
    except Refused:
        return


async def _blocks(told: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Each event of the stream as it is whole."""
    waiting = b""
    async for part in told:
        *blocks, waiting = (waiting + part).split(b"\n\n")
        for block in blocks:
            yield block


def _piece(block: bytes, ask: Ask, rooms: Rooms) -> bytes:
    fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and not line.startswith(b":"))
    kind = _TOLD.get(fields.get(b"event", b"").decode(), "")
    if not kind:
        return b": still here\n\n" if block else b""
    notice: Mapping[str, Any] = msgspec.json.decode(fields[b"data"])
    text = fragment(
        "live.html", kind=kind, notice=notice["data"], at=notice["recordedAt"], **rooms.saying(ask.request, ask.session)
    )
    lines = b"".join(b"data: " + line.encode() + b"\n" for line in text.splitlines() if line.strip())
    return b"id: " + fields[b"id"] + b"\n" + lines + b"\n"
