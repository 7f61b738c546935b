"""Sessions: who is logged in, in which browser, and until when; kept here, so that they end the moment somebody says so."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlsplit

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from hub.adapters.database import locked, looking, promised, quickly
from hub.adapters.login.ids import csrf_of, digest_of, opened, sealed
from hub.domain.callers import Caller, Capacity
from hub.errors import NotAllowed, Unauthenticated

TABLES = MetaData()
_LONG = BigInteger().with_variant(Integer, "sqlite")
_sessions = Table(
    "sessions",
    TABLES,
    Column("digest", String(64), primary_key=True),
    Column("role", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("issuer_subject", Text, nullable=False, index=True),
    Column("issuer_session", Text, nullable=False, index=True),
    Column("statement", LargeBinary, nullable=False),
    Column("begun", _LONG, nullable=False, index=True),
    Column("used", _LONG, nullable=False),
    sqlite_with_rowid=False,
)
_S = _sessions.c
_RUNS = "SELECT role, subject, organisation, begun, used FROM sessions WHERE digest = ? AND issuer = ? AND begun > ? AND used > ?"
"""Past SQLAlchemy's machinery, for every page looks several times."""
COOKIE = "__Host-hub-session"
"""Browsers let no other host, path or plain connection set a cookie whose name begins so; over http they take this machine's."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""
_MOST_MOVES = 30
"""How many times a session's last use is written down in the time that it may stand idle."""
_SAID = "the hub cannot look who is logged in"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Somebody whom the issuer vouches for: as the hub knows them, as the issuer does, and its statement (an ID token)."""

    caller: Caller
    issuer: str
    subject: str
    session: str
    statement: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session that runs: whose, what proves that a page of ours asks (`csrf`), and when it ends idle or anyhow."""

    caller: Caller
    csrf: str
    idle_until: datetime
    until: datetime


class Sessions:
    """The sessions of one hub, for people of one issuer; only what is derived from an id (SHA-256) is stored.

    `cookie` is the name under which a browser keeps the id.
    """

    def __init__(self, door: Engine, base_url: str, issuer: str, idle: timedelta, longest: timedelta) -> None:
        self._door, self._issuer, self._idle, self.longest = door, issuer, idle, longest
        self._origin = origin_of(base_url)
        self.cookie = COOKIE

    def open(self, who: LoggedIn, at: datetime) -> str:
        """A new session under a new id, which is given to the browser and to nobody else. Raises: Unavailable."""
        id = token_urlsafe(32)
        row = {"role": who.caller.role.value, "subject": who.caller.subject, "organisation": who.caller.organisation}
        row |= {"issuer": who.issuer, "issuer_subject": who.subject, "issuer_session": who.session}
        now = int(at.timestamp())
        kept = {"digest": digest_of(id), "statement": sealed(who.statement, id), "begun": now, "used": now}
        with promised(_SAID), locked(self._door) as connection:
            connection.execute(delete(_sessions).where(_is_over(self._times(at))))
            connection.execute(insert(_sessions).values(**row, **kept))
        return id

    def look(self, id: str, at: datetime) -> Session | None:
        """The session with that id if it runs, which it then goes on to do. Raises: Unavailable."""
        digest = digest_of(id)
        with promised(_SAID), looking(self._door) as connection:
            rows = quickly(connection, _RUNS, digest, self._issuer, *self._times(at))
        if not rows:
            return None
        ((role, subject, organisation, begun, used),) = rows
        last = datetime.fromtimestamp(self._use(digest, used, int(at.timestamp())), UTC)
        caller = Caller(Capacity(role), subject, organisation)
        until = datetime.fromtimestamp(begun, UTC) + self.longest
        return Session(caller, csrf_of(id), min(last + self._idle, until), until)

    def caller(self, cookie: str, csrf: str, method: str, origin: str, at: datetime, site: str = "") -> Caller:
        """Who asks with this cookie; what changes something needs the session's CSRF token and has to come from our own pages.

        `origin` and `site` are the headers Origin and Sec-Fetch-Site, empty where they were not sent.

        Raises:
            Unauthenticated: no session that runs.
            NotAllowed: the request was made by somebody else's page.
            Unavailable: nobody can tell.
        """
        found = self.look(cookie, at)
        if found is None:
            raise Unauthenticated("You are not logged in, or not any more: log in again.", code="session-over")
        self.refuse_strangers(cookie, csrf, method, origin, site)
        return found.caller

    def refuse_strangers(self, id: str, csrf: str, method: str, origin: str, site: str) -> None:
        """Lets a request through that a page of ours can have made. Raises: NotAllowed."""
        if method.upper() in SAFE:
            return
        if origin not in ("", self._origin) or site not in ("", "same-origin", "none"):
            raise NotAllowed("This was sent by a page that is not the hub's.", code="other-origin")
        if not hmac.compare_digest(csrf.encode(), csrf_of(id).encode()):
            raise NotAllowed("This does not hold the token that the hub's own pages send.", code="csrf")

    def close(self, id: str) -> str:
        """Ends a session at once; gives the issuer's statement, to log out there too, or nothing. Raises: Unavailable."""
        here = _S.digest == digest_of(id)
        with promised(_SAID), locked(self._door) as connection:
            row = connection.execute(select(_S.statement).where(here)).first()
            connection.execute(delete(_sessions).where(here))
        return opened(row.statement, id) if row else ""

    def close_all_of(self, subject: str, session: str) -> int:
        """Ends every session of somebody, or the one by the issuer's `session`, at once; gives how many. Raises: Unavailable."""
        said = ((_S.issuer_subject, subject), (_S.issuer_session, session))
        whose = [column == value for column, value in said if value]
        with promised(_SAID), locked(self._door) as connection:
            return connection.execute(delete(_sessions).where(_S.issuer == self._issuer, *whose)).rowcount

    def _times(self, at: datetime) -> tuple[int, int]:
        return int((at - self.longest).timestamp()), int((at - self._idle).timestamp())

    def _use(self, digest: str, used: int, now: int) -> int:
        # a write for every request would make the disk the limit of how fast people can read
        if now - used < self._idle.total_seconds() / _MOST_MOVES:
            return used
        with promised(_SAID), locked(self._door) as connection:
            connection.execute(update(_sessions).where(_S.digest == digest, _S.used < now).values(used=now))
        return now


def origin_of(address: str) -> str:
    """The origin of an address (RFC 6454), as browsers write it."""
    parts = urlsplit(address)
    whole = f"{parts.scheme}://{parts.netloc}".lower()
    return whole.removesuffix({"https": ":443", "http": ":80"}.get(parts.scheme, ""))


def _is_over(times: tuple[int, int]) -> ColumnElement[bool]:
    begun, used = times
    return (_S.begun <= begun) | (_S.used <= used)
