"""Telling fifty partners at their callbacks beside a bare fan-out; and what ten of them that are dead cost the others."""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep
from uuid import uuid4

import httpx2
from sqlalchemy import literal_column, select

from benchmarks.measuring import Result, Rounds, quantile
from benchmarks.receivers import Receivers, receivers
from benchmarks.running import PATIENCE, Home, a_directory
from hub.adapters import database
from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.turns import LANES
from hub.domain.streams import stream_id
from hub.ports import Notice
from hub.settings import Settings
from hub.wiring import Hub

KIND, TYPE = "police", "nl.vig.escalations.direction-raised.v1"
_WAITING = select(queue.DELIVERIES.c.id).where(queue.DELIVERIES.c.state == literal_column("'waiting'")).limit(1)
ALLOW = {"HUB_WEBHOOK_ALLOW": "127.0.0.0/8"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured; `every` is how many seconds there are between two notices where waits are measured."""

    rounds: int = 5
    partners: int = 50
    dead: int = 10
    families: int = 20
    notices: int = 60
    paced: int = 30
    every: float = 0.2


FULL = Size()
QUICK = Size(rounds=3, notices=40, paced=15)
TINY = Size(rounds=1, partners=5, dead=1, families=2, notices=4, paced=3, every=0.01)


class Teller:
    """A hub with partners who want to be told things there, and its worker that tells them."""

    def __init__(self, hub: Hub, urls: Sequence[str], size: Size) -> None:
        self._hub, self._size, self._told = hub, size, 0
        for nth, url in enumerate(urls):
            hub.registry.add(f"bench-{nth}", KIND, f"00000099{nth:04}00000000", "bench", callback=url)

    def tell(self, many: int) -> None:
        """Hands so many notices over, each for everybody, as the relay does: they are durable when this comes back."""
        channel, now = self._hub.ways["webhook"].channel, self._hub.clock.now()
        with database.locked(self._hub.stored.outbox) as connection:
            channel.accept([self._notice(now) for _ in range(many)], connection)
        channel.committed()

    def _notice(self, now: datetime) -> Notice:
        self._told += 1
        family = stream_id("family", str(self._told % self._size.families))
        said = {"family": str(family), "direction": "network", "contact": "wijkteam@gemeente.example"}
        return Notice(uuid4(), TYPE, self._told, now, family, (KIND,), said)

    def seconds(self) -> float:
        """From handing over the first until the last was told, and all of it is settled."""
        began = perf_counter()
        for nth in range(0, self._size.notices, 20):
            self.tell(min(20, self._size.notices - nth))
        self.rest()
        return perf_counter() - began

    def rest(self) -> None:
        """Waits until nothing waits any more."""
        until = perf_counter() + PATIENCE
        while perf_counter() < until:
            with database.looking(self._hub.stored.outbox) as connection:
                is_waiting = connection.execute(_WAITING).first() is not None
            if not is_waiting:
                return
            sleep(0.01)
        raise TimeoutError("not everything was told")

    def waits(self, listening: Receivers, alive: int) -> list[float]:
        """Seconds from when a notice is durable until each of those who live has it, one notice after another."""
        listening.told()
        since: list[float] = []
        for _ in range(self._size.paced):
            self.tell(1)
            since.append(perf_counter())
            sleep(self._size.every)
        sleep(10 * self._size.every)
        each = listening.told()[:alive]
        if any(len(told) != self._size.paced for told in each):
            raise AssertionError("somebody who lives was not told everything, or twice")
        firsts = [sorted(moment for moment, _ in told) for told in each]
        return [moment - began for told in firsts for began, moment in zip(since, told, strict=True)]

    def bodies(self) -> list[bytes]:
        """What one of them was told in one round."""
        with self._hub.stored.outbox.connect() as connection:
            found = select(queue.DELIVERIES.c.event).where(queue.DELIVERIES.c.receiver == "bench-0")
            return list(connection.scalars(found.limit(self._size.notices)))


@contextmanager
def _telling(place: Path, urls: Sequence[str], size: Size) -> Iterator[Teller]:
    hub, stop = Hub.open(Settings(**Home(place).settings()), environment=ALLOW), Event()
    teller = Teller(hub, urls, size)
    running = Thread(target=hub.ways["webhook"].run, args=(stop,))
    running.start()
    try:
        yield teller
    finally:
        stop.set()
        running.join()
        hub.close()


def tell(size: Size) -> Result:
    """Measures it."""
    with a_directory("tell") as place, ExitStack() as within:
        listening, others = (within.enter_context(receivers(size.partners)) for _ in range(2))
        others.silent(size.dead)
        alive = size.partners - size.dead
        urls = [*others.urls[: size.partners - size.dead // 2], *(_nowhere() for _ in range(size.dead // 2))]
        ours = within.enter_context(_telling(place / "all-live", listening.urls, size))
        beside = within.enter_context(_telling(place / "some-dead", urls, size))
        bare = within.enter_context(closing(Bare(listening.urls)))
        ours.seconds()
        bodies, many = ours.bodies(), size.notices * size.partners
        bare.seconds(bodies)
        rates = Rounds().run(
            size.rounds,
            {"hub": lambda: many / ours.seconds(), "bare fan-out": lambda: many / bare.seconds(bodies)},
        )
        waits = Rounds().run(
            size.rounds,
            {
                "with the dead": lambda: quantile(beside.waits(others, alive), 0.99) * 1e3,
                "without": lambda: quantile(ours.waits(listening, alive), 0.99) * 1e3,
            },
        )
    figures = [rates.figure(name, "a second") for name in rates.measured] + [waits.figure(name, "ms") for name in waits.measured]
    ratios = [rates.ratio("hub", "bare fan-out", at_least=0.5), waits.ratio("with the dead", "without", at_most=2.0)]
    return Result("tell", "Telling fifty partners at their callbacks", figures, ratios, _conditions(size))


def _nowhere() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"http://127.0.0.1:{found.getsockname()[1]}/told"


class Bare:
    """httpx2 on asyncio, as many exchanges at once: nothing is signed, ordered or kept; its lines stay open, as the hub's do.

    A client for each receiver, for one for all of them is slower.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._runner, trusting = asyncio.Runner(), ssl.create_default_context()
        self._clients = [(url, httpx2.AsyncClient(verify=trusting)) for url in urls]

    def seconds(self, bodies: Sequence[bytes]) -> float:
        """What it takes for these bodies, each to everybody."""
        began = perf_counter()
        self._runner.run(self._tell(bodies))
        return perf_counter() - began

    async def _tell(self, bodies: Sequence[bytes]) -> None:
        await asyncio.gather(*(_posted(client, url, bodies) for url, client in self._clients))

    def close(self) -> None:
        for _, client in self._clients:
            self._runner.run(client.aclose())
        self._runner.close()


async def _posted(client: httpx2.AsyncClient, url: str, bodies: Sequence[bytes]) -> None:
    waiting, headers = iter(bodies), {"content-type": "application/cloudevents+json", "webhook-id": str(uuid4())}

    async def lane() -> None:
        for body in waiting:
            (await client.post(url, content=body, headers=headers)).raise_for_status()

    await asyncio.gather(*(lane() for _ in range(LANES)))


def _conditions(size: Size) -> list[str]:
    return [
        f"{size.notices} notices about {size.families} families to {size.partners} callbacks, {LANES} exchanges with each at once; "
        "the callbacks are one process that answers 200 at once",
        "the hub's: handed over and durable, signed twice, in order per family, every attempt in the ledger (an event in the log), "
        "settled; the bare fan-out: httpx2 on asyncio, the same bodies, a client for each callback, nothing else",
        f"the waits are p99, from when a notice is durable until one of the {size.partners - size.dead} that live has it, a notice "
        f"for all every {size.every * 1e3:.0f} ms; of the {size.dead} that are dead half never answer and half do not listen",
    ]
