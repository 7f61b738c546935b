"""Every escalation: by which rule, on which signals, and whether a person has taken notice of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, Table, Text, select

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    ID,
    LEVEL,
    MERGED_INTO,
    MOMENT,
    NUMBER,
    RULE,
    TEXT,
    Document,
    Row,
    Schema,
    fold,
    listed,
    many,
    maybe,
    moment,
    narrowed,
    page,
    seen,
    thing,
    topics_of,
)

OPEN, ACKNOWLEDGED = "open", "acknowledged"

TABLES = MetaData()
ESCALATIONS = Table(
    "escalations",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("family", Text, nullable=False),
    Column("axis", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("shown", Document, nullable=False),
    Index("escalations_by_state", "state", "position"),
    Index("escalations_of_family", "family", "state"),
)
MERGED = Table("escalations_merged", TABLES, Column("family", Text, primary_key=True), Column("into", Text, nullable=False))
_E = ESCALATIONS.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change escalations, and which families are still in the lists."""
    about = [(id, fact) for fact in facts if isinstance(fact.event, _CHANGES) for id in _about(fact.event)]
    fold(ESCALATIONS, about, _escalation, connection)
    kinship = [(str(fact.stream_id), fact) for fact in facts if isinstance(fact.event, _KINSHIP)]
    fold(MERGED, kinship, _merged, connection)


_CHANGES = (
    Trajectory.LevelRaised,
    Trajectory.TellingHeld,
    Trajectory.TellingReleased,
    Trajectory.EscalationAcknowledged,
    Trajectory.EscalationRectified,
    Trajectory.AdviceDeclined,
)
_KINSHIP = (Trajectory.MergedInto, Trajectory.SeparatedAgain)


def _about(event: Any) -> Sequence[str]:
    escalations: Sequence[str] = event.escalations if isinstance(event, Trajectory.AdviceDeclined) else [event.escalation]
    return escalations


def _escalation(row: Row | None, fact: Fact) -> Row | None:
    event = fact.event
    if isinstance(event, Trajectory.LevelRaised):
        return _raised(fact, event)
    if row is not None and isinstance(event, Trajectory.EscalationAcknowledged):
        row["state"] = ACKNOWLEDGED
        row["shown"] |= {"acknowledgedBy": event.by, "acknowledgedAt": moment(event.timestamp)}
    if row is not None and isinstance(event, Trajectory.TellingHeld):
        row["shown"] |= {"held": event.tell}
    if row is not None and isinstance(event, Trajectory.TellingReleased):
        row["shown"] |= {"tell": [*row["shown"]["tell"], *event.tell], "held": []}
    if row is not None and isinstance(event, Trajectory.EscalationRectified):
        row["shown"] |= {"rectified": _rectified(event)}
    if row is not None and isinstance(event, Trajectory.AdviceDeclined):
        others = [one for one in row["shown"].get("declined", ()) if one["lever"] != event.lever]
        row["shown"] |= {"declined": [*others, _declined(event)]}
    return row


def _raised(fact: Fact, event: Trajectory.LevelRaised) -> Row:
    shown = {
        "levelFrom": event.level_from,
        "rule": event.rule,
        "matrix": event.matrix,
        "signals": event.signals,
        "leads": event.leads,
        "levers": event.levers,
        "tell": event.tell,
        "held": [],
        "raisedAt": moment(event.timestamp),
        "due": moment(event.acknowledge_by) if event.acknowledge_by else None,
        "acknowledgedBy": "",
        "acknowledgedAt": None,
    }
    row = {"id": event.escalation, "position": fact.position, "family": str(fact.stream_id), "axis": event.axis}
    return row | {"level": event.level_to, "state": OPEN, "shown": shown}


def _rectified(event: Trajectory.EscalationRectified) -> Row:
    said = {"holds": event.holds, "rule": event.rule, "matrix": event.matrix, "signals": event.signals, "lost": event.lost}
    return {**said, "rectifiedAt": moment(event.timestamp)}


def _declined(event: Trajectory.AdviceDeclined) -> Row:
    return {"lever": event.lever, "declinedBy": event.by, "declinedAt": moment(event.timestamp)}


def _merged(_: Row | None, fact: Fact) -> Row | None:
    if isinstance(fact.event, Trajectory.MergedInto):
        return {"family": str(fact.stream_id), "into": fact.event.into}
    return None


def ask_all(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Escalations, the newest first."""
    query = seen(select(ESCALATIONS).where(_E.family.not_in(select(MERGED.c.family))), _E.family, asked)
    filtered = narrowed(query, asked, {"axis": _E.axis, "level": _E.level, "state": _E.state, "family": _E.family})
    return page(filtered, [-_E.position], asked, _item, connection)


def ask_one(connection: Connection, asked: Asked) -> Mapping[str, Any] | None:
    """The escalation by that id, also where its family was merged into another."""
    merged = select(ESCALATIONS, MERGED.c.into).outerjoin(MERGED, MERGED.c.family == _E.family).where(_E.id == asked.key)
    row = connection.execute(merged).mappings().one_or_none()
    return {**_item(dict(row)), "mergedInto": row["into"] or ""} if row else None


def _item(row: Mapping[str, Any]) -> Row:
    said = {name: row[name] for name in ("id", "position", "family", "axis", "level", "state")}
    return {**said, "rectified": None, "declined": [], **row["shown"]}


_AXIS: Schema = {"type": "string", "enum": [axis.value for axis in Axis]} | of.LEVEL
_STATE: Schema = {"type": "string", "enum": [OPEN, ACKNOWLEDGED]} | of.LEVEL
_ITEM: Mapping[str, Schema] = {
    "id": ID,
    "position": NUMBER,
    "family": ID,
    "axis": _AXIS,
    "level": LEVEL,
    "state": _STATE,
    "levelFrom": LEVEL,
    "rule": RULE,
    "matrix": TEXT | of.PROVENANCE,
    "signals": many(TEXT | of.REFERENCE),
    "leads": CODE | of.CONTACT,
    "levers": many(thing(lever=CODE, by=CODE, ground=TEXT) | of.LEVEL),
    "tell": many(CODE | of.INVOLVEMENT),
    "held": many(CODE | of.INVOLVEMENT) | {"description": "the kinds of partners that hear of it when the family was informed"},
    "raisedAt": MOMENT | of.LEVEL,
    "due": maybe(MOMENT | of.LEVEL),
    "acknowledgedBy": TEXT | of.PROVENANCE,
    "acknowledgedAt": maybe(MOMENT | of.PROVENANCE),
    "declined": many(thing(lever=CODE, declinedBy=TEXT | of.PROVENANCE, declinedAt=MOMENT) | of.DECISION)
    | {"description": "the levers among those advised that the competent authority decided not to use, and when last"},
    "rectified": maybe(
        thing(
            holds=LEVEL,
            rule=RULE,
            matrix=TEXT | of.PROVENANCE,
            signals=many(TEXT | of.REFERENCE),
            lost=many(TEXT | of.REFERENCE),
            rectifiedAt=MOMENT | of.LEVEL,
        )
        | of.LEVEL
    )
    | {"description": "where a partner took back what it rested on: what is gone, and the level that what is left gives"},
}
PROJECTION = Projection(
    name="escalations",
    title="Escalations",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_CHANGES, _KINSHIP),
    views=(
        View(
            path="escalations",
            title="Escalations, the newest first",
            ask=ask_all,
            answer=listed(thing(**_ITEM)),
            act=Act.SEE_ESCALATIONS,
            about="families",
            filters=("axis", "level", "state", "family"),
        ),
        View(
            path="escalations/{id}",
            title="One escalation, with all that it rests on",
            ask=ask_one,
            answer=thing(**_ITEM, mergedInto=MERGED_INTO),
            act=Act.SEE_ESCALATIONS,
            about="its-family",
        ),
    ),
)
