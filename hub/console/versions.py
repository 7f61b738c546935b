"""What differs between two versions of a plan: goal by goal, field by field, word by word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from re import findall
from typing import Any

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
    before, after = (by_id(version) for version in (was, now))
    return [
        *(Change(id, _became(before.get(id), goal), before.get(id), goal) for id, goal in after.items()),
        *(Change(id, "dropped", goal, None) for id, goal in before.items() if id not in after),
    ]


def by_id(version: Mapping[str, Any]) -> Mapping[str, Goal]:
    """The goals of a version."""
    return {goal["goal"]: goal for goal in version.get("goals", ())}


def _became(was: Goal | None, now: Goal) -> str:
    if was is None:
        return "added"
    return "same" if all(was.get(name) == now.get(name) for name in FIELDS) else "changed"
