"""Reports over all families together that are published, with their pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, MetaData, Table, Text, select

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.publications import Kind, Publication
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    ID,
    MOMENT,
    TEXT,
    Document,
    Row,
    Schema,
    events_of,
    fold,
    listed,
    moment,
    narrowed,
    page,
    thing,
    topics_of,
)

TABLES = MetaData()
PUBLICATIONS = Table(
    "publications",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("is_withdrawn", Boolean, nullable=False),
    Column("shown", Document, nullable=False),
    Column("page", Text, nullable=False),
)
_FACTS = events_of(Publication)
_P = PUBLICATIONS.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change which reports there are."""
    fold(PUBLICATIONS, [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _FACTS], _publication, connection)


def _publication(row: Row | None, fact: Fact) -> Row | None:
    event = fact.event
    if isinstance(event, Publication.Published):
        shown = {"title": event.title, "digest": event.digest, "publishedBy": event.by, "publishedAt": moment(event.timestamp)}
        row = {"id": str(fact.stream_id), "position": fact.position, "kind": event.kind}
        return row | {"is_withdrawn": False, "shown": shown, "page": event.page}
    return row and row | {"is_withdrawn": True, "page": ""}


def ask_all(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """What is published, the newest first."""
    query = narrowed(select(PUBLICATIONS).where(_P.is_withdrawn.is_(False)), asked, {"kind": _P.kind})
    return page(query, [-_P.position], asked, _item, connection)


def ask_one(connection: Connection, asked: Asked) -> Mapping[str, Any] | None:
    """One report with its page; one that was withdrawn is not there."""
    query = select(PUBLICATIONS).where(_P.id == asked.key, _P.is_withdrawn.is_(False))
    row = connection.execute(query).mappings().one_or_none()
    return {**_item(dict(row)), "page": row["page"]} if row else None


def _item(row: Mapping[str, Any]) -> Row:
    return {"id": row["id"], "kind": row["kind"], **row["shown"]}


_ITEM: Mapping[str, Schema] = {
    "id": ID,
    "kind": {"type": "string", "enum": [kind.value for kind in Kind]} | of.OPERATION,
    "title": TEXT | of.OPERATION,
    "digest": TEXT | of.OPERATION | {"description": "the SHA-256 of its bytes, in hexadecimal"},
    "publishedBy": TEXT | of.OPERATION,
    "publishedAt": MOMENT | of.OPERATION,
}
PROJECTION = Projection(
    name="publications",
    title="Reports over all families together",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_FACTS),
    views=(
        View(
            path="publications",
            title="Reports over all families together, the newest first",
            ask=ask_all,
            answer=listed(thing(**_ITEM)),
            act=Act.SEE_INSIGHT,
            about="nobody",
            filters=("kind",),
        ),
        View(
            path="publications/{id}",
            title="One report, with its page",
            ask=ask_one,
            answer=thing(**_ITEM, page=TEXT | of.OPERATION | {"description": "HTML that asks nothing of anybody"}),
            act=Act.SEE_INSIGHT,
            about="nobody",
        ),
    ),
)
