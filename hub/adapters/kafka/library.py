"""What the hub takes from aiokafka, which has no types of its own: the only module that imports it.

It is bound before it is used: see `unpacking`.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.abc import ConsumerRebalanceListener  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.consumer import fetcher  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    KafkaError,
    MessageSizeTooLargeError,
    NoError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)

from hub.adapters.kafka.unpacking import NotTakenApart, bound

__all__ = [
    "AIOKafkaAdminClient",
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "ConsumerRebalanceListener",
    "KafkaError",
    "MessageSizeTooLargeError",
    "NewTopic",
    "NoError",
    "NotTakenApart",
    "Record",
    "RecordListTooLargeError",
    "TopicAlreadyExistsError",
    "TopicPartition",
    "for_code",
]

bound(fetcher)
# it tells every attempt in words of its own; the hub says what it meets once, as a code
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class Record(Protocol):
    """A record as it was read: `timestamp` is in milliseconds since 1970, of the kind `timestamp_type` (1: the broker's)."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...
