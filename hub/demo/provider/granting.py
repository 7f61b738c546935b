"""Who is let in where by the demo's provider: codes that are given and exchanged once, and sessions that end."""

import hmac
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock
from typing import Any
from urllib.parse import unquote_plus, urlencode

import httpx2

from hub.adapters.jws import b64url
from hub.demo.provider.people import PEOPLE, Application, Person
from hub.demo.provider.tokens import LASTS, Tokens

CODE_LASTS = timedelta(minutes=1)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class Refused(Exception):
    """What the provider does not do; the words are an error of RFC 6749."""


@dataclass(frozen=True, slots=True)
class Given:
    """A code that was given: to whom, for which application, with what has to come back, and until when."""

    who: Person
    to: Application
    challenge: str
    nonce: str
    until: datetime


@dataclass
class Provider:
    """Who is logged in where, and the codes that wait to be exchanged."""

    tokens: Tokens
    applications: Sequence[Application]
    people: Sequence[Person] = PEOPLE
    sessions: dict[str, tuple[Person, Application]] = field(default_factory=dict)
    _codes: dict[str, Given] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def issuer(self) -> str:
        return self.tokens.issuer

    def wanted(self, asked: Mapping[str, str]) -> Application:
        """The application that asks to let somebody log in. Raises: Refused."""
        to = next((each for each in self.applications if each.id == asked.get("client_id")), None)
        if to is None or asked.get("redirect_uri") != to.callback:
            raise Refused("invalid_request")
        is_code = asked.get("response_type") == "code" and "openid" in asked.get("scope", "").split()
        is_proven = asked.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(asked.get("code_challenge", ""))
        if not (is_code and is_proven):
            raise Refused("invalid_request")
        return to

    def let_in(self, asked: Mapping[str, str], who: str) -> str:
        """The address to go back to with a code for somebody who was chosen. Raises: Refused."""
        to, person = self.wanted(asked), next((each for each in self.people if each.subject == who), None)
        if person is None:
            raise Refused("access_denied")
        code, until = token_urlsafe(24), self.tokens.clock.now() + CODE_LASTS
        with self._lock:
            self._codes[code] = Given(person, to, asked["code_challenge"], asked.get("nonce", ""), until)
        return f"{to.callback}?{urlencode({'code': code, 'state': asked.get('state', ''), 'iss': self.issuer})}"

    def exchange(self, form: Mapping[str, str], to: Application) -> dict[str, Any]:
        """The tokens for a code, once. Raises: Refused."""
        with self._lock:
            given = self._codes.pop(form.get("code", ""), None)
        shown = b64url(sha256(form.get("code_verifier", "").encode()).digest())
        if given is None or given.to != to or form.get("redirect_uri") != to.callback or shown != given.challenge:
            raise Refused("invalid_grant")
        if self.tokens.clock.now() >= given.until:
            raise Refused("invalid_grant")
        session, access = token_urlsafe(16), self.tokens.access(given.who, to)
        self.sessions[session] = (given.who, to)
        identity = self.tokens.identity(given.who, to, given.nonce, session, access)
        return {"access_token": access, "token_type": "Bearer", "expires_in": LASTS, "scope": "openid", "id_token": identity}

    def known(self, form: Mapping[str, str], authorization: str) -> Application:
        """The application that shows who it is, by its secret (RFC 6749, section 2.3.1) or without one. Raises: Refused."""
        id, secret = _shown(authorization) or (form.get("client_id", ""), "")
        to = next((each for each in self.applications if each.id == id), None)
        if to is None or not hmac.compare_digest(to.secret.encode(), secret.encode()):
            raise Refused("invalid_client")
        return to

    def end(self, session: str) -> bool:
        """Ends a session, and tells its application; gives whether there was one."""
        found = self.sessions.pop(session, None)
        if found is None:
            return False
        who, to = found
        if to.logged_out:
            said = {"logout_token": self.tokens.log_out(who, to, session)}
            httpx2.post(to.logged_out, data=said, timeout=5, verify=False)
        return True

    def end_hinted(self, hint: str) -> bool:
        """The same by an ID token of that session. Raises: Refused."""
        try:
            return self.end(str(self.tokens.seal.read(hint).get("sid", "")))
        except ValueError:
            raise Refused("invalid_request") from None


def _shown(authorization: str) -> tuple[str, str] | None:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        id, _, secret = b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        raise Refused("invalid_client") from None
    return unquote_plus(id), unquote_plus(secret)
