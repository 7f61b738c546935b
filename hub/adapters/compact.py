"""JSON Web Tokens in compact form (RFC 7519, RFC 7515): written with a key of the hub, and read without believing them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from hub.adapters import jws
from hub.adapters.bounded_json import is_too_deep, refuse_twice
from hub.errors import Malformed

_LONGEST = 16_384
_LEADS_TO_A_KEY = frozenset({"jwk", "jku", "x5u", "x5c"})
"""Parameters of a header that name or hold the key to verify with: a token must not choose who is believed."""


@dataclass(frozen=True, slots=True)
class Compact:
    """A token as it came: well formed, but whether anything in it is true has still to be verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    value: bytes

    @property
    def algorithm(self) -> str:
        return self.header_text("alg")

    @property
    def kid(self) -> str:
        return self.header_text("kid")

    def header_text(self, name: str) -> str:
        """A parameter of the header, or nothing where it is no text."""
        return _text(self.header.get(name))

    def text(self, name: str) -> str:
        """A claim, or nothing where it is no text."""
        return _text(self.claims.get(name))

    def moment(self, name: str) -> datetime:
        """A claim that is a moment (NumericDate).

        Raises:
            ValueError: it is missing, or no moment.
        """
        value = self.claims.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} is missing, or no number of seconds")
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError):
            raise ValueError(f"{name} is no moment") from None

    def audiences(self) -> frozenset[str]:
        """Whom it is for."""
        found = self.claims.get("aud")
        return frozenset(each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str))

    def is_signed(self, key: jws.PublicKey) -> bool:
        """That the holder of the key signed it, by the algorithm that it names."""
        return jws.is_token_signed(self.algorithm, self.signed, self.value, key)


def read(text: str, may_show_key: bool = False) -> Compact:
    """The token in that text; `may_show_key` where its header has to hold a key, as that of a DPoP proof does.

    Raises:
        ValueError: it is none, or its header wants more than an algorithm, a type and the name of a key.
    """
    if len(text) > _LONGEST or text.count(".") != 2:
        raise ValueError("not a token in compact form")
    start, payload, end = text.split(".")
    header = _object(start)
    if "crit" in header or "b64" in header or "zip" in header:
        raise ValueError("its header has a parameter that the hub does not know")
    if header.keys() & (_LEADS_TO_A_KEY - {"jwk" if may_show_key else ""}):
        raise ValueError("its header names a key to verify it with")
    return Compact(header, _object(payload), f"{start}.{payload}".encode(), jws.from_b64url(end))


def write(typ: str, claims: Mapping[str, Any], key: jws.PrivateKey, **header: Any) -> str:
    """A token of that type, signed with that key; `header` has what the header holds besides `alg` and `typ`."""
    start = ".".join(
        jws.b64url(msgspec.json.encode(each)) for each in ({"alg": jws.algorithm_of(key), "typ": typ, **header}, claims)
    )
    return f"{start}.{jws.b64url(jws.signature_of(start.encode(), key))}"


def _object(part: str) -> dict[str, Any]:
    data = jws.from_b64url(part)
    if is_too_deep(data):
        raise ValueError("nested too deep")
    try:
        refuse_twice(data)
        return _decoder.decode(data)
    except Malformed:
        raise ValueError("a name stands twice, or no JSON object") from None


_decoder = msgspec.json.Decoder(dict[str, Any])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
