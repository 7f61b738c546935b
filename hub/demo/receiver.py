"""Where the partners are told things: a webhook receiver on loopback that verifies whatever comes before it believes it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from time import monotonic, perf_counter
from typing import Any

from hub.client import NotByTheHub, Verifier

RAISED = ".level-raised.v1"
Headers = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice to one organisation; `came` is the reading of the performance counter."""

    organisation: str
    event: Mapping[str, Any]
    is_verified: bool
    came: float

    @property
    def subject(self) -> str:
        """The axis that rose and how far, or else the type: every organisation has names of its own for escalations."""
        said = self.event["data"]
        return f"{said['axis']} {said['level']}" if self.event["type"].endswith(RAISED) else str(self.event["type"])


class Receiver:
    """Keeps what came, and whether the hub's signatures hold."""

    def __init__(self, verifier: Verifier) -> None:
        self.deliveries: list[Delivery] = []
        self._verifier, self._news = verifier, Condition()

    def take(self, organisation: str, headers: Headers, body: bytes) -> bool:
        """Takes a delivery in; says whether it is to be believed."""
        came = perf_counter()
        try:
            is_verified = bool(self._verifier.notice(headers, body))
        except NotByTheHub:
            is_verified = False
        with self._news:
            self.deliveries.append(Delivery(organisation, json.loads(body), is_verified, came))
            self._news.notify_all()
        return is_verified

    def about(self, subject: str, count: int, timeout: float = 5.0) -> list[Delivery]:
        """The deliveries about a subject as soon as there are so many, or when the time (seconds) is over."""
        until = monotonic() + timeout
        with self._news:
            self._news.wait_for(lambda: len(self._of(subject)) >= count, max(until - monotonic(), 0))
            return self._of(subject)

    def _of(self, subject: str) -> list[Delivery]:
        return [delivery for delivery in self.deliveries if delivery.subject == subject]

    def log(self) -> list[dict[str, Any]]:
        """What came, for people to read."""
        with self._news:
            return [{"to": one.organisation, "verified": one.is_verified, "event": one.event} for one in self.deliveries]


@contextmanager
def receiving(receiver: Receiver) -> Iterator[str]:
    """Lets a receiver listen while the block lasts; gives its address, to which an organisation's name is added."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo-receiver", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): self.headers.get_all(name) or [] for name in self.headers}
            is_verified = receiver.take(self.path.strip("/"), headers, body)
            self._answer(204 if is_verified else 401, b"")

        def do_GET(self) -> None:
            self._answer(200, json.dumps(receiver.log(), indent=2).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Endpoint
