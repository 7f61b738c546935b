"""Making the topics that are not there."""

from collections.abc import Iterable

import structlog

from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.library import AIOKafkaAdminClient, NewTopic, NoError, TopicAlreadyExistsError, for_code
from hub.adapters.kafka.topics import OF_PARTNERS, OF_THE_HUB, POSITIONS

_told = structlog.get_logger("hub.kafka")


async def make(connection: Connection, names: Iterable[str], admin: AIOKafkaAdminClient) -> set[str]:
    """Makes these topics, and gives those that could not be: the log says which ones somebody has to make, and why."""
    new = [_new(connection, name) for name in sorted(set(names))]
    refused: set[str] = set()
    if not new:
        return refused
    answer = await admin.create_topics(new)
    for name, code, *_ in answer.topic_errors:
        refusal = for_code(code)
        if refusal is NoError:
            _told.info("kafka-topic-made", topic=name)
        elif refusal is not TopicAlreadyExistsError:
            _told.warning("kafka-topic-not-made", topic=name, because=refusal.__name__)
            refused.add(name)
    return refused


async def missing(names: Iterable[str], admin: AIOKafkaAdminClient) -> set[str]:
    """Those of these topics that are not there."""
    return set(names) - set(await admin.list_topics())


def _new(connection: Connection, name: str) -> NewTopic:
    kind = name.removeprefix(connection.prefix)
    settings = OF_THE_HUB.get(kind) or OF_PARTNERS[kind.partition(".")[0]]
    partitions = 1 if kind == POSITIONS else connection.partitions
    # the library wants placements where a broker's default is asked for, even if there are none
    return NewTopic(name, partitions, connection.copies, {} if -1 in (partitions, connection.copies) else None, dict(settings))
