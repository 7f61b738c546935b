"""Opening a file that was encrypted for one reader: a JWE in its compact form (RFC 7516), piece by piece.

ECDH-ES+A256KW (RFC 7518, section 4.6) on P-256 or X25519, and A256GCM; nothing else is opened.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicNumbers,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from vig_verifier.reading import Unreadable, b64url, json_of, text
from vig_verifier.signing import coded

ALGORITHM, ENCRYPTION = "ECDH-ES+A256KW", "A256GCM"
IN_MEMORY = 32 << 20
_HEAD, _TAG, _BLOCK = 16_384, 22, 1 << 20
_START = re.compile(rb"([\w-]+)\.([\w-]+)\.([\w-]+)\.")
Private = EllipticCurvePrivateKey | X25519PrivateKey


def is_encrypted(file: IO[bytes]) -> bool:
    """Whether this looks like such a file at all."""
    file.seek(0)
    return bool(_START.match(file.read(_HEAD)))


def opened(file: IO[bytes], jwk: Mapping[str, Any]) -> IO[bytes]:
    """What is in it; what does not fit into memory waits on the disk, under no name. Raises: Unreadable."""
    plain: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    try:
        _open(file, jwk, plain)
    except (InvalidTag, InvalidUnwrap, ValueError, KeyError, TypeError):
        plain.close()
        raise Unreadable("not-for-this-key") from None
    return plain


def _open(file: IO[bytes], jwk: Mapping[str, Any], plain: IO[bytes]) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    start = _START.match(file.read(_HEAD))
    if start is None or size < start.end() + 1 + _TAG:
        raise ValueError("not a JWE, or cut short")
    head, wrapped, iv = start.groups()
    header = json_of(b64url(head))
    if (header["alg"], header["enc"]) != (ALGORITHM, ENCRYPTION) or header.keys() - {"alg", "enc", "epk", "kid", "typ", "cty"}:
        raise ValueError("another algorithm")
    secret = aes_key_unwrap(_derived(_shared(jwk, header["epk"])), b64url(wrapped))
    end = size - _TAG - 1
    file.seek(end)
    dot, tag = file.read(1), file.read()
    if dot != b"." or len(secret) != 32:
        raise ValueError("cut short")
    opening = Cipher(AES256(secret), GCM(b64url(iv), b64url(tag))).decryptor()
    opening.authenticate_additional_data(head)
    file.seek(start.end())
    while file.tell() < end:
        plain.write(opening.update(b64url(file.read(min(_BLOCK, end - file.tell())))))
    opening.finalize()


def _shared(jwk: Mapping[str, Any], once: Mapping[str, Any]) -> bytes:
    match jwk["kty"], jwk["crv"]:
        case "OKP", "X25519":
            own = X25519PrivateKey.from_private_bytes(b64url(text(jwk["d"])))
            if (once["kty"], once["crv"]) != ("OKP", "X25519"):
                raise ValueError("for another kind of key")
            return own.exchange(X25519PublicKey.from_public_bytes(b64url(text(once["x"]))))
        case "EC", "P-256":
            private = derive_private_key(int.from_bytes(b64url(text(jwk["d"]))), SECP256R1())
            x, y = (int.from_bytes(b64url(text(once[name]))) for name in ("x", "y"))
            if (once["kty"], once["crv"]) != ("EC", "P-256"):
                raise ValueError("for another kind of key")
            return private.exchange(ECDH(), EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key())
    raise ValueError("no key that this can be encrypted for")


def _derived(shared: bytes) -> bytes:
    name = ALGORITHM.encode()
    said = len(name).to_bytes(4) + name + bytes(4) + bytes(4) + (256).to_bytes(4)
    return ConcatKDFHash(SHA256(), 32, said).derive(shared)


def new_key() -> tuple[dict[str, str], dict[str, str]]:
    """A key for whoever wants to be sent such files, as JWK: the private one, and what may be shown."""
    private = generate_private_key(SECP256R1())
    numbers = private.private_numbers()
    shown = {name: coded(value.to_bytes(32)) for name, value in (("x", numbers.public_numbers.x), ("y", numbers.public_numbers.y))}
    public = {"kty": "EC", "crv": "P-256", "use": "enc", "alg": ALGORITHM, **shown}
    return {**public, "d": coded(numbers.private_value.to_bytes(32))}, public


def named(path: Path) -> tuple[Path, Path]:
    """The files that a new key of that name stands in, the private one first."""
    return path.with_name(path.name + ".key.json"), path.with_name(path.name + ".public.json")
