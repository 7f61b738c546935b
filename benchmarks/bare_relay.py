"""A relay that stores nothing and knows nothing: what is posted comes out on the stream."""

import asyncio
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

_followers: set[asyncio.Queue[bytes]] = set()


async def post(request: Request) -> Response:
    """Passes a body on to everybody who follows."""
    body = await request.body()
    for follower in _followers:
        follower.put_nowait(body)
    return JSONResponse({"accepted": True}, status_code=201)


async def stream(_: Request) -> Response:
    """Everything that is posted from now on."""
    return StreamingResponse(_told(), media_type="text/event-stream")


async def _told() -> AsyncIterator[bytes]:
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    _followers.add(queue)
    try:
        yield b"retry: 2000\n\n"
        while True:
            yield b"data: " + await queue.get() + b"\n\n"
    finally:
        _followers.discard(queue)


if __name__ == "__main__":
    routes = [Route("/v1/signals", post, methods=["POST"]), Route("/v1/escalations/stream", stream)]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
