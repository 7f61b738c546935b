"""What is shown of a plan: its goals with what was noted of them, and what differs between two of its versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import Match, SequenceMatcher
from itertools import groupby
from re import findall
from typing import Any

from hub.console.saying import DUTCH_TIME

Goal = Mapping[str, str]
Marked = Sequence[tuple[str, bool]]
"""A text in pieces, each with whether it is only on this side."""
FIELDS = ("area", "specific", "measurable", "achievable", "relevant", "startDate", "dueDate", "owner", "result")
_TEXTS = frozenset({"specific", "measurable", "achievable", "relevant", "owner"})
_MOST_WORDS = 1_000
"""In a text whose words are compared one by one; the work grows with their square."""
_LEAST_ALIKE = 0.3
"""The part of the words of both texts that are the same; below it one text took the place of the other."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a goal in two versions."""

    field: str
    was: str
    now: str

    @property
    def sides(self) -> tuple[Marked, Marked]:
        """Both texts, with marks at the words that the other does not have."""
        was, now = (findall(r"\s*\S+", text) for text in (self.was, self.now))
        if self.field not in _TEXTS or not was or not now or len(was) + len(now) > _MOST_WORDS:
            return [(self.was, False)], [(self.now, False)]
        alike = SequenceMatcher(None, [word.strip() for word in was], [word.strip() for word in now], autojunk=False)
        blocks = alike.get_matching_blocks() if alike.ratio() > _LEAST_ALIKE else [Match(len(was), len(now), 0)]
        return _marked(was, [(one.a, one.size) for one in blocks]), _marked(now, [(one.b, one.size) for one in blocks])


def _marked(words: Sequence[str], same: Sequence[tuple[int, int]]) -> Marked:
    found, reached = [], 0
    for start, size in same:
        found += [("".join(words[reached:start]), True), ("".join(words[start : start + size]), False)]
        reached = start + size
    return [(text, is_own) for text, is_own in found if text]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one goal from a version to another: `added`, `dropped`, `changed` or `same`."""

    goal: str
    how: str
    was: Goal | None
    now: Goal | None

    @property
    def title(self) -> str:
        """What it is about, in its newest words."""
        return (self.now or self.was or {}).get("specific", "")

    @property
    def differences(self) -> Sequence[Difference]:
        """The fields in which it differs."""
        was, now = self.was or {}, self.now or {}
        pairs = [Difference(name, was.get(name, ""), now.get(name, "")) for name in FIELDS]
        return [one for one in pairs if one.was != one.now]


def compared(was: Mapping[str, Any], now: Mapping[str, Any]) -> Sequence[Change]:
    """What became of every goal between two versions: in the order of the newer, what was dropped last."""
    before, after = (_by_id(version) for version in (was, now))
    return [
        *(Change(id, _became(before.get(id), goal), before.get(id), goal) for id, goal in after.items()),
        *(Change(id, "dropped", goal, None) for id, goal in before.items() if id not in after),
    ]


def _by_id(version: Mapping[str, Any]) -> Mapping[str, Goal]:
    return {goal["goal"]: goal for goal in version.get("goals", ())}


def _became(was: Goal | None, now: Goal) -> str:
    if was is None:
        return "added"
    return "same" if all(was.get(name) == now.get(name) for name in FIELDS) else "changed"


def standing(plans: Mapping[str, Any]) -> Sequence[tuple[str, Sequence[Mapping[str, Any]]]]:
    """The goals of the valid version by life area, each with its notes, what became of it, and until when it has."""
    goals = [_with_notes(goal, plans["notes"]) for version in plans["items"][:1] for goal in version.get("goals", ())]
    return [(area, list(some)) for area, some in groupby(sorted(goals, key=_area), key=_area)]


def former(plans: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The goals that are in the plan no longer, as they were last, with their notes, what became of them, and in which version."""
    valid, *older = [(version["version"], _by_id(version)) for version in plans["items"]] or [(0, {})]
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
