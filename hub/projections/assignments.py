"""Which auditor may look into which family, on what ground and until when; also those of which the term is over."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, insert, select, update

from hub.domain import field_classes as of
from hub.domain.access import Access
from hub.domain.policy import Act
from hub.ports import Asked, Fact, Projection, View
from hub.projections import ID, MOMENT, TEXT, Document, Row, listed, maybe, moment, narrowed, page, seen, thing, topics_of

TABLES = MetaData()
ASSIGNMENTS = Table(
    "assignments",
    TABLES,
    Column("assignment", Text, primary_key=True),
    Column("position", BigInteger().with_variant(Integer, "sqlite"), nullable=False, unique=True),
    Column("family", Text, nullable=False, index=True),
    Column("ended", Text, nullable=False),
    Column("ended_by", Text, nullable=False),
    Column("said", Document, nullable=False),
)
_A = ASSIGNMENTS.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Adds every assignment, and notes where one ended before its term."""
    for fact in facts:
        event: Any = fact.event
        if isinstance(event, Access.AuditorAssigned):
            connection.execute(insert(ASSIGNMENTS), _row(fact))
        elif isinstance(event, Access.AssignmentEnded):
            ended = {"ended": moment(event.timestamp), "ended_by": event.by}
            connection.execute(update(ASSIGNMENTS).where(_A.assignment == event.assignment).values(ended))


def _row(fact: Fact) -> Row:
    event: Any = fact.event
    said = {
        "auditor": event.auditor,
        "ground": event.ground,
        "begins": moment(event.begins),
        "until": moment(event.until),
        "by": event.by,
        "at": moment(event.timestamp),
    }
    keys = {"assignment": event.assignment, "position": fact.position, "family": event.family}
    return {**keys, "ended": "", "ended_by": "", "said": said}


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Who is assigned, the latest first."""
    query = narrowed(seen(select(ASSIGNMENTS), _A.family, asked), asked, {"family": _A.family})
    return page(query, [-_A.position], asked, _item, connection)


def _item(row: Mapping[str, Any]) -> Row:
    over = {"ended": row["ended"] or None, "endedBy": row["ended_by"]}
    return {"assignment": row["assignment"], "family": row["family"], **row["said"], **over}


_ITEM = thing(
    assignment=ID,
    family=ID,
    **dict.fromkeys(("auditor", "ground", "by", "endedBy"), TEXT | of.PROVENANCE),
    **dict.fromkeys(("begins", "until", "at"), MOMENT | of.PROVENANCE),
    ended=maybe(MOMENT | of.PROVENANCE),
)

PROJECTION = Projection(
    name="assignments",
    title="Auditors and their families",
    tables=TABLES,
    apply=apply,
    topics=topics_of((Access.AuditorAssigned, Access.AssignmentEnded)),
    views=(
        View(
            path="assignments",
            title="Which auditor may look into which family, on what ground and until when, the latest first",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.SEE_ASSIGNMENTS,
            about="families",
            filters=("family",),
        ),
    ),
)
