"""The worker that puts notices and how families stand on Kafka, each in one transaction with how far it came.

Whoever reads only what was committed sees every notice once, whenever this process is killed: what Kafka holds of how far it
came counts, and not what the outbox thinks. Of two workers Kafka hears only the one that began last.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from threading import Event
from time import monotonic, time_ns
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection as OnDatabase

from hub.adapters.channels import Around, told, told_step
from hub.adapters.channels.kafka import families, queue
from hub.adapters.channels.kafka.families import Standing
from hub.adapters.channels.kafka.queue import Telling
from hub.adapters.kafka import making, positions
from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.library import AIOKafkaAdminClient, AIOKafkaProducer
from hub.adapters.kafka.records import OURS, to_record
from hub.adapters.kafka.sessions import keep_at, started
from hub.adapters.kafka.topics import ESCALATIONS, FAMILIES, POSITIONS, Topics
from hub.adapters.notice_event import Sender
from hub.adapters.notice_seal import sealed
from hub.adapters.registrations import Subscriber
from hub.domain.subscriptions import ACTIVE, Sink
from hub.domain.tellings import Attempt, Way
from hub.domain.traces import TRACEPARENT, of_notice
from hub.ports import Channel, Notice, Step

BELL = "kafka"
BATCH = 500
"""Notices, and families, in one transaction."""
WITHIN = 10.0
"""Seconds in which Kafka has to have committed a transaction; who does not know whether it did begins anew and looks."""
POLL = 1.0
"""Seconds between looks when no bell rings."""
AGAIN = 60.0
"""Seconds after which a topic that could not be made is asked for once more; what is for it waits."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes to Kafka in one transaction; `place` is up to where families stand then, where that is known.

    `organisations` has whose each receiver is, also where a subscription ends meanwhile.
    """

    tellings: Sequence[Telling]
    standings: Sequence[Standing]
    place: Mapping[str, Any] | None
    organisations: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        return not self.tellings and not self.standings


class _Typed(msgspec.Struct):
    """Of an event, what it is."""

    type: str


class Sending:
    """Tells partners on `escalations.<partner>`, and keeps how families stand on `families`."""

    def __init__(self, connection: Connection, around: Around) -> None:
        self._connection, self._around, self._sender = connection, around, Sender(around.oin, around.base_url)
        self._topics = Topics(connection.prefix)
        self._made: set[str] = set()
        self._refused: dict[str, float] = {}
        self._known: set[str] = set()
        self.families_after = 0

    @property
    def connection(self) -> Connection:
        """How Kafka is reached."""
        return self._connection

    def topic(self, organisation: str, key: str) -> str:
        """The topic of one of an organisation's subscriptions."""
        return self._topics.of(ESCALATIONS, f"{organisation}.{key}")

    @property
    def channel(self) -> Channel:
        """The way in, for the relay."""
        return Channel(BELL, self.accept, lambda: self._around.bells.heard(BELL))

    def accept(self, notices: Sequence[Notice], connection: OnDatabase) -> None:
        """Queues what these notices tell to whom, on the transaction of the caller."""
        around, now, began = self._around, self._around.clock.now(), time_ns()
        each = list(told(notices, self._listening(now), around, partial(queue.held, connection)))
        queue.queue(each, self._sender, now, connection)
        if around.watch.stepped:
            for one in (notice for _, mine in each for notice in mine):
                around.watch.stepped(told_step(one, began))
        around.bells.ring(connection, BELL)

    def run(self, stop: Event) -> None:
        """Sends until told to stop. Never raises."""
        keep_at("out", self._session, stop)

    # One session: a producer, from where Kafka says that it came to ---------------------------------------

    async def _session(self, stop: Event) -> None:
        woken, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake(_: str) -> None:
            with suppress(RuntimeError):  # the loop may be over
                loop.call_soon_threadsafe(woken.set)

        async with AsyncExitStack() as open_ones:
            admin = await open_ones.enter_async_context(started(AIOKafkaAdminClient(**self._connection.client())))
            self._made, self._refused = set(), {}
            await self._make(admin, {self._topics.of(POSITIONS), self._topics.of(FAMILIES)})
            # from here on nobody else is heard under this name, and what they left open is broken off
            producer = await open_ones.enter_async_context(started(self._producer()))
            places = await positions.read_back(self._connection, self._topics.of(POSITIONS))
            await asyncio.to_thread(self._agree, places)
            open_ones.enter_context(self._around.bells.hearing(BELL, wake))
            while not stop.is_set():
                woken.clear()
                if not await self._sent(producer, admin):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(woken.wait(), POLL)

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            **self._connection.client(),
            transactional_id=f"{self._connection.prefix}hub-out",
            enable_idempotence=True,
            compression_type="zstd",
        )

    async def _make(self, admin: AIOKafkaAdminClient, names: set[str]) -> None:
        if new := names - self._made:
            refused = await making.make(self._connection, await making.missing(new, admin), admin)
            self._made |= new - refused
            self._refused |= dict.fromkeys(refused, monotonic())

    def _agree(self, places: Mapping[str, Mapping[str, Any]]) -> None:
        """Takes from Kafka how far it came; where an outbox or a log was put back, what it does not know is told once more."""
        of_receivers = {self._topics.partner_of(key): place for key, place in places.items() if key.startswith(ESCALATIONS)}
        of_families = places.get(FAMILIES)
        with self._around.outbox.connect() as connection:
            told = queue.up_to(connection, of_receivers)
            is_known = of_families is not None and families.is_known(connection, of_families)
        now = self._around.clock.now()
        self._keep(told, {key: str(place.get("organisation", key)) for key, place in of_receivers.items()}, now, now)
        with self._around.outbox.begin() as connection:
            queue.settle(connection, told)
        self.families_after = of_families["position"] if of_families and is_known else 0

    # One transaction ------------------------------------------------------------------------------------

    async def _sent(self, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient) -> bool:
        batch, began, at = await asyncio.to_thread(self._next), time_ns(), self._around.clock.now()
        if batch.is_empty:
            return False
        await self._make(admin, {self._topic_of(one, batch) for one in batch.tellings})
        # one partner's topic is no reason to tell nobody anything; the next look passes it over
        batch = replace(batch, tellings=[one for one in batch.tellings if self._topic_of(one, batch) in self._made])
        if batch.is_empty:
            return True
        async with asyncio.timeout(WITHIN):
            await producer.begin_transaction()
            await asyncio.gather(*[await producer.send(**one) for one in self._records(batch)])
            await producer.commit_transaction()
        self.families_after = max(self.families_after, *(one.position for one in batch.standings), 0)
        await asyncio.to_thread(self._settle, batch, at)
        self._tell_watch(batch, began)
        return True

    def _next(self) -> Batch:
        # what waits is kept for whoever is resumed, or whose covenant is renewed
        listening = self._listening(self._around.clock.now())
        sharing = {one.key: one.organisation.name for one in listening if one.state == ACTIVE and not one.organisation.is_suspended}
        sharing = {key: name for key, name in sharing.items() if not self._is_refused(self._topic(name, key))}
        self._forget()
        with self._around.outbox.connect() as connection:
            tellings = queue.due(connection, sharing, BATCH)
            # looked at before the families, so that these stand at least so far
            mark = families.mark(connection)
            standings = families.changed(connection, self.families_after, BATCH)
        return Batch(tellings, standings, mark if len(standings) < BATCH else None, sharing)

    def _listening(self, now: datetime) -> list[Subscriber]:
        """Whoever is told things over Kafka: every organisation at large, and besides whoever subscribed to a topic."""
        registrations = self._around.registrations
        by_kafka = [one for one in registrations.subscribers() if one.is_standing or one.wish.sink is Sink.KAFKA]
        return [one for one in by_kafka if registrations.is_sharing(one.organisation, now)]

    def _is_refused(self, topic: str) -> bool:
        return topic in self._refused and monotonic() < self._refused[topic] + AGAIN

    def _forget(self) -> None:
        """What waits for whoever was removed, or for a subscription that ended, is told to nobody."""
        known = {one.key for one in self._around.registrations.subscribers() if not one.organisation.is_removed}
        if known != self._known:
            with self._around.outbox.begin() as connection:
                queue.forget(connection, queue.waiting_for(connection) - known)
            self._known = known

    def _settle(self, batch: Batch, began: datetime) -> None:
        self._keep(batch.tellings, batch.organisations, began, self._around.clock.now())
        with self._around.outbox.begin() as connection:
            queue.settle(connection, batch.tellings)
            if batch.place is not None:
                families.forget_marks(connection, batch.place["position"])

    def _keep(self, told: Sequence[Telling], organisations: Mapping[str, str], began: datetime, ended: datetime) -> None:
        """Writes into the ledger that these were told: Kafka committed them."""
        if told:
            self._around.ledger([_attempt(one, organisations[one.receiver], began, ended) for one in told])

    def _records(self, batch: Batch) -> Iterator[dict[str, Any]]:
        """What goes to Kafka, and last how far that is."""
        names = batch.organisations
        places: dict[str, Mapping[str, Any]] = {
            f"{ESCALATIONS}.{one.receiver}": {**one.place, "organisation": names[one.receiver]} for one in batch.tellings
        }
        if batch.standings and batch.place is not None:
            places[FAMILIES] = batch.place
        yield from (self._telling(one, self._topic_of(one, batch)) for one in batch.tellings)
        yield from map(self._standing, batch.standings)
        for key, place in places.items():
            yield {"topic": self._topics.of(POSITIONS), "key": key.encode(), "value": positions.written(place)}

    def _telling(self, one: Telling, topic: str) -> dict[str, Any]:
        at = self._around.clock.now()
        trace = of_notice(UUID(one.notice), 1, BELL)
        headers = {**sealed(one.notice, one.event, self._around.keys.at(at), at), TRACEPARENT: str(trace)}
        return {
            "topic": topic,
            "key": one.family.encode(),
            "value": one.event,
            "headers": to_record(headers),
        }

    def _standing(self, one: Standing) -> dict[str, Any]:
        headers = {"content-type": "application/json", f"{OURS}position": str(one.position)}
        if one.merged_into:
            headers[f"{OURS}merged-into"] = one.merged_into
        return {"topic": self._topics.of(FAMILIES), "key": one.family.encode(), "value": one.view, "headers": to_record(headers)}

    def _topic_of(self, one: Telling, batch: Batch) -> str:
        return self._topic(batch.organisations[one.receiver], one.receiver)

    def _topic(self, organisation: str, key: str) -> str:
        return self._topics.of(ESCALATIONS, key) if key == organisation else self.topic(organisation, key)

    def _tell_watch(self, batch: Batch, began: int) -> None:
        watch, now = self._around.watch, self._around.clock.now()
        watch.records("out", len(batch.tellings) + len(batch.standings))
        for one in batch.tellings:
            watch.attempted(BELL, "committed")
            watch.delivered(BELL, (now - one.accepted_at).total_seconds())
            if watch.stepped:
                watch.stepped(Step("deliver", of_notice(UUID(one.notice), 1, BELL), began, time_ns(), "producer"))


def _attempt(one: Telling, organisation: str, began: datetime, ended: datetime) -> Attempt:
    return Attempt(
        organisation=organisation,
        subscription=one.receiver,
        notice=one.notice,
        called=one.family,
        fact=one.position,
        type=msgspec.json.decode(one.event, type=_Typed).type,
        way=Way.KAFKA,
        sequence=one.sequence,
        number=1,
        digest=sha256(one.event).hexdigest(),
        outcome="committed",
        is_taken=True,
        began=began,
        ended=ended,
    )
