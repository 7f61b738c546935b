"""People log in: OpenID Connect (authorization code, PKCE) at an issuer elsewhere, and sessions that are kept here."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]

from hub.adapters.login.attempts import COOKIE, Attempt, Attempts
from hub.adapters.login.claims import Claims, text
from hub.adapters.login.colleagues import Colleagues
from hub.adapters.login.issuer import PATIENCE, Issuer, trusted
from hub.adapters.login.sessions import LoggedIn, Session, Sessions
from hub.adapters.login.statements import who_logged_in, who_logged_out
from hub.errors import Unauthenticated, Unavailable

CALLBACK = "/login/callback"
"""Where the issuer sends people back to."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who the hub is to the issuer: its id, its secret (empty: none), and its own address, without a slash at the end."""

    id: str
    secret: str
    base_url: str
    claims: Claims

    @property
    def callback(self) -> str:
        return self.base_url + CALLBACK


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that has begun: where the browser goes, and the cookie that it brings back."""

    address: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody came in: the id of their session, and the path that they wanted."""

    session: str
    to: str


class Taken(Protocol):
    """What may count only once: `take` gives whether this was the first time."""

    def take(self, kind: str, owner: str, id: str, until: datetime, now: datetime) -> bool: ...

    def is_taken(self, kind: str, owner: str, id: str) -> bool: ...


class Login:
    """Lets people in and out; `attempt_cookie` is the name of the cookie of a login that has begun."""

    def __init__(
        self, issuer: Issuer, client: Client, sessions: Sessions, attempts: Attempts, once: Taken, colleagues: Colleagues
    ) -> None:
        self._issuer, self._client, self._attempts, self._once = issuer, client, attempts, once
        self.sessions, self._colleagues = sessions, colleagues
        self.attempt_cookie = COOKIE

    def begin(self, to: str, at: datetime) -> Begun:
        """Begins a login that ends at that path of the hub. Raises: Malformed, no such path; Unavailable, no issuer."""
        attempt = self._attempts.begin(to, at)
        with self._speaking() as client:
            address, _ = client.create_authorization_url(
                self._issuer.endpoints().authorization,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return Begun(address, self._attempts.seal(attempt))

    def finish(self, said: Mapping[str, str], cookie: str, before: str, at: datetime) -> Entered:
        """Ends a login by what the issuer let the browser say; the session `before` (an id, or empty) ends.

        Raises:
            Unauthenticated: not a login that this browser began just now, or the issuer vouches for nobody.
            NotAllowed: the issuer does, but for no role that the hub knows.
            Unavailable: the issuer cannot be reached, or nothing can be stored.
        """
        attempt = self._attempt(said, cookie, at)
        if "code" not in said:
            raise Unauthenticated("The issuer let nobody in.", code="login-refused")
        answer = self._exchanged(said["code"], attempt)
        statement, access = (str(answer.get(name) or "") for name in ("id_token", "access_token"))
        claims = who_logged_in(statement, access, self._issuer, self._client.id, attempt.nonce, at)
        subject, session = str(claims["sub"]), text(claims.get("sid"))
        who = LoggedIn(self._client.claims.caller(claims), self._issuer.address, subject, session, statement)
        if before:
            self.sessions.close(before)
        id = self._open(who, at)
        self._colleagues.note(self._client.claims.colleague(claims), at)
        return Entered(id, attempt.to)

    def leave(self, session: str) -> bool:
        """Ends a session here, and then at the issuer (RP-Initiated Logout 1.0); gives whether the issuer took note.

        The hub tells the issuer itself, so that no statement about anybody has to go through an address or a page.
        """
        statement = self.sessions.close(session)
        try:
            place = self._issuer.endpoints().end_session
            body = {"id_token_hint": statement, "client_id": self._client.id}
            return bool(place and statement) and not httpx2.post(place, data=body, timeout=PATIENCE, verify=trusted()).is_error
        except (httpx2.HTTPError, httpx2.InvalidURL, Unavailable):
            return False

    def hear(self, token: str, at: datetime) -> int:
        """Ends the sessions of whom the issuer says that they logged out (Back-Channel Logout 1.0); gives how many.

        Raises:
            Unauthenticated: the issuer does not say so, or said it before.
            Unavailable: its keys cannot be had, or nothing can be stored.
        """
        who = who_logged_out(token, self._issuer, self._client.id, at)
        if not self._once.take("logout", self._issuer.address, who.id, datetime.fromtimestamp(who.ends, UTC), at):
            raise Unauthenticated("The issuer said this before.", code="login-refused")
        if who.session:
            self._once.take("left", self._issuer.address, who.session, at + self.sessions.longest, at)
        return self.sessions.close_all_of(who.subject, who.session)

    def _open(self, who: LoggedIn, at: datetime) -> str:
        id = self.sessions.open(who, at)
        # the issuer may have ended its session while ours began: whoever looks second sees what the other did
        if who.session and self._once.is_taken("left", who.issuer, who.session):
            self.sessions.close(id)
            raise Unauthenticated("The issuer says that this person has logged out.", code="login-refused")
        return id

    def _attempt(self, said: Mapping[str, str], cookie: str, at: datetime) -> Attempt:
        """The attempt that this answer belongs to, which counts no second time."""
        try:
            attempt = self._attempts.open(cookie)
        except ValueError:
            raise _stale() from None
        is_ours = hmac.compare_digest(attempt.state.encode(), said.get("state", "").encode())
        if not is_ours or at.timestamp() >= attempt.ends:
            raise _stale()
        if said.get("iss", "" if self._issuer.endpoints().names_itself else self._issuer.address) != self._issuer.address:
            raise Unauthenticated("Another issuer answered than was asked.", code="login-refused")
        if not self._once.take("login", "", attempt.state, datetime.fromtimestamp(attempt.ends, UTC), at):
            raise _stale()
        return attempt

    def _exchanged(self, code: str, attempt: Attempt) -> Mapping[str, Any]:
        place = self._issuer.endpoints().token
        try:
            with self._speaking() as client:
                found = client.fetch_token(place, grant_type="authorization_code", code=code, code_verifier=attempt.verifier)
        except AuthlibBaseError:
            raise Unauthenticated("The issuer does not know this login.", code="login-refused") from None
        except (httpx2.HTTPError, ValueError):
            raise Unavailable("The login issuer does not answer as it should.", code="login-unavailable") from None
        return dict(found)

    def _speaking(self) -> Any:
        return OAuth2Client(
            self._client.id,
            self._client.secret or None,
            scope="openid",
            redirect_uri=self._client.callback,
            code_challenge_method="S256",
            timeout=PATIENCE,
            verify=trusted(),
        )


def _stale() -> Unauthenticated:
    return Unauthenticated("This login was not begun in this browser, took too long, or was used before.", code="login-stale")


__all__ = ["Attempts", "Begun", "Claims", "Client", "Colleagues", "Entered", "Issuer", "LoggedIn", "Login", "Session", "Sessions"]
