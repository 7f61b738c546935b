"""The server in front of the interface: one process, no log of addresses, and an end to every stream when it stops."""

import socket

import uvicorn

from hub.api.front import Front

PATIENCE = 10
"""Seconds that requests get to finish when the server stops."""


class Server(uvicorn.Server):
    """A server that tells streams to end before it waits for them."""

    def __init__(self, front: Front, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._front = front

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams, finishes what was begun, and stops."""
        self._front.stop()
        await super().shutdown(sockets)


def server(front: Front, host: str, port: int) -> Server:
    """A server on one address; `run` it, or `serve` it within a loop."""
    config = uvicorn.Config(
        front,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    return Server(front, config)
