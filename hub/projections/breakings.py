"""Broken glass: who looked into which family that is not theirs, the latest first, for whoever watches over that."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, insert, select

from hub.domain import field_classes as of
from hub.domain.access import Access
from hub.domain.policy import Act
from hub.ports import Asked, Fact, Projection, View
from hub.projections import ID, MOMENT, TEXT, Document, Row, listed, moment, page, seen, thing, topics_of

TABLES = MetaData()
BREAKINGS = Table(
    "breakings",
    TABLES,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("family", Text, nullable=False, index=True),
    Column("said", Document, nullable=False),
)
_B = BREAKINGS.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Adds every time that somebody broke the glass."""
    if rows := [_row(fact) for fact in facts if isinstance(fact.event, Access.GlassBroken)]:
        connection.execute(insert(BREAKINGS), rows)


def _row(fact: Fact) -> Row:
    event: Any = fact.event
    who = {"who": event.by, "role": event.role, "organisation": event.organisation}
    said = {**who, "reason": event.reason, "at": moment(event.timestamp), "until": moment(event.until)}
    return {"position": fact.position, "family": event.family, "said": said}


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Who looked, the latest first."""
    return page(seen(select(BREAKINGS), _B.family, asked), [-_B.position], asked, _item, connection)


def _item(row: Mapping[str, Any]) -> Row:
    return {"family": row["family"], **row["said"]}


_ITEM = thing(
    family=ID,
    **dict.fromkeys(("who", "role", "organisation"), TEXT | of.PROVENANCE),
    reason=TEXT | of.WORDS,
    at=MOMENT | of.PROVENANCE,
    until=MOMENT | of.PROVENANCE,
)

PROJECTION = Projection(
    name="breakings",
    title="Broken glass",
    tables=TABLES,
    apply=apply,
    topics=topics_of((Access.GlassBroken,)),
    views=(
        View(
            path="broken-glass",
            title="Who looked into families that are not theirs, and why they had to, the latest first",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.SEE_BREAKINGS,
            about="families",
        ),
    ),
)
