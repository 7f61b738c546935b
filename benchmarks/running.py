"""A hub with partners and families in it, opened here or listening as a process of its own, in a directory that goes away."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

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
PATIENCE = 60.0
"""Seconds."""
REPLAY = 3_600
"""Seconds that signatures made beforehand stay good."""
UNLIMITED = {"HUB_PER_MINUTE": "10000000", "HUB_PER_DAY": "10000000"}
"""Limits that nobody reaches here."""


@contextmanager
def a_directory(name: str) -> Iterator[Path]:
    """A fresh directory on the disk of the checkout."""
    PLACE.mkdir(parents=True, exist_ok=True)
    place = Path(mkdtemp(prefix=f"{name}-", dir=PLACE))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def settings(place: Path) -> Settings:
    """The settings of a hub there."""
    return Settings(data_dir=place, replay_seconds=REPLAY, **issuer.settings())


@contextmanager
def opened(place: Path) -> Iterator[Hub]:
    """The hub there, in this process, with nothing running but its register."""
    hub = Hub.open(settings(place))
    try:
        yield hub
    finally:
        hub.close()


def prepared(place: Path, known: Iterable[dict[str, Any]]) -> list[Organisation]:
    """Registers partners and takes in what is to be known beforehand; the read models have it all."""
    with opened(place) as hub:
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
    """A hub that listens; `pid` is its process."""

    place: Path
    port: int
    pid: int

    def settle(self) -> float:
        """Waits until every read model has caught up, and gives how many seconds that took."""
        began = time.perf_counter()
        while self._behind():
            time.sleep(0.005)
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError("the read models do not catch up")
        return time.perf_counter() - began

    def _behind(self) -> bool:
        (last,) = asked(self.place / "hub.db", "SELECT coalesce(max(position), 0) FROM events")[0]
        return any(position < last for (position,) in asked(self.place / "views.db", "SELECT position FROM positions"))

    def cpu(self) -> float:
        """Seconds of processor time that the threads of the process used so far."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def asked(file: Path, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement, by a connection that only reads."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()


@contextmanager
def served(place: Path, limits: Mapping[str, str] = UNLIMITED) -> Iterator[Served]:
    """`hub all` as a process of its own, with these limits to what partners may ask."""
    port = free_port()
    own = {"HUB_DATA_DIR": str(place), "HUB_REPLAY_SECONDS": str(REPLAY)}
    environment = {**os.environ, **own, **issuer.environment(), **limits}
    with process([sys.executable, "-m", "hub", "all", "--port", str(port)], port, environment) as pid:
        yield Served(place, port, pid)


@contextmanager
def process(command: Sequence[str], port: int, environment: dict[str, str] | None = None) -> Iterator[int]:
    """A server in a process of its own, from when it listens until it is told to stop."""
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, running)
        yield running.pid
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if running.poll() is not None:
            raise ChildProcessError(f"the server stopped with {running.returncode}")
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
