"""A client that costs little: requests made beforehand, over a few connections that stay open."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter
from typing import cast

import uvloop

_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How long it all took, how long each answer took (seconds), and the answers in the order they came."""

    seconds: float
    waits: list[float]
    answers: list[bytes]


def post_all(ports: Sequence[int], requests: Sequence[bytes], clients: int) -> Loaded:
    """Posts every request, each client the next when its last was answered; clients go to the ports in turn."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_post_all(ports, requests, clients))


async def _post_all(ports: Sequence[int], requests: Sequence[bytes], clients: int) -> Loaded:
    loop, waiting = asyncio.get_running_loop(), iter(requests)
    done: asyncio.Future[None] = loop.create_future()
    waits: list[float] = []
    answers: list[bytes] = []

    def answered(wait: float, answer: bytes) -> None:
        waits.append(wait)
        answers.append(answer)
        if len(answers) == len(requests):
            done.set_result(None)

    def broken(error: Exception) -> None:
        if not done.done():
            done.set_exception(error)

    to = islice(cycle(ports), clients)
    opened = [await loop.create_connection(lambda: _Client(waiting, answered, broken), "127.0.0.1", port) for port in to]
    began = perf_counter()
    for _, client in opened:
        client.post_next()
    await done
    seconds = perf_counter() - began
    for transport, _ in opened:
        transport.close()
    return Loaded(seconds, waits, answers)


class _Client(asyncio.Protocol):
    """One connection: posts, waits for the whole answer, posts the next."""

    def __init__(
        self, waiting: Iterator[bytes], answered: Callable[[float, bytes], None], broken: Callable[[Exception], None]
    ) -> None:
        self._waiting, self._answered, self._broken = waiting, answered, broken
        self._coming, self._began, self._is_busy = b"", 0.0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def post_next(self) -> None:
        request = next(self._waiting, None)
        self._is_busy = request is not None
        if request is not None:
            self._began = perf_counter()
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._coming += data
        head, end, body = self._coming.partition(_END)
        if end and len(body) >= length_of(head):
            answer, self._coming = self._coming, b""
            self._answered(perf_counter() - self._began, answer)
            self.post_next()

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_busy:
            self._broken(error or ConnectionError("the server closed the connection"))


def length_of(head: bytes) -> int:
    """The length of the body that the head of an answer announces."""
    said = head.lower().partition(b"content-length:")[2]
    return int(said.split(b"\r\n", 1)[0])
