"""Whether a key of the hub signed something: receipts and notices are, with Ed25519 and keys that it publishes."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.adapters import jws
from hub.adapters.jwks import Jwks


def is_by_the_hub(kid: str, signed: bytes, value: bytes, keys: Jwks) -> bool:
    """That the hub's key of that kid signed these bytes.

    Raises:
        Unavailable: the hub's keys cannot be read.
    """
    jwk = keys.key(kid)
    if jwk is None:
        return False
    key = jws.key_in(jwk)
    # with its other keys the hub signs access tokens, and those are for somebody else
    return isinstance(key, Ed25519PublicKey) and jws.is_signed(signed, value, key)
