"""The way in over Kafka: what partners put on their topics, shared by any number of processes in one group."""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any

from hub.adapters.kafka import making
from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.lane import Lane
from hub.adapters.kafka.library import (
    AIOKafkaAdminClient,
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    KafkaError,
    TopicPartition,
)
from hub.adapters.kafka.replies import Problem, Replies, Said
from hub.adapters.kafka.sessions import keep_at, pause, started
from hub.adapters.kafka.taking_in import TakingIn
from hub.adapters.kafka.topics import RECEIPTS, REFUSED, SIGNALS, Topics
from hub.adapters.limits import Limits
from hub.adapters.registrations import Registrations
from hub.intake import Intake
from hub.ports import UNWATCHED, Clock, Signer, Watch

GROUP = "hub"
FINISH_WITHIN = 20.0
"""Seconds that partitions wait to be given up for what is on its way into the log."""
_NEW_TOPICS_AFTER = 10.0
"""Seconds after which a topic that somebody made is noticed, and that of a new partner is made."""
_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Consumer:
    """Takes in what partners put on `signals.<partner>`, as over HTTP, and tells them what became of it.

    `admit` refuses a signer whose registration asks for more than a signature; `said` is a signed receipt as partners get
    it, `problem` a problem document (RFC 9457).
    """

    connection: Connection
    intake: Intake
    admit: Callable[[Signer], None]
    limits: Limits
    registrations: Registrations
    said: Said
    problem: Problem
    clock: Clock
    watch: Watch = UNWATCHED
    silence: float = 10.0
    """Seconds without a sign of life after which others take over what it did."""

    def run(self, stop: Event) -> None:
        """Takes in until told to stop; then finishes what it is at, and leaves the group. Never raises."""
        keep_at("in", self._session, stop)

    async def _session(self, stop: Event) -> None:
        named = Topics(self.connection.prefix)
        async with AsyncExitStack() as open_ones:
            admin = await open_ones.enter_async_context(started(AIOKafkaAdminClient(**self.connection.client())))
            await self._make(named, admin)
            producer = await open_ones.enter_async_context(started(self._producer()))
            consumer = self._consumer()
            way_in = TakingIn(self.intake, self.admit, self.limits, named, self.clock)
            lanes = Lanes(lambda one: Lane(consumer, one, way_in, Replies(producer, named, self.said, self.problem), self.watch))
            await open_ones.enter_async_context(started(consumer))
            open_ones.push_async_callback(lanes.close)
            consumer.subscribe(pattern=f"{re.escape(named.of(SIGNALS))}\\.[a-z0-9-]+$", listener=lanes)
            await self._look_after(lanes, named, admin, stop)

    async def _look_after(self, lanes: "Lanes", named: Topics, admin: AIOKafkaAdminClient, stop: Event) -> None:
        looked = monotonic()
        while not stop.is_set():
            await pause(_LOOK, stop.is_set)
            lanes.raise_what_broke()
            if monotonic() - looked > _NEW_TOPICS_AFTER:
                looked = monotonic()
                with suppress(KafkaError):  # who is in the group waits for a broker that is away by itself
                    await self._make(named, admin)

    async def _make(self, named: Topics, admin: AIOKafkaAdminClient) -> None:
        wanted = await asyncio.to_thread(lambda: set(self._wanted(named)))
        await making.make(self.connection, await making.missing(wanted, admin), admin)

    def _wanted(self, named: Topics) -> Iterator[str]:
        for organisation in self.registrations.all():
            if not organisation.is_removed:
                yield from (named.of(kind, organisation.name) for kind in (SIGNALS, RECEIPTS, REFUSED))

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(**self.connection.client(), enable_idempotence=True, compression_type="zstd")

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self.connection.client(),
            group_id=f"{self.connection.prefix}{GROUP}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            metadata_max_age_ms=int(_NEW_TOPICS_AFTER * 1_000),
            session_timeout_ms=int(self.silence * 1_000),
            heartbeat_interval_ms=int(self.silence * 300),
            rebalance_timeout_ms=int(FINISH_WITHIN * 2_000),
            # what waits for a database that is away is no reason to leave the group
            max_poll_interval_ms=86_400_000,
        )


class Lanes(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions that are this process's now, each in a lane of its own; they are finished before they are given up."""

    def __init__(self, lane: Callable[[TopicPartition], Lane]) -> None:
        self._lane, self._is_closed = lane, False
        self._lanes: list[Lane] = []

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._lanes = [] if self._is_closed else [self._lane(partition) for partition in assigned]

    async def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        await self.finish()

    async def close(self) -> None:
        """Lets them finish, and takes no others."""
        self._is_closed = True
        await self.finish()

    async def finish(self) -> None:
        """Lets every lane finish what it is at, and commit it."""
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            lane.finish()
        await _ended([lane.task for lane in lanes])

    def raise_what_broke(self) -> None:
        """Raises what ended a lane that was not told to finish."""
        for lane in self._lanes:
            if lane.task.done() and not lane.task.cancelled():
                lane.task.result()


async def _ended(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    some = list(tasks)
    if not some:
        return
    _, late = await asyncio.wait(some, timeout=FINISH_WITHIN)
    for task in late:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*some, return_exceptions=True)
