"""Somebody who uses Kafka beside the hub: real records, real topics, a real broker, under names of their own."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.structs import OffsetAndMetadata

from hub.adapters.kafka import making
from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.topics import Topics
from tests.journeys.running import STRUCTURED, Sender, a_worry

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
    raw_headers: Sequence[tuple[str, bytes]]
    partition: int
    offset: int
    timestamp_type: int

    @property
    def said(self) -> Any:
        """What it says, where it says it in JSON."""
        return msgspec.json.decode(self.value or b"null")

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers by name, the last where there are more of one."""
        return {name: value.decode("latin-1") for name, value in self.raw_headers}

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Why it was refused."""
        found: list[dict[str, Any]] = msgspec.json.decode(self.headers["hub-refused-problems"].encode("latin-1"))
        return found


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

    def put_and_abort(self, topic: str, *records: "Put") -> None:
        """Puts records there in a transaction that is broken off."""
        _done(self._put(topic, records, {"transactional_id": f"{self.prefix}somebody"}, aborts=True))

    async def _put(
        self, topic: str, records: Sequence["Put"], options: Mapping[str, Any], aborts: bool = False
    ) -> list[tuple[int, int]]:
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, **options)
        await producer.start()
        try:
            if aborts:
                await producer.begin_transaction()
            sent = [
                await producer.send(topic, one.value, key=one.key, headers=one.headers, partition=one.partition) for one in records
            ]
            places = [(one.partition, one.offset) for one in [await each for each in sent]]
            if aborts:
                await producer.abort_transaction()
            return places
        finally:
            await producer.stop()

    def put_together(self, topic: str, *records: "Put", compression: int = 0) -> None:
        """Puts records there as one batch, also such as the library would not write: names of headers as Latin-1.

        `compression` is its code in Kafka's protocol: gzip 1, snappy 2, lz4 3, zstd 4.
        """
        _done(self._put_together(topic, records, compression))

    async def _put_together(self, topic: str, records: Sequence["Put"], compression: int) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.servers)
        await producer.start()
        try:
            batch = producer.create_batch()
            batch._builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 100_000_000)
            for one in records:
                headers = [(_Latin(name), value) for name, value in one.headers]
                batch.append(timestamp=None, key=one.key, value=one.value, headers=headers)
            await (await producer.send_batch(batch, topic, partition=0))
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
        _done(self._administered(lambda admin: making.make(Connection(self.servers, self.prefix, **but), names, admin)))

    def make_otherwise(self, name: str, **settings: str) -> None:
        """Makes a topic as somebody else might."""
        new = NewTopic(name, 1, 1, topic_configs={name.replace("_", "."): value for name, value in settings.items()})
        _done(self._administered(lambda admin: admin.create_topics([new])))

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


class _Latin(str):
    """A text of other bytes than Kafka asks."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return super().encode("latin-1")


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
    key = (record.key or b"").decode()
    return Read(key, record.value, record.headers, record.partition, record.offset, record.timestamp_type)


def _done(work: Coroutine[Any, Any, Given]) -> Given:
    return asyncio.run(work)
