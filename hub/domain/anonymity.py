"""Anonymity of a table about people: each row is like four others at least in what outsiders may know (k-anonymity).

Sweeney, k-anonymity: a model for protecting privacy (2002). It says nothing of what five alike have in common: where all five
share a value, that value is known of each (Machanavajjhala and others, l-diversity, 2007).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.domain.matrix import Words

K = 5
MOST_LEFT_OUT = 0.1
"""The part of all rows that may be left out for being unlike others; with more, the table is about other people than it says."""
SUPPRESSED = "suppressed"
"""Stands in place of a value that fewer than five rows have, and of others so that nobody tells which one it is."""
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QuasiIdentifier:
    """What outsiders may know of somebody: the name of its column, and each step from the value itself to the coarsest."""

    name: str
    steps: Sequence[Callable[[str], str]]


@dataclass(frozen=True, slots=True)
class Anonymous:
    """A table in which every row is like four others at least.

    `taken` is which step each quasi-identifier was taken to (0 is the value itself), `left_out` how many rows are not in it,
    `smallest` how many rows are alike at the least, and `suppressed` how many values of each column were.
    """

    rows: Sequence[Row]
    taken: Mapping[str, int]
    left_out: int
    smallest: int
    suppressed: Mapping[str, int]


def anonymous(rows: Sequence[Row], known: Sequence[QuasiIdentifier]) -> Anonymous | Words:
    """The table with as few steps as it takes, one column after another; or why it cannot be told, in words.

    Then what fewer than five rows have in another column is suppressed there.
    """
    for taken in _ladder(known):
        coarse = [_generalised(row, known, taken) for row in rows]
        alike = Counter(_key(row, known) for row in coarse)
        kept = [row for row in coarse if alike[_key(row, known)] >= K]
        if kept and len(rows) - len(kept) <= MOST_LEFT_OUT * len(rows):
            smallest = min(alike[_key(row, known)] for row in kept)
            told, suppressed = _without_small_cells(kept, {each.name for each in known})
            return Anonymous(told, taken, len(rows) - len(kept), smallest, suppressed)
    if len(rows) < K:
        return Words(
            "Er zijn minder dan vijf gezinnen: ieder is te herkennen.",
            "There are fewer than five families: each can be recognised.",
        )
    return Words(
        "Ook met de grofste indeling lijkt meer dan een tiende van de gezinnen niet op vier andere: zij zijn te herkennen.",
        "Even in the coarsest classes more than a tenth of the families is not like four others: those can be recognised.",
    )


def _ladder(known: Sequence[QuasiIdentifier]) -> Iterator[Mapping[str, int]]:
    """Each choice of steps that is tried: first none, then one column a step further at a time, in turn."""
    taken = {each.name: 0 for each in known}
    yield dict(taken)
    for step in range(1, max(len(each.steps) for each in known)):
        for each in known:
            if step < len(each.steps):
                taken[each.name] = step
                yield dict(taken)


def _generalised(row: Row, known: Sequence[QuasiIdentifier], taken: Mapping[str, int]) -> Row:
    return {**row, **{each.name: each.steps[taken[each.name]](row[each.name]) for each in known}}


def _key(row: Row, known: Sequence[QuasiIdentifier]) -> tuple[str, ...]:
    return tuple(row[each.name] for each in known)


def _without_small_cells(rows: Sequence[Row], known: set[str]) -> tuple[Sequence[Row], Mapping[str, int]]:
    held = {name: Counter(row[name] for row in rows) for name in rows[0] if name not in known}
    hidden = {name: _hidden(values) for name, values in held.items()}
    told = [{name: SUPPRESSED if value in hidden.get(name, ()) else value for name, value in row.items()} for row in rows]
    return told, {name: sum(held[name][value] for value in values) for name, values in hidden.items()}


def _hidden(held: Mapping[str, int]) -> set[str]:
    """The values of a column that are not told: each of fewer than five rows, and the next smallest with them until what is
    hidden is of five rows and of two values, for else it would say itself which value it was."""
    smallest = sorted(held, key=lambda value: (held[value], value))
    hidden = {value for value in smallest if held[value] < K}
    for value in smallest:
        if not hidden or (len(hidden) > 1 and sum(held[each] for each in hidden) >= K):
            break
        hidden.add(value)
    return hidden
