"""A family as a row for research: codes, bands and months, and nothing that says who it is.

Worries are told by axis and not by life area, so that none is about health, addiction or prosecution.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.domain.anonymity import QuasiIdentifier, Row
from hub.domain.evaluation import Change, Family, Part, days_between
from hub.domain.matrix import Words
from hub.domain.terms import AMSTERDAM
from hub.domain.words import Axis

NONE = "none"
"""Where something did not come, or was not measured."""


@dataclass(frozen=True, slots=True)
class Column:
    """What stands in a column: its name, what it is, and how it follows from a family."""

    name: str
    words: Words
    of: Callable[[Family], str]


def banded(count: int, starts: Sequence[int]) -> str:
    """In which band a count is: each begins at one of these and ends before the next."""
    for start, following in zip(reversed(starts), reversed([*starts[1:], None]), strict=True):
        if count >= start:
            return (
                f"{start} or more" if following is None else f"{start}" if following == start + 1 else f"{start} to {following - 1}"
            )
    raise ValueError(f"{count} is below every band")


_COUNTS, _WEEKS, _CHILDREN = (0, 1, 3, 6, 11), (0, 4, 13, 27, 53), (0, 1, 2, 3)


def _month(one: Family) -> str:
    return one.came.astimezone(AMSTERDAM).date().isoformat()[:7]


def _quarter(month: str) -> str:
    return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"


def _year(month: str) -> str:
    return month[:4]


def _itself(value: str) -> str:
    return value


def _region(place: str) -> str:
    """The first two digits of a postcode; a municipality is as coarse."""
    return place if place == NONE or place.startswith("gm") else place[:2]


def _anywhere(_: str) -> str:
    return "any"


def _few_or_many(children: str) -> str:
    return children if children == "3 or more" else "0 to 2"


KNOWN = (
    QuasiIdentifier("came", (_itself, _quarter, _year)),
    QuasiIdentifier("place", (_itself, _region, _anywhere)),
    QuasiIdentifier("children", (_itself, _few_or_many)),
)
"""What somebody who knows a family may know of it, with the set steps by which it is told coarser."""


def _weeks(days: int | None) -> str:
    return NONE if days is None else banded(days // 7, _WEEKS)


def _signals(one: Family, part: Part, axis: Axis) -> str:
    if (stretch := one.stretch(part)) is None:
        return NONE
    begin, end = stretch
    return banded(sum(told.axis is axis and begin <= told.at < end for told in one.signals), _COUNTS)


def _changed(changes: Sequence[Change], instrument: str) -> str:
    """Better where some domain is and none is worse, and so on."""
    ways = {(each.last > each.first) - (each.last < each.first) for each in changes if each.instrument == instrument}
    if not ways:
        return NONE
    if {1, -1} <= ways:
        return "mixed"
    return "better" if 1 in ways else "worse" if -1 in ways else "same"


_PARTS = {
    Part.BEFORE: Words("voor het begin", "before the start"),
    Part.DURING: Words("tijdens het traject", "during the trajectory"),
    Part.AFTER: Words("in twaalf maanden na het einde", "in twelve months after the end"),
}
_AXES = {
    Axis.SAFETY: Words("veiligheid", "safety"),
    Axis.CARE: Words("zorg", "care"),
    Axis.HOUSING: Words("wonen", "housing"),
    Axis.INCOME: Words("inkomen", "income"),
}


def columns(instruments: Mapping[str, Words]) -> list[Column]:
    """Every column, in order; `instruments` are those that are measured with, by code."""
    return [
        Column("came", Words("maand waarin het gezin in beeld kwam", "month in which the family came into view"), _month),
        Column("place", Words("waar het gezin woont", "where the family lives"), lambda one: one.place or NONE),
        Column("children", Words("kinderen in het gezin", "children of the family"), lambda one: banded(one.children, _CHILDREN)),
        Column("first_partner", Words("wie het eerst signaleerde", "who signalled first"), _first),
        Column("met", Words("voldeed aan de criteria", "met the criteria"), lambda one: "yes" if one.met else "no"),
        Column(
            "weeks_to_referral",
            Words("weken tot de aanmelding", "weeks until the referral"),
            lambda one: _weeks(days_between(one.came, one.referred)),
        ),
        Column(
            "weeks_to_start",
            Words("weken tot het startgesprek", "weeks until the start talk"),
            lambda one: _weeks(days_between(one.came, one.started)),
        ),
        Column("end", Words("hoe het traject eindigde", "how the trajectory ended"), lambda one: one.end or NONE),
        *_signal_columns(),
        Column("goals", Words("doelen in het plan", "goals in the plan"), lambda one: banded(len(one.goals), _COUNTS)),
        Column(
            "goals_reached",
            Words("doelen die bereikt zijn", "goals that were reached"),
            lambda one: banded(sum(result == "reached" for _, result in one.goals), _COUNTS),
        ),
        *_change_columns(instruments),
    ]


def _first(one: Family) -> str:
    return one.signals[0].partner if one.signals else NONE


def _signal_columns() -> Iterator[Column]:
    for part, when in _PARTS.items():
        for axis, about in _AXES.items():
            words = Words(f"signalen over {about.dutch}, {when.dutch}", f"signals about {about.english}, {when.english}")
            yield Column(f"signals_{part.value}_{axis.value}", words, lambda one, part=part, axis=axis: _signals(one, part, axis))  # type: ignore[misc]


def _change_columns(instruments: Mapping[str, Words]) -> Iterator[Column]:
    for code, called in instruments.items():
        words = Words(f"{called.dutch}: van begin tot laatste meting", f"{called.english}: from the start to the last time")
        name = f"change_{code.replace('-', '_')}"
        yield Column(name, words, lambda one, code=code: _changed(one.changes, code))  # type: ignore[misc]


def row(one: Family, of: Sequence[Column]) -> Row:
    """What is told of one family."""
    return {column.name: column.of(one) for column in of}
