"""A hub that takes in what partners put on Kafka: its consumer in this process, or in one that can be killed."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2

from hub.adapters.kafka.consuming import Consumer
from hub.adapters.kafka.topics import RECEIPTS, REFUSED, SIGNALS
from hub.domain.messages import Message
from hub.ports import SystemClock, Watch
from hub.settings import Settings
from hub.wiring import Hub, application
from hub.wiring.consuming import consumer_of
from tests.journeys.running import STRUCTURED, Sender, the_partners
from tests.over_kafka import PATIENCE, Kafka, Put, Read, now, until
from tests.tools import ROOT

ANY, POLICE = "any-partner", "police"
SOON = 2.0
"""Seconds after which who was killed is not waited for."""


class AheadClock(SystemClock):
    """The machine's own time, or so much later."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class Hearing:
    """A hub with two partners, and what it does about Kafka."""

    hub: Hub
    kafka: Kafka
    clock: AheadClock
    partners: Mapping[str, Sender]
    seen: list[tuple[Any, ...]] = field(default_factory=list)

    def consumer(self) -> Consumer:
        """One process of `hub consume`, as far as Kafka sees it."""
        made = consumer_of(self.hub)
        assert made is not None
        watch = Watch(
            repeated=lambda way: self.seen.append(("repeated", way)),
            refused=lambda way, code: self.seen.append(("refused", way, code)),
            records=lambda direction, count: self.seen.append(("records", direction, count)),
            stepped=lambda step: self.seen.append(("step", step)),
        )
        return replace(made, watch=watch, silence=SOON)

    @contextmanager
    def consuming(self) -> Iterator[None]:
        """While the block lasts, what partners put on Kafka is taken in."""
        stop = Event()
        thread = Thread(target=self.consumer().run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE)
            assert not thread.is_alive(), "it does not stop"

    def make(self, *partners: str, partitions: int = 1) -> None:
        """Makes the topics of these partners."""
        kinds = (SIGNALS, RECEIPTS, REFUSED)
        self.kafka.make(*(self.kafka.topic(kind, one) for one in partners for kind in kinds), partitions=partitions)

    def put(self, partner: str, *records: Put, **options: Any) -> list[tuple[int, int]]:
        """Puts records on the topic of a partner."""
        return self.kafka.put(self.kafka.topic(SIGNALS, partner), *records, **options)

    def post(self, sender: Sender, body: bytes, headers: Mapping[str, str] | None = None) -> Any:
        """Posts a message over HTTP, and gives the answer."""
        said = headers or {**sender.signed(body, self.clock.now()), "content-type": STRUCTURED}
        return asyncio.run(_posted(self.hub, body, said))

    def receipts(self, partner: str) -> list[Read]:
        """What a partner is told of what was taken in."""
        return self.kafka.read(self.kafka.topic(RECEIPTS, partner))

    def refused(self, partner: str) -> list[Read]:
        """What a partner is told of what was refused."""
        return self.kafka.read(self.kafka.topic(REFUSED, partner))

    def messages(self) -> list[str]:
        """The ids that partners gave their messages, in the order in which those were recorded."""
        received = [one for _, one in self.hub.log.read(0, 100_000) if one.topic == Message.Received.TOPIC]
        return [self.hub.mapper.to_domain_event(one).event_id for one in received]  # type: ignore[attr-defined]

    def offset(self, partner: str, partition: int = 0) -> int:
        """How far the hub's group came."""
        return self.kafka.committed(self.kafka.topic(SIGNALS, partner), partition)

    def await_offset(self, partner: str, offset: int, partition: int = 0) -> None:
        """Waits until the hub's group came so far."""
        until(lambda: self.offset(partner, partition) >= offset)


async def _posted(hub: Hub, body: bytes, headers: Mapping[str, str]) -> Any:
    over = httpx2.ASGITransport(application(hub))
    async with httpx2.AsyncClient(transport=over, base_url=hub.settings.base_url) as client:
        answer = await client.post("/v1/signals", content=body, headers=dict(headers))
    assert answer.status_code < 300, answer.text
    return answer.json()


@contextmanager
def a_hub(settings: Settings, kafka: Kafka, names: Sequence[str] = (ANY, POLICE)) -> Iterator[Hearing]:
    """A hub in this process, with these partners; nothing of it runs by itself."""
    clock = AheadClock()
    hub = Hub.open(settings, clock, {"HUB_KAFKA_SERVERS": kafka.servers, "HUB_KAFKA_PREFIX": kafka.prefix})
    partners = {name: sender for name, sender in the_partners().items() if name in names}
    for partner in partners.values():
        if hub.registrations.by_name(partner.name) is None:
            partner.register(hub, now())
    try:
        yield Hearing(hub, kafka, clock, partners)
    finally:
        hub.close()


def a_consumer(hearing: Hearing) -> "subprocess.Popen[bytes]":
    """A process that takes in what partners put on Kafka, until it is killed."""
    settings, kafka = hearing.hub.settings, hearing.kafka
    command = [sys.executable, "-m", __name__, str(settings.data_dir), settings.database_url, kafka.servers, kafka.prefix]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def _work(place: str, url: str, servers: str, prefix: str) -> None:
    with a_hub(Settings(data_dir=Path(place), database_url=url, mode="demo"), Kafka(servers, prefix), ()) as hearing:
        hearing.consumer().run(Event())


if __name__ == "__main__":
    _work(*sys.argv[1:])
