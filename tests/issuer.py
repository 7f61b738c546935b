"""Where people log in, in tests and benchmarks: one real key, its public half in a file, and tokens that a hub believes."""

import atexit
import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from hub.adapters import compact, jws

ISSUER = "https://login.example.org/realms/vig"
AUDIENCE = "vig-hub"


@cache
def _jwk(kid: str) -> dict[str, Any]:
    return jws.new_jwk("ES256", kid)


@cache
def _private(kid: str) -> jws.PrivateKey:
    return jws.private_key(_jwk(kid))


@cache
def jwks() -> Path:
    """The file with its public keys, which is there as long as this process is."""
    place = TemporaryDirectory(prefix="vig-issuer-")
    atexit.register(place.cleanup)
    file = Path(place.name) / "jwks.json"
    file.write_text(json.dumps({"keys": [jws.public_half(_jwk("login-1"))]}))
    return file


def settings() -> dict[str, Any]:
    """The settings of a hub that believes it."""
    return {"login_issuer": ISSUER, "login_audience": AUDIENCE, "login_jwks": str(jwks())}


def environment() -> dict[str, str]:
    """The same as environment variables."""
    return {f"HUB_{name.upper()}": value for name, value in settings().items()}


def token(role: str, subject: str, organisation: str, at: datetime, minutes: float = 60, **but: Any) -> str:
    """An access token of somebody in that role; `but` says which claims are otherwise."""
    return signed(claims(role, subject, organisation, at, minutes) | but)


def claims(role: str, subject: str, organisation: str, at: datetime, minutes: float = 60) -> dict[str, Any]:
    """What such a token says."""
    times = {"iat": int(at.timestamp()), "exp": int((at + timedelta(minutes=minutes)).timestamp()), "jti": str(uuid4())}
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "hub_role": str(role), "organisation": organisation, **times}


def signed(said: dict[str, Any], typ: str = "at+jwt", kid: str = "login-1", key: str = "login-1") -> str:
    """A token that says this, by the key of the issuer or by another."""
    return compact.write(typ, said, _private(key), kid=kid)


def bearer(role: str, subject: str, organisation: str, at: datetime, minutes: float = 60) -> dict[str, str]:
    """The header of somebody who shows such a token."""
    return {"Authorization": f"Bearer {token(role, subject, organisation, at, minutes)}"}
