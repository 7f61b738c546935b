"""How many signed signals a second are accepted durably, over HTTP, beside stores on the same server that only keep bytes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.accept import Hub
from benchmarks.measuring import Figure, Result, Rounds
from benchmarks.peers import CLIENTS, IN_BATCH, Peer
from benchmarks.peers.bare import Bare
from benchmarks.peers.emmett import Emmett
from benchmarks.peers.message_db import MessageDb
from benchmarks.peers.npm import is_installed
from benchmarks.peers.stock import Stock
from benchmarks.peers.umadb import UmaDb
from benchmarks.population import Population, Sender
from benchmarks.postgresql import Server, a_server
from benchmarks.running import Home, a_directory, prepared, served

ONE, TWO, ALL = "hub, one `serve`", "hub, two `serve`", "hub, `all` in one"
MOST = max(CLIENTS)
IN_BATCHES = (1, 4)
"""Clients that send batches."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured; `appends` is for the peers, which do less for each."""

    known: int = 1_000
    rounds: int = 5
    singles: int = 500
    batches: int = 8
    appends: int = 1_200


FULL, QUICK, TINY = Size(), Size(300, 2, 160, 3, 400), Size(20, 1, 4, 1, 20)


@dataclass(frozen=True, slots=True)
class Setting:
    """The hubs and the peers, all of them listening, and the server beneath; `spent` is its processor time (µs a signal)."""

    server: Server
    hubs: dict[str, Hub]
    peers: Sequence[Peer]
    spent: dict[str, list[float]] = field(default_factory=dict)

    def server_time(self, name: str, signals: int, measure: Callable[[], float]) -> float:
        """That measure, with what the server spent on it put aside."""
        before = self.server.cpu()
        rate = measure()
        self.spent.setdefault(name, []).append((self.server.cpu() - before) / signals * 1e6)
        return rate


def accept(size: Size) -> Result:
    """Measures it."""
    with a_directory("accept") as place, a_server(place) as server, ExitStack() as opened:
        setting = Setting(server, opened.enter_context(_hubs(place, server, size)), list(_peers(place, server, opened)))
        for hub in setting.hubs.values():
            hub.singles("warming", size.singles, MOST)
            hub.batches("warming", 1, 1)
        rounds = Rounds().run(size.rounds, _measures(setting, size))
        return _result(rounds, setting, size)


@contextmanager
def _hubs(place: Path, server: Server, size: Size) -> Iterator[dict[str, Hub]]:
    """Three of the same beginnings, each with a database of its own."""
    population, first = Population(size.known), server.database()
    partners = prepared(Home(place / "first", first), population.first())
    homes = {name: Home(place / f"hub-{nth}", server.copy(first)) for nth, name in enumerate((ONE, TWO, ALL))}
    with served(homes[ONE], many=1) as one, served(homes[TWO], many=2) as two, served(homes[ALL]) as everything:
        running = {ONE: one, TWO: two, ALL: everything}
        yield {
            name: Hub(running[name], Population(size.known), Sender(partners, f"accept-{nth}"), is_followed=name == ALL)
            for nth, name in enumerate(running)
        }


def _peers(place: Path, server: Server, opened: ExitStack) -> Iterator[Peer]:
    yield opened.enter_context(closing(Bare(server.database())))
    yield opened.enter_context(closing(Stock(server.database())))
    yield opened.enter_context(closing(UmaDb(place)))
    if is_installed():
        yield opened.enter_context(closing(MessageDb(server.database())))
        yield opened.enter_context(closing(Emmett(server.database())))


def _measures(setting: Setting, size: Size) -> dict[str, Callable[[], float]]:
    sender, population = setting.hubs[ONE].sender, Population(size.known, seed=2)
    bodies = [sender.event(data, 0) for data in population.mixed(size.appends)]
    ours = {**dict(_singles(setting, size)), **dict(_batches(setting, size))}
    theirs = {
        _appends(peer, clients, in_one): partial(peer.appends, bodies, clients, in_one)
        for peer in setting.peers
        for in_one, many in ((1, CLIENTS), (IN_BATCH, IN_BATCHES))
        for clients in many
    }
    return ours | theirs


def _singles(setting: Setting, size: Size) -> Iterator[tuple[str, Callable[[], float]]]:
    for hub, clients in ((ONE, 1), (ONE, 4), (ONE, MOST), (TWO, MOST), (ALL, MOST)):
        name = _one_by_one(hub, clients)
        measure = partial(setting.hubs[hub].singles, name, size.singles, clients)
        yield name, partial(setting.server_time, name, size.singles, measure)


def _batches(setting: Setting, size: Size) -> Iterator[tuple[str, Callable[[], float]]]:
    for hub, clients in ((ONE, 1), (ONE, 4), (TWO, 4)):
        name = f"{hub}, batches of {IN_BATCH}, {_many(clients)}"
        measure = partial(setting.hubs[hub].batches, name, size.batches, clients)
        yield name, partial(setting.server_time, name, size.batches * IN_BATCH, measure)


def _one_by_one(hub: str, clients: int) -> str:
    return f"{hub}, one in a request, {_many(clients)}"


def _appends(peer: Peer, clients: int, in_one: int) -> str:
    return f"{peer.name}, {'one in an append' if in_one == 1 else f'{in_one} in an append'}, {_many(clients)}"


def _many(clients: int) -> str:
    return f"{clients} client{'s' * (clients > 1)}"


def _result(rounds: Rounds, setting: Setting, size: Size) -> Result:
    ours = {name: hub for hub in setting.hubs.values() for name in hub.waits if name in rounds.measured}
    batches = [name for name in ours if "batches" in name]
    singles = [_one_by_one(hub, MOST) for hub in (ONE, TWO, ALL)]
    stock = rounds.best(*(_appends(peer, clients, 1) for peer in setting.peers if isinstance(peer, Stock) for clients in CLIENTS))
    best = rounds.best(*(_appends(peer, clients, IN_BATCH) for peer in setting.peers for clients in IN_BATCHES))
    mine, many = rounds.best(*singles), rounds.best(*batches)
    figures = [rounds.figure(name, "signals/s", hub.latency(name)) for name, hub in ours.items()]
    figures += [rounds.figure(name, "bodies/s", _best(name, stock, best)) for name in rounds.measured if name not in ours]
    figures += [Figure(f"{name}, until read models stand too", hub.settled[name], "signals/s") for name, hub in _followed(ours)]
    figures += [Figure(f"{name}, processor time of the hub", hub.cpu[name], "µs/signal") for name, hub in ours.items()]
    figures += [Figure(f"{name}, of the server", setting.spent[name], "µs/signal") for name in ours if all(setting.spent[name])]
    ratios = [
        rounds.ratio(mine, stock, at_least=3.0),
        *(rounds.ratio(name, stock) for name in singles if name != mine),
        rounds.ratio(many, best, at_least=1.0),
        *(rounds.ratio(many, _best_of(rounds, peer, IN_BATCH)) for peer in setting.peers),
        *(rounds.ratio(mine, _best_of(rounds, peer, 1)) for peer in setting.peers if not isinstance(peer, Stock)),
        rounds.ratio(_one_by_one(TWO, MOST), _one_by_one(ONE, MOST)),
    ]
    return Result(
        "accept-postgresql", "Signed signals accepted durably, on PostgreSQL", figures, ratios, _conditions(setting, size)
    )


def _followed(ours: dict[str, Hub]) -> Iterator[tuple[str, Hub]]:
    return ((name, hub) for name, hub in ours.items() if hub.is_followed)


def _best_of(rounds: Rounds, peer: Peer, in_one: int) -> str:
    return rounds.best(*(_appends(peer, clients, in_one) for clients in (CLIENTS if in_one == 1 else IN_BATCHES)))


def _best(name: str, stock: str, best: str) -> str:
    return {stock: "the stock store's best", best: "the best batches"}.get(name, "")


def _conditions(setting: Setting, size: Size) -> list[str]:
    away = [] if is_installed() else ["message-db and Emmett are not here: nothing was fetched from npm"]
    return [
        f"{size.rounds} rounds, every measure once in each, every other round backwards; medians, and ratios within a round",
        f"a round: {size.singles} signals one in a request, {size.batches} batches of {IN_BATCH}; PS256; {size.known} families "
        f"known beforehand, one signal in ten about an unknown one; of each peer {size.appends} appends of the same bodies",
        setting.server.said(),
        "one `serve`, two `serve`: processes that only take in, the read models being left to other machines; `all` in one: read "
        "models follow in the same process; clients go to the processes in turn; all of it, clients too, on the same processors",
        "bare inserts: prepared, one INSERT … SELECT unnest(…) an append; stock saves: one aggregate of one event for each body, "
        "made beforehand; UmaDB: its own server on the same disk, as it starts by itself; message-db: write_message, in one "
        "transaction for a batch; Emmett: appendToStream in Node.js, a batch in one stream",
        *away,
    ]
