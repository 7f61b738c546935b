"""How each family stands, as little of it as whoever coordinates needs: what is kept on Kafka, and changes with every fact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text, delete, insert, select

from hub.domain.trajectory import Trajectory
from hub.domain.words import Level, Phase
from hub.ports import Fact, Projection

TABLES = MetaData()
_LONG = BigInteger().with_variant(Integer, "sqlite")
FAMILIES = Table(
    "kafka_families",
    TABLES,
    Column("family", String(36), primary_key=True),
    Column("position", _LONG, nullable=False, unique=True),
    Column("levels", Text, nullable=False),
    Column("phase", String(40), nullable=False),
    Column("organisation", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("merged_into", String(36), nullable=False),
)
MARKS = Table(
    "kafka_marks",
    TABLES,
    Column("position", _LONG, primary_key=True, autoincrement=False),
    Column("fact", Text, nullable=False),
)
"""Up to where families stood here at some moment, and which fact that was: by it Kafka and the hub know that they speak of the
same log, for an older one may have been put back, and then goes on differently."""
_F, _M = FAMILIES.c, MARKS.c

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a family stands at a position of the log; `view` is `None` where it goes on as another, `merged_into`."""

    family: str
    position: int
    view: bytes | None
    merged_into: str


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change how families stand."""
    mine = [fact for fact in facts if type(fact.event) in _CHANGES]
    if not mine:
        return
    about = {str(fact.stream_id) for fact in mine}
    rows = {row["family"]: dict(row) for row in connection.execute(select(FAMILIES).where(_F.family.in_(about))).mappings()}
    for fact in mine:
        _stand(rows, fact)
    connection.execute(delete(FAMILIES).where(_F.family.in_(about)))
    connection.execute(insert(FAMILIES), list(rows.values()))
    connection.execute(insert(MARKS), {"position": mine[-1].position, "fact": _mark(mine[-1])})


def _stand(rows: dict[str, Row], fact: Fact) -> None:
    family = str(fact.stream_id)
    rows[family] = rows.get(family, {"family": family, **_NEW}) | {"position": fact.position}
    _CHANGES[type(fact.event)](rows[family], fact.event)


def _mark(fact: Fact) -> str:
    return f"{fact.stream_id} {fact.event.timestamp.isoformat()}"


def _opened(row: Row, event: Trajectory.Opened | Trajectory.HandoverAccepted) -> None:
    row |= {"organisation": event.organisation, "contact": event.contact}


def _level(row: Row, event: Trajectory.LevelRaised | Trajectory.SteppedDown) -> None:
    levels = msgspec.json.decode(row["levels"]) | {event.axis: event.level_to}
    row["levels"] = msgspec.json.encode(levels).decode()


def _phase(row: Row, event: Trajectory.PhaseEntered) -> None:
    row["phase"] = event.phase


def _decided(row: Row, event: Trajectory.ReferralDecided) -> None:
    row["phase"] = event.decision


def _merged(row: Row, event: Trajectory.MergedInto) -> None:
    row["merged_into"] = event.into


_NEW: Row = {"levels": "{}", "phase": Phase.CANDIDATE.value, "organisation": "", "contact": "", "merged_into": ""}
_CHANGES: Mapping[type[Any], Any] = {
    Trajectory.Opened: _opened,
    Trajectory.HandoverAccepted: _opened,
    Trajectory.LevelRaised: _level,
    Trajectory.SteppedDown: _level,
    Trajectory.Referred: lambda row, _: row.update(phase=Phase.REFERRED.value),
    Trajectory.ReferralDecided: _decided,
    Trajectory.PhaseEntered: _phase,
    Trajectory.EndedEarly: lambda row, _: row.update(phase=Phase.ENDED_EARLY.value),
    Trajectory.WentToCompulsion: lambda row, _: row.update(phase=Phase.COMPULSION.value),
    Trajectory.Reopened: lambda row, _: row.update(phase=Phase.CANDIDATE.value),
    Trajectory.MergedInto: _merged,
    Trajectory.SeparatedAgain: lambda row, _: row.update(merged_into=""),
}
PROJECTION = Projection(
    name="kafka-families",
    title="How families stand, as it is kept on Kafka",
    tables=TABLES,
    apply=apply,
    topics=frozenset(event.TOPIC for event in _CHANGES),
)


# Out ----------------------------------------------------------------------------------------------------


def changed(connection: Connection, after: int, limit: int) -> list[Standing]:
    """The families of which something changed after a position, as they stand now, the longest ago first."""
    found = select(FAMILIES).where(_F.position > after).order_by(_F.position).limit(limit)
    return [_standing(row) for row in connection.execute(found).mappings()]


def mark(connection: Connection) -> Mapping[str, Any] | None:
    """Up to where families stand here now."""
    row = connection.execute(select(MARKS).order_by(_M.position.desc()).limit(1)).mappings().one_or_none()
    return dict(row) if row else None


def is_known(connection: Connection, place: Mapping[str, Any]) -> bool:
    """Whether families stood here like that once."""
    here = select(MARKS).where(_M.position == place["position"], _M.fact == place["fact"])
    return connection.execute(here).one_or_none() is not None


def forget_marks(connection: Connection, before: int) -> None:
    """Those before this position are of no use any more."""
    connection.execute(delete(MARKS).where(_M.position < before))


def _standing(row: Any) -> Standing:
    if row["merged_into"]:
        return Standing(row["family"], row["position"], None, row["merged_into"])
    levels = msgspec.json.decode(row["levels"])
    view = {
        "family": row["family"],
        "position": row["position"],
        "level": max(levels.values(), default=int(Level.NONE)),
        "phase": row["phase"],
        "director": {"organisation": row["organisation"], "contact": row["contact"]},
    }
    return Standing(row["family"], row["position"], msgspec.json.encode(view), "")
