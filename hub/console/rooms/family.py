"""A family at a glance: who is in it, who directs, how it stands and stood, the plan, the levers, the terms, and what happened."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from hub.console import deeds
from hub.console.asking import Ask
from hub.console.families import NOT_TOLD, TOLD, Family, may, names_of
from hub.console.parts import Both
from hub.console.rooms import Page
from hub.console.saying import DUTCH_TIME
from hub.domain.policy import Act

GROUPS: Mapping[str, Both] = {
    "course": Both("het verloop", "the course"),
    "signals": Both("alleen signalen", "signals alone"),
    "levels": Both("alleen niveaus en opschaling", "levels and escalation alone"),
    "decisions": Both("alleen besluiten", "decisions alone"),
    "terms": Both("alleen termijnen", "terms alone"),
}
ORDERS: Mapping[str, Both] = {"newest": Both("nieuwste eerst", "newest first"), "": Both("oudste eerst", "oldest first")}
_WIDE, _HIGH, _LEFT, _LOWEST, _STEP = 260, 84, 20, 72, 18
"""Of a chart, in units of its own: how wide and high, where its lines begin, and from the lowest level up to the next."""


@dataclass(frozen=True, slots=True)
class Course:
    """How an axis went, as a chart: its line, and each level with where it is said and since when."""

    axis: str
    line: str
    levels: Sequence[Mapping[str, Any]]


async def _show(ask: Ask) -> Mapping[str, Any]:
    at = f"/families/{ask.at('id')}"
    group, order = _chosen(ask, "group", GROUPS), _chosen(ask, "order", ORDERS)
    family, timeline = await gather(
        ask.get(at), ask.get(f"{at}/timeline", group=group, order=order, after=ask.query.get("after", ""), limit=25)
    )
    may_decide = may(Act.DIRECT, ask, family)
    goals = {goal["goal"]: goal.get("specific", "") for goal in (family.get("plan") or {}).get("goals", ())}
    return {
        "family": family,
        "names": names_of(family),
        "late": deeds.in_order(deeds.of_terms(family["id"], family.get("missed", ()), goals)),
        "running": deeds.in_order(deeds.of_terms(family["id"], family.get("clocks", ()), goals)),
        # whose family it is needs no asking
        "standing": None if may_decide else await ask.get(f"{at}/standing"),
        "may_decide": may_decide,
        "courses_until": partial(_courses, family),
        "wide": _WIDE,
        "high": _HIGH,
        "left": _LEFT,
        "heights": [(level, _height(level)) for level in range(1, 5)],
        "told": TOLD,
        "not_told": NOT_TOLD,
        "days": _by_day(timeline["items"]),
        "next": timeline["next"],
        "groups": GROUPS,
        "orders": ORDERS,
        "group": group,
        "order": order,
    }


def _chosen(ask: Ask, name: str, among: Mapping[str, Both]) -> str:
    said = ask.query.get(name, next(iter(among)))
    return said if said in among else next(iter(among))


def _by_day(items: Sequence[Mapping[str, Any]]) -> list[tuple[datetime, list[tuple[Mapping[str, Any], int]]]]:
    """What happened, by the day on which it was recorded, as days are counted in the Netherlands; what happened a few times
    on end stands there once, with how often."""
    days: list[tuple[datetime, list[tuple[Mapping[str, Any], int]]]] = []
    for item in items:
        at = datetime.fromisoformat(item["recordedAt"]).astimezone(DUTCH_TIME)
        if not days or days[-1][0].date() != at.date():
            days.append((at, []))
        told = days[-1][1]
        if told and _is_same(told[-1][0], item):
            told[-1] = told[-1][0], told[-1][1] + 1
        else:
            told.append((item, 1))
    return days


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("words", "by", "happened", "otherFamily"))


def _courses(family: Family, now: datetime) -> list[Course]:
    """How each axis went until now, as far as somebody may know it."""
    axes = [axis for axis in family.get("level", {}).get("axes", ()) if axis.get("course")]
    if not axes:
        return []
    first = min(_seconds(step["since"]) for axis in axes for step in axis["course"])
    return [_course(axis, first, max(now.timestamp(), first + 1)) for axis in axes]


def _course(axis: Mapping[str, Any], first: float, last: float) -> Course:
    levels = [{**step, "x": _place(step, first, last), "y": _height(step["level"])} for step in axis["course"]]
    ends = [*(each["x"] for each in levels[1:]), _WIDE]
    line = " ".join(f"{each['x']},{each['y']} {end},{each['y']}" for each, end in zip(levels, ends, strict=True))
    return Course(axis["axis"], line, levels)


def _place(step: Mapping[str, Any], first: float, last: float) -> float:
    return round(_LEFT + (_WIDE - _LEFT) * (_seconds(step["since"]) - first) / (last - first), 1)


def _height(level: int) -> int:
    return _LOWEST - (level - 1) * _STEP


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


PAGES = (Page("family", "/families/{id:uuid}", _show, Act.SEE_FAMILY),)
