"""The server in front of the interface: one process, no log of addresses, and an end to every stream when it stops."""

import asyncio
import socket

import msgspec
import uvicorn
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.api.front import ALWAYS, MOST_IN_ADDRESS, MOST_IN_HEADERS, Front
from hub.api.places import place_of
from hub.api.problems import MEDIA, problem_of
from hub.errors import Unavailable

PATIENCE = 10
"""Seconds that requests get to finish when the server stops."""
PATIENCE_WITH_HEAD = 15
"""Seconds in which a connection that waits for a request gets a whole one, but for its body."""
PATIENCE_WITH_READER = 20
"""Seconds in which somebody has to read on, before what they were sent is given up together with the connection."""
_A_MOMENT = 0.1
MOST_CONNECTIONS, MOST_OF_PLACE = 512, 384
"""At once: in all, and from one place, so that no place has all of them."""


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn reads it, with an end to what may come before a body and how long it may take; nothing may come after.

    Where there is no request, a problem document answers.
    """

    _is_in_head = True
    _unread = 0
    """Bytes since the last that were of some use: a whole head, or part of a body."""
    _end: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _place = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._place = place_of(self.client)
        if len(self.connections) > MOST_CONNECTIONS or self._is_crowd():
            self._refuse(Unavailable("There are too many connections."))
        else:
            self._hurry()

    def _is_crowd(self) -> bool:
        if len(self.connections) <= MOST_OF_PLACE:
            return False
        here = [each for each in self.connections if isinstance(each, Protocol) and each._place == self._place]
        return len(here) > MOST_OF_PLACE

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        self._unstick()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(PATIENCE_WITH_READER, self.transport.abort)

    def resume_writing(self) -> None:
        self._unstick()
        super().resume_writing()

    def _unstick(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def on_message_begin(self) -> None:
        self._is_in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_head:
            # uvicorn would add it to the headers, without end and after they were looked at
            raise ValueError("a trailer")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        version, hosts = self.parser.get_http_version(), sum(name == b"host" for name, _ in self.headers)
        if version not in ("1.0", "1.1") or hosts > 1 or (version == "1.1" and not hosts):
            raise ValueError("no version that is spoken here, or not one host")
        self._is_in_head, self._unread = False, 0
        self._calm()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MOST_IN_HEADERS + MOST_IN_ADDRESS:
            self._refuse(HTTPException(431))
        if self.cycle is None or self.cycle.response_complete:
            self._hurry()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        self._refuse(HTTPException(400))

    def _hurry(self) -> None:
        if self._end is None and not self.transport.is_closing():
            self._end = self.loop.call_later(PATIENCE_WITH_HEAD, self._leave)

    def _calm(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _refuse(self, error: Exception) -> None:
        is_amid_answer = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not (is_amid_answer or self.transport.is_closing()):
            self.transport.write(_answered(error))
        self._leave()

    def _leave(self) -> None:
        self.transport.close()
        # what is not read is not waited for: closing alone would wait until it is
        self.loop.call_later(PATIENCE_WITH_READER, self.transport.abort)


def _answered(error: Exception) -> bytes:
    problem = problem_of(error)
    body = msgspec.json.encode(problem.document())
    said = ((b"content-type", MEDIA.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close"), *ALWAYS)
    lines = b"".join(b"%s: %s\r\n" % header for header in said)
    return b"HTTP/1.1 %d \r\n%s\r\n%s" % (problem.status, lines, body)


class Server(uvicorn.Server):
    """A server that tells streams to end before it waits for them."""

    def __init__(self, front: Front, config: uvicorn.Config, drain: float = 0) -> None:
        super().__init__(config)
        self._front, self._drain = front, drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Goes on for a while, so that who sends can turn elsewhere; then ends the streams, finishes what was begun, and stops."""
        self._front.drain()
        until = asyncio.get_running_loop().time() + self._drain
        while asyncio.get_running_loop().time() < until and not self.force_exit:
            await asyncio.sleep(_A_MOMENT)
        self._front.stop()
        await super().shutdown(sockets)


def server(front: Front, host: str, port: int, drain: float = 0) -> Server:
    """A server on one address; `run` it, or `serve` it within a loop. It goes on for `drain` seconds when it is told to stop."""
    config = uvicorn.Config(
        front,
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        lifespan="off",
        # what it warns of is what anybody may send it, as often as they like
        log_level="error",
        access_log=False,
        # the process says how lines are written
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    return Server(front, config, drain)
