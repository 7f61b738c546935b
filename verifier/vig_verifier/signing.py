"""Signatures: those of the hub (JWS), those of partners over their messages (JAdES), and the keys of both (JWK)."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from vig_verifier.reading import b64url, json_of, text, texts

ALGORITHMS = {"PS256": "PS256", "ES256": "ES256", "EdDSA": "EdDSA", "Ed25519": "EdDSA"}
"""What a signature calls its algorithm → what a registration calls it."""
_HEADERS = "http://uri.etsi.org/19182/HttpHeaders"
_UNDERSTOOD, _NEEDED = {"sigD", "sigT", "b64", "iat"}, {"sigD", "b64"}
_SHA = SHA256()
Public = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


def coded(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def public_key(jwk: Mapping[str, Any]) -> Public:
    """The key in a JWK. Raises: ValueError, KeyError."""
    match jwk["kty"]:
        case "OKP" if jwk["crv"] == "Ed25519":
            return Ed25519PublicKey.from_public_bytes(b64url(text(jwk["x"])))
        case "EC" if jwk["crv"] == "P-256":
            x, y = (int.from_bytes(b64url(text(jwk[name]))) for name in ("x", "y"))
            return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        case "RSA":
            n, e = (int.from_bytes(b64url(text(jwk[name]))) for name in ("n", "e"))
            if not 2_048 <= n.bit_length() <= 16_384:
                raise ValueError("a key of another length")
            return RSAPublicNumbers(e, n).public_key()
    raise ValueError("not a key that is used here")


def is_signed(algorithm: str, said: bytes, value: bytes, key: Public) -> bool:
    """That the holder of this key signed this, by that algorithm (as a registration calls it)."""
    try:
        match algorithm, key:
            case "PS256", RSAPublicKey():
                key.verify(value, said, PSS(MGF1(_SHA), salt_length=32), _SHA)
            case "ES256", EllipticCurvePublicKey() if len(value) == 64:
                numbers = int.from_bytes(value[:32]), int.from_bytes(value[32:])
                key.verify(encode_dss_signature(*numbers), said, ECDSA(_SHA))
            case "EdDSA", Ed25519PublicKey():
                key.verify(value, said)
            case _:
                return False
    except (InvalidSignature, ValueError):
        return False
    return True


def kid_of(jws: str) -> str:
    """By which key a JWS says that it is. Raises: ValueError, KeyError."""
    return text(json_of(b64url(jws.split(".")[0]))["kid"])


def payload_of(jws: str, typ: str, key: Public) -> bytes:
    """What a compact JWS of that type says, signed with that key of the hub. Raises: ValueError."""
    head, payload, value = jws.split(".")
    header = json_of(b64url(head))
    if header.get("alg") not in ("Ed25519", "EdDSA") or header.get("typ") != typ or header.keys() != {"alg", "kid", "typ"}:
        raise ValueError("another kind of signature")
    if not is_signed("EdDSA", f"{head}.{payload}".encode(), b64url(value), key):
        raise ValueError("not signed with that key")
    return b64url(payload)


class Detached:
    """The signature of a partner over a message: ETSI TS 119 182-1, mechanism HttpHeaders, detached and unencoded."""

    def __init__(self, said: str) -> None:
        """Raises: ValueError, KeyError, TypeError."""
        self._head, payload, value = said.split(".")
        header = json_of(b64url(self._head))
        critical = texts(header["crit"])
        if (
            payload
            or header.get("b64") is not False
            or not _NEEDED <= set(critical) <= _UNDERSTOOD
            or len(set(critical)) < len(critical)
        ):
            raise ValueError("not detached and unencoded")
        if header["sigD"]["mId"] != _HEADERS or header["alg"] not in ALGORITHMS:
            raise ValueError("another mechanism or algorithm")
        self.kid, self.algorithm, self.value = text(header["kid"]), ALGORITHMS[header["alg"]], b64url(value)
        self.covers = texts(header["sigD"]["pars"])
        if "digest" not in self.covers or len(set(self.covers)) < len(self.covers):
            raise ValueError("the body is not signed")

    def is_by(self, key: Public, headers: Mapping[str, list[str]]) -> bool:
        """Whether the holder of that key signed these headers. Raises: ValueError, where one is not there exactly once."""
        lines = "\n".join(f"{name}: {_only(headers.get(name))}" for name in self.covers)
        return is_signed(self.algorithm, f"{self._head}.{lines}".encode(), self.value, key)


def _only(values: Any) -> str:
    (value,) = texts(values)
    return value.strip(" \t")
