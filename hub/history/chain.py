"""The chain of causes: from a fact of a family back to what led to it, and to the messages that partners signed."""

from collections.abc import Iterator, Sequence
from typing import Any

_OWN = ("signal", "escalation", "clock", "handover", "lever_id", "id")
"""What a fact may be the first to name, by which later ones refer to it."""
_LED = ("cause", "about", "signals", "evidence", "rested", "lost", *_OWN)
"""Where a fact says what led to it, or what it is about."""


def chain_of(facts: Sequence[Any], version: int) -> tuple[list[Any], list[str]]:
    """The facts that led to the one of that version, itself first and the earliest last; and the messages that they came from."""
    first: dict[str, Any] = {}
    for fact in facts:
        for name in _OWN:
            if (said := getattr(fact, name, "")) and isinstance(said, str):
                first.setdefault(said, fact)
    found, waiting = dict[int, Any](), [facts[version - 1]]
    while waiting:
        fact = waiting.pop()
        if fact.originator_version not in found:
            found[fact.originator_version] = fact
            waiting += [earlier for said in _named(fact) if (earlier := first.get(said)) and _is_before(earlier, fact)]
    chain = sorted(found.values(), key=lambda fact: fact.originator_version, reverse=True)
    return chain, list(dict.fromkeys(said for fact in chain for said in (getattr(fact, "message", ""), fact.cause) if said))


def _is_before(earlier: Any, fact: Any) -> bool:
    return bool(earlier.originator_version < fact.originator_version)


def _named(fact: Any) -> Iterator[str]:
    for name in _LED:
        match getattr(fact, name, ""):
            case str(one):
                yield one
            case list(many):
                yield from many
