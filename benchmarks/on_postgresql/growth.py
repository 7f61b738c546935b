"""Whether a signal costs more in a store of a million events than in one of ten thousand."""

from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.growth import EACH, WARMING, Store, filled, spent
from benchmarks.measuring import Result, Rounds
from benchmarks.on_postgresql.weight import weigh_down
from benchmarks.population import Population
from benchmarks.postgresql import Server, a_server
from benchmarks.running import IN_BATCH, Home, a_directory, opened


@dataclass(frozen=True, slots=True)
class Size:
    """How many events are in the two stores at first, and how much is measured."""

    small: int = 10_000
    large: int = 1_000_000
    rounds: int = 9


FULL, QUICK, TINY = Size(), Size(5_000, 50_000, 5), Size(200, 500, 1)


def growth(size: Size) -> Result:
    """Measures it; the first round only warms up."""
    with a_directory("growth") as place, a_server(place) as server:
        stores = _stores(place, server, size)
        rounds = Rounds().run(size.rounds + 1, {name: store.cost for name, store in stores.items()})
        return _result(rounds, stores, server, size)


def _stores(place: Path, server: Server, size: Size) -> dict[str, Store]:
    """The same families in both; the large one has those of others beside them, each in streams of its own."""
    small = filled(Home(place / "small", server.database()), size.small)
    large = Home(place / "large", server.copy(small.home.url))
    with opened(large) as hub:
        weigh_down(hub, small.first, size.large)
        began = hub.log.last_position()
    for home in (small.home, large):
        _settled(home.url)
    families = Population(small.population.known)
    return {
        f"{size.small:,} events": small,
        f"{size.large:,} events": Store(large, families, small.partners, began, small.first),
    }


def _settled(url: str) -> None:
    """What a server does by itself after so much, done before anything is measured."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _result(rounds: Rounds, stores: dict[str, Store], server: Server, size: Size) -> Result:
    for name, store in stores.items():
        rounds.measured[spent(name)] = store.spent
    for each in rounds.measured.values():
        del each[0]
    less, more = stores
    figures = [rounds.figure(name, "µs/signal") for name in (less, more, spent(less), spent(more))]
    ratios = [rounds.ratio(more, less, at_most=1.1), rounds.ratio(spent(more), spent(less))]
    grown = ", ".join(f"{store.began:,} to {store.events:,}" for store in stores.values())
    conditions = [
        f"events at the start and at the end: {grown}; {EACH} signals about every family beforehand; the larger store was copied "
        "from the smaller and filled with the same families under other ids, through the hub's own mapper, log and indexes, their "
        "people sealed with keys of their own",
        f"{size.rounds} rounds; each time the hub is opened anew, so that no family is in memory, takes in {WARMING} signals, and "
        f"is timed over a batch of {IN_BATCH}: verified, matched, decided, durable; the same mix as in accept",
        "past HTTP, with no read models following",
        server.said(),
    ]
    return Result("growth-postgresql", "What a signal costs as the store grows, on PostgreSQL", figures, ratios, conditions)
