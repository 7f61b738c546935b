"""What a partner's public key must be before it is trusted."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.errors import Violation

_KID = re.compile(r"[A-Za-z0-9._:#@~-]{1,120}", re.ASCII)
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_NUMBERS = {"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)}
_CURVES = {"RSA": None, "EC": "P-256", "OKP": "Ed25519"}
_RSA_BITS = range(2048, 8193)


def against_key(kid: str, jwk: Mapping[str, Any], valid_from: datetime, valid_until: datetime | None) -> Iterator[Violation]:
    """What is wrong with a public key and its period."""
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
