"""Which topics there are, and making those that are not there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.library import AIOKafkaAdminClient, NewTopic, NoError, TopicAlreadyExistsError, for_code

SIGNALS, RECEIPTS, REFUSED, ESCALATIONS = "signals", "receipts", "refused", "escalations"
"""How the names of topics begin of which every partner has one of its own."""
FAMILIES, POSITIONS = "families", "hub-positions"

_WEEK, _MONTH = str(7 * 86_400_000), str(30 * 86_400_000)
"""Milliseconds."""
_BY_THE_BROKER = "LogAppendTime"
_OF_PARTNERS: Mapping[str, Mapping[str, str]] = {
    # what is kept as it came is kept as short as it can be, and long enough for a hub that is away over a holiday
    SIGNALS: {"retention.ms": _WEEK, "message.timestamp.type": _BY_THE_BROKER},
    REFUSED: {"retention.ms": _WEEK},
    RECEIPTS: {"retention.ms": _MONTH},
    ESCALATIONS: {"retention.ms": _MONTH},
}
_OF_THE_HUB: Mapping[str, Mapping[str, str]] = {
    FAMILIES: {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"},
    POSITIONS: {"cleanup.policy": "compact"},
}
_told = structlog.get_logger("hub.kafka")


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of topics, with the prefix before them."""

    prefix: str = ""

    def of(self, kind: str, partner: str = "") -> str:
        """The topic of that kind, of a partner or of the hub itself."""
        return f"{self.prefix}{kind}.{partner}" if partner else f"{self.prefix}{kind}"

    def partner_of(self, topic: str) -> str:
        """Whose a topic is of which every partner has one."""
        return topic.removeprefix(self.prefix).partition(".")[2]


async def make(connection: Connection, names: Iterable[str], admin: AIOKafkaAdminClient) -> None:
    """Makes the topics that are not there; who may not do that here finds in the log which ones somebody has to make."""
    new = [_new(connection, name) for name in sorted(set(names))]
    if not new:
        return
    answer = await admin.create_topics(new)
    for name, code, *_ in answer.topic_errors:
        refusal = for_code(code)
        if refusal is NoError:
            _told.info("kafka-topic-made", topic=name)
        elif refusal is not TopicAlreadyExistsError:
            _told.warning("kafka-topic-not-made", topic=name, because=refusal.__name__)


async def missing(names: Iterable[str], admin: AIOKafkaAdminClient) -> set[str]:
    """Those of these topics that are not there."""
    return set(names) - set(await admin.list_topics())


def _new(connection: Connection, name: str) -> NewTopic:
    kind = name.removeprefix(connection.prefix)
    settings = _OF_THE_HUB.get(kind) or _OF_PARTNERS[kind.partition(".")[0]]
    partitions = 1 if kind == POSITIONS else connection.partitions
    # the library wants placements where a broker's default is asked for, even if there are none
    return NewTopic(name, partitions, connection.copies, {} if -1 in (partitions, connection.copies) else None, dict(settings))
