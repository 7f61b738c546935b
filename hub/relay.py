"""The way out: every event, in order, to whoever follows the log; each follower has a position of its own.

A projection and a channel are the same thing, a follower. What a follower makes of the facts and how far it came are
committed together, so that nothing is passed on twice and nothing is skipped. One that fails is stopped and named; the
others go on.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from itertools import zip_longest
from threading import Event, RLock
from traceback import extract_tb
from typing import Any
from uuid import UUID

import structlog
from eventsourcing.persistence import Mapper
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from hub.errors import OutOfReach
from hub.ports import Channel, Fact, Log, Notice, Projection

BATCH = 1_000
"""Events in one transaction: enough to make its share of each event small."""
ANEW = 10_000
"""Events at once where something is built anew: the more of a family's events come together, the fewer times its row is written."""
PATIENCE = 1.0
"""Seconds between looks at the log when nothing wakes the relay, and after trouble with a database."""
SOON = 0.02
"""Seconds between looks at how far those came whom another process leads."""
FEW = 10
"""Events that are looked at to see since when somebody waits."""
RETRY = 60.0
"""Seconds after which a stopped follower is tried again."""

TABLES = MetaData()
POSITIONS = Table(
    "positions",
    TABLES,
    Column("follower", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("shape", Text, nullable=False),
)
STOPPED = Table(
    "stopped",
    TABLES,
    Column("follower", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
)
"""Who failed on what came after a position, for whoever asks in another process; it counts while they are still there."""
_P, _S = POSITIONS.c, STOPPED.c
_IS_STOPPED = (_P.follower == _S.follower) & (_P.position == _S.position)
_TOUCH = update(POSITIONS).where(_P.follower == bindparam("name")).values(position=_P.position)

_told = structlog.get_logger("hub.relay")

Beside = tuple[Connection, str, str]
"""A connection, the schema of tables that only it sees and that go with it, and that of the tables which everybody sees."""
Take = Callable[[Sequence[Fact], Connection], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Follower:
    """Whoever follows the log: takes facts in order, on the transaction that also moves its position.

    `tables` are those that can be built anew from the log; a follower that has none begins at *now*.
    `topics` are those of the events it takes; `None` is all. `committed` is called when what it took is durable.
    """

    name: str
    take: Take
    tables: MetaData | None = None
    committed: Callable[[], None] = lambda: None
    topics: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """Events of the log: the facts among them that somebody takes, how many there were, and where the last one stands."""

    facts: Sequence[Fact]
    count: int
    last: int


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a follower came: in its database, and beyond that past events which it does not take."""

    kept: int
    reached: int


@dataclass(frozen=True, slots=True)
class _At:
    """A follower with the position that its database held when the log was read for it."""

    follower: Follower
    kept: int


class _Overtaken(Exception):
    """Another process moved a follower meanwhile, for it leads it now."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a follower came, how many events it still has to take, and the code of why it stopped, if it did.

    `waiting_since` is when the first of those events was recorded, where there is one that can be read.
    """

    follower: str
    position: int
    lag: int
    stopped_because: str
    waiting_since: datetime | None = None


def shown(projection: Projection) -> Follower:
    """A projection as a follower."""
    return Follower(projection.name, projection.apply, projection.tables, topics=projection.topics)


def told(channel: Channel, notices: Callable[[Fact], Sequence[Notice]], topics: frozenset[str] | None = None) -> Follower:
    """A channel as a follower, that hears of facts as notices; `topics` are those of the events that give any."""

    def take(facts: Sequence[Fact], connection: Connection) -> None:
        if found := [notice for fact in facts for notice in notices(fact)]:
            channel.accept(found, connection)

    return Follower(channel.name, take, committed=channel.committed, topics=topics)


class Relay:
    """Passes the log on to the followers that keep their rows and positions in one database.

    `linger` (seconds) is how long it lets facts gather when they keep coming, so that the way in has the machine to
    itself; a fact that comes after a silence is passed on at once.
    `beside` gives a connection with room for tables that nobody else sees, `alone` a transaction in which nobody else
    makes tables, and `leads` says whether a follower is this process's to lead now: others stand by for it.
    """

    def __init__(
        self,
        log: Log,
        mapper: Mapper[UUID],
        engine: Engine,
        followers: Sequence[Follower],
        *,
        linger: float = 0.0,
        beside: Callable[[], AbstractContextManager[Beside]],
        alone: Callable[[], AbstractContextManager[Connection]] | None = None,
        leads: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._log, self._mapper, self.engine, self._linger, self._beside = log, mapper, engine, linger, beside
        self._making, self._leads = alone or engine.begin, leads
        self._followers = {follower.name: follower for follower in followers}
        self._led: frozenset[str] = frozenset()
        self._stopped: dict[str, tuple[str, float]] = {}
        self._places: dict[str, _Place] = {}
        self._is_lost = True
        # one thread of this process at a time, for the places are remembered; other processes are told by their rows
        self._alone = RLock()

    @property
    def followers(self) -> Sequence[str]:
        """The names of those who follow the log here."""
        return list(self._followers)

    def open(self) -> None:
        """Makes the followers' tables and positions that are not there; that of the positions is there already.

        What has tables of another shape, or came further than the log (an older one was put back), begins anew.
        """
        with self._making() as connection:
            known = {row.follower: row for row in connection.execute(select(POSITIONS))}
            # looked at after the positions: others may be moving them, but none beyond the log
            last = self._log.last_position()
            for name, follower in self._followers.items():
                now = shape(follower.tables, connection)
                if name not in known or known[name].shape != now or known[name].position > last:
                    self._begin(follower, now, last, connection)

    def _begin(self, follower: Follower, shape: str, now: int, connection: Connection) -> None:
        begin = 0 if follower.tables is not None else now
        if follower.tables is not None:
            follower.tables.drop_all(connection)
            follower.tables.create_all(connection)
        connection.execute(delete(POSITIONS).where(_P.follower == follower.name))
        connection.execute(insert(POSITIONS), {"follower": follower.name, "position": begin, "shape": shape})

    def run(self, stop: Event) -> None:
        """Follows the log until told to stop."""
        woken = Event()
        with self._log.waking(woken, _all_topics(list(self._followers.values()))):
            while not stop.is_set():
                woken.clear()
                try:
                    self._pass_on_and_wait(woken, stop)
                except Exception as error:
                    _told.error("relay-waits", because=_code(error))
                    stop.wait(PATIENCE)

    def _pass_on_and_wait(self, woken: Event, stop: Event) -> None:
        count = self.pass_on()
        if count >= BATCH:
            return
        if count:
            stop.wait(self._linger)
        else:
            self._settle()
        woken.wait(PATIENCE)

    def catch_up(self) -> None:
        """Passes on all that is in the log now."""
        while self.pass_on():
            pass
        self._settle()

    def let_read(self, patience: float) -> None:
        """Lets whoever wrote something read it: passes on what is this process's to lead, and waits for what others lead, so
        many seconds at most. One that stopped is not waited for."""
        last, until = self._log.last_position(), time.monotonic() + patience
        try:
            while self._is_any_before(last) and time.monotonic() < until:
                if not self.pass_on():
                    self._settle()
                    time.sleep(SOON)
        except Exception as error:  # whoever reads next hears what is away
            _told.error("relay-waits", because=_code(error))

    def _is_any_before(self, position: int) -> bool:
        with self.engine.connect() as connection:
            stopped = set(connection.execute(select(_S.follower).join(POSITIONS, _IS_STOPPED)).scalars())
        return any(at < position for name, at in self._positions().items() if name not in stopped)

    def pass_on(self) -> int:
        """One batch for every follower; those at the same place go together. Gives how many events the longest had."""
        with self._alone:
            return max((self._pass_on(position, group) for position, group in self._by_position().items()), default=0)

    def _look_who_leads(self) -> None:
        led = frozenset(name for name in self._followers if self._leads(name))
        if led != self._led:
            self._led = led
            self._look_again()

    def _by_position(self) -> dict[int, list[_At]]:
        self._look_who_leads()
        if self._is_lost:
            self._places, self._is_lost = {name: _Place(at, at) for name, at in self._positions().items()}, False
        groups: dict[int, list[_At]] = defaultdict(list)
        for name, place in self._places.items():
            if name in self._led and (name not in self._stopped or self._stopped[name][1] <= time.monotonic()):
                groups[place.reached].append(_At(self._followers[name], place.kept))
        return groups

    def _positions(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(_P.follower, _P.position)).all()
        return {name: position for name, position in rows if name in self._followers}

    def _read(self, after: int, group: Sequence[Follower], most: int = 0) -> _Read:
        taken = _all_topics(group)
        rows = self._log.read(after, most or BATCH)
        wanted = ((at, self._mapper.to_domain_event(one)) for at, one in rows if taken is None or one.topic in taken)
        facts = [Fact(at, event.originator_id, event) for at, event in wanted]
        return _Read(facts, len(rows), rows[-1][0] if rows else after)

    def _pass_on(self, position: int, group: Sequence[_At]) -> int:
        read = self._read(position, [one.follower for one in group])
        if not read.facts and read.last - min(one.kept for one in group) < BATCH:
            # nothing for anybody: that it was passed over is kept with the next that is taken, or at the next silence
            self._places |= {one.follower.name: _Place(one.kept, read.last) for one in group}
            return read.count
        return read.count if self._offered(group, read) else 0

    def _offered(self, group: Sequence[_At], read: _Read) -> list[Follower]:
        try:
            moved = self._offered_together(group, read)
        except OutOfReach:  # it is the database that stumbles, and no follower: all of them wait for it
            raise
        except Exception:  # whose fault it is shows when each of them is offered it by itself
            moved = self._offered_one_by_one(group, read)
        for follower in moved:
            self._places[follower.name] = _Place(read.last, read.last)
            self._stopped.pop(follower.name, None)
            follower.committed()
        if len(moved) < len(group):
            self._look_again()
        return moved

    def _offered_together(self, group: Sequence[_At], read: _Read) -> list[Follower]:
        with self.engine.begin() as connection:
            # the first statement is the one that locks, and tells whether another process was here first
            self._move_all(group, read.last, connection)
            for one in group:
                one.follower.take(read.facts, connection)
        return [one.follower for one in group]

    def _offered_one_by_one(self, group: Sequence[_At], read: _Read) -> list[Follower]:
        with self.engine.begin() as connection:
            return [one.follower for one in group if self._offer(one, read, connection)]

    def _offer(self, one: _At, read: _Read, connection: Connection) -> bool:
        try:
            with connection.begin_nested():
                self._move_all([one], read.last, connection)
                one.follower.take(read.facts, connection)
        except OutOfReach:
            raise
        except _Overtaken:
            return False
        except Exception as error:
            self._stop(one.follower, one.kept, error, connection)
            return False
        return True

    def _look_again(self) -> None:
        """The places are not what is remembered: somebody else moved them, or what they held was not kept."""
        self._is_lost = True

    def _move_all(self, group: Sequence[_At], to: int, connection: Connection) -> None:
        """Raises: _Overtaken, where another process moved one of them meanwhile; then nothing of this may be kept."""
        here = tuple_(_P.follower, _P.position).in_([(one.follower.name, one.kept) for one in group])
        if connection.execute(update(POSITIONS).where(here).values(position=to)).rowcount < len(group):
            raise _Overtaken

    def _settle(self) -> None:
        """Keeps how far the followers came past events that they do not take."""
        with self._alone:
            ahead = defaultdict[int, list[_At]](list)
            for name, place in self._places.items():
                if name in self._led and place.reached > place.kept:
                    ahead[place.reached].append(_At(self._followers[name], place.kept))
            for reached, group in ahead.items():
                self._settle_at(reached, group)

    def _settle_at(self, reached: int, group: Sequence[_At]) -> None:
        try:
            with self.engine.begin() as connection:
                self._move_all(group, reached, connection)
        except _Overtaken:
            self._look_again()
        else:
            self._places |= {one.follower.name: _Place(reached, reached) for one in group}

    def _stop(self, follower: Follower, position: int, error: Exception, connection: Connection) -> None:
        because = _code(error)
        self._stopped[follower.name] = (because, time.monotonic() + RETRY)
        _told.error("follower-stopped", follower=follower.name, position=position, because=because)
        # whoever asks in another process would like to know, but nobody's work stops where it cannot be written
        with suppress(SQLAlchemyError), connection.begin_nested():
            connection.execute(delete(STOPPED).where(_S.follower == follower.name))
            connection.execute(insert(STOPPED), {"follower": follower.name, "position": position, "because": because})

    def state(self) -> list[Standing]:
        """Every follower, how far it came, and whether it stopped, in whichever process its work is done."""
        with self.engine.connect() as connection:
            stopped = connection.execute(select(_S.follower, _S.because).join(POSITIONS, _IS_STOPPED))
            because = {row.follower: row.because for row in stopped}
        last, since = self._log.last_position(), cache(self._since)
        return [
            Standing(name, position, max(last - position, 0), because.get(name, ""), since(position) if position < last else None)
            for name, position in sorted(self._positions().items())
        ]

    def _since(self, position: int) -> datetime | None:
        for _, stored in self._log.read(position, FEW):
            # one that nobody can read may be what they wait for
            with suppress(Exception):
                moment: datetime = self._mapper.to_domain_event(stored).timestamp  # type: ignore[attr-defined]
                return moment
        return None

    def rebuild(self, name: str, progress: Progress = lambda _done, _of: None) -> int:
        """Builds a projection anew beside the live one, swaps them in one transaction, and gives the number of events.

        Nobody who reads sees anything but the old rows or the new ones.

        Raises:
            KeyError: no projection has that name.
        """
        follower = self._followers[name]
        _tables(follower)
        with self._beside() as (connection, scratch, live):
            reached = self._build([follower], {}, _in(scratch, connection), progress)
            with self._alone:
                self._swap(follower, scratch, _in(live, connection), reached)
        with self._alone:
            self._stopped.pop(name, None)
            self._look_again()
        return reached

    def differences(self, progress: Progress = lambda _done, _of: None) -> Iterator[str]:
        """The tables of projections in which other rows stand than the log says: all are built anew beside them, in one go
        through the log, and go again."""
        followers = [follower for follower in self._followers.values() if follower.tables is not None]
        with self._beside() as (connection, scratch, live):
            places = self._positions()
            self._build(followers, places, _in(scratch, connection), progress)
            for follower in followers:
                yield from self._unlike(follower, places[follower.name], scratch, live, connection)

    def _unlike(self, follower: Follower, reached: int, scratch: str, live: str, connection: Connection) -> list[str]:
        built, seen = _in(scratch, connection), _in(live, connection)
        with self._alone, seen.begin():
            # nobody moves this follower, or changes its rows, while they are compared
            seen.execute(_TOUCH, {"name": follower.name})
            before = seen.execute(select(_P.position).where(_P.follower == follower.name)).scalar_one()
            while reached < before and (read := self._read(reached, [follower], min(ANEW, before - reached))).count:
                follower.take(read.facts, built)
                reached = read.last
            return [table.name for table in _tables(follower).sorted_tables if not _is_same(table, scratch, live, seen)]

    def _build(self, followers: Sequence[Follower], until: Mapping[str, int], built: Connection, progress: Progress) -> int:
        """Builds tables of these from the log, each until where it is, or as far as there is anything."""
        position, last = 0, max(until.values(), default=self._log.last_position())
        for follower in followers:
            _tables(follower).create_all(built, checkfirst=False)
        while (position < last or not until) and (read := self._read(position, followers, ANEW)).count:
            for follower in followers:
                end = until.get(follower.name, read.last)
                if facts := read.facts if end >= read.last else [fact for fact in read.facts if fact.position <= end]:
                    follower.take(facts, built)
            built.commit()
            position = read.last
            progress(position, max(last, position))
        return position

    def _swap(self, follower: Follower, scratch: str, live: Connection, reached: int) -> None:
        """Puts what was built in the place of what everybody sees, inside the database, in one transaction."""
        tables = _tables(follower).sorted_tables
        with live.begin():
            # nobody moves this follower, or changes its rows, from here on
            live.execute(_TOUCH, {"name": follower.name})
            before = live.execute(select(_P.position).where(_P.follower == follower.name)).scalar_one()
            for table in reversed(tables):
                live.execute(delete(table))
            for table in tables:
                built = select(table.to_metadata(MetaData(), schema=scratch))
                live.execute(insert(table).from_select([column.name for column in table.columns], built))
            # what was passed on in the meantime, so that nobody sees an earlier state again
            while reached < before and (read := self._read(reached, [follower])).count:
                follower.take(read.facts, live)
                reached = read.last
            live.execute(update(POSITIONS).where(_P.follower == follower.name).values(position=reached))


def _is_same(table: Table, one: str, other: str, connection: Connection) -> bool:
    """Whether the same rows stand in a table of two schemas, whatever seals them."""
    with closing(_rows(table, one, connection)) as built, closing(_rows(table, other, connection)) as seen:
        return all(left == right for left, right in zip_longest(built, seen))


def _rows(table: Table, schema: str, connection: Connection) -> Generator[tuple[Any, ...], None, None]:
    named = table.to_metadata(MetaData(), schema=schema)
    ordered = select(named).order_by(*named.primary_key.columns)
    with connection.execute(ordered, execution_options={"yield_per": BATCH}) as rows:
        yield from map(tuple, rows)


def _in(schema: str, connection: Connection) -> Connection:
    connection.commit()
    return connection.execution_options(schema_translate_map={None: schema})


def _tables(follower: Follower) -> MetaData:
    if follower.tables is None:
        raise KeyError(follower.name)
    return follower.tables


def _all_topics(group: Sequence[Follower]) -> frozenset[str] | None:
    topics = [follower.topics for follower in group]
    return None if None in topics else frozenset[str]().union(*(some for some in topics if some is not None))


def shape(tables: MetaData | None, connection: Connection) -> str:
    """What tells whether tables were made by a hub that meant them to be like these."""
    known = tables.sorted_tables if tables is not None else []
    return sha256("".join(str(CreateTable(table).compile(connection)) for table in known).encode()).hexdigest()


def _code(error: Exception) -> str:
    """What went wrong and where in our code; never the words of the error, which may quote a person's data."""
    ours = [frame for frame in extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    return f"{type(error).__name__} in {ours[-1].name}, line {ours[-1].lineno}" if ours else type(error).__name__
