"""What the demo's provider signs: who logged in, what they may ask with, and that they logged out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from hub.adapters import compact, jws
from hub.demo.provider.people import Application, Person
from hub.ports import Clock

LASTS = 300
"""Seconds that a token is valid."""
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Seal:
    """The provider's key (ES256), as a JWK with its private half."""

    jwk: Mapping[str, Any] = field(default_factory=lambda: jws.new_jwk("ES256", f"demo-{token_urlsafe(6)}"))

    def write(self, typ: str, claims: Mapping[str, Any]) -> str:
        """A token of that type."""
        return compact.write(typ, claims, jws.private_key(self.jwk), kid=self.jwk["kid"])

    def jwks(self) -> dict[str, Any]:
        """What everybody may see of the key."""
        return {"keys": [jws.public_half(self.jwk)]}

    def read(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that this key signed. Raises: ValueError."""
        read = compact.read(token)
        if not read.is_signed(jws.private_key(self.jwk).public_key()):
            raise ValueError("not a token of this provider")
        return read.claims


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes tokens, at the time of a clock."""

    issuer: str
    clock: Clock
    seal: Seal

    def access(self, who: Person, to: Application) -> str:
        """An access token (RFC 9068) for what the application works with."""
        claims = {**self._of(who, to.audience), "client_id": to.id, "scope": "openid", "jti": token_urlsafe(16)}
        return self.seal.write("at+jwt", claims)

    def identity(self, who: Person, to: Application, nonce: str, session: str, access: str) -> str:
        """An ID token for the application, that belongs to an access token."""
        half = jws.b64url(sha256(access.encode()).digest()[:16])
        more = {"azp": to.id, "nonce": nonce, "sid": session, "at_hash": half, "auth_time": self._now()}
        called = {name: value for name in ("name", "organisation_name") if (value := getattr(who, name))}
        return self.seal.write("JWT", {**self._of(who, to.id), **called, **more})

    def log_out(self, who: Person, to: Application, session: str) -> str:
        """A logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4)."""
        about = {"sub": who.subject, "sid": session, "jti": token_urlsafe(16), "events": {LOGGED_OUT: {}}}
        return self.seal.write("logout+jwt", {**self._signed_for(to.id), **about})

    def _of(self, who: Person, audience: str) -> dict[str, Any]:
        said = {"hub_role": who.role, "organisation": who.organisation}
        return {**self._signed_for(audience), "sub": who.subject, **{name: value for name, value in said.items() if value}}

    def _signed_for(self, audience: str) -> dict[str, Any]:
        return {"iss": self.issuer, "aud": audience, "iat": self._now(), "exp": self._now() + LASTS}

    def _now(self) -> int:
        return int(self.clock.now().timestamp())
