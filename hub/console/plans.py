"""What the pages of a plan show: the family, its plan and what it says of that, who may decide, and what became of the goals."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from hub.console.asking import Ask
from hub.console.families import family_of, is_open, may, names_of
from hub.console.saying import DUTCH_TIME
from hub.console.versions import Goal, by_id
from hub.domain.policy import Act
from hub.domain.trajectory.planned import RESULTS


def at(ask: Ask, more: str = "") -> str:
    """The path of the family of this page."""
    return f"/families/{ask.at('id')}{more}"


async def around(ask: Ask) -> dict[str, Any]:
    """The family, the versions of its plan, what it says of its goals, and who may decide on them."""
    family, plans, voices = await gather(family_of(ask), ask.get(at(ask, "/plans")), ask.get(at(ask, "/voices")))
    valid = next(iter(plans["items"]), None)
    # who may not read the goals would drop them by revising the plan
    is_readable = valid is None or "goals" in valid
    whose = {one["who"] for one in (family["director"], family["coach"]) if one}
    return {
        "family": family,
        "plans": plans,
        "valid": valid,
        "voices": voices,
        "people": {person["id"]: person for person in family.get("people", ())},
        "names": names_of(family),
        "is_open": is_open(family),
        "may_adopt": is_open(family) and is_readable and ask.session.caller.subject in whose,
        "may_note": is_open(family) and may(Act.DIRECT, ask, family),
        "results": RESULTS,
    }


# Its goals ----------------------------------------------------------------------------------------


def standing(plans: Mapping[str, Any]) -> Sequence[tuple[str, Sequence[Mapping[str, Any]]]]:
    """The goals of the valid version by life area, each with its notes, what became of it, and until when it has."""
    goals = [_with_notes(goal, plans["notes"]) for version in plans["items"][:1] for goal in version.get("goals", ())]
    return [(area, list(some)) for area, some in groupby(sorted(goals, key=_area), key=_area)]


def former(plans: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The goals that are in the plan no longer, as they were last, with their notes, what became of them, and in which version."""
    valid, *older = [(version["version"], by_id(version)) for version in plans["items"]] or [(0, {})]
    found: dict[str, Mapping[str, Any]] = {}
    for number, goals in older:
        gone = {id: goal for id, goal in goals.items() if id not in valid[1] and id not in found}
        found |= {id: {**_with_notes(goal, plans["notes"]), "version": number} for id, goal in gone.items()}
    return list(found.values())


def _area(goal: Mapping[str, Any]) -> str:
    return str(goal.get("area", ""))


def _with_notes(goal: Goal, notes: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
    own = [note for note in notes if note["goal"] == goal["goal"]]
    result = next((note["result"] for note in own if note["result"]), goal["result"])
    until = datetime.combine(date.fromisoformat(goal["dueDate"]), time(23, 59, 59), DUTCH_TIME)
    return {**goal, "notes": own, "result": result, "until": until}


def with_results(version: Mapping[str, Any], notes: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
    """A version with what became of its goals while it was valid."""
    became = {note["goal"]: note["result"] for note in reversed(notes) if note["result"] and note["plan"] <= version["version"]}
    goals = [{**goal, "result": became.get(goal["goal"], goal["result"])} for goal in version.get("goals", ())]
    return {**version, "goals": goals}
