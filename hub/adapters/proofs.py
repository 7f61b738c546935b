"""Proofs of possession (DPoP, RFC 9449): that whoever shows a token, or asks for one, holds the key that it is bound to."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from hub.adapters import compact, jws
from hub.adapters.compact import Compact
from hub.adapters.once import Once
from hub.errors import Unauthenticated
from hub.ports import Shown

ALGORITHMS = ("PS256", "ES256", "EdDSA", "Ed25519")
TYPE = "dpop+jwt"
FRESH = timedelta(seconds=60)
AHEAD = timedelta(seconds=30)
"""How long ago, and how far ahead of our clock, a proof may be made."""

_PUBLIC = {"RSA": {"kty", "n", "e"}, "EC": {"kty", "crv", "x", "y"}, "OKP": {"kty", "crv", "x"}}
_ALSO = frozenset({"kid", "alg", "use"})
_MODULUS = range(340, 690)
"""Characters of base64url: 2048 to 4096 bits."""
_PORTS = {"https": 443, "http": 80}
_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]", re.ASCII)
_ID = re.compile(r"[!-~]{8,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proofs:
    """Reads proofs for the hub at the address `base`; each of them counts once."""

    once: Once
    base: str

    def holder(self, shown: Shown, at: datetime, token: str = "", key: str = "") -> str:
        """The thumbprint of the key whose holder made this request; with the `token` and that `key` where one is shown.

        Raises:
            Unauthenticated: no proof, or one for something else, of another time or key, or used before.
        """
        proof = _read(shown.dpop)
        jkt = _key(proof)
        self._refuse_other(proof, shown, token)
        if key and not hmac.compare_digest(jkt.encode(), key.encode()):
            raise _refusal("dpop-other-key", "the proof is made with another key than that of the token")
        until = _fresh(proof, at) + FRESH
        if not proof.is_signed(jws.key_in(_bare(proof.header["jwk"]))):
            raise _refusal("dpop-invalid", "the proof is not signed with its own key")
        if not self.once.take("dpop", jkt, proof.text("jti"), until, at):
            raise _refusal("dpop-replayed", "the proof was used before: make one for every request")
        return jkt

    def _refuse_other(self, proof: Compact, shown: Shown, token: str) -> None:
        if proof.text("htm") != shown.method:
            raise _refusal("dpop-other-request", "the proof is for another method")
        if _normal(proof.text("htu")) != _normal(self.base + shown.address):
            raise _refusal("dpop-other-request", "the proof is for another address")
        if token and not hmac.compare_digest(proof.text("ath").encode(), digest(token).encode()):
            raise _refusal("dpop-other-token", "the proof is for another token")


def digest(token: str) -> str:
    """By what a proof names the token that it is for (`ath`)."""
    return jws.b64url(sha256(token.encode()).digest())


def _read(shown: tuple[str, ...]) -> Compact:
    if not shown:
        raise _refusal("dpop-missing", "show a proof for this request in the header DPoP")
    try:
        if len(shown) > 1:
            raise ValueError("more than one proof")
        read = compact.read(shown[0], may_show_key=True)
    except ValueError:
        raise _refusal("dpop-invalid", "there is not exactly one readable proof") from None
    if read.header_text("typ") != TYPE or read.algorithm not in ALGORITHMS or not _ID.fullmatch(read.text("jti")):
        raise _refusal("dpop-invalid", f"a proof is of type {TYPE}, has a jti, and is signed with {', '.join(ALGORITHMS)}")
    return read


def _key(proof: Compact) -> str:
    jwk = proof.header.get("jwk")
    if not isinstance(jwk, dict) or not all(isinstance(value, str) for value in jwk.values()):
        raise _refusal("dpop-invalid", "the header of a proof holds its public key (jwk)")
    asked = _PUBLIC.get(jwk.get("kty", ""), set())
    if not asked or not asked <= jwk.keys() <= asked | _ALSO:
        raise _refusal("dpop-invalid", "the key of a proof is the public half of an RSA, EC or OKP key, and nothing more")
    if jwk["kty"] == "RSA" and (len(jwk["n"]) not in _MODULUS or jwk["e"] != "AQAB"):
        raise _refusal("dpop-invalid", "an RSA key of a proof has 2048 to 4096 bits and the exponent 65537")
    try:
        jws.key_in(_bare(jwk))
        return jws.thumbprint(_bare(jwk))
    except ValueError:
        raise _refusal("dpop-invalid", "the key of the proof is none that the hub can use") from None


def _bare(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in _ALSO}


def _fresh(proof: Compact, at: datetime) -> datetime:
    try:
        made = proof.moment("iat")
    except ValueError:
        raise _refusal("dpop-invalid", "a proof says when it was made (iat)") from None
    if not at - FRESH <= made <= at + AHEAD:
        raise _refusal("dpop-untimely", "the proof was made too long ago, or later than our clock says")
    return made


def _normal(address: str) -> str:
    """An address as RFC 3986 (sections 6.2.2 and 6.2.3) compares it, without query and fragment; empty where it is none."""
    try:
        found = urlsplit(address)
        port = _PORTS.get(found.scheme) if found.port is None else found.port
    except ValueError:
        return ""
    if not found.hostname or found.username is not None:
        return ""
    return f"{found.scheme}://{found.hostname}:{port}{_ESCAPED.sub(_unescaped, found.path or '/')}"


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if _UNRESERVED.fullmatch(character) else found[0].upper()


def _refusal(code: str, detail: str) -> Unauthenticated:
    return Unauthenticated(f"The proof of possession is refused: {detail}.", code=code)
