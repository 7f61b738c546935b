"""The issuer where people log in: what it says of itself, and its keys, both fetched from it and kept for a while."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import loads
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from hub.errors import Unavailable

KEPT = 3600.0
"""Seconds that what an issuer said is believed before it is asked again."""
AGAIN = 10.0
"""Seconds at least between two looks for a key that was not there."""
PATIENCE = 5.0
"""Seconds that an issuer gets to answer."""
_MOST = 1_000_000
"""Bytes in an answer."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What an issuer says of itself (OpenID Connect Discovery 1.0) as far as the hub uses it; `end_session` may be empty."""

    authorization: str
    token: str
    jwks: str
    end_session: str
    names_itself: bool
    """Whether every answer from it names it (RFC 9207)."""


class Issuer:
    """An issuer at an address; `jwks` is where its keys are (an address or a file) where it should not be asked for that."""

    def __init__(self, address: str, jwks: str = "") -> None:
        self.address = address
        self._jwks = jwks
        self._said: _Kept[Endpoints] = _Kept(self._discover)
        self._keys: _Kept[Mapping[str, Key]] = _Kept(self._fetch_keys)

    def endpoints(self) -> Endpoints:
        """Where it does what. Raises: Unavailable."""
        return self._said.get()

    def key(self, kid: str) -> Key:
        """Its key of that name; a name that is not known makes the hub look again, now and then.

        Raises:
            Unavailable: the issuer does not say.
            ValueError: it has no such key.
        """
        found = self._keys.get().get(kid) or self._keys.get(AGAIN).get(kid)
        if found is None:
            raise ValueError("by a key that the issuer does not have")
        return found

    def _discover(self) -> Endpoints:
        said = fetched(f"{self.address.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != self.address:
            raise Unavailable("The login issuer names itself otherwise than the hub was told.", code="login-unavailable")
        is_open = urlsplit(self.address).scheme == "http"
        found = {name: _endpoint(said, f"{name}_endpoint", is_open) for name in ("authorization", "token", "end_session")}
        if not (found["authorization"] and found["token"]):
            raise Unavailable("The login issuer does not say where people log in.", code="login-unavailable")
        names_itself = said.get("authorization_response_iss_parameter_supported") is True
        return Endpoints(**found, jwks=_endpoint(said, "jwks_uri", is_open), names_itself=names_itself)

    def _fetch_keys(self) -> Mapping[str, Key]:
        place = self._jwks or self.endpoints().jwks
        said = fetched(place) if "://" in place else loads(Path(place).read_text())
        return {str(jwk["kid"]): key for jwk in said.get("keys", ()) if (key := _verifying(jwk)) is not None}


class _Kept(Generic[_T]):
    """An answer that is fetched when it is first needed, and again when it is old; when that fails the old one stays."""

    def __init__(self, fetch: Callable[[], _T]) -> None:
        self._fetch, self._lock = fetch, Lock()
        self._value: _T | None = None
        self._since = 0.0

    def get(self, no_older_than: float = KEPT) -> _T:
        """The answer, fetched again where it is older than so many seconds. Raises: Unavailable, where there never was one."""
        with self._lock:
            if self._value is None or monotonic() - self._since >= no_older_than:
                self._renew()
            assert self._value is not None  # noqa: S101  (what could not be fetched has raised)
            return self._value

    def _renew(self) -> None:
        try:
            self._value = self._fetch()
        except Unavailable:
            if self._value is None:
                raise
        self._since = monotonic()


def fetched(address: str) -> Mapping[str, Any]:
    """The JSON object at an address of the issuer. Raises: Unavailable."""
    try:
        answer = httpx2.get(address, timeout=PATIENCE, headers={"Accept": "application/json"})
        said = answer.raise_for_status().json() if len(answer.content) <= _MOST else None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        said = None
    if not isinstance(said, dict):
        raise Unavailable("The login issuer does not answer as it should.", code="login-unavailable")
    return said


def _endpoint(said: Mapping[str, Any], name: str, is_open: bool) -> str:
    """An address that the issuer names; one that is https never sends anybody to one that is not."""
    found = said.get(name)
    if not isinstance(found, str):
        return ""
    if urlsplit(found).scheme not in ({"http", "https"} if is_open else {"https"}):
        raise Unavailable("The login issuer names an address without https.", code="login-unavailable")
    return found


def _verifying(jwk: Any) -> Key | None:
    """A public key to verify with; nothing where it is for something else or of a kind that nobody here reads."""
    if not (isinstance(jwk, dict) and isinstance(jwk.get("kid"), str) and jwk.get("use", "sig") == "sig"):
        return None
    if jwk.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    try:
        return JWKRegistry.import_key(jwk)
    except (JoseError, ValueError, TypeError):
        return None
