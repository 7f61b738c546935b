"""A file that one reader alone can open: a JWE in its compact form, written piece by piece, so that nothing of it fills memory.

RFC 7516 with ECDH-ES+A256KW (RFC 7518, section 4.6; RFC 8037 for X25519) and A256GCM.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from secrets import token_bytes
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey

from hub.adapters.jws import b64url
from hub.errors import Malformed, Violation

ALGORITHM, ENCRYPTION = "ECDH-ES+A256KW", "A256GCM"
_BLOCK = 3 << 18
"""Bytes at a time: in threes, so that the base64 of one piece goes on where that of the last one ended."""
Reader = EllipticCurvePublicKey | X25519PublicKey


def reader_of(jwk: Mapping[str, Any]) -> tuple[Reader, str]:
    """The public key of whoever is to open it, and its thumbprint (RFC 7638).

    Raises:
        Malformed: no public key of P-256 or X25519, or one to sign with.
    """
    try:
        key = JWKRegistry.import_key({name: value for name, value in jwk.items() if name not in ("use", "key_ops")})
        public: Any = key.public_key
        is_fit = isinstance(public, X25519PublicKey) or (
            isinstance(public, EllipticCurvePublicKey) and public.curve.name == "secp256r1"
        )
    except (JoseError, ValueError, TypeError, KeyError):
        is_fit = False
    if not is_fit or "d" in jwk or jwk.get("use", "enc") != "enc":
        raise Malformed("Nothing can be encrypted for this key.", [Violation("", "is no public JWK on P-256 or X25519")])
    return public, key.thumbprint()


def encrypt(source: IO[bytes], target: IO[bytes], reader: Reader, kid: str) -> None:
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
