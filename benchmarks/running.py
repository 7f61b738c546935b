"""A hub with partners and families in it, opened here or listening as a process of its own, in a directory that goes away."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from secrets import token_bytes
from tempfile import mkdtemp
from typing import Any

import psycopg

from benchmarks.population import KIND, Organisation, Sender, Signed, organisations
from hub.adapters import jws
from hub.errors import HubError
from hub.intake import Receipt
from hub.register import Done
from hub.settings import Settings
from hub.wiring import Hub
from tests import issuer

PLACE = Path("var") / "bench"
"""Beneath the checkout, so that everything is measured on the disk that the hub would use."""
IN_BATCH = 100
HUB = (sys.executable, "-m", "hub")
PATIENCE = 60.0
"""Seconds."""
REPLAY = 3_600
"""Seconds that signatures made beforehand stay good."""
UNLIMITED = {"HUB_PER_MINUTE": "10000000", "HUB_PER_DAY": "10000000"}
"""Limits that nobody reaches here."""
_KEK = b64encode(token_bytes(32)).decode()
"""What several processes on PostgreSQL have to be given."""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a hub keeps what it has: SQLite files in a directory, or the PostgreSQL database at a URL."""

    place: Path
    url: str = ""

    def settings(self) -> dict[str, Any]:
        """What makes a hub live here."""
        shared = {"database_url": self.url, "kek": _KEK} if self.url else {}
        return {"data_dir": self.place, "replay_seconds": REPLAY, **shared, **issuer.settings()}

    def environment(self) -> dict[str, str]:
        """The same as environment variables."""
        return {f"HUB_{name.upper()}": str(value) for name, value in self.settings().items()}

    @contextmanager
    def asking(self, store: str) -> Iterator[Callable[[str], Rows]]:
        """Gives the rows of a statement about one store of the hub, by a connection that only reads."""
        if self.url:
            with psycopg.connect(self.url, autocommit=True, options=f"-c search_path={store}") as shared:
                yield lambda statement: shared.execute(statement.encode()).fetchall()
            return
        file = self.place / f"{'hub' if store == 'log' else store}.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as own:
            yield lambda statement: own.execute(statement).fetchall()

    def asked(self, store: str, statement: str) -> Rows:
        """The rows of one statement."""
        with self.asking(store) as ask:
            return ask(statement)


@contextmanager
def a_directory(name: str) -> Iterator[Path]:
    """A fresh directory on the disk of the checkout."""
    PLACE.mkdir(parents=True, exist_ok=True)
    place = Path(mkdtemp(prefix=f"{name}-", dir=PLACE))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def opened(home: Home) -> Iterator[Hub]:
    """The hub there, in this process, with nothing running but its register."""
    hub = Hub.open(Settings(**home.settings()))
    try:
        yield hub
    finally:
        hub.close()


def prepared(home: Home, known: Iterable[dict[str, Any]]) -> list[Organisation]:
    """Registers partners and takes in what is to be known beforehand; the read models have it all."""
    with opened(home) as hub:
        partners = registered(hub)
        take_in(hub, Sender(partners, "known"), known)
        catch_up(hub)
    return partners


def registered(hub: Hub) -> list[Organisation]:
    """Partners that the hub knows, with their keys."""
    partners = organisations()
    for partner in partners:
        hub.registry.add(partner.name, KIND, partner.oin, "bench")
        hub.registry.add_key(partner.name, jws.public_half(partner.jwk), "bench")
    return partners


def catch_up(hub: Hub) -> None:
    """Brings all that follows the log to where the log is."""
    hub.views.catch_up()
    hub.outbox.catch_up()


def take_in(hub: Hub, sender: Sender, signals: Iterable[dict[str, Any]], by: int | None = None) -> list[str]:
    """Takes signals in, in batches, past HTTP; gives the family of each."""
    waiting, families = iter(signals), list[str]()
    while many := list(islice(waiting, IN_BATCH)):
        families += receive(hub, sender.batch(many, by))
    return families


def receive(hub: Hub, signed: Signed) -> list[str]:
    """Takes one request in and waits until it is durable; gives the family of each of its signals."""
    return [_family(one) for one in hub.intake.receive(signed.lists, signed.body)]


def _family(one: "Future[Done[Receipt]] | HubError") -> str:
    if isinstance(one, HubError):
        raise one
    ((family,),) = [[went["family"] for went in one.result().value.signals]]
    if not family:
        raise AssertionError("a signal did not find its family")
    return str(family)


@dataclass(frozen=True, slots=True)
class Served:
    """A hub that listens on these ports; `pids` are all its processes."""

    home: Home
    ports: Sequence[int]
    pids: Sequence[int]

    @property
    def port(self) -> int:
        return self.ports[0]

    def settle(self) -> float:
        """Waits until every read model has caught up, and gives how many seconds that took."""
        began = time.perf_counter()
        with self.home.asking("log") as log, self.home.asking("views") as views:
            while _is_behind(log, views):
                time.sleep(0.005)
                if time.perf_counter() - began > PATIENCE:
                    raise TimeoutError("the read models do not catch up")
        return time.perf_counter() - began

    def cpu(self) -> float:
        """Seconds of processor time that the threads of its processes used so far."""
        threads = (thread for pid in self.pids for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _is_behind(log: Callable[[str], Rows], views: Callable[[str], Rows]) -> bool:
    ((last,),) = log("SELECT coalesce(max(position), 0) FROM events")
    return any(position < last for (position,) in views("SELECT position FROM positions"))


@contextmanager
def served(home: Home, said: Mapping[str, str] = UNLIMITED, *, many: int = 0, relays: int = 0) -> Iterator[Served]:
    """`hub all` as a process of its own, or so many of `hub serve` and `hub relay`; with these settings, too."""
    environment = {**os.environ, **home.environment(), **said}
    ports, way = [free_port() for _ in range(many or 1)], "serve" if many else "all"
    commands = [([*HUB, way, "--port", str(port)], port) for port in ports] + [([*HUB, "relay"], 0)] * relays
    with ExitStack() as running:
        log = home.place / "said.log"
        home.place.mkdir(exist_ok=True)
        pids = [running.enter_context(process(command, port, environment, log)) for command, port in commands]
        yield Served(home, ports, pids)


@contextmanager
def process(
    command: Sequence[str], port: int = 0, environment: dict[str, str] | None = None, log: Path | None = None
) -> Iterator[int]:
    """A server in a process of its own, from when it listens on that port (if it has one) until it is told to stop.

    What it says goes to that file, or to nobody.
    """
    with Path(log or os.devnull).open("ab") as said:
        running = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    try:
        if port:
            _wait_for(port, running, log)
        yield running.pid
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _wait_for(port: int, running: subprocess.Popen[bytes], log: Path | None) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if running.poll() is not None:
            raise ChildProcessError(f"the server stopped: {log.read_text()[-2_000:] if log else running.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("the server does not listen")


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
