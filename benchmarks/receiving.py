"""A partner's callback, and somebody who posts a signal and waits until the callback is told."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter

from benchmarks.load import length_of
from benchmarks.population import Signed

PATIENCE = 120.0
"""Seconds: more than a busy machine needs; who never comes is noticed all the same."""
STILL_OPEN = 2.0
"""Seconds that a server surely keeps a connection on which nothing is said; uvicorn hangs up after five."""
_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_END = b"\r\n\r\n"


class Callback:
    """A server of one thread for each connection; what comes in waits in `told`, with the moment of its last byte."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.told: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/told"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with closing(connection):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for body in _bodies(connection):
                self.told.put((perf_counter(), body))
                connection.sendall(_OK)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def _bodies(connection: socket.socket) -> Iterator[bytes]:
    came = b""
    while some := connection.recv(65_536):
        came += some
        head, end, body = came.partition(_END)
        if end and len(body) >= length_of(head):
            came = b""
            yield body


class Poster:
    """A connection to one server, and the callback that it tells."""

    def __init__(self, port: int, callback: Callback) -> None:
        self._port, self._callback = port, callback
        self._connect()

    def _connect(self) -> None:
        self._post = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        self._post.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._used = perf_counter()

    def seconds(self, signed: Signed, sign: bytes) -> float:
        """From posting a signal to what has this sign at the callback; its receipt is read after that."""
        if perf_counter() - self._used > STILL_OPEN:
            self._post.close()
            self._connect()
        began = perf_counter()
        self._post.sendall(signed.request(self._port))
        while sign not in (told := self._told())[1]:
            pass
        at, _ = told
        answer = self._post.recv(65_536)
        if not answer.startswith(b"HTTP/1.1 201"):
            raise AssertionError(f"not accepted: {answer[:400]!r}")
        self._used = began  # for how long it has been silent since its answer, nobody knows here
        return at - began

    def _told(self) -> tuple[float, bytes]:
        try:
            return self._callback.told.get(timeout=PATIENCE)
        except Empty:
            self._post.settimeout(0.1)
            raise AssertionError(f"told of nothing within {PATIENCE:.0f} s after {self._answer()!r}") from None

    def _answer(self) -> bytes:
        try:
            return self._post.recv(65_536)[:800]
        except OSError as no:
            return str(no).encode()

    def close(self) -> None:
        self._post.close()


@contextmanager
def posting(port: int, callback: Callback) -> Iterator[Poster]:
    """A poster while the block lasts."""
    with closing(Poster(port, callback)) as poster:
        yield poster
