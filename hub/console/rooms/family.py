"""A family at a glance: who is in it, who directs, how it stands and stood, the plan, the levers, the terms, and what happened."""

from asyncio import gather
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.console.asking import Ask
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
_WIDE, _HIGH, _STEP = 600, 56, 12
"""Of a chart, in units of its own: how wide, how high, and from one level to the next."""


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
        ask.get(at), ask.get(f"{at}/timeline", group=group, order=order, after=ask.query.get("after", ""), limit=50)
    )
    return {
        "family": family,
        "days": _by_day(timeline["items"]),
        "next": timeline["next"],
        "courses": list(_courses(family)),
        "groups": GROUPS,
        "orders": ORDERS,
        "group": group,
        "order": order,
        "wide": _WIDE,
        "high": _HIGH,
    }


def _chosen(ask: Ask, name: str, among: Mapping[str, Both]) -> str:
    said = ask.query.get(name, next(iter(among)))
    return said if said in among else next(iter(among))


def _by_day(items: Sequence[Mapping[str, Any]]) -> list[tuple[datetime, list[Mapping[str, Any]]]]:
    """What happened, by the day on which it was recorded, as days are counted in the Netherlands."""
    days: list[tuple[datetime, list[Mapping[str, Any]]]] = []
    for item in items:
        at = datetime.fromisoformat(item["recordedAt"]).astimezone(DUTCH_TIME)
        if not days or days[-1][0].date() != at.date():
            days.append((at, []))
        days[-1][1].append(item)
    return days


def _courses(family: Mapping[str, Any]) -> Iterator[Course]:
    axes = family["level"]["axes"] if "level" in family else []
    moments = [_seconds(step["since"]) for axis in axes for step in axis.get("course", ())]
    if not moments:
        return
    first, last = (
        min(moments),
        max(max(moments) + 1, _seconds(family["openedAt"]) + 1) if "openedAt" in family else max(moments) + 1,
    )
    last += (last - first) / 10  # what holds now reaches to the edge
    for axis in axes:
        yield _course(axis, first, last)


def _course(axis: Mapping[str, Any], first: float, last: float) -> Course:
    places = [(_WIDE * (_seconds(step["since"]) - first) / (last - first), step) for step in axis["course"]]
    ends = [*(x for x, _ in places[1:]), float(_WIDE)]
    line = [f"{x:.1f},{_height(step):.1f} {end:.1f},{_height(step):.1f}" for (x, step), end in zip(places, ends, strict=True)]
    return Course(axis["axis"], " ".join(line), [{**step, "x": round(x, 1), "y": _height(step)} for x, step in places])


def _height(step: Mapping[str, Any]) -> float:
    return float(_HIGH - 8 - (step["level"] - 1) * _STEP)


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


PAGES = (Page("family", "/families/{id:uuid}", _show, Act.SEE_FAMILY),)
