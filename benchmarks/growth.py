"""Whether a signal costs more the more there is in the store."""

from dataclasses import dataclass, field
from itertools import chain
from time import perf_counter, process_time

from benchmarks.measuring import Result, Rounds
from benchmarks.population import Organisation, Population, Sender
from benchmarks.running import IN_BATCH, Home, a_directory, opened, receive, registered, take_in

EACH = 2
"""Signals about every family beforehand, in a store of any size."""
WARMING = 25
BLOCK = 100
"""Families that come in together, at most."""
EVENTS_OF_FAMILY = 12
"""More than a family of that many signals has."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many events are in the stores at first, and how much is measured."""

    stores: tuple[int, ...] = (1_000, 10_000, 100_000)
    rounds: int = 9


FULL, QUICK, TINY = Size(), Size((1_000, 10_000), 5), Size((100, 200), 1)


@dataclass(slots=True)
class Store:
    """A hub's store that was filled to a size; families began after `first`, `spent` is the processor time (µs) of every run."""

    home: Home
    population: Population
    partners: list[Organisation]
    began: int
    first: int = 0
    spent: list[float] = field(default_factory=list)

    @property
    def events(self) -> int:
        return int(self.home.asked("log", "SELECT max(position) FROM events")[0][0])

    def cost(self) -> float:
        """Microseconds that a signal costs in a batch, to a hub that was just opened and remembers nothing."""
        sender = Sender(self.partners, f"growth-{len(self.spent)}")
        warming, batch = (sender.batch(self.population.mixed(many)) for many in (WARMING, IN_BATCH))
        with opened(self.home) as hub:
            receive(hub, warming)
            began, spent = perf_counter(), process_time()
            receive(hub, batch)
            self.spent.append((process_time() - spent) / IN_BATCH * 1e6)
            return (perf_counter() - began) / IN_BATCH * 1e6


def growth(size: Size) -> Result:
    """Measures it; the first round only warms up."""
    with a_directory("growth") as place:
        stores = {f"{events:,} events": filled(Home(place / str(events)), events) for events in size.stores}
        rounds = Rounds().run(size.rounds + 1, {name: store.cost for name, store in stores.items()})
        return _result(rounds, stores, size)


def filled(home: Home, events: int) -> Store:
    """A store with so many events, of families that are all the same size."""
    families, population = 0, Population(0)
    with opened(home) as hub:
        partners = registered(hub)
        sender, first = Sender(partners, "known"), hub.log.last_position()
        while (missing := events - hub.log.last_position()) > 0:
            block = range(families, families + min(BLOCK, 1 + missing // EVENTS_OF_FAMILY))
            take_in(hub, sender, chain.from_iterable(map(population.about, block) for _ in range(EACH)))
            families = block.stop
        return Store(home, Population(families), partners, hub.log.last_position(), first)


def _result(rounds: Rounds, stores: dict[str, Store], size: Size) -> Result:
    for name, store in stores.items():
        rounds.measured[spent(name)] = store.spent
    for each in rounds.measured.values():
        del each[0]
    names, (least, *more) = list(stores), stores
    figures = [rounds.figure(name, "µs/signal") for name in (*names, *map(spent, names))]
    ratios = [rounds.ratio(name, least, at_most=1.1) for name in more]
    ratios += [rounds.ratio(spent(name), spent(least)) for name in more]
    grown = ", ".join(f"{store.began:,} to {store.events:,}" for store in stores.values())
    conditions = [
        f"events at the start and at the end: {grown}; {EACH} signals about every family beforehand, whatever the size",
        f"{size.rounds} rounds; each time the hub is opened anew, so that no family is in memory, takes in {WARMING} signals, and "
        f"is timed over a batch of {IN_BATCH}: verified, matched, decided, durable; the same mix as in accept",
        "past HTTP, with no read models following",
    ]
    return Result("growth", "What a signal costs as the store grows", figures, ratios, conditions)


def spent(name: str) -> str:
    """What the processor time in that store is called."""
    return f"{name}, processor time"
