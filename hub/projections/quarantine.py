"""Quarantine: rightly signed messages that could not be read, with every reason, until they are read again."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, select

from hub.domain import field_classes as of
from hub.domain.keeping import MESSAGE, Keeping
from hub.domain.messages import QUARANTINED, Message
from hub.domain.policy import Act
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    ID,
    MOMENT,
    NUMBER,
    TEXT,
    Document,
    Row,
    fold,
    listed,
    many,
    maybe,
    moment,
    narrowed,
    page,
    thing,
    topics_of,
)

TABLES = MetaData()
MESSAGES = Table(
    "quarantine",
    TABLES,
    Column("message", Text, primary_key=True),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("partner", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("tried_at", Text, nullable=True),
    Column("reasons", Document, nullable=False),
)
_M = MESSAGES.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts put messages into quarantine, and take them out."""
    fold(MESSAGES, [(_which(fact), fact) for fact in facts if _concerns(fact.event)], _message, connection)


def _which(fact: Fact) -> str:
    return fact.event.about if isinstance(fact.event, Keeping.Ended) else str(fact.stream_id)


def _concerns(event: Any) -> bool:
    """Nearly every message is read at once: only the others are worth a look at the table."""
    if isinstance(event, Message.Received):
        return event.outcome == QUARANTINED
    if isinstance(event, Keeping.Ended):
        return event.kind == MESSAGE
    return isinstance(event, _LATER)


_TAKEN_BACK = (Message.Corrected, Message.Withdrawn, Keeping.Ended)
_LATER = (Message.ProcessedAgain, *_TAKEN_BACK)


def _message(row: Row | None, fact: Fact) -> Row | None:
    event, at = fact.event, moment(fact.event.timestamp)
    if isinstance(event, _TAKEN_BACK) or event.outcome != QUARANTINED:
        return None
    if row is not None:
        return row | {"tried_at": at, "reasons": event.reasons}
    return {
        "message": str(fact.stream_id),
        "position": fact.position,
        "partner": event.partner,
        "type": event.type,
        "received_at": at,
        "tried_at": None,
        "reasons": event.reasons,
    }


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Messages in quarantine, the longest first."""
    query = narrowed(select(MESSAGES), asked, {"partner": _M.partner, "type": _M.type})
    return page(query, [_M.position], asked, _item, connection)


def _item(row: Mapping[str, Any]) -> Row:
    return {
        "message": row["message"],
        "position": row["position"],
        "partner": row["partner"],
        "type": row["type"],
        "receivedAt": row["received_at"],
        "triedAgainAt": row["tried_at"],
        "reasons": row["reasons"],
    }


_ITEM = thing(
    message=ID,
    position=NUMBER,
    partner=TEXT | of.PROVENANCE,
    type=TEXT | of.OPERATION,
    receivedAt=MOMENT | of.OPERATION,
    triedAgainAt=maybe(MOMENT | of.OPERATION),
    reasons=many(thing(where=TEXT, what=TEXT) | of.OPERATION),
)

PROJECTION = Projection(
    name="quarantine",
    title="Messages in quarantine",
    tables=TABLES,
    apply=apply,
    topics=topics_of((Message.Received, *_LATER)),
    views=(
        View(
            path="quarantine",
            title="Messages that could not be read, with every reason",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.SEE_QUARANTINE,
            about="nobody",
            filters=("partner", "type"),
        ),
    ),
)
