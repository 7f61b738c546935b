"""What the hub answers to a message: a receipt that proves what was received and when, and what became of it since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from hub.adapters import compact, rfc3339
from hub.adapters.jwks import Jwks
from hub.client.problems import NotByTheHub
from hub.client.signed import is_by_the_hub

QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt of the hub, verified; keep `document` as it is, for its signature is over exactly that.

    `outcome` is recorded, match-question (a person looks whose it is) or quarantined (`reasons` say why it cannot be read).
    """

    message: str
    id: str
    outcome: str
    digest: str
    position: int
    recorded_at: datetime
    reasons: tuple[Mapping[str, str], ...]
    signals: tuple[Mapping[str, str], ...]
    is_repeat: bool
    document: Mapping[str, Any]
    last_day: str = ""
    """The last day that messages of this type are taken in, where there is one; `document` has what comes instead."""

    @property
    def is_quarantined(self) -> bool:
        """That the hub keeps the message and could not read it."""
        return self.outcome == QUARANTINED


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a message until now, beside its receipt."""

    receipt: Receipt
    outcome: str
    reasons: Sequence[Mapping[str, str]]
    signals: Sequence[Mapping[str, str]]


def receipt(document: Mapping[str, Any], body: bytes | None, keys: Jwks, *, is_repeat: bool = False) -> Receipt:
    """The receipt in an answer for these bytes; without `body`, whatever bytes it is for.

    Raises:
        NotByTheHub: it is for other bytes (receipt-for-another), or the hub did not sign it (receipt-not-signed).
        Unavailable: the hub's keys cannot be read.
    """
    plain = {name: value for name, value in document.items() if name not in ("receipt", "status", "withheld")}
    if body is not None and plain.get("digest") != f"sha-256={sha256(body).hexdigest()}":
        raise NotByTheHub("The receipt is for other bytes than were sent.", code="receipt-for-another")
    if not _is_signed(str(document.get("receipt")), plain, keys):
        raise NotByTheHub("The receipt is not signed by the hub, or was changed since.", code="receipt-not-signed")
    return Receipt(
        plain["message"],
        plain["id"],
        plain["outcome"],
        plain["digest"],
        plain["position"],
        rfc3339.moment(plain["recordedAt"]),
        tuple(plain["reasons"]),
        tuple(plain["signals"]),
        is_repeat,
        dict(document),
        plain.get("ending", {}).get("lastDay", ""),
    )


def status(document: Mapping[str, Any], keys: Jwks) -> Status:
    """What became of a message, with its receipt.

    Raises:
        NotByTheHub: the receipt in it is not the hub's.
    """
    now = document["status"]
    return Status(receipt(document, None, keys), now["outcome"], now["reasons"], now["signals"])


def _is_signed(text: str, plain: Mapping[str, Any], keys: Jwks) -> bool:
    try:
        read = compact.read(text)
    except ValueError:
        return False
    return read.header_text("typ") == "JOSE" and read.claims == plain and is_by_the_hub(read.kid, read.signed, read.value, keys)
