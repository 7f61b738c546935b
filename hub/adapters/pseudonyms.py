"""Ids of a receiver's own: what one partner calls a family tells another nothing."""

import hmac
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes for each receiver its own id of a thing, always the same, that only who has the secret can lead back."""

    secret: bytes = field(repr=False)

    def of(self, receiver: str, kind: str, id: str) -> UUID:
        """What this receiver calls that thing (RFC 9562, version 8, of HMAC-SHA-256); `kind` is family, person, notice …"""
        # every part says how long it is, so that no two questions are the same text
        asked = "".join(f"{len(part)}:{part}" for part in (receiver, kind, id))
        made = int.from_bytes(hmac.digest(self.secret, asked.encode(), "sha256")[:16])
        return UUID(int=made & ~_FIXED | _VERSION_8)


_FIXED = (0xF << 76) | (0x3 << 62)
_VERSION_8 = (0x8 << 76) | (0x2 << 62)
"""The bits of an id that say how it was made."""
