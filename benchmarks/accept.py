"""How many signed signals a second are accepted durably, over HTTP, beside stores that only keep bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from benchmarks.load import Loaded, post_all
from benchmarks.measuring import Figure, Result, Rounds, quantile
from benchmarks.peers.sqlite import Bare, Stock
from benchmarks.population import Population, Sender
from benchmarks.running import IN_BATCH, Home, Served, a_directory, prepared, served

CLIENTS = (1, 4, 16)
_RECORDED = b'"outcome":"recorded","reasons":[]'
"""Once in every receipt; the receipt says of each of its signals what became of it, too."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    known: int = 2_000
    rounds: int = 7
    singles: int = 600
    batches: int = 12


FULL, QUICK, TINY = Size(), Size(known=500, rounds=3, singles=160, batches=3), Size(known=20, rounds=1, singles=4, batches=1)


@dataclass(slots=True)
class Hub:
    """The hub under load, and what it answered."""

    served: Served
    population: Population
    sender: Sender
    is_followed: bool = True
    """Whether read models follow in the same hub, so that one can wait for them."""
    waits: dict[str, list[float]] = field(default_factory=dict)
    settled: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    sent: int = 0

    def singles(self, name: str, many: int, clients: int) -> float:
        """Signals accepted a second, one in a request."""
        requests = [self.sender.single(data).request(self.served.port) for data in self.population.mixed(many)]
        return self._rate(name, requests, clients, many)

    def batches(self, name: str, many: int, clients: int) -> float:
        """Signals accepted a second, a hundred in a request."""
        batches = [self.sender.batch(self.population.mixed(IN_BATCH)) for _ in range(many)]
        return self._rate(name, [batch.request(self.served.port) for batch in batches], clients, many * IN_BATCH)

    def _rate(self, name: str, requests: Sequence[bytes], clients: int, signals: int) -> float:
        before = self.served.cpu()
        loaded = post_all(self.served.ports, requests, clients)
        refuse_others(loaded, signals)
        self.sent += signals
        self.waits.setdefault(name, []).extend(loaded.waits)
        if self.is_followed:
            self.settled.setdefault(name, []).append(signals / (loaded.seconds + self.served.settle()))
        self.cpu.setdefault(name, []).append((self.served.cpu() - before) / signals * 1e6)
        return signals / loaded.seconds

    def latency(self, name: str) -> str:
        """The waits for an answer, in words."""
        return f"p50 {quantile(self.waits[name], 0.5) * 1e3:.1f} ms, p99 {quantile(self.waits[name], 0.99) * 1e3:.1f} ms"


def refuse_others(loaded: Loaded, signals: int) -> None:
    """Raises where anything was answered but a receipt that says *recorded*."""
    recorded = sum(answer.count(_RECORDED) for answer in loaded.answers)
    if recorded != signals:
        strange = next((answer for answer in loaded.answers if _RECORDED not in answer), loaded.answers[0])
        raise AssertionError(f"{recorded} of {signals} were recorded; one answer: {strange[:600]!r}")


def accept(size: Size) -> Result:
    """Measures it."""
    with a_directory("accept") as place:
        population = Population(size.known)
        home = Home(place / "hub")
        partners = prepared(home, population.first())
        bare, stock = Bare(place), Stock(place)
        with served(home) as running:
            hub = Hub(running, population, Sender(partners, "accept"))
            hub.singles("warming", size.singles // 2, 4)
            hub.batches("warming", 1, 1)
            rounds = Rounds().run(size.rounds, _measures(hub, bare, stock, size))
        bare.close()
        stock.close()
        return _result(rounds, hub, stock, size, _weight(hub, size))


def _measures(hub: Hub, bare: Bare, stock: Stock, size: Size) -> dict[str, Callable[[], float]]:
    bodies = [hub.sender.event(data, 0) for data in hub.population.mixed(max(size.singles, size.batches * IN_BATCH))]
    alone = bodies[: size.singles]
    ours = {_single(clients): partial(hub.singles, _single(clients), size.singles, clients) for clients in CLIENTS}
    theirs = {_stock(threads): partial(stock.rate, alone, threads) for threads in CLIENTS}
    return {
        **{name: measure for pair in zip(ours.items(), theirs.items(), strict=True) for name, measure in pair},
        "bare inserts, one in a commit": partial(bare.rate, alone, 1),
        "hub, batches of 100, 1 client": partial(hub.batches, "hub, batches of 100, 1 client", size.batches, 1),
        "bare inserts, 100 in a commit": partial(bare.rate, bodies, IN_BATCH),
        "hub, batches of 100, 4 clients": partial(hub.batches, "hub, batches of 100, 4 clients", size.batches, 4),
    }


def _single(clients: int) -> str:
    return f"hub, one in a request, {clients} client{'s' * (clients > 1)}"


def _stock(threads: int) -> str:
    return f"stock saves, {threads} thread{'s' * (threads > 1)}"


def _result(rounds: Rounds, hub: Hub, stock: Stock, size: Size, weight: str) -> Result:
    ours = [name for name in rounds.measured if name in hub.waits]
    best = rounds.best(*map(_stock, CLIENTS))
    figures = [rounds.figure(name, "signals/s", hub.latency(name)) for name in ours]
    figures += [rounds.figure(name, "saves/s", "the best" if name == best else "") for name in map(_stock, CLIENTS)]
    figures += [rounds.figure(name, "rows/s") for name in rounds.measured if name.startswith("bare")]
    figures += [Figure(f"{name}, until read models stand too", hub.settled[name], "signals/s") for name in ours]
    figures += [Figure(f"{name}, processor time of the whole hub", hub.cpu[name], "µs/signal") for name in ours]
    figures += [Figure(f"{_stock(threads)}, processor time", spent, "µs/save") for threads, spent in stock.spent.items()]
    single = _single(CLIENTS[-1])
    batches = [name for name in ours if "batches" in name]
    ratios = [
        rounds.ratio(single, best, at_least=0.7),
        *(rounds.ratio(single, _stock(threads)) for threads in CLIENTS if _stock(threads) != best),
        rounds.ratio(single, "bare inserts, one in a commit"),
        *(rounds.ratio(name, best, at_least=2.0) for name in batches),
        *(rounds.ratio(name, "bare inserts, one in a commit") for name in batches),
        *(rounds.ratio(name, "bare inserts, 100 in a commit") for name in batches),
    ]
    conditions = [
        f"{size.rounds} rounds, every measure once in each, every other round backwards; medians, and ratios within a round",
        f"a round: {size.singles} signals one in a request, {size.batches} batches of {IN_BATCH}; PS256; {size.known} families "
        "known beforehand, one signal in ten about an unknown one; each about one person and a real concern",
        f"hub: `hub all` in a process of its own, read models following; every store WAL, synchronous FULL; stock: {stock.pragmas}",
        f"stock saves one aggregate of one event, made beforehand, with the bytes of the signal; {weight}",
    ]
    return Result("accept", "Signed signals accepted durably", figures, ratios, conditions)


def _weight(hub: Hub, size: Size) -> str:
    """How many bytes a signal has, and how much the hub keeps of it."""
    body = len(hub.sender.event(hub.population.mixed(1)[0], 0))
    events, kept = hub.served.home.asked("log", "SELECT count(*), sum(length(state) + length(topic)) FROM events")[0]
    signals = size.known + hub.sent
    return f"some {body} bytes; the hub keeps {events / signals:.1f} events, {kept / signals:,.0f} bytes, beside the bytes it got"
