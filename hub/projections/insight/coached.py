"""How many families have a coach, at the end of each month."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, insert, select

from hub.domain import field_classes as of
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Phase
from hub.ports import Asked, Fact
from hub.projections import Row, Schema, fold, many, maybe, thing
from hub.projections.insight.fives import FIVE, TOLD, rounded
from hub.projections.insight.months import MONTH, Until, month_of, period
from hub.projections.insight.tables import COACHED

_C = COACHED.c


def keep(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change who has which family, and keeps from when until when."""
    former: list[Row] = []
    changes = [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in CHANGES]
    fold(COACHED, changes, partial(_turned, former), connection)
    if former:
        connection.execute(insert(COACHED), former)


def _turned(former: list[Row], row: Row | None, fact: Fact) -> Row:
    nobody = {"stretch": str(fact.stream_id), "coach": "", "since": "", "until": "", "is_over": False, "is_merged": False}
    before = row or nobody
    after = before | CHANGES[type(fact.event)](fact.event)
    month = month_of(fact.event.timestamp)
    if before["since"] and (not _counts(after) or after["coach"] != before["coach"]):
        former.append(before | {"stretch": f"{fact.stream_id}#{fact.position}", "until": month})
        after["since"] = ""
    if _counts(after) and not after["since"]:
        after["since"] = month
    return after


def _counts(row: Row) -> bool:
    return bool(row["coach"]) and not row["is_over"] and not row["is_merged"]


CHANGES: dict[type[Recorded], Callable[[Any], Row]] = {
    Trajectory.CoachAssigned: lambda event: {"coach": event.coach},
    Trajectory.CoachReleased: lambda _: {"coach": ""},
    Trajectory.PhaseEntered: lambda event: {"is_over": Phase(event.phase) in ENDED},
    Trajectory.EndedEarly: lambda _: {"is_over": True},
    Trajectory.WentToCompulsion: lambda _: {"is_over": True},
    Trajectory.Reopened: lambda _: {"is_over": False},
    Trajectory.MergedInto: lambda _: {"is_merged": True},
    Trajectory.SeparatedAgain: lambda _: {"is_merged": False},
}


def caseload(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Families with a coach, coaches, and the most that one of them had, at the end of each month."""
    months = period(asked.filters, Until(asked.at))
    loads: list[Counter[str]] = [Counter() for _ in months]
    query = select(_C.coach, _C.since, _C.until, func.count()).where(_C.since != "", _C.since <= months[-1])
    for coach, since, until, count in connection.execute(query.group_by(_C.coach, _C.since, _C.until)):
        for month, load in zip(months, loads, strict=True):
            if since <= month and (not until or month < until):
                load[coach] += count
    return {
        "from": months[0],
        "until": months[-1],
        "months": months,
        "counts": [rounded(load.total()) or None for load in loads],
        "coaches": [rounded(len(load)) or None for load in loads],
        "mostPerCoach": [_most(load) for load in loads],
    }


def _most(load: Counter[str]) -> int | None:
    """The most, among five coaches or more; that it is fewer than five says enough."""
    most = max(load.values(), default=0)
    return most if len(load) >= FIVE <= most else None


_MOST: Schema = maybe({"type": "integer", "minimum": FIVE}) | of.OPERATION
CASELOAD = thing(
    **{"from": MONTH, "until": MONTH},
    months=many(MONTH),
    counts=many(TOLD),
    coaches=many(TOLD),
    mostPerCoach=many(_MOST),
)
