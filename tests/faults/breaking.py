"""What really happens to processes, servers, lines and clocks: one function for each, which strikes once and mends it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import httpx2
import psycopg
from sqlalchemy import func, select

from hub.projections import found
from tests.faults import altered
from tests.faults.load import TROUBLE
from tests.faults.process import Process, until
from tests.faults.staff import token
from tests.faults.town import Town
from tests.parts.postgresql import Server

HOUR = 3_600
"""Seconds."""
Strike = Callable[[Town], None]


# Processes ---------------------------------------------------------------------------------------------


def kill(kind: str) -> Strike:
    """SIGKILL to a process of that kind; it is started again a moment later."""

    def strike(town: Town) -> None:
        process = town.one(kind)
        if len(town.processes) > 1:
            town.measure_takeover(process.kill)
            process.start()
        else:
            process.kill()
            town.measure_takeover(process.start)

    return strike


def kill_at_once(town: Town) -> None:
    """SIGKILL to all processes at once."""
    for process in town.processes.values():
        process.kill()
    for process in town.processes.values():
        process.start()
    town.mended()


def stall(kind: str) -> Strike:
    """SIGSTOP to a process of that kind for so long that others take over; then it goes on as if nothing had been."""

    def strike(town: Town) -> None:
        process = town.one(kind)
        town.measure_takeover(lambda: process.tell(signal.SIGSTOP))
        time.sleep(town.stall)
        process.tell(signal.SIGCONT)
        town.mended()

    return strike


def kill_one_of_each(town: Town) -> None:
    """SIGKILL to one process of each kind, at once."""
    victims = town.one_of_each()
    town.measure_takeover(lambda: tell_all(victims, signal.SIGKILL))
    for process in victims:
        process.kill()
        process.launch()
    for process in victims:
        process.wait()


def stall_one_of_each(town: Town) -> None:
    """SIGSTOP to one process of each kind, at once; then they go on as if nothing had been."""
    victims = town.one_of_each()
    town.measure_takeover(lambda: tell_all(victims, signal.SIGSTOP))
    time.sleep(town.stall)
    tell_all(victims, signal.SIGCONT)
    town.mended()


def tell_all(processes: Sequence[Process], number: int) -> None:
    """The same signal to all of them."""
    for process in processes:
        process.tell(number)


def restart_all_in_turn(town: Town) -> None:
    """Every process is told to stop and started again, one after the other, as for a new version; nobody gets a 5xx."""
    before = town.server_errors
    for process in town.processes.values():
        if status := process.end():
            town.wrong.append(f"{process.name} ended with {status}")
        process.start()
        town.goes_on(5)
    if town.server_errors > before:
        town.wrong.append(f"{town.server_errors - before} answers of the 500s during a rolling restart: {dict(town.troubles)}")


# Lines to the database ---------------------------------------------------------------------------------


def cut(town: Town) -> None:
    """Every connection of every process to the database breaks off, a few times."""
    for _ in range(3):
        for proxy in town.proxies.values():
            proxy.cut()
        time.sleep(town.random.uniform(0.05, 0.5))
    town.mended()


def delay(town: Town) -> None:
    """The database answers, but late."""
    for proxy in town.proxies.values():
        proxy.seconds = town.random.uniform(0.02, 0.3)
    time.sleep(town.random.uniform(1, 3))
    _well(town)


def lose_answers(town: Town) -> None:
    """Commits are carried out, and who asked for them is never told."""
    _lose(town, "lose_answers", "lost_answers")


def lose_questions(town: Town) -> None:
    """Commits never reach the database, which those who asked for them cannot tell from the other case."""
    _lose(town, "lose_questions", "lost_questions")


def _lose(town: Town, tell: str, counts: str) -> None:
    proxies = list(town.proxies.values())
    before = sum(getattr(proxy, counts) for proxy in proxies)
    for proxy in proxies:
        getattr(proxy, tell)(town.random.randrange(1, 4))
    until(lambda: sum(getattr(proxy, counts) for proxy in proxies) > before, "no commit was lost")
    town.goes_on(10)
    _well(town)


def silence(town: Town) -> None:
    """One process and the database hear nothing of each other for a while, and nobody tells them that the line is down."""
    proxy = town.random.choice(list(town.proxies.values()))
    proxy.is_silent = True
    time.sleep(town.stall)
    proxy.is_silent = False
    town.mended()


def refuse(town: Town) -> None:
    """The database takes nobody in, and lets those go who are in."""
    for proxy in town.proxies.values():
        proxy.is_refusing = True
        proxy.cut()
    time.sleep(town.random.uniform(0.5, 3))
    _well(town)


def _well(town: Town) -> None:
    for proxy in town.proxies.values():
        proxy.well()
    town.mended()


# The database itself -----------------------------------------------------------------------------------


def kill_database(town: Town) -> None:
    """SIGKILL to PostgreSQL and all that comes from it, just when something is told; it is started again on what it had."""
    assert town.server is not None
    town.goes_on(10)
    town.tells()
    time.sleep(town.random.uniform(0, 0.15))
    town.server.kill()
    time.sleep(town.random.uniform(0, 2))
    town.server.start()
    town.mended()


def fill_the_disk(town: Town) -> None:
    """There is no room left, until there is again."""
    assert town.disk is not None
    before = town.server_errors
    town.disk.fill()
    until(lambda: town.server_errors > before + 3, "nobody noticed that the disk is full")
    time.sleep(town.random.uniform(0, 1))
    town.disk.free()
    if town.server is not None:
        _start_again(town.server)
    town.goes_on(10)


def _start_again(server: Server) -> None:
    """Where it gave up altogether: whoever looks after it starts it again."""
    try:
        until(lambda: _takes_in(server), "it gave up", 10)
    except AssertionError:
        server.stop()
        server.start()


def _takes_in(server: Server) -> bool:
    try:
        psycopg.connect(server.administrator, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


# Kafka -------------------------------------------------------------------------------------------------


def kill_kafka(town: Town) -> None:
    """SIGKILL to Kafka; it is started again on what it had."""
    assert town.broker is not None
    town.broker.kill()
    town.goes_on(10)
    town.broker.start()
    town.kafka_is_mended()


def kafka_away(town: Town) -> None:
    """The one broker, and so the leader of every partition, does not answer for a while; nothing else stops."""
    assert town.broker is not None
    os.kill(town.broker.pid, signal.SIGSTOP)
    began = time.monotonic()
    while time.monotonic() - began < town.away:
        town.goes_on(10)
    os.kill(town.broker.pid, signal.SIGCONT)
    town.kafka_is_mended()


def cut_kafka(town: Town) -> None:
    """Every connection of every process to Kafka breaks off, a few times."""
    for _ in range(3):
        for proxy in town.broker_proxies.values():
            proxy.cut()
        time.sleep(town.random.uniform(0.05, 0.5))
    town.kafka_is_mended()


def silence_kafka(town: Town) -> None:
    """One process and Kafka hear nothing of each other for a while, and nobody tells them that the line is down."""
    proxy = town.random.choice(list(town.broker_proxies.values()))
    proxy.is_silent = True
    time.sleep(town.stall)
    proxy.is_silent = False
    town.kafka_is_mended()


# Time --------------------------------------------------------------------------------------------------


def jump(town: Town) -> None:
    """The clock of the hub's machines goes an hour ahead, an hour back, another hour back, and is right again.

    While it is behind, what partners sign is signed in its future, and refused: they sign again.
    """
    for ahead in (HOUR, 0):
        town.set_clock(ahead)
        town.goes_on(20)
    town.set_clock(-HOUR)
    time.sleep(town.random.uniform(0.5, 2))
    town.set_clock(0)
    town.mended()


def cross(town: Town) -> None:
    """The clock goes on, over the hour that there is twice or not at all."""
    assert town.begun_at is not None
    crossed = town.begun_at + timedelta(seconds=8)
    until(lambda: town.now() > crossed, "time stands still")
    town.goes_on(20)


def go_on(town: Town) -> None:
    """Nothing more happens than what is wrong all the time."""
    town.goes_on(50)


def stumble(town: Town) -> None:
    """The bad read model stops, and says so by name; the others go on."""
    name = altered.STUMBLING.name
    until(lambda: name in {said["follower"] for said in town.logged("follower-stopped")}, "it does not stumble")
    last = town.hub.log.last_position()
    until(lambda: town.all_passed(last), "the others do not go on")
    because = {one["name"]: one["because"] for one in _status(town)["followers"]}
    if [one for one, words in because.items() if words] != [name]:
        town.wrong.append(f"`hub status` does not say that {name} stopped, and nothing else: {because}")


def _status(town: Town) -> Any:
    return json.loads(_ran(town, "tests.faults.altered", "status", "--json").stdout)


def _ran(town: Town, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **town.environment(), **town.altered}
    return subprocess.run([sys.executable, "-m", *command], env=environment, capture_output=True, text=True, check=False)


# Read models -------------------------------------------------------------------------------------------


def rebuild(town: Town) -> None:
    """A read model is built anew beside the live one while it is read: nobody sees a hole, or an earlier state again."""
    name = town.random.choice(sorted(found()))
    with _reading(town) as wrong:
        done = _ran(town, "hub", "rebuild", name)
        if done.returncode:
            town.wrong.append(f"rebuild of {name} ended with {done.returncode}: {done.stderr[-500:]}")
    town.wrong.extend(wrong)


@contextmanager
def _reading(town: Town) -> Iterator[list[str]]:
    finish, wrong = Event(), list[str]()
    readers = [Thread(target=each, args=(town, finish, wrong), daemon=True) for each in (_read_tables, _read_a_family)]
    for reader in readers:
        reader.start()
    yield wrong
    finish.set()
    for reader in readers:
        reader.join(60)


def _read_tables(town: Town, finish: Event, wrong: list[str]) -> None:
    """No table that had rows is ever seen without."""
    tables = [table for projection in found().values() for table in projection.tables.sorted_tables]
    had: set[str] = set()
    while not finish.wait(0.01):
        for table in tables:
            with town.hub.stored.views.connect() as connection:
                count = connection.execute(select(func.count()).select_from(table)).scalar_one()
            if not count and table.name in had:
                wrong.append(f"{table.name} was seen empty")
            had.update({table.name} if count > 5 else ())


def _read_a_family(town: Town, finish: Event, wrong: list[str]) -> None:
    """A family that was shown once is always shown, and never as it was before."""
    version, path = 0, f"/v1/families/{town.a_family()}"
    with httpx2.Client(base_url=town.urls[0], headers=token("somebody", town.now()), timeout=60) as client:
        while not finish.wait(0.01):
            try:
                answer = client.get(path)
            except TROUBLE:
                continue
            if answer.status_code == 404 and not version:  # who follows hears of it before it is shown
                continue
            if answer.status_code != 200:
                wrong.append(f"a family that was there was answered {answer.status_code}")
                return
            if answer.json()["version"] < version:
                wrong.append("a family was seen as it was before")
            version = answer.json()["version"]
