"""The systems of the partners: each signs with a key of its own and posts with `hub.client`, as any partner could."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

from hub.adapters import jws
from hub.client import ONCE, Hub, Message, NotByTheHub, Problem, Receipt, Sender
from hub.demo.cast import ORGANISATIONS, Organisation
from hub.demo.story import Form
from hub.ports import Clock

Answer = Receipt | Problem | NotByTheHub


@dataclass(frozen=True, slots=True)
class Sent:
    """What was posted and answered; `posted` is the reading of the performance counter just before."""

    body: bytes
    answer: Answer
    posted: float
    milliseconds: float


@dataclass(slots=True)
class System:
    """A partner's system with its private key."""

    organisation: Organisation
    jwk: dict[str, Any]
    url: str
    clock: Clock
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        self.hub = self.with_key(self.jwk)

    @property
    def public(self) -> dict[str, Any]:
        return jws.public_half(self.jwk)

    def with_key(self, key: dict[str, Any]) -> Hub:
        """The hub, for whoever posts in the name of this organisation with that key."""
        known_as = {**key, "kid": self.jwk["kid"]}
        sender = Sender(self.organisation.name, self.organisation.oin, known_as, "demo")
        return Hub(self.url, sender, retries=ONCE, now=self.clock.now)

    def post(self, form: Form, id: str, body: bytes, at: datetime) -> Sent:
        """Posts a message, signed with the own key."""
        return _posted(self.hub, Message(form.type, body, form.media, id, at))

    def forge(self, form: Form, id: str, body: bytes, at: datetime, key: dict[str, Any]) -> Sent:
        """Posts a message in the name of this organisation, signed with another key."""
        with self.with_key(key) as hub:
            return _posted(hub, Message(form.type, body, form.media, id, at))


def _posted(hub: Hub, message: Message) -> Sent:
    posted = perf_counter()
    try:
        answer: Answer = hub.send(message)
    except (Problem, NotByTheHub) as error:
        answer = error
    return Sent(message.body, answer, posted, (perf_counter() - posted) * 1000)


def new_systems(url: str, clock: Clock) -> dict[str, System]:
    """A system for every organisation, by its name, each with a fresh key (PS256, RSA of 2048 bits)."""
    kids = [f"{organisation.name}-2026" for organisation in ORGANISATIONS]
    made = zip(ORGANISATIONS, new_keys(kids), strict=True)
    return {organisation.name: System(organisation, jwk, url, clock) for organisation, jwk in made}


def new_keys(kids: Sequence[str]) -> list[dict[str, Any]]:
    """Fresh private keys, made side by side."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda kid: jws.new_jwk("PS256", kid), kids))
