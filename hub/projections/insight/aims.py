"""What becomes of goals, by life area: each counts in the month in which a plan first had it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, insert, select

from hub.domain import field_classes as of
from hub.domain.trajectory import Trajectory
from hub.domain.words import LifeArea
from hub.ports import Asked, Fact
from hub.projections import Row, many, moment, thing
from hub.projections.insight.fives import TOLD, Told, add, counted, over, together
from hub.projections.insight.months import MONTH, Until, month_of, period
from hub.projections.insight.tables import GOALS

CHANGES = (Trajectory.PlanAdopted, Trajectory.GoalResulted)
_G = GOALS.c
RESULTS = {"reached": "reached", "partly": "partly", "not": "notReached", "": "open"}
"""What became of a goal, and how that is told."""


def keep(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change goals; one that a later version of the plan leaves out without a result counts no more."""
    changes = [(str(fact.stream_id), fact.event) for fact in facts if isinstance(fact.event, CHANGES)]
    if not changes:
        return
    theirs = _G.family.in_({family for family, _ in changes})
    before = connection.execute(select(GOALS).where(theirs)).mappings()
    goals = {(row["family"], row["goal"]): dict(row) for row in before}
    for family, event in changes:
        if isinstance(event, Trajectory.PlanAdopted):
            _adopt(goals, family, event)
        else:
            goals[family, event.goal].update(result=event.result, resulted_at=moment(event.timestamp))
    connection.execute(delete(GOALS).where(theirs))
    if goals:
        connection.execute(insert(GOALS), list(goals.values()))


def _adopt(goals: dict[tuple[str, str], Row], family: str, event: Trajectory.PlanAdopted) -> None:
    said = {goal["goal"]: goal for goal in event.goals}
    for key in [key for key, row in goals.items() if key[0] == family and key[1] not in said and not row["result"]]:
        del goals[key]
    for name, goal in said.items():
        new = {"family": family, "goal": name, "month": month_of(event.timestamp), "result": "", "resulted_at": ""}
        goals[family, name] = goals.get((family, name), new) | {"area": goal["area"]}


def goals(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """How many goals were set in a period, and what became of them."""
    until = Until(asked.at)
    months = period(asked.filters, until)
    result = case((_G.resulted_at < until.moment, _G.result), else_="")
    stood = select(_G.month, _G.area, result.label("result")).where(_G.month < until.month).subquery()
    series: dict[str, dict[str, Counter[str]]] = {area.value: {} for area in LifeArea}
    for month, area, became, count in connection.execute(counted(stood)):
        add(series[area], became, month, count)
    rows = {
        area: _row({name: over(each.get(became, {}), months) for became, name in RESULTS.items()}) for area, each in series.items()
    }
    return {
        "from": months[0],
        "until": months[-1],
        "lifeAreas": [{"code": area, **row} for area, row in rows.items() if row["set"]],
        "total": _row({name: together(row[name] for row in rows.values()) for name in RESULTS.values()}),
    }


def _row(told: Mapping[str, Told]) -> dict[str, Told]:
    return {"set": together(told.values()), **told}


_AREA = {"type": "string", "enum": [area.value for area in LifeArea]} | of.OPERATION
_COUNTS = dict.fromkeys(("set", *RESULTS.values()), TOLD)
GOALS_TOLD = thing(
    **{"from": MONTH, "until": MONTH},
    lifeAreas=many(thing(code=_AREA, **_COUNTS)),
    total=thing(**_COUNTS),
)
