"""Mail servers on loopback: real SMTP, that take what comes, or will not."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Condition
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.parts.servers import a_free_port


@dataclass
class Mailboxes:
    """What was taken; `says` is what the server says to a recipient instead of taking it, one after the other."""

    says: list[str] = field(default_factory=list)
    got: list[EmailMessage] = field(default_factory=list)
    port: int = 0
    host: str = "127.0.0.1"
    tries: int = 0

    def __post_init__(self) -> None:
        self._changed = Condition()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        """Takes a recipient, or says what it was told to."""
        with self._changed:
            self.tries += 1
            self._changed.notify_all()
        if self.says:
            return self.says.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Takes a message."""
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        with self._changed:
            self.got.append(message)
            self._changed.notify_all()
        return "250 OK"

    def wait_for(self, count: int, timeout: float = 30.0) -> bool:
        """Until so many messages have come; whether they did."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.got) >= count, timeout)

    def to(self, address: str) -> list[EmailMessage]:
        """What came for somebody."""
        return [message for message in self.got if message["To"] == address]


@contextmanager
def receiving_mail(boxes: Mailboxes | None = None, tls: ssl.SSLContext | None = None, password: str = "") -> Iterator[Mailboxes]:
    """A mail server that listens while the block lasts; with `tls` it asks STARTTLS, with a password a login (as `hub`)."""
    boxes = boxes or Mailboxes()

    def is_right(_server: Any, _session: Any, _envelope: Any, _mechanism: str, said: Any) -> AuthResult:
        return AuthResult(success=(said.login, said.password) == (b"hub", password.encode()))

    asks = {"auth_required": True, "authenticator": is_right} if password else {}
    secured = {"tls_context": tls, "require_starttls": True} if tls else {}
    controller = Controller(boxes, hostname=boxes.host, port=a_free_port(), **secured, **asks)
    controller.start()
    try:
        boxes.port = controller.port
        yield boxes
    finally:
        controller.stop()
