"""The hub's own server on the loopback, for tests that need a real connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.api.server import server
from tests.api.running import Running


@asynccontextmanager
async def serving(hub: Running) -> AsyncIterator[str]:
    """A real server on the loopback; when it stops, streams are told first."""
    served = server(hub.app, "127.0.0.1", 0)
    task = asyncio.create_task(served.serve())
    try:
        while not served.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{served.servers[0].sockets[0].getsockname()[1]}"
    finally:
        served.should_exit = True
        async with asyncio.timeout(20):
            await task
