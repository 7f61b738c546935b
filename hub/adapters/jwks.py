"""The public keys of another issuer: from a file or an address of the settings, kept, and read again where a kid is unknown."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

import httpx2
import structlog

from hub.adapters import jws
from hub.errors import Unavailable

OFTEN = 5.0
"""Seconds before the keys are read again, however many tokens name an unknown one."""
SOON = 2.0
"""Seconds before they are read again where there are none at all."""
OLD = 3_600.0
"""Seconds after which they are read again anyway, so that a key that the issuer took back does not stay."""
_PATIENCE = 5.0
_MOST = 262_144
_DISCOVERY = "/.well-known/openid-configuration"
_told = structlog.get_logger("hub.tokens")


class Jwks:
    """The keys of one issuer; `place` is a file or an address, empty where the issuer's own metadata names it."""

    def __init__(
        self,
        issuer: str,
        place: str = "",
        fetch: Callable[[str], bytes] | None = None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._issuer, self._place = issuer, place
        self._fetch, self._seconds = fetch or _fetched, seconds
        self._keys: Mapping[str, Mapping[str, Any]] = {}
        self._read = self._tried = float("-inf")
        self._lock = Lock()

    def key(self, kid: str) -> Mapping[str, Any] | None:
        """The public JWK of that id.

        Raises:
            Unavailable: the issuer's keys were never read, and could not be just now.
        """
        if self._is_due(kid) or not self._keys:
            self._look(kid)
        if not self._keys:
            raise Unavailable("The keys of the issuer of tokens cannot be read now.", code="no-issuer-keys")
        return self._keys.get(kid)

    def _is_due(self, kid: str) -> bool:
        now = self._seconds()
        is_wanted = kid not in self._keys or now - self._read >= OLD
        return is_wanted and now - self._tried >= (OFTEN if self._keys else SOON)

    def _look(self, kid: str) -> None:
        # who has keys already does not wait for somebody else who looks; who has none cannot go on without
        if not self._lock.acquire(blocking=not self._keys):
            return
        try:
            if self._is_due(kid):
                self._read_now()
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            # the keys that are known go on counting while the issuer cannot be reached
            _told.warning("issuer-keys-wait", because=type(error).__name__)
        finally:
            self._lock.release()

    def _read_now(self) -> None:
        try:
            self._keys = _by_kid(self._fetch(self._place or self._named()))
            self._read = self._seconds()
        finally:
            self._tried = self._seconds()

    def _named(self) -> str:
        found = json.loads(self._fetch(self._issuer.rstrip("/") + _DISCOVERY))
        if found["issuer"] != self._issuer:
            raise ValueError("the metadata are those of another issuer")
        return str(found["jwks_uri"])


def _by_kid(text: bytes) -> dict[str, Mapping[str, Any]]:
    keys = [key for key in json.loads(text)["keys"] if key.get("use", "sig") == "sig" and isinstance(key.get("kid"), str)]
    return {key["kid"]: key for key in keys if _is_public(key)}


def _is_public(key: Mapping[str, Any]) -> bool:
    if {"d", "k"} & key.keys():
        return False
    try:
        jws.key_in(key)
    except ValueError:
        return False
    return True


def _fetched(place: str) -> bytes:
    if not place.startswith(("https://", "http://")):
        return Path(place).read_bytes()
    # no redirect is followed: the keys are where the settings say, or nowhere
    with httpx2.stream("GET", place, timeout=_PATIENCE, follow_redirects=False) as answer:
        answer.raise_for_status()
        if answer.status_code != 200:
            raise ValueError("no keys there")
        body = b""
        for part in answer.iter_bytes():
            body += part
            if len(body) > _MOST:
                raise ValueError("more than a set of keys")
        return body
