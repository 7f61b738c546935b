"""What an issuer states in a signed token: who logged in (an ID token), or that somebody logged out (a logout token)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import extract_compact

from hub.adapters.login.issuer import Issuer
from hub.errors import Unauthenticated

ALGORITHMS = frozenset({"PS256", "ES256", "RS256", "Ed25519", "EdDSA", "PS384", "ES384", "PS512", "ES512"})
"""Signatures by a key pair; never by a shared secret, never none."""
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY = 30
"""Seconds that two clocks may differ."""
OLDEST = 600
"""Seconds since a statement was made: one about this login, or a log-out just now, is no older."""
_LONGEST = 32_768


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Who logged out: one session of somebody, or all of them where `session` is empty; `id` comes once."""

    subject: str
    session: str
    id: str
    ends: int


def who_logged_in(token: str, access_token: str, issuer: Issuer, client: str, nonce: str, at: datetime) -> Mapping[str, Any]:
    """The claims of an ID token for this client and this login (OpenID Connect Core 1.0, section 3.1.3.7).

    Raises:
        Unauthenticated: it is not that.
        Unavailable: the issuer's keys cannot be had.
    """
    try:
        header, claims = _verified(token, issuer)
        params = {"nonce": nonce, "client_id": client, "access_token": access_token}
        said = CodeIDToken(claims, header, _for(issuer, client), params)
        said.validate(int(at.timestamp()), LEEWAY)
        _refuse_old(claims, at)
    except (JoseError, ValueError, TypeError) as error:
        raise _refused(error) from None
    return claims


def who_logged_out(token: str, issuer: Issuer, client: str, at: datetime) -> LoggedOut:
    """Who logged out, by a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).

    Raises:
        Unauthenticated: it is not one for this client.
        Unavailable: the issuer's keys cannot be had.
    """
    try:
        header, claims = _verified(token, issuer)
        options = {**_for(issuer, client), "jti": {"essential": True}}
        jwt.JWTClaimsRegistry(int(at.timestamp()), LEEWAY, **options).validate(dict(claims))
        _refuse_old(claims, at)
        _refuse_other_types(header)
        return _logged_out(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise _refused(error) from None


def _logged_out(claims: Mapping[str, Any]) -> LoggedOut:
    events = claims.get("events")
    if not (isinstance(events, dict) and isinstance(events.get(LOGGED_OUT), dict)):
        raise ValueError("it does not say that somebody logged out")
    if "nonce" in claims:
        raise ValueError("it has a nonce, as only an ID token has")
    subject, session = claims.get("sub", ""), claims.get("sid", "")
    if not (isinstance(subject, str) and isinstance(session, str) and (subject or session)):
        raise ValueError("it does not say who")
    return LoggedOut(subject, session, claims["jti"], int(claims["exp"]) + LEEWAY)


def _verified(token: str, issuer: Issuer) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if len(token) > _LONGEST or not token.isascii():
        raise ValueError("it is no token")
    header: Mapping[str, Any] = extract_compact(token.encode()).headers()
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(kid, str):
        raise ValueError("it is not signed in a way that the hub accepts")
    key = issuer.key(kid)
    _refuse_unfit(key, str(algorithm))
    read = jwt.decode(token, key, algorithms=[str(algorithm)])
    return read.header, read.claims


def _refuse_unfit(key: Key, algorithm: str) -> None:
    if key.get("alg", algorithm) != algorithm:
        raise ValueError("its key is for another algorithm")


def _refuse_old(claims: Mapping[str, Any], at: datetime) -> None:
    if at.timestamp() - claims["iat"] > OLDEST + LEEWAY:
        raise ValueError("it was made too long ago")


def _refuse_other_types(header: Mapping[str, Any]) -> None:
    if str(header.get("typ", "JWT")).lower().removeprefix("application/") not in ("logout+jwt", "jwt"):
        raise ValueError("it is another kind of token")


def _for(issuer: Issuer, client: str) -> dict[str, Any]:
    own: dict[str, Any] = {"iss": {"essential": True, "value": issuer.address}, "aud": {"essential": True, "value": client}}
    return own | {"exp": {"essential": True}, "iat": {"essential": True}}


def _refused(error: Exception) -> Unauthenticated:
    # the words of the libraries name a claim, never what it says; of anything else only that it is wrong is told
    words = str(error) if isinstance(error, ValueError) and not isinstance(error, JoseError) else getattr(error, "error", "")
    return Unauthenticated(f"The issuer's statement is not accepted: {words or 'it cannot be read'}.", code="login-refused")
