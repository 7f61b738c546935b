"""How long a partner waits for its receipt while another floods the hub, beside how long it waits when it is alone."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter, sleep
from typing import cast

import uvloop

from benchmarks.load import length_of, post_all
from benchmarks.measuring import Figure, Ratio, Result, Rounds, quantile
from benchmarks.population import Population, Sender
from benchmarks.running import IN_BATCH, Home, Served, a_directory, opened, prepared, served
from hub.registry import Terms

FLOODING, CALM = 0, 1
"""Which partner is which."""
LIMIT = 600
"""Signals a minute."""
KINDS = {"within its limits": 0, "over its limits": LIMIT}
"""A flood that is all let in, and one that is mostly refused: how many signals a minute it may send (0: any)."""
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured, and how much of the flood is made beforehand."""

    known: int = 2_000
    rounds: int = 7
    posts: int = 600
    singles: int = 2_000
    batches: int = 150
    connections: int = 96
    warming: float = 2.0


FULL, QUICK = Size(), Size(known=500, rounds=3, posts=400, singles=1_000, batches=80, connections=64)
TINY = Size(known=20, rounds=1, posts=4, singles=8, batches=1, connections=4, warming=0.1)


@dataclass(slots=True)
class Calm:
    """The partner that posts one signal at a time, and how long each of its answers took (seconds)."""

    served: Served
    population: Population
    sender: Sender
    flood: Sequence[bytes]
    size: Size
    waits: dict[str, list[list[float]]] = field(default_factory=dict)
    flooded: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def alone(self) -> float:
        """Its p99 (milliseconds) with nobody else there."""
        self.served.settle()
        return self._posts("alone")

    def beside(self) -> float:
        """Its p99 (milliseconds) beside the flood."""
        with flooding(self.served.port, self.flood, self.size.connections) as answered:
            sleep(self.size.warming)
            began = perf_counter()
            p99 = self._posts("beside")
            self.seconds += perf_counter() - began + self.size.warming
        self.flooded += answered
        return p99

    def _posts(self, name: str) -> float:
        signals = self.population.mixed(self.size.posts)
        requests = [self.sender.single(data, CALM).request(self.served.port) for data in signals]
        loaded = post_all(self.served.ports, requests, 1)
        if refused := [answer for answer in loaded.answers if not answer.startswith(b"HTTP/1.1 201 ")]:
            raise AssertionError(f"who posts calmly was refused: {refused[0][:600]!r}")
        self.waits.setdefault(name, []).append(loaded.waits)
        return quantile(loaded.waits, 0.99) * 1e3

    def p50(self, name: str) -> list[float]:
        """Its median wait in each round, in milliseconds."""
        return [quantile(waits, 0.5) * 1e3 for waits in self.waits[name]]


def flood(size: Size) -> Result:
    """Measures it, for either kind of flood."""
    figures: list[Figure] = []
    ratios: list[Ratio] = []
    for kind, per_minute in KINDS.items():
        calm, rounds = _measured(size, per_minute)
        figures += _figures(kind, calm, rounds)
        p50 = [beside / alone for beside, alone in zip(calm.p50("beside"), calm.p50("alone"), strict=True)]
        ratios += [
            Ratio(f"p99 beside a flood {kind} ÷ p99 alone", rounds.ratio("beside", "alone").rounds, at_most=2.0),
            Ratio(f"p50 beside a flood {kind} ÷ p50 alone", p50),
        ]
    conditions = [
        f"{size.rounds} rounds of {size.posts} signals that one partner posts one after another, alone and beside the flood in "
        "turns; p50 and p99 of each round",
        f"the flood: another partner on {size.connections} connections that never pause, from a process of its own; every other "
        f"request is a batch of {IN_BATCH}; {size.singles} single requests and {size.batches} batches, again and again",
        f"within its limits: it has none; over its limits: it may send {LIMIT} signals a minute, which it has used up at once",
    ]
    return Result("flood", "A partner that waits beside another that floods", figures, ratios, conditions)


def _measured(size: Size, per_minute: int) -> tuple[Calm, Rounds]:
    with a_directory("flood") as place:
        population = Population(size.known)
        home = Home(place / "hub")
        partners = prepared(home, population.first())
        with opened(home) as hub:
            hub.registry.change(partners[FLOODING].name, Terms(per_minute=per_minute), "bench")
        sender = Sender(partners, "flood")
        with served(home) as running:
            calm = Calm(running, population, sender, _made(sender, population, running.port, size), size)
            calm.alone()
            calm.waits.clear()
            return calm, Rounds().run(size.rounds, {"alone": calm.alone, "beside": calm.beside})


def _made(sender: Sender, population: Population, port: int, size: Size) -> list[bytes]:
    batches = cycle([sender.batch(population.mixed(IN_BATCH), FLOODING).request(port) for _ in range(size.batches)])
    singles = (sender.single(data, FLOODING).request(port) for data in population.mixed(size.singles))
    return [request for single in singles for request in (single, next(batches))]


def _figures(kind: str, calm: Calm, rounds: Rounds) -> Iterator[Figure]:
    for name in ("alone", "beside"):
        said = "alone" if name == "alone" else f"beside a flood {kind}"
        yield Figure(f"p50 {said}", calm.p50(name), "ms", f"the flood {kind}" if name == "alone" else "")
        yield Figure(f"p99 {said}", rounds.measured[name], "ms", _told(calm) if name == "beside" else "")


def _told(calm: Calm) -> str:
    """How the flood was answered."""
    answers = ", ".join(f"{many / calm.seconds:,.0f}/s {status}" for status, many in sorted(calm.flooded.items()))
    return f"the flood was answered {answers}"


# The flood -------------------------------------------------------------------------------------------


@contextmanager
def flooding(port: int, requests: Sequence[bytes], connections: int) -> Iterator[Counter[str]]:
    """Floods from a process of its own while the block lasts; after it, the counter has the answers by their status."""
    answered: Counter[str] = Counter()
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_flood, args=(port, requests, connections, theirs), daemon=True)
    process.start()
    ours.recv()
    try:
        yield answered
    finally:
        ours.send("stop")
        answered += ours.recv()
        process.join()


def _flood(port: int, requests: Sequence[bytes], connections: int, told: Connection) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_flood_until_told(port, requests, connections, told))


async def _flood_until_told(port: int, requests: Sequence[bytes], connections: int, told: Connection) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    answered: Counter[str] = Counter()
    loop.add_reader(told.fileno(), stop.set)
    waiting = cycle(requests)
    tasks = [loop.create_task(_connected(port, waiting, answered)) for _ in range(connections)]
    told.send("begun")
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    told.send(answered)


async def _connected(port: int, waiting: Iterator[bytes], answered: Counter[str]) -> None:
    """One connection after another, each of which posts as fast as it is answered."""
    loop = asyncio.get_running_loop()
    while True:
        ended: asyncio.Future[None] = loop.create_future()
        try:
            transport, _ = await loop.create_connection(partial(_Flooding, waiting, answered, ended), "127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        try:
            await ended
        finally:
            transport.close()


class _Flooding(asyncio.Protocol):
    """Posts the next request as soon as the last was answered."""

    def __init__(self, waiting: Iterator[bytes], answered: Counter[str], ended: "asyncio.Future[None]") -> None:
        self._waiting, self._answered, self._ended, self._coming = waiting, answered, ended, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(next(self._waiting))

    def data_received(self, data: bytes) -> None:
        self._coming += data
        head, end, body = self._coming.partition(_END)
        if end and len(body) >= length_of(head):
            self._coming = b""
            self._answered[head[9:12].decode()] += 1
            self._transport.write(next(self._waiting))

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        if not self._ended.done():
            self._ended.set_result(None)
