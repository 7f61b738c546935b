"""One partition on its way in: its records in their order, many at a time, and its offset moved when all of them are kept."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from time import time_ns
from typing import Any

import structlog

from hub.adapters.kafka.library import AIOKafkaConsumer, KafkaError, NotTakenApart, Record, TopicPartition
from hub.adapters.kafka.records import Unreadable, headers_of, place_of
from hub.adapters.kafka.replies import Answer, Refusal, Replies
from hub.adapters.kafka.sessions import code_of, delay, pause
from hub.adapters.kafka.taking_in import Begun, TakingIn, is_not_now
from hub.domain.messages import QUARANTINED
from hub.domain.traces import TRACEPARENT
from hub.errors import HubError
from hub.intake import Receipt
from hub.ports import Watch
from hub.steps import begun

TOGETHER = 200
"""Records of one partition that are begun together: about as many as share a commit."""
_LOOK_MS = 1_000

_told = structlog.get_logger("hub.kafka")


class Lane:
    """Takes in the records of one partition until it is told to finish."""

    def __init__(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, way_in: TakingIn, replies: Replies, watch: Watch
    ) -> None:
        self._consumer, self._partition, self._way_in = consumer, partition, way_in
        self._replies, self._watch = replies, watch
        self._is_over, self._is_fetching, self._failures = False, False, 0
        self.task = asyncio.create_task(self._run())

    def finish(self) -> None:
        """Lets it finish what it is at, and no more; wait for its task."""
        self._is_over = True
        if self._is_fetching:
            self.task.cancel()

    async def _run(self) -> None:
        while not self._is_over:
            rest = await self._looked()
            while rest and not self._is_over:
                done, wait = await self._tried(rest)
                rest = rest[done:]
                await pause(wait, lambda: self._is_over)

    async def _looked(self) -> Sequence[Record]:
        """What there is. Raises: KafkaError, which may be of the whole session."""
        try:
            return await self._fetched()
        except KafkaError:
            raise
        except Exception as error:  # what only this partition has does not stop the others
            _told.warning("kafka-lane-waits", topic=self._partition.topic, because=code_of(error))
            await pause(self._longer(), lambda: self._is_over)
            return []

    async def _fetched(self) -> Sequence[Record]:
        self._is_fetching = True
        try:
            return await self._read(TOGETHER)
        except NotTakenApart as error:
            return await self._read_around(error)
        finally:
            self._is_fetching = False

    async def _read(self, most: int) -> Sequence[Record]:
        found = await self._consumer.getmany(self._partition, timeout_ms=_LOOK_MS, max_records=most)
        records: Sequence[Record] = found.get(self._partition, [])
        return records

    async def _read_around(self, error: NotTakenApart) -> Sequence[Record]:
        """What can be read before what cannot be taken apart; after that its places, and it is passed over.

        The library takes apart whole what was sent together, so what comes after it there is lost to it too.
        """
        first: int = await self._consumer.position(self._partition)
        if first <= error.last_read:
            with suppress(NotTakenApart):  # where offsets have gaps, it is reached with fewer
                return await self._read(min(TOGETHER, error.last_read + 1 - first))
            return await self._read(1)
        self._consumer.seek(self._partition, error.goes_on)
        return [Unreadable(self._partition.topic, self._partition.partition, first, error.goes_on - 1)]

    async def _tried(self, records: Sequence[Record]) -> tuple[int, float]:
        """How many of these were finished, and the seconds to wait before the others are tried again."""
        try:
            return await self._taken_in(records)
        except Exception as error:  # whatever it is, others go on; what was recorded comes again, as a repeat, and is told then
            _told.warning("kafka-lane-waits", topic=self._partition.topic, because=code_of(error))
            return 0, self._longer()

    async def _taken_in(self, records: Sequence[Record]) -> tuple[int, float]:
        began = time_ns()
        handful = await asyncio.to_thread(self._way_in.begin, records, lambda: self._is_over)
        await asyncio.gather(*map(asyncio.wrap_future, handful.futures()), return_exceptions=True)
        answers = list(_answers(handful.begun))
        if answers:
            await self._replies.tell(answers)
            await self._consumer.commit({self._partition: answers[-1].record.offset + 1})
            self._note(answers)
            self._tell_steps(answers, began)
        if len(answers) < len(handful.begun):
            return len(answers), self._longer()
        self._failures = 0
        return len(answers), handful.wait

    def _longer(self) -> float:
        self._failures += 1
        return delay(self._failures)

    def _note(self, answers: Sequence[Answer]) -> None:
        receipts = [receipt for answer in answers for receipt in answer.receipts]
        refused = [(answer.record, refusal) for answer in answers for refusal in answer.refusals]
        for receipt in receipts:
            if receipt.is_repeat:
                self._watch.repeated("kafka")
        for record, refusal in refused:
            code = refusal.error.code if isinstance(refusal.error, HubError) else "unforeseen"
            self._watch.refused("kafka", code)
            _told.warning("kafka-refused", record=place_of(record), code=code)
        quarantined = sum(receipt.outcome == QUARANTINED for receipt in receipts)
        for direction, count in (("in", len(receipts)), ("refused", len(refused)), ("quarantined", quarantined)):
            if count:
                self._watch.records(direction, count)

    def _tell_steps(self, answers: Sequence[Answer], began: int) -> None:
        """Each record as a step under that of its partner, from when it was begun with those beside it."""
        for answer in answers if self._watch.stepped else ():
            said = headers_of(answer.record).get(TRACEPARENT, [])
            if steps := begun(said[0] if len(said) == 1 else "", self._watch, "consumer"):
                steps.began = began
                for receipt in answer.receipts:
                    if not receipt.is_repeat:
                        steps.recorded(receipt.signals, receipt.outcome)
                steps.over(next((refusal.error for refusal in answer.refusals), None))


def _answers(begun: Sequence[Begun]) -> Iterator[Answer]:
    """What became of records, up to the first of which nobody can tell yet."""
    for one in begun:
        if any(isinstance(each, Future) and _is_open(each) for each in one.coming):
            return
        receipts, refusals = [], []
        for place, each in enumerate(one.coming):
            became = _became(each)
            if isinstance(became, Receipt):
                receipts.append(became)
            else:
                refusals.append(Refusal(became, place if one.is_batch else None))
        yield Answer(one.record, receipts, refusals)


def _is_open(future: Future[Any]) -> bool:
    return future.cancelled() or is_not_now(future.exception())


def _became(each: Future[Any] | Exception) -> Receipt | Exception:
    if isinstance(each, Exception):
        return each
    error = each.exception()
    if isinstance(error, Exception):
        return error
    receipt: Receipt = each.result().value
    return receipt
