"""What follows from the id of a session, which the browser has and the hub does not keep."""

import hmac
from hashlib import sha256
from secrets import token_bytes

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def csrf_of(id: str) -> str:
    """What only the hub and who has the session can know: it follows from the id, and the id does not follow from it."""
    return hmac.digest(id.encode(), b"csrf", "sha256").hex()


def digest_of(id: str) -> str:
    """What is stored of an id (SHA-256, 64 hexadecimal digits)."""
    return sha256(id.encode()).hexdigest()


def _key(id: str) -> AESGCM:
    return AESGCM(hmac.digest(id.encode(), b"statement", "sha256"))


def sealed(statement: str, id: str) -> bytes:
    """The issuer's statement as it is stored (AES-256-GCM)."""
    # by the id, which is not stored: whoever reads the database cannot read what the issuer says of somebody
    nonce = token_bytes(12)
    return nonce + _key(id).encrypt(nonce, statement.encode(), None)


def opened(stored: bytes, id: str) -> str:
    """The statement again."""
    return _key(id).decrypt(stored[:12], stored[12:], None).decode()
