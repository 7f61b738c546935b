"""Partners that use Kafka, and a hub that takes in what they put there: real records, real topics, a real broker."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import OffsetAndMetadata

from hub.adapters.kafka import topics
from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.consuming import Consumer
from hub.adapters.kafka.topics import RECEIPTS, REFUSED, SIGNALS, Topics
from hub.api import receipts
from hub.api.problems import problem_of
from hub.api.signals import NOTHING
from hub.domain.messages import Message
from hub.ports import Watch
from hub.settings import Settings
from hub.wiring import Hub
from tests.journeys.running import STRUCTURED, Sender, a_worry, the_partners
from tests.parts import databases

PATIENCE = 60.0
"""Seconds: what a busy machine may need."""
Given = TypeVar("Given")


def now() -> datetime:
    """What the clock of a partner says."""
    return datetime.now(UTC)


def until(is_so: Callable[[], Given]) -> Given:
    """Waits for it, a minute at most."""
    ends = monotonic() + PATIENCE
    while not (found := is_so()):
        assert monotonic() < ends, "it did not come"
        sleep(0.02)
    return found


def a_prefix() -> str:
    """What the topics of one test begin with."""
    return f"test-{uuid4().hex[:12]}."


@dataclass(frozen=True)
class Read:
    """A record as somebody reads it."""

    key: str
    value: bytes | None
    headers: Mapping[str, str]
    partition: int
    offset: int
    timestamp_type: int

    @property
    def said(self) -> Any:
        """What it says, where it says it in JSON."""
        return msgspec.json.decode(self.value or b"null")


@dataclass
class Kafka:
    """Somebody's own way to a broker; each call has connections of its own."""

    servers: str
    prefix: str = field(default_factory=a_prefix)

    @property
    def connection(self) -> Connection:
        return Connection(self.servers, self.prefix)

    def topic(self, kind: str, partner: str = "") -> str:
        """The name of a topic under the prefix of this test."""
        return Topics(self.prefix).of(kind, partner)

    def put(self, topic: str, *records: "Put", **options: Any) -> list[tuple[int, int]]:
        """Puts records there, and gives the partition and offset of each."""
        return _done(self._put(topic, records, options))

    async def _put(self, topic: str, records: Sequence["Put"], options: Mapping[str, Any]) -> list[tuple[int, int]]:
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, **options)
        await producer.start()
        try:
            sent = [
                await producer.send(topic, one.value, key=one.key, headers=one.headers, partition=one.partition) for one in records
            ]
            return [(one.partition, one.offset) for one in [await each for each in sent]]
        finally:
            await producer.stop()

    def read(self, topic: str, isolation: str = "read_committed") -> list[Read]:
        """All that stands there now, partition by partition."""
        return _done(self._read(topic, isolation))

    async def _read(self, topic: str, isolation: str) -> list[Read]:
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self.servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level=isolation,
        )
        await consumer.start()
        try:
            found: list[Read] = []
            ends = await consumer.end_offsets(consumer.assignment())
            while [one for one, end in ends.items() if await consumer.position(one) < end]:
                got = await consumer.getmany(timeout_ms=500)
                found += [_read(record) for records in got.values() for record in records]
            return sorted(found, key=lambda one: (one.partition, one.offset))
        finally:
            await consumer.stop()

    def make(self, *names: str, **but: Any) -> None:
        """Makes topics as the hub does."""
        _done(self._administered(lambda admin: topics.make(Connection(self.servers, self.prefix, **but), names, admin)))

    def committed(self, topic: str, partition: int = 0, group: str = "hub") -> int:
        """How far the hub's group came in a partition: the offset of what comes next."""
        try:
            offsets: Mapping[TopicPartition, OffsetAndMetadata] = _done(
                self._administered(lambda admin: admin.list_consumer_group_offsets(f"{self.prefix}{group}"))
            )
        except GroupCoordinatorNotAvailableError:  # a broker on which nobody ever was in a group has to think about it
            return 0
        found = offsets.get(TopicPartition(topic, partition))
        return found.offset if found else 0

    def configuration(self, topic: str) -> dict[str, str]:
        """How a topic is set."""
        from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

        asked = [ConfigResource(ConfigResourceType.TOPIC, topic)]
        (answer,) = _done(self._administered(lambda admin: admin.describe_configs(asked)))
        return {entry[0]: entry[1] for entry in answer.resources[0][4]}

    def names(self) -> set[str]:
        """The topics of this test, without its prefix."""
        listed: list[str] = _done(self._administered(lambda admin: admin.list_topics()))
        return {name.removeprefix(self.prefix) for name in listed if name.startswith(self.prefix)}

    async def _administered(self, work: Callable[[AIOKafkaAdminClient], Coroutine[Any, Any, Given]]) -> Given:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        try:
            await admin.start()
            return await work(admin)
        finally:
            await admin.close()


@dataclass(frozen=True)
class Put:
    """A record to be put somewhere."""

    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    key: bytes | None = None
    partition: int | None = None


def signed(sender: Sender, body: bytes, media: str = STRUCTURED, at: datetime | None = None, **but: Any) -> Put:
    """A message of a partner, signed as for HTTP."""
    headers = {**sender.signed(body, at or now()), "content-type": media}
    return Put(body, [(name.lower(), text.encode()) for name, text in headers.items()], **but)


def an_event(sender: Sender, *people: Mapping[str, Any], **but: Any) -> bytes:
    """A worry of a partner as a structured CloudEvent."""
    ours = {name: but.pop(name) for name in ("id", "type", "time") if name in but}
    return sender.an_event(a_worry(*people, **but), now(), **ours)


def _read(record: Any) -> Read:
    headers = {name: value.decode() for name, value in record.headers}
    key = (record.key or b"").decode()
    return Read(key, record.value, headers, record.partition, record.offset, record.timestamp_type)


def _done(work: Coroutine[Any, Any, Given]) -> Given:
    return asyncio.run(work)


# The hub ------------------------------------------------------------------------------------------------


@dataclass
class Hearing:
    """A hub with an organisation of every kind, under the clock of the machine, and what it does about Kafka."""

    hub: Hub
    kafka: Kafka
    partners: Mapping[str, Sender]
    seen: list[tuple[Any, ...]] = field(default_factory=list)

    def consumer(self) -> Consumer:
        """One process of `hub consume`, as far as Kafka sees it."""
        hub = self.hub
        return Consumer(
            self.kafka.connection,
            hub.intake,
            lambda signer: hub.door.tokens.refuse_other(NOTHING, signer, hub.clock.now()),
            hub.limits,
            hub.registrations,
            lambda receipt: receipts.signed(receipt, hub.keys.sign),
            lambda error: problem_of(error).document(),
            hub.clock,
            Watch(
                repeated=lambda way: self.seen.append(("repeated", way)),
                refused=lambda way, code: self.seen.append(("refused", way, code)),
                records=lambda direction, count: self.seen.append(("records", direction, count)),
            ),
        )

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

    def put(self, partner: str, *records: Put, **options: Any) -> list[tuple[int, int]]:
        """Puts records on the topic of a partner."""
        return self.kafka.put(self.kafka.topic(SIGNALS, partner), *records, **options)

    def make(self, *partners: str, partitions: int = 1) -> None:
        """Makes the topics of these partners."""
        kinds = (SIGNALS, RECEIPTS, REFUSED)
        self.kafka.make(*(self.kafka.topic(kind, one) for one in partners for kind in kinds), partitions=partitions)

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

    def await_offset(self, partner: str, offset: int, partition: int = 0) -> None:
        """Waits until the hub's group came so far."""
        until(lambda: self.kafka.committed(self.kafka.topic(SIGNALS, partner), partition) >= offset)


@contextmanager
def a_hub(place: Path, kafka: Kafka) -> Iterator[Hearing]:
    """A hub in this process, with partners; nothing of it runs by itself."""
    hub = Hub.open(Settings(data_dir=place, database_url=databases.url_of(place), mode="demo"))
    partners = the_partners()
    for partner in partners.values():
        if hub.registrations.by_name(partner.name) is None:
            partner.register(hub, now())
    try:
        yield Hearing(hub, kafka, partners)
    finally:
        hub.close()
