"""What a partner does with a receipt: looks whether the hub signed it, with another library than the hub's, and for what."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry, deserialize_compact


def is_by_the_hub(receipt: Mapping[str, Any], jwks: Mapping[str, Any]) -> bool:
    """That a key of the hub signed exactly the other members of this receipt."""
    said = {name: value for name, value in receipt.items() if name != "receipt"}
    registry = JWSRegistry(algorithms=["Ed25519", "EdDSA"])
    try:
        signed = deserialize_compact(receipt["receipt"], KeySet.import_key_set(jwks), registry=registry)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError):
        return False
    return bool(json.loads(signed.payload) == said)


def is_for(receipt: Mapping[str, Any], body: bytes) -> bool:
    """That the receipt names the digest of these bytes."""
    return bool(receipt["digest"] == f"sha-256={sha256(body).hexdigest()}")
