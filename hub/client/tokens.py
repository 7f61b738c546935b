"""Access tokens: asked for with the key that signs messages (private_key_jwt), and bound to that key where asked (DPoP)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from hub.adapters import compact, jws
from hub.client.problems import NoAnswer, NoToken
from hub.client.senders import Sender

METADATA = "/.well-known/oauth-authorization-server"
TOKEN = "/oauth/token"  # noqa: S105  (an address)
ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE = timedelta(seconds=60)
_BEFORE_ITS_END = timedelta(seconds=60)
_PUBLIC = frozenset({"kty", "crv", "n", "e", "x", "y"})

Ask = Callable[..., tuple[int, Any]]
"""Asks the hub: method, path, headers, form → status and JSON."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, until when it counts, and for the hub at which address."""

    text: str
    until: datetime
    base: str
    is_bound: bool

    def headers(self, sender: Sender, method: str, path: str, now: datetime) -> dict[str, str]:
        """Those that show it for one request; `path` without a query."""
        if not self.is_bound:
            return {"Authorization": f"Bearer {self.text}"}
        return {"Authorization": f"DPoP {self.text}", "DPoP": proof(sender, method, self.base + path, now, self.text)}


class Tokens:
    """The tokens of one sender, each asked for when it is needed and kept until shortly before its end."""

    def __init__(self, sender: Sender, ask: Ask, now: Callable[[], datetime]) -> None:
        self._sender, self._ask, self._now = sender, ask, now
        self._kept: dict[tuple[str, bool], Token] = {}

    def get(self, scope: str = "", *, is_bound: bool = True) -> Token:
        """One that counts for a minute at least, for the scopes named or for all that the organisation has.

        Raises:
            NoToken: the hub gives none.
            NoAnswer: nothing there gives tokens.
        """
        kept = self._kept.get((scope, is_bound))
        if kept is None or kept.until <= self._now() + _BEFORE_ITS_END:
            kept = self._kept[scope, is_bound] = self._asked(scope, is_bound)
        return kept

    def _asked(self, scope: str, is_bound: bool) -> Token:
        base, now = self._base(), self._now()
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTED}
        form |= {"client_assertion": assertion(self._sender, base, now), **({"scope": scope} if scope else {})}
        headers = {"DPoP": proof(self._sender, "POST", base + TOKEN, now)} if is_bound else {}
        status, said = self._ask("POST", TOKEN, headers, form)
        if not isinstance(said, dict) or not {"access_token", "error"} & said.keys():
            raise NoAnswer("What answers there gives no tokens to partners.", code="no-tokens-there")
        if "access_token" not in said:
            raise NoToken(status, {"code": said["error"], "detail": said.get("error_description") or said["error"]})
        return Token(str(said["access_token"]), now + timedelta(seconds=int(said["expires_in"])), base, is_bound)

    def _base(self) -> str:
        _, said = self._ask("GET", METADATA, {}, None)
        if not isinstance(said, dict) or "issuer" not in said:
            raise NoAnswer("What answers there gives no tokens to partners.", code="no-tokens-there")
        return str(said["issuer"])


def assertion(sender: Sender, audience: str, now: datetime) -> str:
    """By what a sender shows who asks for a token (RFC 7523): counts once, for a minute."""
    times = {"iat": int(now.timestamp()), "exp": int((now + _LIFE).timestamp())}
    claims = {"iss": sender.name, "sub": sender.name, "aud": audience, "jti": str(uuid4()), **times}
    return compact.write("JWT", claims, sender.private, kid=sender.kid)


def proof(sender: Sender, method: str, address: str, at: datetime, token: str = "") -> str:
    """That the sender holds its key (DPoP, RFC 9449): counts once; `address` is the whole one, without a query."""
    claims: dict[str, Any] = {"jti": str(uuid4()), "htm": method, "htu": address, "iat": int(at.timestamp())}
    if token:
        claims["ath"] = jws.b64url(sha256(token.encode()).digest())
    public = {name: value for name, value in sender.key.items() if name in _PUBLIC}
    return compact.write("dpop+jwt", claims, sender.private, jwk=public)
