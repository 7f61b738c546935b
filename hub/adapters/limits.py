"""How much each partner may ask of the hub in a minute and in a day, and how often somebody may fail to show who they are."""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from threading import Lock
from time import monotonic

from sqlalchemy import BigInteger, Column, Connection, Engine, MetaData, String, Table, delete, insert, select, update

from hub.adapters.database import locked, promised
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.errors import Quota, TooLarge, TooMany, Unavailable
from hub.ports import Clock

MINUTE, DAY = 60, 86_400
"""Seconds."""
BLOCK = 100
"""What is set aside on disk at once of the quota of a day: so much of it is lost, at most, where a process is killed."""
FAILURES = 120
"""How often in a minute somebody may fail to show who they are, from one place."""
MOST_PLACES = 10_000
"""Places that are remembered; the one that failed longest ago is forgotten first."""

TABLES = MetaData()
TAKEN = Table(
    "taken",
    TABLES,
    Column("organisation", String(80), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("many", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """How much an organisation may ask in any minute, and in a day by the Dutch calendar."""

    per_minute: int
    per_day: int


@dataclass(slots=True)
class _Bucket:
    """Fills up evenly within a minute; may be emptied at once."""

    left: float
    at: float

    def wait(self, many: int, most: int, now: float) -> float:
        """Seconds until so many may be taken; 0 is now. What is more than a whole bucket waits for a full one."""
        self.left = min(most, self.left + max(0.0, now - self.at) * most / MINUTE)
        self.at = max(now, self.at)
        return max(0.0, (min(many, most) - self.left) * MINUTE / most)


@dataclass(slots=True)
class _Aside:
    """What this process set aside of the quota of a day, and has not given out yet."""

    day: date
    many: int = 0


class Limits:
    """Counts what organisations ask: the minute in memory, by process; the day on disk, whatever is restarted meanwhile.

    `allowed` tells by name what was agreed. The day is counted in blocks that are set aside before they are given out, so
    that processes share it and none of them, stopped at any moment, lets more through.
    """

    def __init__(
        self, engine: Engine, allowed: Callable[[str], Allowed], clock: Clock, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._engine, self._allowed, self._clock, self._seconds = engine, allowed, clock, seconds
        self._buckets: dict[str, _Bucket] = {}
        self._aside: dict[str, _Aside] = {}
        self._alone = Lock()

    def take(self, organisation: str, many: int = 1) -> None:
        """Counts so many; all of them or none. None only looks whether there is room for one.

        Raises:
            TooMany: it is more than was agreed; nothing was counted.
            TooLarge: it is more at once than was agreed for a whole day.
            Unavailable: the count of the day cannot be kept.
        """
        allowed = self._allowed(organisation)
        with self._alone:
            bucket = self._bucket(organisation, max(many, 1), allowed.per_minute)
            aside = self._of_day(organisation, max(many, 1), allowed.per_day)
            bucket.left -= many
            aside.many -= many

    def close(self) -> None:
        """Gives back what was set aside and not given out, where that can be done."""
        with self._alone, suppress(Unavailable), promised("the count of the day cannot be kept"):
            for organisation, aside in self._aside.items():
                with locked(self._engine) as connection:
                    _set_aside(connection, organisation, aside.day, -aside.many)
            self._aside.clear()

    def _bucket(self, organisation: str, many: int, most: int) -> _Bucket:
        now = self._seconds()
        bucket = self._buckets.setdefault(organisation, _Bucket(most, now))
        if wait := bucket.wait(many, most, now):
            quota = Quota("minute", most, MINUTE, max(0, int(bucket.left)))
            raise TooMany("This is more than was agreed for a minute.", wait, quota)
        return bucket

    def _of_day(self, organisation: str, many: int, most: int) -> _Aside:
        if many > most:
            raise TooLarge(f"This is more at once than the {most} that were agreed for a day.", code="more-than-a-day")
        now = self._clock.now()
        day = now.astimezone(DUTCH_TIME).date()
        aside = self._aside.get(organisation)
        if aside is None or aside.day != day:
            aside = self._aside[organisation] = _Aside(day)
        if aside.many < many and not self._sets_aside(organisation, aside, many, most):
            raise TooMany("This is more than was agreed for a day.", _until_tomorrow(now), Quota("day", most, DAY, aside.many))
        return aside

    def _sets_aside(self, organisation: str, aside: _Aside, many: int, most: int) -> bool:
        """Whether there is room for so many; as much as a block more is set aside with them."""
        with promised("the count of the day cannot be kept"), locked(self._engine) as connection:
            room = most - _taken(connection, organisation, aside.day)
            more = min(max(many - aside.many, BLOCK), room)
            if aside.many + more < many:
                return False
            _set_aside(connection, organisation, aside.day, more)
        aside.many += more
        return True


def _taken(connection: Connection, organisation: str, day: date) -> int:
    here = (TAKEN.c.organisation == organisation) & (TAKEN.c.day == day.isoformat())
    return connection.scalar(select(TAKEN.c.many).where(here)) or 0


def _set_aside(connection: Connection, organisation: str, day: date, many: int) -> None:
    here = (TAKEN.c.organisation == organisation) & (TAKEN.c.day == day.isoformat())
    if not connection.execute(update(TAKEN).where(here).values(many=TAKEN.c.many + many)).rowcount and many > 0:
        long_ago = (day - timedelta(days=2)).isoformat()
        connection.execute(delete(TAKEN).where((TAKEN.c.organisation == organisation) & (TAKEN.c.day < long_ago)))
        connection.execute(insert(TAKEN).values(organisation=organisation, day=day.isoformat(), many=many))


def _until_tomorrow(now: datetime) -> float:
    tomorrow = now.astimezone(DUTCH_TIME).date() + timedelta(days=1)
    return (datetime.combine(tomorrow, time(), DUTCH_TIME).astimezone(now.tzinfo) - now).total_seconds()


class Strangers:
    """Counts, by place, how often somebody failed to show who they are: whoever does show it is never in their way."""

    def __init__(self, most: int = FAILURES, seconds: Callable[[], float] = monotonic) -> None:
        self._most, self._seconds = most, seconds
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._alone = Lock()

    def failed(self, place: str) -> None:
        """Counts one more failure.

        Raises:
            TooMany: there were too many from there.
        """
        now = self._seconds()
        with self._alone:
            bucket = self._buckets.setdefault(place, _Bucket(self._most, now))
            self._buckets.move_to_end(place)
            if len(self._buckets) > MOST_PLACES:
                self._buckets.popitem(last=False)
            if wait := bucket.wait(1, self._most, now):
                raise TooMany("Too many requests from there did not show who sent them.", wait, code="too-many-failures")
            bucket.left -= 1
