"""The hub's own keys: those it signs with, and the secret that hides who is looked up."""

import hmac
import json
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from secrets import token_bytes
from threading import Lock
from typing import Any, Self

from hub.adapters import jws, rfc3339
from hub.adapters.sealed_file import Sealed
from hub.errors import RuleBroken, Unavailable

TOKEN_KEY_FOR = timedelta(days=30)
"""How long a key signs access tokens before the next one does."""
_ALMOST_A_SECOND = timedelta(microseconds=999_999)
AHEAD = timedelta(hours=1)
"""How long before it signs a key for tokens is shown, so that whoever keeps our public keys for a while has it in time."""


@dataclass(frozen=True, slots=True)
class HubKey:
    """One key of the hub, Ed25519 or (for tokens) RSA; it signs from `valid_from` until the next of its kind does."""

    kid: str
    valid_from: datetime
    private: jws.PrivateKey
    public: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: tuple[HubKey, ...]
    starts: tuple[datetime, ...]
    secret: bytes
    stamp: object
    for_tokens: tuple[HubKey, ...]


class HubKeys:
    """The keys in one sealed document (a JWK set with a secret beside it), which another process may rotate meanwhile."""

    def __init__(self, document: Sealed) -> None:
        self.document, self._alone = document, Lock()
        self._kept = _read(document)

    @classmethod
    def open(cls, document: Sealed, at: datetime) -> Self:
        """The keys in that document; where there is none it is made, with one key that signs from `at` on.

        A file from before, in the clear, is sealed with the present key-encryption key.

        Raises:
            Unavailable: it was sealed with a key-encryption key that was not given, or is not as the hub wrote it.
            RuleBroken: it is in the clear, and somebody else was changing it for too long.
        """
        if not document.exists():
            made = {"keys": [_new_key(at)], "blinding_secret": jws.b64url(token_bytes(32))}
            # whoever of several processes comes first makes the keys of all
            with suppress(FileExistsError):
                document.make(made)
        document.take_in()
        return cls(document)

    def sign(self, payload: bytes, at: datetime, typ: str = "JOSE") -> str:
        """A compact JWS over the payload by the key that was valid `at`: the same call gives the same text."""
        key = self.at(at)
        start = f"{_header(key.kid, typ)}.{jws.b64url(payload)}"
        return f"{start}.{jws.b64url(jws.signature_of(start.encode(), key.private))}"

    def read(self, text: str, typ: str = "JOSE") -> bytes:
        """The payload of a compact JWS of that type that the hub made, with any of its keys.

        Raises:
            ValueError: the hub did not sign this, or signed it as something else.
        """
        header, payload, value = text.split(".")
        for key in self._now().keys:
            if header == _header(key.kid, typ):
                return _payload(key, header, payload, value)
        raise ValueError("not by a key of the hub, or not of this type")

    def public_jwks(self) -> dict[str, Any]:
        """Every public key that the hub signs or ever signed with (RFC 7517); those of tokens while such a token can live."""
        kept = self._now()
        return {"keys": [dict(key.public) for key in (*kept.keys, *kept.for_tokens)]}

    def all(self) -> Sequence[HubKey]:
        """Every key that signs or ever signed, but for those of tokens, in the order in which they did."""
        return self._now().keys

    def token_key(self, at: datetime) -> HubKey:
        """The PS256 key that signs access tokens at that moment: made on first use, and followed by another in time.

        Raises:
            Unavailable: no key was there then, or another process is making it.
        """
        with self._alone:
            newest = self._now().for_tokens[-1:]
            if not newest or newest[0].valid_from <= at - TOKEN_KEY_FOR:
                # another process may be first, and its key is as good
                with suppress(RuleBroken):
                    self._add_token_key((at + AHEAD if newest else at).replace(microsecond=0), newest)
        if (found := self.token_key_of(at)) is None:
            raise Unavailable("the hub had no key for tokens at that moment", code="no-hub-key")
        return found

    def token_key_of(self, at: datetime) -> HubKey | None:
        """The key that signed access tokens at that moment, if there was one."""
        begun = [key for key in self._now().for_tokens if key.valid_from <= at]
        return begun[-1] if begun else None

    def rotate_token_key(self, at: datetime) -> str:
        """Lets a new key sign access tokens from the first whole second not before `at` on, as after a leak; answers its kid.

        Raises:
            RuleBroken: `at` is not after the start of the newest key, or somebody else is rotating.
        """
        # tokens tell the second in which they were made, and by that their key
        return self._add_token_key((at + _ALMOST_A_SECOND).replace(microsecond=0), self._now().for_tokens[-1:])

    def _add_token_key(self, since: datetime, newest: tuple[HubKey, ...]) -> str:
        key = _new_token_key(since)
        with self.document.alone():
            if [one.kid for one in self._now().for_tokens[-1:]] != [one.kid for one in newest] or any(
                since <= one.valid_from for one in newest
            ):
                raise RuleBroken("a new key has to start after the present one", code="key-too-early")
            kept = self.document.read()
            # a token lives so much shorter than its key that the two before the new one are all that can matter
            self.document.replace({**kept, "token_keys": [*kept.get("token_keys", [])[-2:], key]})
        return str(key["kid"])

    def rotate(self, at: datetime) -> str:
        """Adds a key that signs from `at` on, best a little ahead so that every process knows it in time; answers its kid.

        Raises:
            RuleBroken: `at` is not after the start of the newest key, or somebody else is rotating.
        """
        with self.document.alone():
            if at <= self._now().starts[-1]:
                raise RuleBroken("a new key has to start after the present one", code="key-too-early")
            kept, key = self.document.read(), _new_key(at)
            self.document.replace({**kept, "keys": [*kept["keys"], key]})
        return str(key["kid"])

    def wrap_anew(self) -> None:
        """Seals the keys with the present key-encryption key: before the one of then is dropped.

        Raises:
            RuleBroken: somebody else is rotating.
        """
        with self.document.alone():
            self.document.replace(self.document.read())

    def blind(self, text: str) -> str:
        """64 hexadecimal digits, always the same for the same text, that tell nothing to who lacks the secret (HMAC-SHA-256)."""
        return hmac.digest(self._kept.secret, text.encode(), "sha256").hex()

    def webhook_secret(self, name: str) -> str:
        """The secret of that name, as Standard Webhooks writes one: made of the hub's own whenever it is needed, kept nowhere."""
        made = hmac.digest(self._kept.secret, f"webhook-secret {name}".encode(), "sha256")
        return f"whsec_{b64encode(made).decode()}"

    def at(self, moment: datetime) -> HubKey:
        """The key that signs at that moment; the first one also before it was made, for a clock may go back that far."""
        kept = self._now()
        return kept.keys[max(bisect_right(kept.starts, moment) - 1, 0)]

    def _now(self) -> _Kept:
        if self._kept.stamp != self.document.stamp():
            self._kept = _read(self.document)
        return self._kept


def public_keys(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The public halves of the keys that a hub signs with, of its document."""
    return [jws.public_half(jwk) for jwk in kept["keys"]]


def _read(document: Sealed) -> _Kept:
    when = document.stamp()
    kept = document.read()
    keys = tuple(sorted((_key(jwk) for jwk in kept["keys"]), key=lambda key: key.valid_from))
    for_tokens = tuple(sorted((_key(jwk) for jwk in kept.get("token_keys", [])), key=lambda key: key.valid_from))
    return _Kept(keys, tuple(key.valid_from for key in keys), jws.from_b64url(kept["blinding_secret"]), when, for_tokens)


def _key(jwk: dict[str, Any]) -> HubKey:
    return HubKey(jwk["kid"], rfc3339.moment(jwk["valid_from"]), jws.private_key(jwk), jws.public_half(jwk))


def _new_key(at: datetime) -> dict[str, Any]:
    return {**jws.new_jwk("EdDSA", _kid("hub", at)), "alg": "Ed25519", "valid_from": rfc3339.written(at)}


def _new_token_key(at: datetime) -> dict[str, Any]:
    return {**jws.new_jwk("PS256", _kid("token", at)), "valid_from": rfc3339.written(at)}


def _kid(what: str, at: datetime) -> str:
    return f"{what}-{at:%Y%m%d}-{token_bytes(6).hex()}"


@lru_cache(maxsize=1024)
def _header(kid: str, typ: str) -> str:
    return jws.b64url(json.dumps({"alg": "Ed25519", "kid": kid, "typ": typ}).encode())


def _payload(key: HubKey, header: str, payload: str, value: str) -> bytes:
    if not jws.is_signed(f"{header}.{payload}".encode(), jws.from_b64url(value), key.private.public_key()):
        raise ValueError("not signed by the hub")
    return jws.from_b64url(payload)
