"""The systems of the partners: each signs with a key of its own and posts over HTTP, as any partner would."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import httpx2

from hub.adapters import jws
from hub.adapters.jades import sign
from hub.adapters.outgoing_events import to_headers
from hub.demo.cast import ORGANISATIONS, Organisation
from hub.demo.story import Form

_COVERED = ("ce-id", "ce-source", "ce-type")


@dataclass(frozen=True, slots=True)
class Sent:
    """What was posted and answered; `posted` is the reading of the performance counter just before."""

    body: bytes
    answer: httpx2.Response
    posted: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Sender:
    """A partner's system with its private key."""

    organisation: Organisation
    jwk: dict[str, Any]
    to: httpx2.Client

    @property
    def kid(self) -> str:
        return str(self.jwk["kid"])

    @property
    def public(self) -> dict[str, Any]:
        return jws.public_half(self.jwk)

    def post(self, form: Form, id: str, body: bytes, at: datetime, key: dict[str, Any] | None = None) -> Sent:
        """Signs a message (by default with the sender's own key) and posts it, with its attributes in headers."""
        source = f"urn:nld:oin:{self.organisation.oin}:systeem:demo"
        headers = to_headers(id, source, form.type, at, form.media)
        covered = {name: headers[name] for name in _COVERED}
        headers |= sign(body, covered, jws.private_key(key or self.jwk), self.kid, at)
        posted = perf_counter()
        answer = self.to.post("/v1/signals", content=body, headers=headers)
        return Sent(body, answer, posted, (perf_counter() - posted) * 1000)


def new_senders(to: httpx2.Client) -> dict[str, Sender]:
    """A system for every organisation, by its name, each with a fresh key (PS256, RSA of 2048 bits)."""
    kids = [f"{organisation.name}-2026" for organisation in ORGANISATIONS]
    made = zip(ORGANISATIONS, new_keys(kids), strict=True)
    return {organisation.name: Sender(organisation, jwk, to) for organisation, jwk in made}


def new_keys(kids: Sequence[str]) -> list[dict[str, Any]]:
    """Fresh private keys, made side by side."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda kid: jws.new_jwk("PS256", kid), kids))
