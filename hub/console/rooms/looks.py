"""Who looked into a case: the lines of the data-processing log about it, the newest first, with the ground of each."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from hub.console.asking import Ask
from hub.console.rooms import Page
from hub.domain.policy import Act

_ASSIGNMENT = "assignment:"
_SAME = ("traceId", "parentSpanId", "who", "role", "organisation", "name", "outcome", "startTime", "ground")


async def _show(ask: Ask) -> Mapping[str, Any]:
    family = ask.at("id")
    log, assigned = await gather(
        ask.get(f"/families/{family}/processing-log", after=ask.query.get("after", ""), limit=200),
        ask.get("/assignments", family=family, limit=100),
    )
    return {"family": family, "looks": _looks(log["items"]), "next": log["next"], "assignments": assigned["items"]}


def _looks(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What was done, once for all people of the family whom it concerned, each of whom has a line."""
    steps = (list(some) for _, some in groupby(lines, key=lambda line: tuple(line.get(name) for name in _SAME)))
    return [_look(some[0], len(some)) for some in steps]


def _look(line: Mapping[str, Any], people: int) -> Mapping[str, Any]:
    activity = line["attributes"].get("dpl.core.processing_activity_id", "").rpartition(":")[2]
    is_assigned = line.get("ground", "").startswith(_ASSIGNMENT)
    ground = "" if is_assigned else line.get("ground", "")
    return {**line, "what": activity, "people": people, "under": is_assigned, "ground": ground}


PAGES = (Page("looks", "/families/{id:uuid}/looks", _show, Act.READ_PROCESSING_LOG),)
