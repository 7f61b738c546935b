"""The headers by which a receiver knows that the hub said this: detached JAdES, and Standard Webhooks 1.0 beside it."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime

from hub.adapters import jws
from hub.adapters.cloudevents import STRUCTURED
from hub.adapters.hub_keys import HubKey
from hub.adapters.jades import sign

PREFIX = "whsec_"
"""How Standard Webhooks begins a secret."""


def sealed(id: str, body: bytes, key: HubKey, at: datetime, secrets: Sequence[str] = ()) -> dict[str, str]:
    """Every header of a delivery; `at` is the moment of this attempt, `id` is the same for every attempt.

    `secrets` (`whsec_…`) are those of the subscription, that the receiver shares with the hub.
    """
    covered = {"Content-Type": STRUCTURED, "webhook-id": id}
    return {**covered, **sign(body, covered, key.private, key.kid, at), **_standard(id, body, key, at, secrets)}


def _standard(id: str, body: bytes, key: HubKey, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    signed = f"{id}.{timestamp}.".encode() + body
    ours = [("v1a", jws.signature_of(signed, key.private))]
    shared = [("v1", hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, "sha256")) for secret in secrets]
    signatures = " ".join(f"{version},{b64encode(value).decode()}" for version, value in ours + shared)
    return {"webhook-timestamp": timestamp, "webhook-signature": signatures}
