"""One POST to one receiver, and what its answer means; whatever the other side does, it ends in time and in an outcome."""

import ssl
from asyncio import timeout
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import urlsplit

import httpcore2

from hub.adapters.channels.webhook.addresses import AddressRefused, Doorkeeper, Network

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
    """The connections to one callback, as many as there may be exchanges at the same time; kept open between them."""

    def __init__(
        self, callback: str, allow: tuple[Network, ...], patience: Patience, tls: ssl.SSLContext | None = None, at_once: int = 1
    ) -> None:
        self._patience, self._url = patience, httpcore2.URL(callback) if _is_callable(callback) else None
        is_plain = not callback.lower().startswith("https:")
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=at_once,
            keepalive_expiry=30.0,
            network_backend=Doorkeeper(allow, is_plain),
        )

    async def post(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Outcome:
        """Sends once; redirects are not followed, and no more of the answer is read than its first 64 KiB."""
        return (await self._exchanged("POST", body, headers, now)).outcome

    async def options(self, headers: Mapping[str, str], now: datetime) -> Said:
        """Asks once whether this address wants to be told things, with OPTIONS."""
        return await self._exchanged("OPTIONS", b"", headers, now)

    async def close(self) -> None:
        """Hangs up."""
        await self._pool.aclose()

    async def _exchanged(self, method: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Said:
        if self._url is None:
            return Said(Outcome("callback-malformed", Verdict.DEAD), {})
        heard: list[Said] = []
        try:
            async with timeout(self._patience.whole):
                await self._sent_on_an_open_line(self._url, method, body, headers, now, heard)
        except (*_TROUBLES, TimeoutError) as error:
            heard.append(Said(Outcome(_code(error), Verdict.PAUSE), {}))
        # a status that was read has said it all, whatever came after it
        return heard[0]

    async def _sent_on_an_open_line(
        self, to: httpcore2.URL, method: str, body: bytes, headers: Mapping[str, str], now: datetime, heard: list[Said]
    ) -> None:
        was_kept = bool(self._pool.connections)
        try:
            await self._sent(to, method, body, headers, now, heard)
        except _HUNG_UP:
            # on a connection that was kept, the receiver may have hung up at the very moment that we spoke
            if heard or not was_kept:
                raise
            await self._sent(to, method, body, headers, now, heard)

    async def _sent(
        self, to: httpcore2.URL, method: str, body: bytes, headers: Mapping[str, str], now: datetime, heard: list[Said]
    ) -> None:
        extensions = {"timeout": self._patience.steps}
        lines: list[tuple[bytes | str, bytes | str]] = [("User-Agent", "vig-hub"), *headers.items()]
        async with self._pool.stream(method, to, headers=lines, content=body, extensions=extensions) as answer:
            said = {name.decode("latin-1").lower(): text.decode("latin-1").strip() for name, text in reversed(answer.headers)}
            heard.append(Said(meaning(answer.status, said.get("retry-after", ""), now), said))
            # the rest is read so that the connection can serve again
            await _read(answer)


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


async def _read(answer: httpcore2.Response) -> None:
    read = 0
    async for part in answer.aiter_stream():
        read += len(part)
        if read > _LONGEST_ANSWER:
            return


def _code(error: Exception) -> str:
    match error:
        case AddressRefused():
            return "address-refused"
        case TimeoutError() | httpcore2.TimeoutException():
            return "timed-out"
        case httpcore2.ProtocolError():
            return "not-http"
    return "tls-failed" if any(isinstance(each, ssl.SSLError) for each in _behind(error)) else "unreachable"


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
