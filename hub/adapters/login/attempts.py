"""A login that has begun: kept in the browser that began it, sealed, until it comes back or is too old."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from secrets import token_bytes, token_urlsafe

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import Malformed

COOKIE = "__Host-hub-login"
LASTS = 600
"""Seconds that somebody has to log in."""
_FOR = b"a login that has begun"
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,511}")
"""Nothing that a browser could take for another host: no scheme, no second slash, no backslash, nothing that it skips."""


class Attempt(msgspec.Struct, frozen=True):
    """What has to come back (`state`, `nonce`), what only we know (`verifier`, RFC 7636), where to go then, and until when."""

    state: str
    nonce: str
    verifier: str
    to: str
    ends: int


class Attempts:
    """Begins attempts, and reads back those that it sealed (AES-256-GCM)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def begin(self, to: str, at: datetime) -> Attempt:
        """A new attempt, that ends at `to`. Raises: Malformed, where that is no path of the hub."""
        if not _OWN_PATH.fullmatch(to):
            raise Malformed("After logging in only a page of this hub can follow.")
        return Attempt(token_urlsafe(32), token_urlsafe(32), token_urlsafe(48), to, int(at.timestamp()) + LASTS)

    def seal(self, attempt: Attempt) -> str:
        """The attempt as a cookie that nobody can read or change."""
        nonce = token_bytes(12)
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, msgspec.json.encode(attempt), _FOR)).decode()

    def open(self, cookie: str) -> Attempt:
        """The attempt in that cookie.

        Raises:
            ValueError: the hub did not make it.
        """
        try:
            sealed = urlsafe_b64decode(cookie.encode("ascii"))
            return _decoder.decode(self._cipher.decrypt(sealed[:12], sealed[12:], _FOR))
        except InvalidTag:
            raise ValueError("not an attempt of this hub") from None


_decoder = msgspec.json.Decoder(Attempt)
