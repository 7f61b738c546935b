"""How far something came that is told over Kafka, kept there, in the transactions of what was told."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.library import AIOKafkaConsumer
from hub.adapters.kafka.sessions import started

_PATIENCE_MS = 1_000


async def read_back(connection: Connection, topic: str) -> dict[str, Mapping[str, Any]]:
    """The last position by each key that was committed.

    Whoever asks has begun as the producer of these positions before: then nothing of another one is still on its way.
    """
    consumer = AIOKafkaConsumer(
        topic, **connection.client(), auto_offset_reset="earliest", enable_auto_commit=False, isolation_level="read_committed"
    )
    found: dict[str, Mapping[str, Any]] = {}
    async with started(consumer):
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        while [one for one in partitions if await consumer.position(one) < ends[one]]:
            for records in (await consumer.getmany(timeout_ms=_PATIENCE_MS)).values():
                found |= {_text(record.key): msgspec.json.decode(record.value) for record in records if record.value}
    return found


def written(position: Mapping[str, Any]) -> bytes:
    """A position as it is kept."""
    return msgspec.json.encode(position)


def _text(key: bytes | None) -> str:
    return (key or b"").decode()
