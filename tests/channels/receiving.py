"""Receivers of webhooks on loopback: real HTTP servers that answer as they are told, well or badly."""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]
"""Writes an answer, or something that is none, to whoever asked."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came in; header names in lower case."""

    path: str
    headers: Mapping[str, Sequence[str]]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """An ordinary answer; underscores in header names stand for hyphens."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(code)
        for name, value in headers.items():
            to.send_header(name.replace("_", "-"), value)
        to.send_header("Content-Length", str(len(body)))
        to.end_headers()
        to.wfile.write(body)

    return answer


def raw(said: bytes) -> Answer:
    """These bytes as the whole answer, whether they are HTTP or not; then the receiver hangs up."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.wfile.write(said)
        to.close_connection = True

    return answer


OK = status(200)


@dataclass
class Receiver:
    """What a receiver got, and what it says: `answers` one after the other, the last one from then on.

    Instead of a list, a function may decide by the request. `welcome` is what it says when it is asked whether it wants to be
    told things (OPTIONS), and `asked` are those requests; without it they are taken like the others.
    """

    answers: list[Answer] | Callable[[Sent], Answer] = field(default_factory=lambda: [OK])
    got: list[Sent] = field(default_factory=list)
    url: str = ""
    welcome: Answer | None = None
    asked: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = Condition()

    def take(self, sent: Sent) -> Answer:
        with self._changed:
            self.got.append(sent)
            self._changed.notify_all()
            if callable(self.answers):
                return self.answers(sent)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait_for(self, count: int, timeout: float = 30.0) -> bool:
        """Until so many requests have come in; whether they did."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.got) >= count, timeout)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [sent.event for sent in self.got]


@contextmanager
def receiving(receiver: Receiver | None = None, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver that listens while the block lasts."""
    receiver = receiver or Receiver()
    server = _Server((host, 0), _handler(receiver))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.url = f"{'https' if tls else 'http'}://{host}:{server.server_port}/told"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # connections that a sender keeps open would otherwise be waited for
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Senders hang up in the middle; that is what some tests are about."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # headers and body in one packet: two wait for each other's acknowledgement
        wbufsize = -1

        def do_POST(self) -> None:
            headers = {name.lower(): self.headers.get_all(name, []) for name in self.headers}
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            receiver.take(Sent(self.path, headers, body))(self)

        do_GET = do_POST  # noqa: N815

        def do_OPTIONS(self) -> None:
            if receiver.welcome is None:
                return self.do_POST()
            receiver.asked.append(Sent(self.path, {name.lower(): self.headers.get_all(name, []) for name in self.headers}, b""))
            return receiver.welcome(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
