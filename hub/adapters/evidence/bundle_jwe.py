"""A file that one reader alone can open: a JWE in its compact form, written piece by piece, so that nothing of it fills memory.

RFC 7516 with ECDH-ES+A256KW (RFC 7518, section 4.6; RFC 8037 for X25519) and A256GCM.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from secrets import token_bytes
from typing import IO, Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from hub.adapters.jws import b64url
from hub.errors import Malformed, Violation

ALGORITHM, ENCRYPTION = "ECDH-ES+A256KW", "A256GCM"
_BLOCK = 3 << 18
"""Bytes at a time: in threes, so that the base64 of one piece goes on where that of the last one ended."""
_KINDS: Mapping[tuple[str, str], tuple[Any, tuple[str, ...]]] = {
    ("EC", "P-256"): (ECKey, ("x", "y")),
    ("OKP", "X25519"): (OKPKey, ("x",)),
}
"""The kinds of keys by `kty` and `crv`, each with its coordinates."""
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""32 bytes (RFC 7518, section 6.2.1.2; RFC 8037, section 2)."""
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""The members of a JWK that nobody else may know (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1)."""
_AGREES = ("deriveKey", "deriveBits")
Reader = EllipticCurvePublicKey | X25519PublicKey


def reader_of(jwk: Mapping[str, Any]) -> tuple[Reader, str]:
    """The public key of whoever is to open it, and its thumbprint (RFC 7638).

    Raises:
        Malformed: with all that is wrong: it is private, of another kind, not to encrypt with, or weak. Nothing of it is repeated.
    """
    if wrong := [Violation("/key", what) for what in _wrong_with(jwk)]:
        raise Malformed("Nothing can be encrypted for this key.", wrong)
    kind, names = _KINDS[jwk["kty"], jwk["crv"]]
    try:
        key = kind.import_key({name: jwk[name] for name in ("kty", "crv", *names)})
        _agreed(key.public_key)
    except (JoseError, ValueError):
        what = "is weak: it is no point of its curve, or one with which everybody agrees on the same"
        raise Malformed("Nothing can be encrypted for this key.", [Violation("/key", what)]) from None
    return key.public_key, key.thumbprint()


def _wrong_with(jwk: Mapping[str, Any]) -> Iterator[str]:
    if any(name in jwk for name in _PRIVATE):
        yield "is private: keep it to yourself, make a new pair if anybody can have seen it, and give the public half"
    kind, known = (jwk.get("kty"), jwk.get("crv")), list(_KINDS)
    if kind not in known:
        yield "is no public JWK on P-256 or X25519"
    elif not all(isinstance(jwk.get(name), str) and _COORDINATE.fullmatch(jwk[name]) for name in _KINDS[kind][1]):
        yield "lacks a coordinate of 32 bytes in base64url"
    ops = jwk.get("key_ops", [])
    if jwk.get("use", "enc") != "enc" or not isinstance(ops, list) or (ops and not any(each in _AGREES for each in ops)):
        yield "is not to encrypt with"


class Target(Protocol):
    """Where a file is written to, from its beginning on."""

    def write(self, piece: bytes, /) -> object: ...


def encrypt(source: IO[bytes], target: Target, reader: Reader, kid: str) -> None:
    """Writes all of the source to the target, so that only that reader can open it."""
    own, shared = _agreed(reader)
    secret, iv = token_bytes(32), token_bytes(12)
    wrapped = aes_key_wrap(_derived(shared), secret)
    header = b64url(json.dumps({"alg": ALGORITHM, "enc": ENCRYPTION, "epk": own, "kid": kid}).encode()).encode()
    target.write(b".".join((header, b64url(wrapped).encode(), b64url(iv).encode(), b"")))
    sealing = Cipher(AES256(secret), GCM(iv)).encryptor()
    sealing.authenticate_additional_data(header)
    while piece := source.read(_BLOCK):
        target.write(urlsafe_b64encode(sealing.update(piece)).rstrip(b"="))
    sealing.finalize()
    target.write(b"." + b64url(sealing.tag).encode())


def _agreed(reader: Reader) -> tuple[Any, bytes]:
    """The public half of a key made for this once, and what both make of it."""
    if isinstance(reader, X25519PublicKey):
        once = X25519PrivateKey.generate()
        return OKPKey.import_key(once.public_key()).as_dict(private=False), once.exchange(reader)
    private = generate_private_key(SECP256R1())
    return ECKey.import_key(private.public_key()).as_dict(private=False), private.exchange(ECDH(), reader)


def _derived(shared: bytes) -> bytes:
    """The key that wraps (RFC 7518, section 4.6.2)."""
    name = ALGORITHM.encode()
    said = len(name).to_bytes(4) + name + bytes(4) + bytes(4) + (256).to_bytes(4)
    return ConcatKDFHash(SHA256(), 32, said).derive(shared)
