"""A portion of what the hub gives whole, so that no page grows with what there is; what comes next is an address further on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.console.filling import whole


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of many; `next` is where the rest begins, empty where there is none."""

    items: Sequence[Any]
    next: str


def portion(items: Sequence[Any], many: int, query: Mapping[str, str], name: str = "after") -> Portion:
    """So many, from the place on that the address says by that name; from the first where it says none."""
    place = whole(query.get(name, ""))
    first = place if isinstance(place, int) else 0
    more = len(items) > first + many
    return Portion(items[first : first + many], str(first + many) if more else "")
