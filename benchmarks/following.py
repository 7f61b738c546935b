"""Somebody who posts a signal and follows the live feed, and sees how long it takes to come by."""

import socket
from collections.abc import Sequence
from time import perf_counter

from benchmarks.load import length_of
from benchmarks.population import Signed

PATIENCE = 30.0
"""Seconds."""


class Following:
    """Two connections to one server: one that posts, one that follows."""

    def __init__(self, port: int, token: str = "") -> None:
        self._port = port
        self._post, self._feed = _opened(port), _opened(port)
        credential = f"authorization: Bearer {token}\r\n" if token else ""
        self._feed.sendall(f"GET /v1/escalations/stream HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{credential}\r\n".encode())
        self._told = b""
        self._until(b"retry: 2000")

    def seconds(self, signed: Signed, signs: Sequence[bytes]) -> float:
        """From posting a signal to the event with all these signs on the stream; its receipt is read after that."""
        began = perf_counter()
        self._post.sendall(signed.request(self._port))
        self._until(*signs)
        waited = perf_counter() - began
        self._answered()
        return waited

    def _until(self, *signs: bytes) -> None:
        """Reads the stream up to and with an event that has all these signs."""
        while True:
            event, end, rest = self._told.partition(b"\n\n")
            self._told = rest if end else self._told + _some(self._feed)
            if end and all(sign in event for sign in signs):
                return

    def _answered(self) -> None:
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + length_of(answer[:end]):
            answer += _some(self._post)
        if not answer.startswith(b"HTTP/1.1 201"):
            raise AssertionError(f"not accepted: {answer[:400]!r}")

    def close(self) -> None:
        self._post.close()
        self._feed.close()


def _opened(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), PATIENCE)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data
