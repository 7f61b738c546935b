"""One POST to one receiver, and what its answer means; whatever the other side does, it ends in time and in an outcome."""

import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import urlsplit

import httpcore2

from hub.adapters.channels.webhook.addresses import AddressRefused, Budget, Doorkeeper, Network

_LONGEST_ANSWER = 64 * 1024
_LONGEST_PAUSE = timedelta(days=1)
_NEVER_MIND = frozenset({408, 409, 425})
_OVERLOADED = frozenset({429, 502, 503, 504})
_HUNG_UP = (httpcore2.ReadError, httpcore2.WriteError, httpcore2.RemoteProtocolError)
_TROUBLES = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol)


class Verdict(StrEnum):
    """What is to be done after an attempt."""

    DELIVERED = "delivered"
    LATER = "later"
    """This notice again later; others of other families go on."""
    PAUSE = "pause"
    """Nothing for this receiver for a while."""
    DEAD = "dead"
    """Never again by itself: the receiver will not have this one."""
    RETIRE = "retire"
    """The receiver is gone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: a code for people, a verdict, and how long the receiver asked us to stay away."""

    code: str
    verdict: Verdict
    stay_away: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """How asking ended, and the headers of the answer (names in lower case)."""

    outcome: Outcome
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        """The first header of that name; empty where there is none."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for each step of an exchange, and for all of it."""

    connect: float = 5.0
    write: float = 10.0
    read: float = 15.0
    whole: float = 30.0

    @property
    def steps(self) -> dict[str, float]:
        return {"connect": self.connect, "write": self.write, "read": self.read, "pool": self.whole}


class Line:
    """The connection to one callback, for one thread at a time; kept open between exchanges."""

    def __init__(self, callback: str, allow: tuple[Network, ...], patience: Patience, tls: ssl.SSLContext | None = None) -> None:
        self.callback, self._patience, self._budget = callback, patience, Budget()
        is_plain = not callback.lower().startswith("https:")
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls,
            max_connections=1,
            keepalive_expiry=30.0,
            network_backend=Doorkeeper(allow, is_plain, self._budget),
        )

    def post(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Outcome:
        """Sends once; redirects are not followed, and no more of the answer is read than its first 64 KiB."""
        return self._exchanged(lambda: self._sent_on_an_open_line("POST", body, headers, now)).outcome

    def options(self, headers: Mapping[str, str], now: datetime) -> Said:
        """Asks once whether this address wants to be told things, with OPTIONS."""
        return self._exchanged(lambda: self._sent_on_an_open_line("OPTIONS", b"", headers, now))

    def _exchanged(self, do: Callable[[], Said]) -> Said:
        if not _is_callable(self.callback):
            return Said(Outcome("callback-malformed", Verdict.DEAD), {})
        self._budget.begin(self._patience.whole)
        try:
            return do()
        except _TROUBLES as error:
            return Said(Outcome(_code(error), Verdict.PAUSE), {})

    def close(self) -> None:
        """Hangs up."""
        self._pool.close()

    def _sent_on_an_open_line(self, method: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Said:
        was_kept = bool(self._pool.connections)
        try:
            return self._sent(method, body, headers, now)
        except _HUNG_UP:
            # on a connection that was kept, the receiver may have hung up at the very moment that we spoke
            if not was_kept:
                raise
        return self._sent(method, body, headers, now)

    def _sent(self, method: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Said:
        extensions = {"timeout": self._patience.steps}
        lines: list[tuple[bytes | str, bytes | str]] = [("User-Agent", "vig-hub"), *headers.items()]
        with self._pool.stream(method, self.callback, headers=lines, content=body, extensions=extensions) as answer:
            said = {name.decode("latin-1").lower(): text.decode("latin-1").strip() for name, text in reversed(answer.headers)}
            outcome = meaning(answer.status, said.get("retry-after", ""), now)
            # the status has said it all; the rest is read so that the connection can serve again
            with suppress(*_TROUBLES):
                _read(answer)
        return Said(outcome, said)


def meaning(status: int, retry_after: str, now: datetime) -> Outcome:
    """What an HTTP answer means for a delivery."""
    code = f"http-{status}"
    if 200 <= status < 300:
        return Outcome(code, Verdict.DELIVERED)
    if status == 410:
        return Outcome(code, Verdict.RETIRE)
    if status in _OVERLOADED:
        return Outcome(code, Verdict.PAUSE, _stay_away(retry_after, now))
    if 400 <= status < 500 and status not in _NEVER_MIND:
        return Outcome(code, Verdict.DEAD)
    return Outcome(code, Verdict.LATER)


def _stay_away(text: str, now: datetime) -> timedelta | None:
    """`Retry-After` in seconds or as a date (RFC 9110, 10.2.3), between a second and a day."""
    asked = timedelta(seconds=int(text[:9])) if text.isascii() and text.isdigit() else _until(text, now)
    return None if asked is None else min(max(asked, timedelta(seconds=1)), _LONGEST_PAUSE)


def _until(text: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


def _is_callable(callback: str) -> bool:
    try:
        parts = urlsplit(callback)
        port = parts.port
    except ValueError:
        return False
    # a name and a password in the address would be shown wherever the address is
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and port != 0


def _read(answer: httpcore2.Response) -> None:
    read = 0
    for part in answer.iter_stream():
        read += len(part)
        if read > _LONGEST_ANSWER:
            return


def _code(error: Exception) -> str:
    match error:
        case AddressRefused():
            return "address-refused"
        case httpcore2.TimeoutException():
            return "timed-out"
        case httpcore2.ProtocolError():
            return "not-http"
    return "tls-failed" if isinstance(error.__context__, ssl.SSLError) else "unreachable"
