"""How many events a second a read model takes when it is built anew, beside the stock event store mapping the same events."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import psycopg

from benchmarks.measuring import Result, Rounds
from benchmarks.peers.stock import Stock
from benchmarks.population import Population, Sender
from benchmarks.postgresql import Server, a_server
from benchmarks.rebuild import ALL, DECODED, READ, built, decoded
from benchmarks.running import Home, a_directory, opened, prepared, take_in
from hub.wiring import Hub

REPLAY = "stock eventsourcing's mapped replay"
_SELECT = "SELECT position, stream_id, version, topic, state FROM events ORDER BY position"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    families: int = 1_200
    signals: int = 2_400
    rounds: int = 3


FULL, QUICK, TINY = Size(), Size(400, 800, 2), Size(20, 20, 1)


def rebuild(size: Size) -> Result:
    """Measures it."""
    with a_directory("rebuild") as place, a_server(place) as server, closing(Stock(server.database())) as stock:
        home, population = Home(place / "hub", server.database()), Population(size.families)
        partners = prepared(home, population.first())
        with opened(home) as hub:
            take_in(hub, Sender(partners, "rebuild"), population.mixed(size.signals))
            hub.views.catch_up()
            names = sorted(standing.follower for standing in hub.views.state())
            stock.record([hub.mapper.to_domain_event(stored) for _, stored in hub.log.read(0, hub.log.last_position())])
            rounds = Rounds().run(size.rounds, _measures(hub, home, stock, names))
            return _result(rounds, names, hub.log.last_position(), server, size)


def _measures(hub: Hub, home: Home, stock: Stock, names: Sequence[str]) -> dict[str, Callable[[], float]]:
    anew = {name: partial(built, hub, name) for name in names}
    return {READ: partial(_read, home.url), DECODED: partial(decoded, hub), REPLAY: stock.replay, **anew}


def _read(url: str) -> float:
    with psycopg.connect(url, options="-c search_path=log") as connection:
        began = perf_counter()
        count = sum(1 for _ in connection.cursor(binary=True).execute(_SELECT))
        return count / (perf_counter() - began)


def _result(rounds: Rounds, names: Sequence[str], events: int, server: Server, size: Size) -> Result:
    each = zip(*(rounds.measured[name] for name in names), strict=True)
    rounds.measured[ALL] = [1 / sum(1 / rate for rate in rates) for rates in each]
    figures = [rounds.figure(name, "events/s") for name in (READ, DECODED, REPLAY, *names, ALL)]
    ratios = [rounds.ratio(name, REPLAY, at_least=2.0) for name in names]
    ratios += [rounds.ratio(ALL, REPLAY), rounds.ratio(DECODED, REPLAY), rounds.ratio(READ, REPLAY)]
    conditions = [
        f"{events} events of {size.families} families and {size.signals} signals more; {size.rounds} rounds; the hub does "
        "nothing else meanwhile",
        "built beside the live rows and swapped in one transaction, as `hub rebuild` does; the bare read is one SELECT of every "
        "row by the driver alone",
        "the stock store holds the same events, written by its own mapper and transcoder, unsealed; it reads them in order, a "
        "thousand at a time, and maps each to the event that it was; it writes nothing",
        server.said(),
    ]
    return Result("rebuild-postgresql", "Building read models anew, on PostgreSQL", figures, ratios, conditions)
