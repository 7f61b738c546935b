"""The live feed: every notice for the people who follow along, numbered by the log, so that nobody misses or doubles one."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Engine, Index, Integer, MetaData, String, Table, Text, func, insert, select

from hub.adapters import rfc3339
from hub.adapters.bells import Bells
from hub.adapters.channels import Around, Way
from hub.adapters.database import looking
from hub.adapters.following import Following
from hub.ports import Channel, Notice

TABLES = MetaData()

FEED = Table(
    "feed",
    TABLES,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("family", String(36), nullable=False),
    Column("notice", Text, nullable=False),
    Index("feed_of_family", "family", "position"),
)
"""One notice at a position of the log at most: the position is what a follower gives back to go on from."""

_F = FEED.c
BELL = "feed"


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice on the feed; `position` is its id there."""

    position: int
    notice: Mapping[str, Any]


class Feed:
    """Keeps notices as they come, and wakes whoever waits for the next; `poll` seconds, where it was another process."""

    def __init__(self, outbox: Engine, bells: Bells | None = None, poll: float = 1.0) -> None:
        self._outbox, self._bells = outbox, bells or Bells(outbox)
        self._following = Following(self._bells, BELL, poll)

    @property
    def channel(self) -> Channel:
        """The way in, for the relay."""
        return Channel("feed", self.accept, lambda: self._bells.heard(BELL))

    def accept(self, notices: Sequence[Notice], connection: Connection) -> None:
        """Puts notices on the feed, on the transaction of the caller; a repeat adds nothing."""
        for_people = [notice for notice in notices if not notice.for_partners]
        positions = [notice.position for notice in for_people]
        taken = set(connection.scalars(select(_F.position).where(_F.position.in_(positions))))
        rows = [row_of(notice) for notice in for_people if notice.position not in taken]
        if rows:
            connection.execute(insert(FEED), rows)
            self._bells.ring(connection, BELL)

    def after(self, position: int, limit: int = 100, *, family: str = "", type: str = "") -> list[Shown]:
        """What came after a position, in order, narrowed to one family or one type."""
        found = select(_F.position, _F.notice).where(_F.position > position).order_by(_F.position).limit(limit)
        if family:
            found = found.where(_F.family == family)
        if type:
            found = found.where(_F.type == type)
        with looking(self._outbox) as connection:
            return [Shown(row.position, json.loads(row.notice)) for row in connection.execute(found)]

    def last_position(self) -> int:
        """The position of the newest notice; 0 where there is none."""
        with looking(self._outbox) as connection:
            return int(connection.execute(select(func.coalesce(func.max(_F.position), 0))).scalar_one())

    def follow(self, position: int, *, family: str = "", type: str = "", quiet: float = 15.0) -> AsyncIterator[Sequence[Shown]]:
        """What came after a position and whatever comes; something empty after `quiet` seconds of silence."""
        return self._following.follow(partial(self.after, family=family, type=type), position, quiet)

    @property
    def followers(self) -> int:
        """How many follow at this moment, in this process."""
        return self._following.followers


def row_of(notice: Notice) -> dict[str, Any]:
    """A notice as it stands on the feed."""
    family, at = str(notice.family), rfc3339.written(notice.recorded_at)
    said = {"id": str(notice.id), "type": notice.type, "recordedAt": at, "family": family, "data": dict(notice.data)}
    return {"position": notice.position, "type": notice.type, "family": family, "notice": json.dumps(said, ensure_ascii=False)}


def opened(_settings: Mapping[str, str], around: Around) -> Way:
    """Always on: people follow escalations by it."""
    feed = Feed(around.outbox, around.bells)
    return Way(feed.channel, feed)
