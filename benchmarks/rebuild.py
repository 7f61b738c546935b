"""How many events a second a read model takes when it is built anew, beside only reading them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks.measuring import Figure, Ratio, Result, Rounds
from benchmarks.population import Population, Sender
from benchmarks.running import Home, a_directory, opened, prepared, take_in
from hub.wiring import Hub

_SELECT = "SELECT position, stream_id, version, topic, state FROM events ORDER BY position"
READ, DECODED, ALL = "bare read of the log", "read and decoded", "all read models, one after another"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    families: int = 1_500
    signals: int = 3_000
    rounds: int = 3


FULL, QUICK, TINY = Size(), Size(500, 1_000, 2), Size(20, 20, 1)


def rebuild(size: Size) -> Result:
    """Measures it."""
    with a_directory("rebuild") as place:
        population = Population(size.families)
        home = Home(place)
        partners = prepared(home, population.first())
        with opened(home) as hub:
            take_in(hub, Sender(partners, "rebuild"), population.mixed(size.signals))
            hub.views.catch_up()
            names = sorted(standing.follower for standing in hub.views.state())
            rounds = Rounds().run(size.rounds, _measures(hub, place / "hub.db", names))
            return _result(rounds, names, hub.log.last_position(), size)


def _measures(hub: Hub, file: Path, names: list[str]) -> dict[str, Callable[[], float]]:
    anew = {name: partial(built, hub, name) for name in names}
    return {READ: partial(_read, file), DECODED: partial(decoded, hub), **anew}


def built(hub: Hub, name: str) -> float:
    """Events a second into a read model that is built anew."""
    began = perf_counter()
    return hub.views.rebuild(name) / (perf_counter() - began)


def _read(file: Path) -> float:
    with closing(sqlite3.connect(file)) as connection:
        began = perf_counter()
        count = sum(1 for _ in connection.execute(_SELECT))
        return count / (perf_counter() - began)


def decoded(hub: Hub) -> float:
    """Events a second that are read from the log and opened."""
    began, position = perf_counter(), 0
    while found := hub.log.read(position, 1_000):
        for _, stored in found:
            hub.mapper.to_domain_event(stored)
        position = found[-1][0]
    return position / (perf_counter() - began)


def _result(rounds: Rounds, names: list[str], events: int, size: Size) -> Result:
    each = zip(*(rounds.measured[name] for name in names), strict=True)
    rounds.measured[ALL] = [1 / sum(1 / rate for rate in rates) for rates in each]
    figures: list[Figure] = [rounds.figure(name, "events/s") for name in (READ, DECODED, *names, ALL)]
    ratios: list[Ratio] = [rounds.ratio(name, DECODED) for name in (*names, ALL)]
    ratios += [rounds.ratio(ALL, READ), rounds.ratio(DECODED, READ)]
    conditions = [
        f"{events} events of {size.families} families and {size.signals} signals more; {size.rounds} rounds; the hub does "
        "nothing else meanwhile",
        "built beside the live rows and swapped in one transaction, as `hub rebuild` does; the bare read is one SELECT of "
        "every row by the driver alone",
    ]
    return Result("rebuild", "Building read models anew", figures, ratios, conditions)
