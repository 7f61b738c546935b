"""Callbacks of many partners in one process of their own: they say 200 at once, or nothing, and tell when each was told what."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import IO, Any, cast

import uvloop

from benchmarks.load import length_of

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_ALLOWED = b"HTTP/1.1 200 OK\r\nwebhook-allowed-origin: *\r\ncontent-length: 0\r\n\r\n"
_END = b"\r\n\r\n"
_ID = b"webhook-id: "

Told = Sequence[tuple[float, str]]
"""When somebody was told what: a moment of the machine's clock, and the id."""


class Receivers:
    """So many callbacks, as seen from outside."""

    def __init__(self, urls: Sequence[str], ask: IO[str], answers: IO[str]) -> None:
        self.urls, self._ask, self._answers = urls, ask, answers

    def told(self) -> list[Told]:
        """What each was told since the last time that this was asked."""
        found: list[Told] = self.say("told")
        return found

    def silent(self, many: int) -> None:
        """From now on so many of them, the last ones, take what they are sent and never answer."""
        self.say(str(many))

    def say(self, words: str) -> Any:
        self._ask.write(f"{words}\n")
        self._ask.flush()
        return json.loads(self._answers.readline())


@contextmanager
def receivers(many: int) -> Iterator[Receivers]:
    """They listen while the block lasts."""
    command = [sys.executable, "-m", "benchmarks.receivers", str(many)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        ask, answers = cast("IO[str]", running.stdin), cast("IO[str]", running.stdout)
        ports = json.loads(answers.readline())
        try:
            yield Receivers([f"http://127.0.0.1:{port}/told" for port in ports], ask, answers)
        finally:
            running.kill()


class _Callback:
    """One of them."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []
        self.is_silent = False

    def answer(self, head: bytes) -> bytes:
        """What it says; nothing where it is silent."""
        if head.startswith(b"OPTIONS"):
            return _ALLOWED
        at = head.lower().find(_ID) + len(_ID)
        self.told.append((perf_counter(), head[at : head.find(b"\r\n", at)].decode()))
        return b"" if self.is_silent else _OK


class _Connection(asyncio.Protocol):
    def __init__(self, callback: _Callback) -> None:
        self._callback, self._came = callback, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._to = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(_END)
        if end and len(body) >= (length_of(head) if b"ontent-" in head else 0):
            self._came = b""
            self._to.write(self._callback.answer(head))


async def _serve(many: int) -> None:
    loop, callbacks = asyncio.get_running_loop(), [_Callback() for _ in range(many)]
    servers = [await loop.create_server(lambda one=one: _Connection(one), "127.0.0.1", 0) for one in callbacks]  # type: ignore[misc]
    _say([server.sockets[0].getsockname()[1] for server in servers])
    while said := await asyncio.to_thread(sys.stdin.readline):
        _say(_done(said.strip(), callbacks))


def _done(said: str, callbacks: Sequence[_Callback]) -> Any:
    if said.isdigit():
        for nth, one in enumerate(reversed(callbacks)):
            one.is_silent = nth < int(said)
        return True
    told = [one.told for one in callbacks]
    for one in callbacks:
        one.told = []
    return told


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1])))
