"""Partners that put what they have to tell on Kafka, whatever happens to it and to the hub; and how far the hub came there."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from hub.adapters.kafka.topics import SIGNALS
from tests.faults.load import Acknowledged, Children, Worker, Writer
from tests.journeys.running import Sender
from tests.over_kafka import Kafka, signed

GROUP = "hub"
SENT_WITHIN = 20.0
"""Seconds in which the broker has to have a record, before it is put there again."""
_TROUBLE = (KafkaError, TimeoutError, OSError)


@dataclass
class Putting(Worker):
    """Puts signed signals on the topic of one organisation, and now and then something that was sent before."""

    sender: Sender
    kafka: Kafka
    random: Random
    children: Children
    now: Callable[[], datetime]
    over_http: Sequence[Acknowledged]
    """What the same organisation was acknowledged over HTTP."""
    pause: float = 0.1
    untidy: float = 0.2
    put: list[bytes] = field(default_factory=list)
    """Events that the broker has."""
    poison: int = 0
    """Records that nobody can read, or that nobody signed."""
    again: int = 0
    _troubles: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.writer = Writer(self.sender, self.random, self.children, self.now)
        self._waiting: list[bytes] = []

    @property
    def troubles(self) -> Counter[str]:
        return self._troubles

    def _run(self) -> None:
        while not self.finish.is_set() or self._waiting:
            try:
                asyncio.run(self._session())
            except _TROUBLE as error:
                self._troubles[type(error).__name__] += 1
                self.finish.wait(0.2)

    async def _session(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.servers, enable_idempotence=True, request_timeout_ms=10_000)
        await producer.start()
        try:
            while not self.finish.is_set() or self._waiting:
                # what was not acknowledged is put there again, whether the broker has it or not
                self._waiting = self._waiting or self._events()
                await asyncio.gather(*(self._one(producer, event) for event in self._waiting))
                await self._poison(producer)
                self.put += self._waiting
                self._waiting = []
                await asyncio.sleep(self.pause)
        finally:
            await producer.stop()

    async def _poison(self, producer: AIOKafkaProducer) -> None:
        if self.random.random() < self.untidy / 4:
            async with asyncio.timeout(SENT_WITHIN):
                await producer.send_and_wait(self.kafka.topic(SIGNALS, self.sender.name), b"\x00 nobody signed this {")
            self.poison += 1

    async def _one(self, producer: AIOKafkaProducer, event: bytes) -> None:
        record = signed(self.sender, event, at=self.now())
        topic = self.kafka.topic(SIGNALS, self.sender.name)
        async with asyncio.timeout(SENT_WITHIN):
            await producer.send_and_wait(topic, record.value, headers=record.headers)

    def _events(self) -> list[bytes]:
        events = [self.writer.an_event() for _ in range(self.random.choice((1, 1, 5)))]
        known = [*self.put, *(one.event for one in self.over_http)]
        if known and self.random.random() < self.untidy:
            self.again += 1
            events.append(self.random.choice(known))
        self.random.shuffle(events)
        return events


def behind(kafka: Kafka, names: Sequence[str]) -> int:
    """Records of these partners that the hub's group did not take in yet."""
    return asyncio.run(_behind(kafka, [kafka.topic(SIGNALS, name) for name in names]))


async def _behind(kafka: Kafka, topics: Sequence[str]) -> int:
    admin, consumer = (
        AIOKafkaAdminClient(bootstrap_servers=kafka.servers),
        AIOKafkaConsumer(*topics, bootstrap_servers=kafka.servers),
    )
    try:
        await admin.start()
        await consumer.start()
        committed: Mapping[Any, Any] = await admin.list_consumer_group_offsets(f"{kafka.prefix}{GROUP}")
        ends: Mapping[Any, int] = await consumer.end_offsets(consumer.assignment())
        return sum(end - (committed[one].offset if one in committed else 0) for one, end in ends.items())
    finally:
        await admin.close()
        await consumer.stop()
