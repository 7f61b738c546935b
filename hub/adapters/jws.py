"""JSON Web Signatures: keys as JWK, the three algorithms that the hub signs with, and those that it verifies tokens with."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cache, lru_cache
from hashlib import shake_256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, generate_key

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

_SHA256 = SHA256()
_PSS = PSS(MGF1(_SHA256), salt_length=_SHA256.digest_size)
_PKCS1 = PKCS1v15()
_ECDSA = ECDSA(_SHA256)
_SHOWN = ("kty", "kid", "use", "alg", "crv", "n", "e", "x", "y")
_NEW_KEYS: dict[str, tuple[Any, Any]] = {"PS256": ("RSA", 2048), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    """The bytes of a base64url text in its one canonical writing.

    Raises:
        ValueError: any other text, for two texts of one signature would be one too many.
    """
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if b64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


@lru_cache(maxsize=4096)
def public_key(jwk: str) -> PublicKey:
    """The public key in that JWK (JSON text), ready for use.

    Raises:
        ValueError: not a public key on a curve or of a kind that the hub knows.
    """
    return key_in(json.loads(jwk))


def key_in(jwk: Mapping[str, Any]) -> PublicKey:
    """The same for a JWK that is not worth remembering.

    Raises:
        ValueError: as above.
    """
    try:
        key = JWKRegistry.import_key(dict(jwk)).public_key
    except (JoseError, TypeError) as error:
        raise ValueError("not a JWK that the hub can use") from error
    if not isinstance(key, PublicKey) or (isinstance(key, EllipticCurvePublicKey) and key.curve.name != "secp256r1"):
        raise ValueError("not a key of a kind that the hub knows")
    return key


@cache
def nobodys_key(algorithm: str) -> PublicKey:
    """A key of the kind that this algorithm asks, of which nobody has the other half: what it takes to verify in vain."""
    digits = shake_256(b"nobody").digest(256)
    match algorithm:
        case "PS256":
            return RSAPublicNumbers(65_537, int.from_bytes(digits) | 1 << 2_047 | 1).public_key()
        case "ES256":
            return derive_private_key(int.from_bytes(digits[:31]), SECP256R1()).public_key()
    return Ed25519PrivateKey.from_private_bytes(digits[:32]).public_key()


def private_key(jwk: Mapping[str, Any]) -> PrivateKey:
    """The private key in that JWK.

    Raises:
        ValueError: not a private key of a kind that the hub knows.
    """
    try:
        key = JWKRegistry.import_key(dict(jwk)).private_key
    except (JoseError, TypeError) as error:
        raise ValueError("not a private key that the hub can use") from error
    if not isinstance(key, PrivateKey):
        raise ValueError("not a private key of a kind that the hub knows")
    return key


def new_jwk(algorithm: str, kid: str) -> dict[str, Any]:
    """A fresh private key for PS256, ES256 or EdDSA, as a JWK."""
    kind, size = _NEW_KEYS[algorithm]
    return {"kid": kid, "alg": algorithm, "use": "sig", **generate_key(kind, size).as_dict(private=True)}


def public_half(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """What of a private JWK may be shown to everybody."""
    public = JWKRegistry.import_key(dict(jwk)).as_dict(private=False)
    return {name: public[name] for name in _SHOWN if name in public}


def fits(algorithm: str, key: PublicKey) -> bool:
    """That the algorithm is one for this kind of key."""
    match key:
        case RSAPublicKey():
            return algorithm == "PS256"
        case EllipticCurvePublicKey():
            return algorithm == "ES256"
    return algorithm == "EdDSA"


def is_signed(message: bytes, signature: bytes, key: PublicKey) -> bool:
    """That the holder of this key signed this message, with the one algorithm for this kind of key."""
    try:
        match key:
            case RSAPublicKey():
                key.verify(signature, message, _PSS, _SHA256)
            case EllipticCurvePublicKey():
                key.verify(_as_der(signature), message, _ECDSA)
            case _:
                key.verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fits_token(algorithm: str, key: PublicKey) -> bool:
    """The same for tokens, where RSA keys may sign with RS256 too, and Ed25519 is the newer name of EdDSA (RFC 9864)."""
    if algorithm == "RS256":
        return isinstance(key, RSAPublicKey)
    return fits("EdDSA" if algorithm == "Ed25519" else algorithm, key)


def is_token_signed(algorithm: str, message: bytes, signature: bytes, key: PublicKey) -> bool:
    """That the holder of this key signed this token, by the algorithm that it names."""
    if not fits_token(algorithm, key):
        return False
    if algorithm == "RS256" and isinstance(key, RSAPublicKey):
        return _is_pkcs1(message, signature, key)
    return is_signed(message, signature, key)


def _is_pkcs1(message: bytes, signature: bytes, key: RSAPublicKey) -> bool:
    try:
        key.verify(signature, message, _PKCS1, _SHA256)
    except InvalidSignature:
        return False
    return True


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint of a public JWK (RFC 7638).

    Raises:
        ValueError: not a JWK.
    """
    try:
        return JWKRegistry.import_key(dict(jwk)).thumbprint()
    except (JoseError, TypeError) as error:
        raise ValueError("not a JWK that the hub can use") from error


def signature_of(message: bytes, key: PrivateKey) -> bytes:
    """The signature over a message, with the one algorithm for this kind of key."""
    match key:
        case RSAPrivateKey():
            return key.sign(message, _PSS, _SHA256)
        case EllipticCurvePrivateKey():
            return b"".join(number.to_bytes(32) for number in decode_dss_signature(key.sign(message, _ECDSA)))
    return key.sign(message)


def algorithm_of(key: PrivateKey) -> str:
    """The name of the one algorithm for this kind of key."""
    match key:
        case RSAPrivateKey():
            return "PS256"
        case EllipticCurvePrivateKey():
            return "ES256"
    return "EdDSA"


def _as_der(signature: bytes) -> bytes:
    if len(signature) != 64:
        raise ValueError("an ES256 signature has 64 bytes")
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
