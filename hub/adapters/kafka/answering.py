"""Whether Kafka answers, and knows the hub."""

import asyncio

from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.library import AIOKafkaAdminClient
from hub.adapters.kafka.sessions import started

WITHIN = 2.5
"""Seconds."""


def answers(connection: Connection) -> bool:
    """That it does, at this moment. Raises: whatever keeps it from that."""
    return asyncio.run(_answers(connection))


async def _answers(connection: Connection) -> bool:
    async with asyncio.timeout(WITHIN), started(AIOKafkaAdminClient(**connection.client())):
        return True
