"""The partner organisations that may send us signals, and the public keys they sign with."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.errors import Malformed, RuleBroken, Violation

ALGORITHMS = ("PS256", "ES256", "EdDSA")
"""What a signature may be made with: PS256 by everybody, the others where the registration says so."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_OIN = re.compile(r"\d{20}", re.ASCII)
_KID = re.compile(r"[A-Za-z0-9._:#@~-]{1,120}", re.ASCII)
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_NUMBERS = {"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)}
_CURVES = {"RSA": None, "EC": "P-256", "OKP": "Ed25519"}
_RSA_BITS = range(2048, 8193)


def registration_id(name: str) -> UUID:
    """The stream of the organisation of that name."""
    return stream_id("registration", name)


class Registration(Stream):
    """One organisation: what it may send us, with which keys, and where it is told things."""

    TOPIC = "registration"

    class Registered(Opening):
        """An organisation may send us messages of these types, signed with these algorithms."""

        TOPIC = "registration-registered"
        name: str
        kind: str
        oin: str
        algorithms: list[str]
        message_types: list[str]
        callback: str

    class KeyAdded(Recorded):
        """The organisation signs with this public key too, from then until then (no end: `None`)."""

        TOPIC = "registration-key-added"
        kid: str
        jwk: dict[str, Any]
        valid_from: datetime
        valid_until: datetime | None

        def apply(self, aggregate: "Registration") -> None:
            aggregate.keys[self.kid] = {"jwk": self.jwk, "valid_from": self.valid_from, "valid_until": self.valid_until}

    class KeyRevoked(Recorded):
        """A key is trusted no longer: nothing signed with it from that moment on counts."""

        TOPIC = "registration-key-revoked"
        kid: str
        revoked_from: datetime
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.revoked.add(self.kid)

    class Suspended(Recorded):
        """For the time being nothing of this organisation is accepted."""

        TOPIC = "registration-suspended"
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.is_suspended = True

    class Resumed(Recorded):
        """The organisation's messages are accepted again."""

        TOPIC = "registration-resumed"
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.is_suspended = False

    class CallbackChanged(Recorded):
        """The organisation wants to be told things at another address, or (empty) nowhere."""

        TOPIC = "registration-callback-changed"
        callback: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.callback = self.callback

    def __init__(self, name: str, kind: str, oin: str, algorithms: list[str], message_types: list[str], callback: str) -> None:
        self.name, self.kind, self.oin = name, kind, oin
        self.algorithms, self.message_types, self.callback = algorithms, message_types, callback
        self.is_suspended = False
        self.keys: dict[str, dict[str, Any]] = {}
        self.revoked: set[str] = set()

    @classmethod
    def register(
        cls,
        name: str,
        kind: str,
        oin: str,
        on: Occasion,
        algorithms: Collection[str] = (),
        message_types: Collection[str] = (),
        callback: str = "",
    ) -> "Registration":
        """A new organisation; `kind` is the name of the partner adapter that reads its messages.

        Raises:
            Malformed: with every violation at once.
        """
        _refuse(_against_registration(name, oin, algorithms, callback))
        said = {"name": name, "kind": kind, "oin": oin, "callback": callback}
        lists = {"algorithms": sorted({"PS256", *algorithms}), "message_types": sorted(set(message_types))}
        return cls.open(cls.Registered, registration_id(name), on, **said, **lists)

    def add_key(self, kid: str, jwk: Mapping[str, Any], valid_from: datetime, valid_until: datetime | None, on: Occasion) -> None:
        """Trusts one more public key; keys may overlap, so that a partner can rotate without a gap.

        Raises:
            Malformed: a private, weak or unknown kind of key, or a period that ends before it begins.
            RuleBroken: the kid was used for another key or period, or was revoked.
        """
        _refuse(_against_key(kid, jwk, valid_from, valid_until))
        said = {"jwk": dict(jwk), "valid_from": valid_from, "valid_until": valid_until}
        if kid in self.revoked or self.keys.get(kid, said) != said:
            raise RuleBroken("this kid was used before: give the new key a new one", code="kid-used")
        if kid not in self.keys:
            self.record(self.KeyAdded, on, kid=kid, **said)

    def revoke_key(self, kid: str, reason: str, on: Occasion, since: datetime | None = None) -> None:
        """Stops trusting a key, from now or from an earlier moment (`since`) at which it was already lost."""
        if kid not in self.keys:
            raise RuleBroken("this organisation has no such key", code="key-unknown")
        if kid not in self.revoked:
            self.record(self.KeyRevoked, on, kid=kid, revoked_from=since or on.at, reason=reason)

    def suspend(self, reason: str, on: Occasion) -> None:
        """Accepts nothing of this organisation for the time being."""
        if not self.is_suspended:
            self.record(self.Suspended, on, reason=reason)

    def resume(self, reason: str, on: Occasion) -> None:
        """Accepts its messages again."""
        if self.is_suspended:
            self.record(self.Resumed, on, reason=reason)

    def change_callback(self, callback: str, on: Occasion) -> None:
        """Tells it things at another address from now on; empty means nowhere."""
        _refuse(_against_callback(callback))
        if callback != self.callback:
            self.record(self.CallbackChanged, on, callback=callback)


def _refuse(violations: Iterator[Violation]) -> None:
    if found := tuple(violations):
        raise Malformed("the registration cannot be accepted", found)


def _against_registration(name: str, oin: str, algorithms: Collection[str], callback: str) -> Iterator[Violation]:
    if not _NAME.fullmatch(name) or len(name) > 80:
        yield Violation("name", "is not lower-case words joined by hyphens")
    if not _OIN.fullmatch(oin):
        yield Violation("oin", "is not twenty digits")
    if set(algorithms) - set(ALGORITHMS):
        yield Violation("algorithms", f"are not among {', '.join(ALGORITHMS)}")
    yield from _against_callback(callback)


def _against_callback(callback: str) -> Iterator[Violation]:
    if callback and not re.fullmatch(r"https?://[!-~]{1,2000}", callback):
        yield Violation("callback", "is not an http or https address")


def _against_key(kid: str, jwk: Mapping[str, Any], valid_from: datetime, valid_until: datetime | None) -> Iterator[Violation]:
    if not _KID.fullmatch(kid):
        yield Violation("kid", "is not 1 to 120 letters, digits and marks")
    if jwk.get("kid", kid) != kid:
        yield Violation("jwk/kid", "is another kid")
    if valid_until is not None and valid_until <= valid_from:
        yield Violation("valid_until", "is not after valid_from")
    yield from _against_jwk(jwk)


def _against_jwk(jwk: Mapping[str, Any]) -> Iterator[Violation]:
    if _PRIVATE & jwk.keys():
        yield Violation("jwk", "holds a private or shared key: send the public half only, and make a new key")
    if jwk.get("use", "sig") != "sig":
        yield Violation("jwk/use", "is not sig")
    kind = jwk.get("kty")
    if not isinstance(kind, str) or kind not in _NUMBERS:
        yield Violation("jwk/kty", "is not RSA, EC or OKP")
    elif jwk.get("crv") != _CURVES[kind]:
        yield Violation("jwk/crv", f"is not {_CURVES[kind]}")
    else:
        yield from _against_numbers(kind, jwk)


def _against_numbers(kind: str, jwk: Mapping[str, Any]) -> Iterator[Violation]:
    numbers = {name: _number(jwk.get(name)) for name in _NUMBERS[kind]}
    yield from (Violation(f"jwk/{name}", "is not base64url") for name, number in numbers.items() if not number)
    if kind == "RSA" and int.from_bytes(numbers["n"]).bit_length() not in _RSA_BITS:
        yield Violation("jwk/n", "is not a modulus of 2048 to 8192 bits")
    if kind != "RSA" and any(len(number) != 32 for number in numbers.values()):
        yield Violation("jwk", "is not a point of that curve")


def _number(text: object) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,2000}", text, re.ASCII) or len(text) % 4 == 1:
        return b""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
