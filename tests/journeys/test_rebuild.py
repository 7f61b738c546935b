"""A read model is built anew while the hub works, in another process: whoever reads sees neither a hole nor an earlier state."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select

from hub import projections
from hub.projections import timeline
from hub.projections.family import FAMILIES
from hub.settings import Settings
from hub.wiring import Hub
from tests.faults.load import Children, Load, working
from tests.journeys.running import Process, Sender
from tests.parts import databases

SENDERS = tuple(Sender(f"youth-work-{nth}", "any-partner", f"{99:08}{nth:012}", "EdDSA") for nth in (1, 2))
GROWING = (timeline.TIMELINE, FAMILIES)
"""Tables that only grow while nobody is merged, unlinked or forgotten."""
MESSAGES = 60
"""That are acknowledged between rebuilds."""


class Reader:
    """Somebody who keeps looking how many rows there are, and notes whenever there are fewer than a moment ago."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._stop = engine, Event()
        self.looks, self.fewer = 0, list[str]()
        self._thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        most = dict.fromkeys(GROWING, 0)
        while not self._stop.is_set():
            with self._engine.connect() as connection:
                for table, before in most.items():
                    most[table] = connection.execute(select(func.count()).select_from(table)).scalar_one()
                    if most[table] < before:
                        self.fewer.append(f"{table.name}: {most[table]} after {before}")
            self.looks += 1

    @contextmanager
    def looking(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


def until(holds: Callable[[], bool], timeout: float = 120.0) -> None:
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.02)


def wait_for_all(hub: Hub) -> None:
    """Until all that happened was passed on, and nobody stopped."""
    until(lambda: {(standing.lag, standing.stopped_because) for standing in hub.views.state()} == {(0, "")})


def rows(hub: Hub) -> dict[str, list[tuple[Any, ...]]]:
    with hub.stored.views.connect() as connection:
        return {name: _rows(each.tables.sorted_tables, connection) for name, each in projections.found().items()}


def _rows(tables: Sequence[Any], connection: Connection) -> list[tuple[Any, ...]]:
    return [row for table in tables for row in sorted((tuple(row) for row in connection.execute(select(table))), key=repr)]


@contextmanager
def a_second_relay(process: Process, kind: str) -> Iterator[None]:
    """On PostgreSQL another process may lead, and take over; SQLite is for one."""
    if kind == databases.SQLITE:
        yield
        return
    around = {**os.environ, **process.environment}
    with subprocess.Popen([sys.executable, "-m", "hub", "relay"], env=around, stderr=subprocess.DEVNULL) as running:
        try:
            yield
        finally:
            running.terminate()


@pytest.fixture
def process(database: str, tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    hub = process.open()
    for sender in SENDERS:
        sender.register(hub, hub.clock.now())
    hub.close()
    with a_second_relay(process, database):
        process.start()
        yield process
        process.end()


def test_whoever_reads_sees_neither_a_hole_nor_an_earlier_state(process: Process) -> None:
    children = Children()
    loads = [Load(sender, [process.url], Random(nth), children) for nth, sender in enumerate(SENDERS)]  # noqa: S311
    hub = Hub.open(Settings.read(process.environment), environment={})
    readers = [Reader(hub.stored.views) for _ in range(2)]
    with readers[0].looking(), readers[1].looking():
        with working(*loads):
            for name in projections.found():
                so_far = sum(len(load.acknowledged) for load in loads)
                hub.views.rebuild(name)
                until(lambda so_far=so_far: sum(len(load.acknowledged) for load in loads) >= so_far + MESSAGES)  # type: ignore[misc]
        wait_for_all(hub)
    assert [wrong for load in loads for wrong in load.wrong] == []
    assert min(reader.looks for reader in readers) > len(projections.found())
    assert [fewer for reader in readers for fewer in reader.fewer] == []
    followed = rows(hub)
    for name in projections.found():
        hub.views.rebuild(name)
    assert rows(hub) == followed
    hub.close()


def test_one_that_is_broken_off_changes_nothing(process: Process) -> None:
    load = Load(SENDERS[0], [process.url], Random(1), Children())  # noqa: S311
    with working(load):
        until(lambda: len(load.acknowledged) >= MESSAGES)
    hub = Hub.open(Settings.read(process.environment), environment={})
    wait_for_all(hub)
    before = rows(hub)

    def break_off(done: int, of: int) -> None:
        if done == of:
            raise KeyboardInterrupt

    for name in projections.found():
        with pytest.raises(KeyboardInterrupt):
            hub.views.rebuild(name, break_off)
    assert rows(hub) == before
    assert not list(hub.settings.data_dir.glob(".views.db.*"))
    hub.close()
