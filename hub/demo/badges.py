"""The access tokens of the people of the demo, got from the demo's provider as any application gets them."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlsplit

import httpx2

from hub.adapters.jws import b64url
from hub.demo.cast import Staff
from hub.demo.provider.people import Application
from hub.ports import Clock


class Badges:
    """Tokens for somebody at work, by the authorization code flow with PKCE; one lasts until the clock moves."""

    def __init__(self, issuer: str, application: Application, clock: Clock, to: httpx2.Client) -> None:
        self._issuer, self._application, self._clock, self._to = issuer, application, clock, to
        self._kept: dict[str, tuple[datetime, str]] = {}

    def of(self, who: Staff) -> str:
        """A token of somebody that is valid now."""
        made, token = self._kept.get(who.who, (None, ""))
        if made != self._clock.now():
            token = self._new(who)
            self._kept[who.who] = self._clock.now(), token
        return token

    def _new(self, who: Staff) -> str:
        verifier, back = token_urlsafe(48), {"client_id": self._application.id, "redirect_uri": self._application.callback}
        challenge = {"code_challenge": b64url(sha256(verifier.encode()).digest()), "code_challenge_method": "S256"}
        asked = {"response_type": "code", "scope": "openid", "state": token_urlsafe(16), "who": who.who, **back, **challenge}
        let_in = self._to.post(f"{self._issuer}/authorize", data=asked)
        (code,) = parse_qs(urlsplit(let_in.headers["location"]).query)["code"]
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, **back}
        token: str = self._to.post(f"{self._issuer}/token", data=form).raise_for_status().json()["access_token"]
        return token
