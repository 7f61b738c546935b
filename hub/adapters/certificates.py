"""Certificates of clients as a proxy passes them on, and by what a token is bound to one (RFC 8705)."""

from base64 import b64decode
from hashlib import sha256
from urllib.parse import unquote

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

from hub.adapters import jws


def thumbprint(shown: str) -> str:
    """The thumbprint (x5t#S256) of a certificate in a header: DER as in RFC 9440, or PEM with percent-encoding.

    Raises:
        ValueError: no certificate in either form.
    """
    text = shown.strip()
    if text.startswith(":") and text.endswith(":") and len(text) > 1:
        der = b64decode(text[1:-1], validate=True)
        return _of(load_der_x509_certificate(der).public_bytes(Encoding.DER))
    return _of(load_pem_x509_certificate(unquote(text).encode()).public_bytes(Encoding.DER))


def _of(der: bytes) -> str:
    return jws.b64url(sha256(der).digest())
