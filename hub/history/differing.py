"""What differs between two states of a family: only those parts, as they were and as they are."""

from collections.abc import Callable, Mapping
from typing import Any

State = Mapping[str, Any]
_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "people": lambda one: one["person"],
    "signals": lambda one: one["signal"],
    "levers": lambda one: one["id"],
    "clocks": lambda one: (one["term"], one["about"]),
}
"""By what the members of a list are the same, however else they are."""


def differing(was: State | None, now: State | None) -> tuple[State, State]:
    """The parts that differ, of each; of a list those members, of what has parts those of them."""
    old, new = was or {}, now or {}
    pairs = {
        name: _part(name, old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)
    }
    before = {name: pair[0] for name, pair in pairs.items() if name in old}
    return before, {name: pair[1] for name, pair in pairs.items() if name in new}


def _part(name: str, was: Any, now: Any) -> tuple[Any, Any]:
    if name in _KEYS:
        key = _KEYS[name]
        old, new = ({key(one): one for one in side or ()} for side in (was, now))
        return [one for at, one in old.items() if new.get(at) != one], [one for at, one in new.items() if old.get(at) != one]
    if name == "levels" and was and now:
        axes = [axis for axis in now if now[axis] != was.get(axis)]
        return {axis: was[axis] for axis in axes}, {axis: now[axis] for axis in axes}
    return was, now
