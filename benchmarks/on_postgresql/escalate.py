"""How long it takes from posting a signal until a callback is told of the escalation, beside a relay that keeps nothing."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import chain

from benchmarks.escalate import BEFORE, CONCERN
from benchmarks.measuring import Figure, Ratio, Result, quantile
from benchmarks.population import Population, Sender, Signed
from benchmarks.postgresql import Server, a_server
from benchmarks.receiving import Callback, Poster, posting
from benchmarks.running import UNLIMITED, Home, a_directory, catch_up, free_port, opened, process, registered, served, take_in

TOLD, OIN = "police", "00000099000000040000"
RAISED, RELAYED = b"level-raised.v1", b"specversion"
ALL, APART, RELAY = "hub, `all` in one", "hub, `serve` and `relay`", "bare relay"
AIMS = {0.5: 3.0, 0.99: 10.0}
_ALLOWED = {"HUB_WEBHOOK_ALLOW": "127.0.0.0/8", **UNLIMITED}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 6
    escalations: int = 40


FULL, QUICK, TINY = Size(), Size(rounds=3, escalations=20), Size(rounds=1, escalations=3)


@dataclass(frozen=True, slots=True)
class Side:
    """One of those beside each other: who posts to it, what it is told by, and the signals for it."""

    poster: Poster
    sign: bytes
    last: list[Signed]


def escalate(size: Size) -> Result:
    """Measures it; the first round only warms all of them up."""
    with a_directory("escalate") as place, a_server(place) as server, ExitStack() as running:
        homes = {name: Home(place / name.split("`")[1], server.database()) for name in (ALL, APART)}
        sides = dict(_sides(homes, size, running))
        waits: dict[str, list[float]] = {name: [] for name in sides}
        for nth in range((size.rounds + 1) * size.escalations):
            for name, side in sides.items():
                waits[name].append(side.poster.seconds(side.last[nth], side.sign))
        return _result({name: _in_rounds(all, size) for name, all in waits.items()}, server, size)


def _sides(homes: dict[str, Home], size: Size, running: ExitStack) -> Iterator[tuple[str, Side]]:
    for name, home in homes.items():
        callback = running.enter_context(closing(Callback()))
        last = _before_the_last(home, callback.url, (size.rounds + 1) * size.escalations)
        hub = served(home, _ALLOWED) if name == ALL else served(home, _ALLOWED, many=1, relays=1)
        poster = posting(running.enter_context(hub).port, callback)
        yield name, Side(running.enter_context(poster), RAISED, last)
    yield RELAY, Side(running.enter_context(_relay(running.enter_context(closing(Callback())))), RELAYED, last)


@contextmanager
def _relay(callback: Callback) -> Iterator[Poster]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare_webhook", str(port), callback.url]
    with process(command, port), posting(port, callback) as poster:
        yield poster


def _before_the_last(home: Home, callback: str, families: int) -> list[Signed]:
    """A last signal for each family, of which that callback is told."""
    population = Population(families)
    with opened(home) as hub:
        sender = Sender(registered(hub), "escalate")
        hub.registry.add(TOLD, TOLD, OIN, "bench")
        for _ in range(BEFORE):
            take_in(hub, sender, (population.about(family, CONCERN) for family in range(families)), by=0)
        catch_up(hub)
        hub.registry.call_back(TOLD, callback, "bench")
    return [sender.single(population.about(family, CONCERN), by=1) for family in range(families)]


def _in_rounds(waits: Sequence[float], size: Size) -> list[Sequence[float]]:
    return [waits[start : start + size.escalations] for start in range(size.escalations, len(waits), size.escalations)]


def _result(rounds: dict[str, list[Sequence[float]]], server: Server, size: Size) -> Result:
    figures, ratios = [], []
    for share, aim in AIMS.items():
        values = {name: [quantile(one, share) * 1e3 for one in each] for name, each in rounds.items()}
        figures += [_figure(name, share, values[name], rounds[name]) for name in rounds]
        ratios += [_ratio(name, share, values, aim) for name in (ALL, APART)]
    conditions = [
        f"{size.rounds} rounds of {size.escalations} escalations, one after another, the hubs and the relay in turns, after a "
        "round that warms up",
        f"a signal about a family with {BEFORE} earlier ones, by a second partner: verified, matched, decided, durable, level "
        "raised, queued durably for a third partner and posted to its callback with two signatures; timed from the first byte of "
        "the request to the last byte at the callback",
        "the relay is Starlette on uvicorn and httpx2, with the same server settings: it signs the body it got, once, and posts "
        "it to its callback; it verifies and keeps nothing",
        server.said(),
    ]
    return Result(
        "escalate-postgresql", "From posting a signal to the escalation at a webhook, on PostgreSQL", figures, ratios, conditions
    )


def _ratio(name: str, share: float, values: dict[str, list[float]], aim: float) -> Ratio:
    pairs = zip(values[name], values[RELAY], strict=True)
    return Ratio(f"{name} ÷ {RELAY}, p{share * 100:.0f}", [mine / other for mine, other in pairs], at_most=aim)


def _figure(who: str, share: float, values: Sequence[float], rounds: Sequence[Sequence[float]]) -> Figure:
    over_all = quantile(list(chain.from_iterable(rounds)), share) * 1e3
    return Figure(f"{who}, p{share * 100:.0f}", values, "ms", f"{over_all:.1f} ms over all rounds together")
