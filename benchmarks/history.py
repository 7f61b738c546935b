"""How long it takes to tell how a family with a thousand events stood, and who knew what of it, beside reading its rows."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import repeat
from pathlib import Path
from time import perf_counter
from urllib.parse import quote
from uuid import UUID

from benchmarks.load import post_all
from benchmarks.measuring import Result, Rounds
from benchmarks.on_postgresql.weight import weigh_down
from benchmarks.population import Population
from benchmarks.running import Home, Served, a_directory, catch_up, opened, prepared, served
from hub.domain.callers import Caller, Capacity
from hub.domain.processing import Reading
from hub.domain.tellings import Attempt, Way
from hub.domain.traces import Trace
from hub.notices import notices
from hub.ports import Fact
from hub.wiring import Hub
from hub.wiring.interface import knowledge_of
from tests import issuer
from tests.passing import leading

_ROWS = "SELECT position, version, topic, state FROM events WHERE stream_id = ? ORDER BY version"
_FIRST = "SELECT min(position) FROM events WHERE topic = 'trajectory-opened'"
_RAISED = "SELECT max(position) FROM events WHERE stream_id = '{}' AND topic = 'level-raised'"
_LONGEST = "SELECT stream_id, count(*) AS many FROM events GROUP BY stream_id ORDER BY many DESC LIMIT 1"
_KNOWN = "SELECT * FROM tellings WHERE family = ? ORDER BY began, id"
_LOOKED = "SELECT r.*, l.* FROM lines l CROSS JOIN readings r ON r.place = l.place WHERE l.family = ? ORDER BY l.place DESC"
KNEW, BARE_KNEW = "who knew what in the middle, past HTTP", "bare read of what was told and looked at"
AIM = 3.0
THEN, NOW = "as of the middle, over HTTP", "as of now, over HTTP"
INSIDE, BARE = "as of the middle, past HTTP", "bare read of its rows"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    events: int = 1_000
    store: int = 1_000_000
    rounds: int = 5
    times: int = 10


FULL, QUICK, TINY = Size(), Size(store=20_000, rounds=3, times=5), Size(events=20, store=100, rounds=1, times=1)


@dataclass(frozen=True, slots=True)
class Family:
    """The family with the most events, and when half of them were recorded."""

    id: UUID
    events: int
    middle: datetime


def history(size: Size) -> Result:
    """Measures it."""
    with a_directory("history") as place:
        home, population = Home(place), Population(2)
        prepared(home, (population.about(0) for _ in range(size.events)))
        with opened(home) as hub:
            family = _longest(hub, home)
            ((fact,),) = home.asked("log", _RAISED.format(family.id.hex))
            _told_and_looked_at(hub, family, fact, size.events // 5)
            ((first,),) = home.asked("log", _FIRST)
            weigh_down(hub, first - 1, size.store)
            with leading(hub):
                while any(one.lag and not one.stopped_because for relay in (hub.views, hub.outbox) for one in relay.state()):
                    catch_up(hub)
            token = issuer.token(Capacity.COORDINATOR, "bench", "neighbourhood-team", hub.clock.now())
            with served(home) as running:
                then = _request(running.port, family.id, token, family.middle)
                now = _request(running.port, family.id, token)
                measures = {
                    THEN: partial(_asked, running, then, size.times),
                    BARE: partial(_bare, place / "hub.db", family.id, size.times),
                    NOW: partial(_asked, running, now, size.times),
                    INSIDE: partial(_inside, hub, family, size.times),
                    KNEW: partial(_knew, hub, family, size.times),
                    BARE_KNEW: partial(_bare_knew, place, family, size.times),
                }
                rounds = Rounds().run(size.rounds + 1, measures)
    return _result(rounds, family, size)


def _longest(hub: Hub, home: Home) -> Family:
    ((id, events),) = home.asked("log", _LONGEST)
    facts = hub.history.facts(UUID(id))
    return Family(UUID(id), events, facts[len(facts) // 2].timestamp)


def _told_and_looked_at(hub: Hub, family: Family, position: int, many: int) -> None:
    """So often a partner was told that it was escalated, and somebody looked at it."""
    at, kind = hub.clock.now(), hub.activities.at("look-at-family", hub.clock.now().date())
    ((_, stored),) = hub.log.read(position - 1, 1)
    said = notices(Fact(position, family.id, hub.mapper.to_domain_event(stored)))[0]
    notice = str(hub.tellings.own("bench-1", "notice", str(said.id)))
    for nth in range(many):
        way = (Way.WEBHOOK, nth + 1, 1, "00", "http-200", True)
        told = Attempt("bench-1", f"bench-{nth}", notice, "theirs", position, said.type, *way, family.middle, family.middle)
        hub.tellings.record([told])
        who, trace = Caller(Capacity.COORDINATOR, f"bench-{nth % 9}", "bench-team"), Trace(f"{nth:032x}", f"{nth:016x}")
        concerned = {str(family.id): [str(UUID(int=1))]}
        hub.processings.write([Reading.of(kind, "bench", who, trace, family.middle, at, concerned)])


def _knew(hub: Hub, family: Family, times: int) -> float:
    knowledge, began = knowledge_of(hub), perf_counter()
    for _ in range(times):
        assert knowledge(family.id, hub.clock.now())
    return (perf_counter() - began) / times * 1e3


def _bare_knew(place: Path, family: Family, times: int) -> float:
    with closing(sqlite3.connect(place / "views.db")) as views, closing(sqlite3.connect(place / "reads.db")) as reads:
        began = perf_counter()
        for _ in range(times):
            assert views.execute(_KNOWN, (str(family.id),)).fetchall()
            assert reads.execute(_LOOKED, (str(family.id),)).fetchall()
        return (perf_counter() - began) / times * 1e3


def _request(port: int, family: UUID, token: str, at: datetime | None = None) -> bytes:
    query = f"?recordedAt={quote(at.isoformat())}" if at else ""
    lines = (f"GET /v1/families/{family}/history{query} HTTP/1.1", f"host: 127.0.0.1:{port}", f"authorization: Bearer {token}")
    return "\r\n".join((*lines, "\r\n")).encode()


def _asked(running: Served, request: bytes, times: int) -> float:
    """Milliseconds for an answer."""
    loaded = post_all(running.ports, list(repeat(request, times)), 1)
    if not all(answer.startswith(b"HTTP/1.1 200") for answer in loaded.answers):
        raise AssertionError(f"not answered: {loaded.answers[0][:400]!r}")
    return loaded.seconds / times * 1e3


def _inside(hub: Hub, family: Family, times: int) -> float:
    began = perf_counter()
    for _ in range(times):
        hub.history(family.id, family.middle, None)
    return (perf_counter() - began) / times * 1e3


def _bare(file: Path, family: UUID, times: int) -> float:
    with closing(sqlite3.connect(file)) as connection:
        began = perf_counter()
        rows: Sequence[object] = ()
        for _ in range(times):
            rows = connection.execute(_ROWS, (family.hex,)).fetchall()
        assert rows
        return (perf_counter() - began) / times * 1e3


def _result(rounds: Rounds, family: Family, size: Size) -> Result:
    for each in rounds.measured.values():
        del each[0]
    conditions = [
        f"a family of {family.events} events in a store of {size.store:,}",
        f"{size.rounds} rounds of {size.times}, after one that warms up",
        "an answer holds the state replayed and every event with both of its times; the bare read is one SELECT of the rows",
        f"somebody knew {size.events // 5} notices and {size.events // 5} looks; the bare read is a SELECT of each",
    ]
    figures = [rounds.figure(name, "ms") for name in (THEN, NOW, INSIDE, BARE, KNEW, BARE_KNEW)]
    ratios = [rounds.ratio(name, BARE) for name in (THEN, NOW)] + [rounds.ratio(INSIDE, BARE, at_most=AIM)]
    ratios.append(rounds.ratio(KNEW, BARE_KNEW, at_most=AIM))
    return Result("history", "How a family stood", figures, ratios, conditions)
