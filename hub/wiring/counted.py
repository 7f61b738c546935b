"""What the hub's own store says of social return: families with a coach, hours, levers and ends, by neighbourhood and by fives."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select

from hub.adapters.social_return import ENDS, FAMILIES
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from hub.projections.insight.coached import CHANGES
from hub.projections.insight.fives import FIVE, rounded
from hub.projections.insight.months import Until
from hub.projections.insight.tables import NAMED, PLACES
from hub.wiring.hub import Hub

HOURS_A_WEEK = 36 / 5
"""Of a coach for a family: one coach of 36 hours has five (VIG)."""
A_MONTH = round(FIVE * HOURS_A_WEEK * 52 / 12)
"""Hours for five families in a month: told closer than that, hours of two months would say how many families there were."""
ELSEWHERE = "elsewhere"
"""Places of fewer than five families, together."""
_LEVERS = {"eviction-procedure": "eviction-procedures", "council-investigation": "council-investigations"}
"""The levers that have a price, by the kind under which they are counted."""
_ENDS: dict[type[Recorded], str] = {
    Trajectory.PhaseEntered: Phase.CLOSED.value,
    Trajectory.EndedEarly: Phase.ENDED_EARLY.value,
    Trajectory.WentToCompulsion: Phase.COMPULSION.value,
}
_WEEK = timedelta(weeks=1)


@dataclass(slots=True)
class _Place:
    """What happened with families of one place; `happened` are levers and ends."""

    families: int = 0
    weeks: float = 0.0
    happened: Counter[str] = field(default_factory=Counter)

    def add(self, other: "_Place") -> None:
        self.families += other.families
        self.weeks += other.weeks
        self.happened += other.happened


def counted(hub: Hub, families: Iterable[UUID]) -> Iterator[tuple[str, str, int | None]]:
    """Place, what and how many, until the present month began; by fives, and `None` for fewer than five, perhaps none.

    Hours are told in steps of what five families take in a month.

    Places of fewer than five families are told together, and not at all where they are fewer than five together.
    """
    until = datetime.fromisoformat(Until(hub.clock.now()).moment)
    with hub.stored.views.connect() as connection:
        homes = lives(connection)
    places: defaultdict[str, _Place] = defaultdict(_Place)
    for family in families:
        places[homes.get(str(family), ELSEWHERE)].add(_of(hub.history.facts(family, until), until))
    for place in sorted(places):
        if place != ELSEWHERE and places[place].families < FIVE:
            places[ELSEWHERE].add(places.pop(place))
    for place, one in sorted(places.items()):
        if one.families >= FIVE:
            yield from _told(place, one)


def lives(connection: Connection) -> dict[str, str]:
    """Where most of those live whom the signals of a family name."""
    many = func.count(NAMED.c.person.distinct())
    joined = NAMED.join(PLACES, NAMED.c.person == PLACES.c.person)
    query = select(NAMED.c.family, PLACES.c.place).select_from(joined).group_by(NAMED.c.family, PLACES.c.place)
    # the last one stays
    return dict(connection.execute(query.order_by(many, PLACES.c.place.desc())).all())


def _of(events: Iterable[Recorded], until: datetime) -> _Place:
    """What one family adds; nothing where it never had a coach."""
    row: dict[str, Any] = {"coach": "", "is_over": False, "is_merged": False}
    found, since, had, ended = _Place(), until, False, ""
    for event in events:
        if isinstance(event, Trajectory.LeverDecided) and event.lever in _LEVERS:
            found.happened[_LEVERS[event.lever]] += 1
        if (change := CHANGES.get(type(event))) is None:
            continue
        if _is_coached(row):
            found.weeks += (event.timestamp - since) / _WEEK
        row |= change(event)
        since, had = event.timestamp, had or _is_coached(row)
        ended = _ENDS.get(type(event), ended) if row["is_over"] else ""
    if _is_coached(row):
        found.weeks += (until - since) / _WEEK
    found.families = int(not row["is_merged"])
    if ended:
        found.happened[ended] += 1
    return found if had else _Place()


def _is_coached(row: dict[str, Any]) -> bool:
    return bool(row["coach"]) and not row["is_over"] and not row["is_merged"]


def _told(place: str, one: _Place) -> Iterator[tuple[str, str, int | None]]:
    yield place, FAMILIES, rounded(one.families)
    yield place, "coach-hours", A_MONTH * round(one.weeks * HOURS_A_WEEK / A_MONTH) or None
    for what in (*ENDS, *_LEVERS.values()):
        many = one.happened[what]
        yield place, what, rounded(many) if many >= FIVE else None
