"""The headers by which a receiver knows that the hub said this: detached JAdES, and Standard Webhooks 1.0 beside it."""

from base64 import b64encode
from datetime import datetime

from hub.adapters import jws
from hub.adapters.cloudevents import STRUCTURED
from hub.adapters.hub_keys import HubKey
from hub.adapters.jades import sign


def sealed(id: str, body: bytes, key: HubKey, at: datetime) -> dict[str, str]:
    """Every header of a delivery; `at` is the moment of this attempt, `id` is the same for every attempt."""
    covered = {"Content-Type": STRUCTURED, "webhook-id": id}
    return {**covered, **sign(body, covered, key.private, key.kid, at), **_standard(id, body, key, at)}


def _standard(id: str, body: bytes, key: HubKey, at: datetime) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    signature = jws.signature_of(f"{id}.{timestamp}.".encode() + body, key.private)
    return {"webhook-timestamp": timestamp, "webhook-signature": f"v1a,{b64encode(signature).decode()}"}
