"""The issuer where people log in: what it says of itself, and its keys, both fetched from it and kept for a while."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2
from joserfc.jwk import JWKRegistry, Key

from hub.adapters.jwks import Jwks
from hub.errors import Unavailable

KEPT = 3600.0
"""Seconds that what an issuer said is believed before it is asked again."""
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
    end_session: str
    names_itself: bool
    """Whether every answer from it names it (RFC 9207)."""


class Issuer:
    """An issuer at an address; `jwks` is where its keys are (an address or a file) where it should not be asked for that."""

    def __init__(self, address: str, jwks: str = "") -> None:
        self.address = address
        self._keys = Jwks(address, jwks)
        self._said: _Kept[Endpoints] = _Kept(self._discover)

    def endpoints(self) -> Endpoints:
        """Where it does what. Raises: Unavailable."""
        return self._said.get()

    def key(self, kid: str) -> Key:
        """Its public key of that name.

        Raises:
            ValueError: it has no such key.
            Unavailable: it does not say.
        """
        found = self._keys.key(kid)
        if found is None:
            raise ValueError("it is signed by a key that the issuer does not have")
        return JWKRegistry.import_key(dict(found))

    def _discover(self) -> Endpoints:
        return endpoints_in(fetched(f"{self.address.rstrip('/')}/.well-known/openid-configuration"), self.address)


def endpoints_in(said: Mapping[str, Any], issuer: str) -> Endpoints:
    """What an issuer's own description says of it. Raises: Unavailable, where it is another's or leads out of https."""
    if said.get("issuer") != issuer:
        raise Unavailable("The login issuer names itself otherwise than the hub was told.", code="login-unavailable")
    is_open = urlsplit(issuer).scheme == "http"
    found = {name: _endpoint(said, f"{name}_endpoint", is_open) for name in ("authorization", "token", "end_session")}
    if not (found["authorization"] and found["token"]):
        raise Unavailable("The login issuer does not say where people log in.", code="login-unavailable")
    return Endpoints(**found, names_itself=said.get("authorization_response_iss_parameter_supported") is True)


class _Kept(Generic[_T]):
    """An answer that is fetched when it is first needed, and again when it is old; when that fails the old one stays."""

    def __init__(self, fetch: Callable[[], _T]) -> None:
        self._fetch, self._lock = fetch, Lock()
        self._value: _T | None = None
        self._since = 0.0

    def get(self) -> _T:
        """The answer. Raises: Unavailable, where there never was one."""
        with self._lock:
            if self._value is None or monotonic() - self._since >= KEPT:
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


@cache
def trusted() -> SSLContext:
    """Whose certificates are believed; reading them takes longer than asking."""
    return httpx2.create_ssl_context()


def fetched(address: str) -> Mapping[str, Any]:
    """The JSON object at an address of the issuer. Raises: Unavailable."""
    try:
        answer = httpx2.get(address, timeout=PATIENCE, headers={"Accept": "application/json"}, verify=trusted())
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
