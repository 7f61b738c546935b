"""The referral funnel: from signals to a start, and the candidates whom nobody referred, with why."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, Table, Text, case, func, select

from hub.domain import field_classes as of
from hub.domain.concerns import CONCERNS
from hub.domain.policy import Act
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.words import LifeArea, Phase, Weight
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    COUNT,
    ID,
    MOMENT,
    OF_SIGNALS,
    TEXT,
    TRUTH,
    Document,
    Row,
    fold,
    keep_signals,
    listed,
    many,
    moment,
    page,
    seen,
    thing,
    topics_of,
)

TABLES = MetaData()
FAMILIES = Table(
    "funnel",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("candidate_at", Text, nullable=False),
    Column("met_at", Text, nullable=False),
    Column("referred_at", Text, nullable=False),
    Column("decided_at", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("is_over", Boolean, nullable=False),
    Column("is_merged", Boolean, nullable=False),
    Column("criteria", Document, nullable=False),
)
SIGNALS = Table(
    "funnel_signals",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("concern", Text, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("areas", Document, nullable=False),
)
_F, _S = FAMILIES.c, SIGNALS.c
STAGES = {
    "candidates": _F.candidate_at,
    "criteria-met": _F.met_at,
    "referred": _F.referred_at,
    "decided": _F.decided_at,
    "started": _F.started_at,
}
_NOT_REFERRED = (_F.is_merged.is_(False), _F.is_over.is_(False), _F.referred_at == "")


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change how far families came, and what is known of them."""
    changes = [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _CHANGES]
    fold(FAMILIES, changes, _family, connection)
    keep_signals(SIGNALS, facts, _signal, connection)


def _signal(event: Trajectory.SignalRecorded) -> Row:
    return {"concern": event.concern, "weight": event.weight, "areas": event.areas}


def _family(row: Row | None, fact: Fact) -> Row:
    row = row or {"family": str(fact.stream_id), "is_merged": False, **_afresh("")}
    _CHANGES[type(fact.event)](row, fact.event)
    return row


def _afresh(since: str) -> Row:
    nothing = dict.fromkeys(("met_at", "referred_at", "decided_at", "started_at"), "")
    return {"candidate_at": since, **nothing, "is_over": False, "criteria": []}


def _weighed(row: Row, event: Trajectory.CriteriaMet | Trajectory.CriteriaWeighed | Trajectory.CriteriaNoLongerMet) -> None:
    row["criteria"] = [_criterion(result) for result in event.results]
    if isinstance(event, Trajectory.CriteriaMet):
        row["met_at"] = row["met_at"] or moment(event.timestamp)
    if isinstance(event, Trajectory.CriteriaNoLongerMet):
        row["met_at"] = ""


def _criterion(result: Mapping[str, Any]) -> Row:
    return {name: result[name] for name in ("criterion", "met", "signals", "missing")}


def _entered(row: Row, event: Trajectory.PhaseEntered) -> None:
    if event.phase == Phase.START_TALK:
        row["started_at"] = moment(event.timestamp)
    row["is_over"] = event.phase == Phase.CLOSED


def _over(row: Row, _: Recorded) -> None:
    row["is_over"] = True


_CHANGES: dict[type[Recorded], Callable[[Row, Any], None]] = {
    Trajectory.Opened: lambda row, event: row.update(candidate_at=moment(event.timestamp)),
    Trajectory.CriteriaMet: _weighed,
    Trajectory.CriteriaWeighed: _weighed,
    Trajectory.CriteriaNoLongerMet: _weighed,
    Trajectory.Referred: lambda row, event: row.update(referred_at=moment(event.timestamp)),
    Trajectory.ReferralDecided: lambda row, event: row.update(decided_at=moment(event.timestamp)),
    Trajectory.PhaseEntered: _entered,
    Trajectory.EndedEarly: _over,
    Trajectory.WentToCompulsion: _over,
    Trajectory.Reopened: lambda row, event: row.update(_afresh(moment(event.timestamp))),
    Trajectory.MergedInto: lambda row, _: row.update(is_merged=True),
    Trajectory.SeparatedAgain: lambda row, _: row.update(is_merged=False),
}


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """How many families came how far, and a page of the candidates not referred: those who meet the criteria first."""
    waiting = seen(select(FAMILIES).where(*_NOT_REFERRED), _F.family, asked)
    order = [case((_F.met_at == "", 1), else_=0), _F.met_at, _F.candidate_at, _F.family]
    found = page(waiting, order, asked, lambda row: row, connection)
    signals = _signals([row["family"] for row in found["items"]], connection)
    items = [_item(row, [signal for signal in signals if signal["family"] == row["family"]]) for row in found["items"]]
    return {"stages": _stages(asked, connection), "items": items, "next": found["next"]}


def _stages(asked: Asked, connection: Connection) -> list[Row]:
    counts = [func.count().filter(at != "").label(stage) for stage, at in STAGES.items()]
    families = connection.execute(seen(select(*counts).where(_F.is_merged.is_(False)), _F.family, asked)).one()
    merged = select(FAMILIES.c.family).where(_F.is_merged)
    heard = select(func.count()).select_from(SIGNALS).where(_S.family.not_in(merged))
    signals = connection.execute(seen(heard, _S.family, asked)).scalar_one()
    return [
        {"stage": "signals", "count": signals},
        *({"stage": stage, "count": count} for stage, count in zip(STAGES, families, strict=True)),
    ]


def _signals(families: Sequence[str], connection: Connection) -> list[Row]:
    return [dict(row) for row in connection.execute(select(SIGNALS).where(_S.family.in_(families))).mappings()]


def _item(row: Row, signals: Sequence[Row]) -> Row:
    serious = {area for signal in signals if signal["weight"] >= Weight.SERIOUS for area in signal["areas"]}
    marks = {mark for signal in signals if signal["concern"] in CONCERNS for mark in CONCERNS[signal["concern"]].marks}
    return {
        "family": row["family"],
        "candidateSince": row["candidate_at"],
        "meetsCriteria": bool(row["met_at"]),
        "why": "nobody-referred" if row["met_at"] else "criteria-not-met",
        "since": row["met_at"] or row["candidate_at"],
        "criteria": row["criteria"],
        "seriousAreas": sorted(serious),
        "marks": sorted(marks),
        "signals": len(signals),
    }


_ITEM = thing(
    family=ID,
    candidateSince=MOMENT | of.INVOLVEMENT,
    meetsCriteria=TRUTH | of.DECISION,
    why={"type": "string", "enum": ["nobody-referred", "criteria-not-met"]} | of.DECISION,
    since=MOMENT | of.DECISION,
    criteria=many(
        thing(criterion=CODE, met=TRUTH, signals=many(TEXT | of.REFERENCE), missing=thing(nl=TEXT, en=TEXT)) | of.CONCERN
    ),
    seriousAreas=many({"type": "string", "enum": [area.value for area in LifeArea]} | of.AN_AREA),
    marks=many(CODE | of.CONCERN),
    signals=COUNT | of.INVOLVEMENT,
)
_STAGE = thing(stage={"type": "string", "enum": ["signals", *STAGES]}, count=COUNT) | of.OPERATION

PROJECTION = Projection(
    name="funnel",
    title="The referral funnel",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_CHANGES, OF_SIGNALS),
    views=(
        View(
            path="funnel",
            title="How many families came how far, and the candidates not referred, with why",
            ask=ask,
            answer=thing(stages=many(_STAGE), **listed(_ITEM)["properties"]),
            act=Act.SEE_LISTS,
            about="families",
        ),
    ),
)
