"""What partners read of what became of their records: a receipt for each event, and what was refused with every reason."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from hub.adapters.kafka.library import AIOKafkaProducer, MessageSizeTooLargeError, Record, RecordListTooLargeError
from hub.adapters.kafka.records import OURS, RecordHeaders, place_of
from hub.adapters.kafka.topics import RECEIPTS, REFUSED, Topics
from hub.intake import Receipt

MOST_PROBLEMS = 100
"""Problems of one record that are told: a batch with more of them is wrong in one way."""
MOST_OF_A_KEY = 1_024
"""Bytes; a longer one is left out with a value that is."""
WITHIN = 30.0
"""Seconds in which Kafka has to have taken what is told."""
_JSON = "application/json"

Said = Callable[[Receipt], Mapping[str, Any]]
Problem = Callable[[Exception], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event of a record was refused; `event` is its place in a batch, `None` where it is the whole record."""

    error: Exception
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one record: receipts of the events that were taken in, and why others were not."""

    record: Record
    receipts: Sequence[Receipt] = ()
    refusals: Sequence[Refusal] = ()


@dataclass(frozen=True, slots=True)
class Replies:
    """Tells partners, each on topics of its own; at least once, and before the record counts as taken in.

    `said` is a signed receipt as partners get it, `problem` a problem document (RFC 9457).
    """

    producer: AIOKafkaProducer
    topics: Topics
    said: Said
    problem: Problem

    async def tell(self, answers: Sequence[Answer]) -> None:
        """Comes back when Kafka has it all.

        Raises:
            KafkaError: it has not, or nobody knows; all of it may be told again.
            TimeoutError: the same.
        """
        async with asyncio.timeout(WITHIN):
            told = [await self._receipt(answer.record, receipt) for answer in answers for receipt in answer.receipts]
            await asyncio.gather(*told, *(self._refused(answer) for answer in answers if answer.refusals))

    async def _receipt(self, record: Record, receipt: Receipt) -> "asyncio.Future[Any]":
        headers = [("content-type", _JSON.encode()), *_where(record)]
        value = msgspec.json.encode(self.said(receipt))
        topic = self.topics.of(RECEIPTS, self.topics.partner_of(record.topic))
        told: asyncio.Future[Any] = await self.producer.send(topic, value, key=receipt.id.encode(), headers=headers)
        return told

    async def _refused(self, answer: Answer) -> None:
        problems = [self._document(refusal) for refusal in answer.refusals[:MOST_PROBLEMS]]
        record, headers = answer.record, [*_as_it_came(answer.record), *_where(answer.record), *_why(problems)]
        try:
            await self._put_aside(record, record.value, headers)
        except (MessageSizeTooLargeError, RecordListTooLargeError):
            # with the reasons it is larger than it came: it stands where it was sent, and here only why it was refused
            why = [*_where(record), (f"{OURS}refused-value", b"too-large"), *_why(problems)]
            await self._put_aside(record, None, why, has_key=len(record.key or b"") <= MOST_OF_A_KEY)

    async def _put_aside(self, record: Record, value: bytes | None, headers: RecordHeaders, *, has_key: bool = True) -> None:
        topic = self.topics.of(REFUSED, self.topics.partner_of(record.topic))
        key = record.key if has_key else None
        # the library puts nothing anywhere that has neither a key nor a value
        some = b"" if value is None and key is None else value
        await self.producer.send_and_wait(topic, some, key=key, headers=headers)

    def _document(self, refusal: Refusal) -> Mapping[str, Any]:
        event = {} if refusal.event is None else {"event": refusal.event}
        return {**event, **self.problem(refusal.error)}


def _as_it_came(record: Record) -> RecordHeaders:
    return [(name, value or b"") for name, value in record.headers if not name.lower().startswith(OURS)]


def _where(record: Record) -> RecordHeaders:
    """Where the record stands: who is told twice knows it by that."""
    return [(f"{OURS}record", place_of(record).encode())]


def _why(problems: Sequence[Mapping[str, Any]]) -> RecordHeaders:
    first, now = problems[0], datetime.now(UTC).isoformat(timespec="seconds")
    return [
        (f"{OURS}refused-code", str(first["code"]).encode()),
        (f"{OURS}refused-title", str(first["title"]).encode()),
        (f"{OURS}refused-at", now.encode()),
        (f"{OURS}refused-problems", msgspec.json.encode(problems)),
    ]
