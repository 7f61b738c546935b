"""The timeline of a family: every fact in order, in words, with when, by whom, and what led to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Index, Integer, MetaData, Table, Text, insert, select

from hub.domain import field_classes as of
from hub.domain.dates import PartialDate
from hub.domain.policy import Act
from hub.domain.streams import Recorded
from hub.domain.tellings import Telling
from hub.domain.trajectory import Trajectory
from hub.errors import Malformed, Violation
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    GONE,
    MERGED_INTO,
    MOMENT,
    NUMBER,
    PARTIAL,
    TEXT,
    Document,
    Row,
    Schema,
    events_of,
    listed,
    many,
    moment,
    narrowed,
    page,
    thing,
    topics_of,
)
from hub.projections.timeline.sentences import sentences

TABLES = MetaData()
TIMELINE = Table(
    "timeline",
    TABLES,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("family", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("happened", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("signals", Document, nullable=False),
    Column("dutch", Document, nullable=False),
    Column("english", Document, nullable=False),
    Index("timeline_of_family", "family", "position"),
)
_OWN = events_of(Trajectory)
_FACTS = _OWN | {Telling.Acknowledged}
"""What is noted beside a family's own stream says itself which family it is about."""
_OF_REFERRAL = (Trajectory.CriteriaMet, Trajectory.CriteriaWeighed, Trajectory.CriteriaNoLongerMet, Trajectory.Referred)
_T = TIMELINE.c
_SIGNALS = topics_of((Trajectory.SignalRecorded, *GONE))
_LEVELS = topics_of(
    (
        Trajectory.LevelRaised,
        Trajectory.TellingHeld,
        Trajectory.TellingReleased,
        Trajectory.EscalationAcknowledged,
        Trajectory.EscalationRectified,
        Trajectory.SteppedDown,
        Trajectory.DirectionRaised,
        Trajectory.DirectionLowered,
    )
)
_TERMS = topics_of((Trajectory.ClockStarted, Trajectory.ClockStopped, Trajectory.TermMet, Trajectory.DeadlinePassed))
GROUPS: Mapping[str, frozenset[str]] = {
    "signals": _SIGNALS,
    "levels": _LEVELS,
    "terms": _TERMS,
    "decisions": topics_of(_FACTS) - _SIGNALS - _LEVELS - _TERMS,
    "course": topics_of(_FACTS) - _TERMS,
}
"""What can be asked for together: `course` is everything but the terms that begin and end with it."""


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Adds every fact of a trajectory, and that persons of partners took notice of what they were told of it."""
    if rows := [_row(fact) for fact in facts if type(fact.event) in _FACTS and _family(fact)]:
        connection.execute(insert(TIMELINE), rows)


def _family(fact: Fact) -> str:
    return str(fact.stream_id) if type(fact.event) in _OWN else fact.event.family


def _row(fact: Fact) -> Row:
    event: Recorded = fact.event
    dutch, english = sentences(event)
    recorded = moment(event.timestamp)
    return {
        "position": fact.position,
        "family": _family(fact),
        "version": event.originator_version if type(event) in _OWN else 0,
        "kind": event.TOPIC,
        "recorded_at": recorded,
        "happened": _happened(event),
        "by": event.by,
        "cause": event.cause,
        "basis": event.basis,
        "other": _other(event),
        "signals": _signals(event),
        "dutch": dutch,
        "english": english,
    }


def _happened(event: Recorded) -> str:
    said = getattr(event, "happened", "") or getattr(event, "when", "")
    try:
        return PartialDate(said).text
    except ValueError:
        return ""


def _other(event: Recorded) -> str:
    if isinstance(event, Trajectory.MergedInto):
        return event.into
    if isinstance(event, Trajectory.BroughtIn):
        return event.other
    return event.to if isinstance(event, Trajectory.LetGo) else ""


def _signals(event: Recorded) -> list[str]:
    if isinstance(event, Trajectory.SignalCorrected):
        return [event.signal, *event.instead]
    if isinstance(event, Trajectory.SignalRecorded | Trajectory.SignalUnlinked | Trajectory.SignalWithdrawn):
        return [event.signal]
    if isinstance(event, Trajectory.EscalationRectified):
        return [*event.lost, *event.signals]
    if isinstance(event, _OF_REFERRAL):
        return sorted({signal for result in event.results for signal in result["signals"]})  # type: ignore[attr-defined]
    return list(getattr(event, "signals", ()))


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any] | None:
    """A page of the timeline of the family by that id."""
    # the first fact of a family says that there is one, and the last about kinship where it went on
    standing = select(_T.kind, _T.other).where(_T.family == asked.key, _T.kind.in_(_STANDING)).order_by(_T.position.desc())
    last = connection.execute(standing.limit(1)).first()
    if last is None:
        return None
    query = narrowed(select(TIMELINE).where(_T.family == asked.key, *_only(asked)), asked, {"kind": _T.kind})
    merged_into = last.other if last.kind == Trajectory.MergedInto.TOPIC else ""
    order = _chosen("order", asked, {"": _T.position, "newest": -_T.position})
    return {"mergedInto": merged_into, **page(query, [order], asked, _item, connection)}


def _only(asked: Asked) -> list[ColumnElement[bool]]:
    """The facts of one group, where one is asked for."""
    group = _chosen("group", asked, {"": (), **GROUPS})
    return [_T.kind.in_(group)] if group else []


def _chosen(filter: str, asked: Asked, among: Mapping[str, Any]) -> Any:
    if (said := asked.filters.get(filter, "")) not in among:
        raise Malformed(
            "The filter cannot be read.", [Violation(f"/{filter}", f"is not one of {', '.join(name for name in among if name)}")]
        )
    return among[said]


_STANDING = (Trajectory.Opened.TOPIC, Trajectory.MergedInto.TOPIC, Trajectory.SeparatedAgain.TOPIC)


def _item(row: Mapping[str, Any]) -> Row:
    return {
        "position": row["position"],
        "version": row["version"],
        "kind": row["kind"],
        "recordedAt": row["recorded_at"],
        "happened": row["happened"],
        "by": row["by"],
        "cause": row["cause"],
        "basis": row["basis"],
        "otherFamily": row["other"],
        "signals": row["signals"],
        "words": {"nl": row["dutch"], "en": row["english"]},
    }


ITEM: Schema = thing(
    position=NUMBER,
    version=NUMBER,
    kind=CODE | of.DECISION,
    recordedAt=MOMENT | of.OPERATION,
    happened=PARTIAL | of.CONCERN,
    by=TEXT | of.PROVENANCE,
    cause=TEXT | of.A_CAUSE,
    basis=TEXT | of.PROVENANCE,
    otherFamily=TEXT | of.REFERENCE,
    signals=many(TEXT | of.REFERENCE),
    words=thing(nl=TEXT | of.A_SENTENCE, en=TEXT | of.A_SENTENCE),
)
_PAGE = listed(ITEM)["properties"]

PROJECTION = Projection(
    name="timeline",
    title="The timeline of a family",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_FACTS),
    views=(
        View(
            path="families/{id}/timeline",
            title="Every fact of a family, in order",
            ask=ask,
            answer=thing(mergedInto=MERGED_INTO, **_PAGE),
            act=Act.SEE_FAMILY,
            about="family",
            filters=("kind", "group", "order"),
        ),
    ),
)
