"""The radar: families that several partners worry about at the same time, those that most partners worry about first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Index, Integer, MetaData, Table, Text, delete, func, insert, select

from hub.domain import field_classes as of
from hub.domain.concerns import SILENT
from hub.domain.dates import PartialDate
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Level
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    COUNT,
    DAY,
    ID,
    LEVEL,
    OF_SIGNALS,
    TEXT,
    Document,
    Row,
    fold,
    keep_signals,
    listed,
    many,
    page,
    seen,
    thing,
    topics_of,
)

NEAR = timedelta(days=180)
"""How far signals may lie apart to be of the same time."""

TABLES = MetaData()
SIGNALS = Table(
    "radar_signals",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("day", Text, nullable=False),
    Index("radar_latest", "family", "partner", "day"),
)
FAMILIES = Table(
    "radar",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("levels", Document, nullable=False),
    Column("is_merged", Boolean, nullable=False),
    Column("partners", Document, nullable=False),
    Column("count", Integer, nullable=False),
    Column("latest", Text, nullable=False),
)
_S, _F = SIGNALS.c, FAMILIES.c
_LATEST = (
    select(_S.family, _S.partner, func.max(_S.day).label("latest"), func.count().label("signals"))
    .group_by(_S.family, _S.partner)
    .order_by(_S.family, _S.partner)
)
_CHANGES = (Trajectory.Opened, Trajectory.LevelRaised, Trajectory.SteppedDown, Trajectory.MergedInto, Trajectory.SeparatedAgain)


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change levels, signals, and who worries."""
    fold(FAMILIES, [(str(fact.stream_id), fact) for fact in facts if isinstance(fact.event, _CHANGES)], _stand, connection)
    if touched := keep_signals(SIGNALS, facts, _signal, connection):
        _weigh(touched, connection)


def _stand(row: Row | None, fact: Fact) -> Row:
    row = row or _new(str(fact.stream_id))
    match fact.event:
        case Trajectory.LevelRaised() | Trajectory.SteppedDown() as event:
            row["levels"][event.axis] = event.level_to
            row["level"] = max(row["levels"].values())
        case Trajectory.MergedInto():
            row["is_merged"] = True
        case Trajectory.SeparatedAgain():
            row["is_merged"] = False
    return row


def _new(family: str) -> Row:
    levels = dict.fromkeys(Axis, int(Level.NONE))
    return {"family": family, "level": 1, "levels": levels, "is_merged": False, "partners": [], "count": 0, "latest": ""}


def _signal(event: Trajectory.SignalRecorded) -> Row | None:
    return None if event.concern in SILENT else {"partner": event.partner, "day": _day(event)}


def _day(event: Trajectory.SignalRecorded) -> str:
    """The day it was so, as far as that can be: what is said of a day to come was known today."""
    today = event.timestamp.date()
    return min(PartialDate(event.happened).earliest or today, today).isoformat()


def _weigh(families: Iterable[str], connection: Connection) -> None:
    """Who worries about these families, near their newest signal."""
    chosen = list(families)
    rows = connection.execute(_LATEST.where(_S.family.in_(chosen))).mappings()
    worried = {family: [dict(row) for row in theirs] for family, theirs in groupby(rows, key=lambda row: row["family"])}
    before = connection.execute(select(FAMILIES).where(_F.family.in_(chosen))).mappings()
    after = [dict(row) | _worry(worried.get(row["family"], ())) for row in before]
    if after:
        connection.execute(delete(FAMILIES).where(_F.family.in_(chosen)))
        connection.execute(insert(FAMILIES), after)


def _worry(partners: Sequence[Row]) -> Row:
    latest = max((row["latest"] for row in partners), default="")
    since = _before(date.fromisoformat(latest)) if latest else ""
    near = [{"partner": row["partner"], "latestDate": row["latest"]} for row in partners if row["latest"] >= since]
    return {"partners": near, "count": len(near), "latest": latest}


def _before(latest: date) -> str:
    """Since when worries are near; the calendar begins in the year 1."""
    return date.fromordinal(max(1, latest.toordinal() - NEAR.days)).isoformat()


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Families that at least two partners worry about."""
    query = seen(select(FAMILIES).where(_F["count"] >= 2, _F.is_merged.is_(False)), _F.family, asked)
    return page(query, [-_F["count"], -_F.level, _F.family], asked, _item, connection)


def _item(row: Mapping[str, Any]) -> Row:
    return {
        "family": row["family"],
        "level": row["level"],
        "count": row["count"],
        "partners": row["partners"],
        "latestDate": row["latest"],
    }


PROJECTION = Projection(
    name="radar",
    title="Families that several partners worry about",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_CHANGES, OF_SIGNALS),
    views=(
        View(
            path="radar",
            title="Families that at least two partners worry about within 180 days",
            ask=ask,
            answer=listed(
                thing(
                    family=ID,
                    level=LEVEL,
                    count=COUNT | of.INVOLVEMENT,
                    partners=many(thing(partner=TEXT, latestDate=DAY) | of.INVOLVEMENT),
                    latestDate=DAY | of.INVOLVEMENT,
                )
            ),
            act=Act.SEE_LISTS,
            about="families",
        ),
    ),
)
