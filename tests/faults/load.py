"""Partners that go on whatever happens to the hub: what was not acknowledged is sent again, and what was now and then too."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from threading import Event, Thread
from typing import Any

import httpx2

from hub.adapters.outgoing_events import to_batch
from tests.given import a_number
from tests.journeys.running import BATCH, STRUCTURED, Sender, a_child, a_worry

CHILDREN = 120
CONCERNS = ("upbringing", "honour-violence", "domestic-violence", "child-neglect", "debts", "unknown-to-the-register")
"""The last one cannot be read: such a message goes to quarantine."""
TROUBLE = (httpx2.TransportError, httpx2.HTTPStatusError)


@dataclass(frozen=True)
class Acknowledged:
    """A message that the hub answered for, and the receipt that it gave."""

    event: bytes
    receipt: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return f"sha-256={sha256(self.event).hexdigest()}"


@dataclass
class Load:
    """Posts signed signals, one by one and in batches, as one organisation, until told to finish."""

    sender: Sender
    url: str
    random: Random
    acknowledged: list[Acknowledged] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    repeats: int = 0
    late: int = 0
    """Messages that were recorded although the first answer never came."""

    def __post_init__(self) -> None:
        self.finish = Event()
        self.thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=30) as client:
            while not self.finish.is_set() and not self.wrong:
                events = [self._an_event() for _ in range(self.random.choice((1, 1, 1, 12)))]
                self._insist(client, events)
                if self.random.random() < 0.2:
                    self._ask_again(client)

    def _an_event(self) -> bytes:
        nth = self.random.randrange(CHILDREN)
        # without a number and at another address it can only be a question who this is
        vague = {"bsn": None, "address": {"postcode": "4321BA", "number": "1", "town": "Elders"}}
        person = a_child(nth, familyName=f"Voorbeeld{a_number(nth)[4:]}", **(vague if self.random.random() < 0.1 else {}))
        concern = self.random.choice(CONCERNS)
        return self.sender.an_event(a_worry(person, concern=concern), datetime.now(UTC), id=f"{self.random.getrandbits(64):x}")

    def _insist(self, client: httpx2.Client, events: Sequence[bytes]) -> None:
        """Sends until it is answered, also after the end of the load: who was not acknowledged does not know what became of it."""
        while not self.wrong:
            try:
                self._keep(events, self._post(client, events))
                return
            except TROUBLE:
                time.sleep(0.02)

    def _ask_again(self, client: httpx2.Client) -> None:
        known = self.random.choice(self.acknowledged)
        try:
            ((status, receipt),) = self._post(client, [known.event])
        except TROUBLE:
            return
        self.repeats += 1
        if (status, receipt) != (200, known.receipt):
            self.wrong.append(f"a repeat was answered {status} {receipt} instead of {known.receipt}")

    def _post(self, client: httpx2.Client, events: Sequence[bytes]) -> list[tuple[int, Mapping[str, Any]]]:
        body, media = (events[0], STRUCTURED) if len(events) == 1 else (to_batch(events), BATCH)
        headers = {**self.sender.signed(body, datetime.now(UTC)), "Content-Type": media}
        answer = client.post("/v1/signals", content=body, headers=headers)
        if answer.status_code >= 500:
            answer.raise_for_status()
        said = json.loads(answer.content)
        return [(one["status"], one.get("receipt", one)) for one in said] if media == BATCH else [(answer.status_code, said)]

    def _keep(self, events: Sequence[bytes], answers: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        for event, (status, receipt) in zip(events, answers, strict=True):
            if status in (200, 201):
                self.acknowledged.append(Acknowledged(event, receipt))
                self.late += status == 200
            else:
                self.wrong.append(f"answered {status}: {receipt}")


@dataclass
class Desk:
    """Somebody who takes notice of every escalation that is open, as long as the load lasts."""

    url: str
    token: Mapping[str, str]
    acknowledged: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.finish = Event()
        self.thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=30, headers=dict(self.token)) as client:
            while not self.finish.wait(0.05):
                try:
                    self._acknowledge_one(client)
                except TROUBLE:
                    time.sleep(0.02)

    def _acknowledge_one(self, client: httpx2.Client) -> None:
        open_now = client.get("/v1/escalations", params={"state": "open", "limit": "1"}).raise_for_status().json()["items"]
        for one in open_now:
            said = client.post(f"/v1/families/{one['family']}/escalations/{one['id']}/acknowledgements")
            if said.status_code >= 500:
                said.raise_for_status()
            elif said.status_code == 201:
                self.acknowledged.append(one["id"])
            else:
                # not even a second time, where the first answer never came: that is silence
                self.wrong.append(f"answered {said.status_code}: {said.text}")
