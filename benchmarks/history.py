"""How long it takes to tell how a family with a thousand events stood, beside reading its rows."""

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
from benchmarks.population import Population
from benchmarks.running import Home, Served, a_directory, opened, prepared, served
from hub.domain.callers import Capacity
from hub.wiring import Hub
from tests import issuer

_ROWS = "SELECT position, version, topic, state FROM events WHERE stream_id = ? ORDER BY version"
_LONGEST = "SELECT stream_id, count(*) AS many FROM events GROUP BY stream_id ORDER BY many DESC LIMIT 1"
THEN, NOW = "as of the middle, over HTTP", "as of now, over HTTP"
INSIDE, BARE = "as of the middle, past HTTP", "bare read of its rows"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    events: int = 1_000
    rounds: int = 5
    times: int = 10


FULL, QUICK, TINY = Size(), Size(rounds=3, times=5), Size(events=20, rounds=1, times=1)


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
            family, token = _longest(hub, home), issuer.token(Capacity.COORDINATOR, "bench", "neighbourhood-team", hub.clock.now())
            with served(home) as running:
                then = _request(running.port, family.id, token, family.middle)
                now = _request(running.port, family.id, token)
                measures = {
                    THEN: partial(_asked, running, then, size.times),
                    BARE: partial(_bare, place / "hub.db", family.id, size.times),
                    NOW: partial(_asked, running, now, size.times),
                    INSIDE: partial(_inside, hub, family, size.times),
                }
                rounds = Rounds().run(size.rounds + 1, measures)
    return _result(rounds, family, size)


def _longest(hub: Hub, home: Home) -> Family:
    ((id, events),) = home.asked("log", _LONGEST)
    facts = hub.history.facts(UUID(id))
    return Family(UUID(id), events, facts[len(facts) // 2].timestamp)


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
        f"a family of {family.events} events; {size.rounds} rounds of {size.times}, after one that warms up",
        "an answer holds the state replayed and every event with both of its times; the bare read is one SELECT of the rows",
    ]
    figures = [rounds.figure(name, "ms") for name in (THEN, NOW, INSIDE, BARE)]
    ratios = [rounds.ratio(name, BARE) for name in (THEN, NOW, INSIDE)]
    return Result("history", "How a family stood", figures, ratios, conditions)
