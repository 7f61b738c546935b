"""Handing a mail to a mail server (SMTP, RFC 5321), over TLS unless it stands on this machine."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from hub.errors import Unavailable

SECONDS = 20.0
Security = Literal["starttls", "tls", "none"]


class Refused(Exception):
    """The mail server will not have it: `code` says why, `is_final` that it never will."""

    def __init__(self, code: str, is_final: bool) -> None:
        super().__init__(code)
        self.code, self.is_final = code, is_final


@dataclass(frozen=True, slots=True)
class Post:
    """A mail server, and who the hub is to it; `sender` is the address that mail comes from."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Post | None":
        """As the settings say; nothing where they name no server. Raises: Unavailable."""
        host, security = settings.get("HUB_MAIL_HOST", ""), settings.get("HUB_MAIL_SECURITY", "starttls")
        if not host:
            return None
        sender, port = settings.get("HUB_MAIL_FROM", ""), settings.get("HUB_MAIL_PORT", "") or _PORTS.get(security, "")
        _refuse_unlike(sender, port, security, host)
        user, file = settings.get("HUB_MAIL_USER", ""), settings.get("HUB_MAIL_PASSWORD_FILE", "")
        return cls(host, int(port), security, sender, user, _read(file))  # type: ignore[arg-type]

    def send(self, message: EmailMessage) -> str:
        """Hands it over; gives a code of how that went. Raises: Refused."""
        try:
            with _until_said(self._dialled()) as server:
                self._log_in(server)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            raise _refused(*next(iter(refused.recipients.values()))) from None
        except smtplib.SMTPResponseException as refused:
            raise _refused(refused.smtp_code, b"") from None
        except ssl.SSLError:
            raise Refused("tls-failed", is_final=False) from None
        except (OSError, smtplib.SMTPException) as trouble:
            raise Refused("timed-out" if isinstance(trouble, TimeoutError) else "unreachable", is_final=False) from None
        return "smtp-250"

    def _log_in(self, server: smtplib.SMTP) -> None:
        try:
            if self.user:
                server.login(self.user, self.password)
        except smtplib.SMTPException:
            # a password that is wrong may be mended; what was to be said is not wrong
            raise Refused("login-refused", is_final=False) from None

    def _dialled(self) -> smtplib.SMTP:
        tls = self.tls or ssl.create_default_context()
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=tls)
        server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        if self.security == "starttls":
            try:
                server.starttls(context=tls)
            except BaseException:
                server.close()
                raise
        return server


@contextmanager
def _until_said(server: smtplib.SMTP) -> Iterator[smtplib.SMTP]:
    try:
        yield server
    finally:
        # what was taken is taken, however the server says goodbye
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


_PORTS = {"starttls": "587", "tls": "465", "none": "25"}


def _refused(code: int, _: bytes) -> Refused:
    return Refused(f"smtp-{code}", is_final=code >= 500)


def _refuse_unlike(sender: str, port: str, security: str, host: str) -> None:
    if "@" not in sender:
        raise Unavailable("HUB_MAIL_FROM has to be the address that mail comes from.", code="mail-settings")
    if security not in _PORTS:
        raise Unavailable("HUB_MAIL_SECURITY is starttls, tls or none.", code="mail-settings")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Unavailable("HUB_MAIL_PORT is a number from 1 to 65535.", code="mail-settings")
    if security == "none" and not _is_here(host):
        raise Unavailable("Mail goes without TLS to a server on this machine only: set HUB_MAIL_SECURITY.", code="mail-settings")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(file: str) -> str:
    try:
        return Path(file).read_text().strip() if file else ""
    except OSError:
        raise Unavailable("The file that HUB_MAIL_PASSWORD_FILE names cannot be read.", code="mail-settings") from None
