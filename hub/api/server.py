"""The server in front of the interface: one process, no log of addresses, and an end to every stream when it stops."""

import socket

import msgspec
import uvicorn
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.api.front import ALWAYS, MOST_IN_ADDRESS, MOST_IN_HEADERS, Front
from hub.api.problems import MEDIA, problem_of

PATIENCE = 10
"""Seconds that requests get to finish when the server stops."""


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn reads it, with an end to what may come before a body, and a problem document where there is no request."""

    _is_in_head, _head = True, 0

    def on_message_begin(self) -> None:
        self._is_in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head:
            self._head += len(data)
            if self._head > MOST_IN_HEADERS + MOST_IN_ADDRESS:
                self._refuse(431)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        self._refuse(400)

    def _refuse(self, status: int) -> None:
        body = msgspec.json.encode(problem_of(HTTPException(status)).document())
        said = ((b"content-type", MEDIA.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close"), *ALWAYS)
        lines = b"".join(b"%s: %s\r\n" % header for header in said)
        self.transport.write(b"HTTP/1.1 %d \r\n%s\r\n%s" % (status, lines, body))
        self.transport.close()


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
        http=Protocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    return Server(front, config)
