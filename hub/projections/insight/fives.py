"""How little insight tells: counts by fives, so that nothing told, taken from anything else told, gives a small number.

All that is told follows from few series of counts by month, no two of which count the same thing. Of a series, what came until
the end of each month is rounded to five, and a month, or any period, is told as the difference of two of those. So periods add
up, whichever are asked, and at each month's end several true counts stay possible. What is a sum of series is told as the sum of
what is told of them. (Rounding to five: Statistics Netherlands (CBS); one number for one cell: cell keys of ABS and ONS.)
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, Subquery, func, select

from hub.domain import field_classes as of
from hub.projections import Schema, maybe

FIVE = 5
Series = Mapping[str, int]
"""Counts by month, of every month that there is one of."""
Told = int | None
"""A multiple of five; `None` is fewer than five, perhaps none."""
TOLD: Schema = maybe({"type": "integer", "minimum": FIVE, "multipleOf": FIVE}) | of.OPERATION


def rounded(count: int) -> int:
    """To the nearest five."""
    return FIVE * ((count + FIVE // 2) // FIVE)


def by_month(series: Series, months: Sequence[str]) -> list[Told]:
    """What is told of each of these months, which follow each other."""
    count = sum(counted for month, counted in series.items() if month < months[0])
    ends = [rounded(count)]
    for month in months:
        count += series.get(month, 0)
        ends.append(rounded(count))
    return [after - before or None for before, after in pairwise(ends)]


def over(series: Series, months: Sequence[str]) -> Told:
    """What is told of a whole period."""
    return together(by_month(series, months))


def together(parts: Iterable[Told]) -> Told:
    """What is told of things together of which this is told."""
    return sum(part or 0 for part in parts) or None


def percentile(percent: int, days: Mapping[int, int]) -> int | None:
    """Within how many days it was so for that part, in whole weeks; `None` without five on either side.

    `days` says of how many it was after so many days.
    """
    total = sum(days.values())
    rank = -(-total * percent // 100)
    if min(rank, total - rank) < FIVE:
        return None
    below = 0
    for each in sorted(days):
        below += days[each]
        if below >= rank:
            return 7 * ((each + 3) // 7)
    return None


def add(series: dict[str, Counter[str]], name: str, month: str, count: int) -> None:
    """Adds to one of several series."""
    series.setdefault(name, Counter())[month] += count


def counted(rows: Subquery) -> Select[Any]:
    """How often each row is among these."""
    return select(*rows.c, func.count()).group_by(*rows.c)
