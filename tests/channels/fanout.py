"""A fan-out to many callbacks by a process of its own, killed with -9 in the middle of it, again and again; what was lost by it.

`python -m tests.channels.fanout` plays the long one: 100,000 deliveries.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic, sleep

from sqlalchemy import select

from benchmarks.receivers import Receivers, Told, receivers
from hub.adapters.channels.webhook import queue
from tests.channels.telling import Telling, a_notice

PATIENCE = 600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Size:
    """To how many, about how many families, how many notices each, and how often the sender is killed meanwhile."""

    receivers: int = 50
    families: int = 40
    notices: int = 2_000
    kills: int = 20


LONG, SHORT = Size(), Size(receivers=20, families=8, notices=60, kills=3)


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of it: of so many deliveries, how many never came, came again, or came before one they follow."""

    deliveries: int
    lost: int
    repeated: int
    inversions: int
    kills: int
    seconds: float


def fan_out(place: Path, size: Size, seed: int) -> Counted:
    """Plays it, and counts at the receivers: by their first arrival, receiver by receiver and family by family."""
    began = monotonic()
    with receivers(size.receivers) as listening:
        hub = Telling(place)
        for nth, url in enumerate(listening.urls):
            hub.register(url, f"receiver-{nth}")
        kills = _played(hub, place, size, Random(seed))  # noqa: S311
        counted = _counted(hub, listening, kills, monotonic() - began)
        hub.close()
    return counted


def _played(hub: Telling, place: Path, size: Size, random: Random) -> int:
    told, kills, until = 0, 0, monotonic() + PATIENCE
    while (told < size.notices or _waiting(hub)) and monotonic() < until:
        with _delivering(place) as process:
            while told < size.notices and (kills >= size.kills or told <= size.notices * (kills + 1) // (size.kills + 1)):
                many = min(20, size.notices - told)
                hub.tell(*(a_notice(told + nth, str(random.randrange(size.families))) for nth in range(1, many + 1)))
                told += many
            before = _waiting(hub)
            # begun, and then anywhere in the middle
            _wait(hub, process, lambda now=before: _waiting(hub) < now)  # type: ignore[misc]
            if kills < size.kills:
                sleep(random.uniform(0, 0.3))
                kills += 1
            else:
                _wait(hub, process, lambda: not _waiting(hub))
    return kills


def _wait(hub: Telling, process: subprocess.Popen[bytes], until: Callable[[], bool]) -> None:
    patience = monotonic() + PATIENCE
    while monotonic() < patience and _waiting(hub) and not until():
        if process.poll() is not None:
            raise ChildProcessError("the sender stopped by itself")
        sleep(0.02)


@contextmanager
def _delivering(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that delivers, until it is killed."""
    command = [sys.executable, "-m", "tests.channels.fanout", str(place)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            os.kill(process.pid, signal.SIGKILL)


def _waiting(hub: Telling) -> int:
    with hub.outbox.connect() as connection:
        return queue.open_ones(connection)[0]


def _counted(hub: Telling, listening: Receivers, kills: int, seconds: float) -> Counted:
    deliveries = queue.DELIVERIES.c
    with hub.outbox.connect() as connection:
        rows = connection.execute(select(deliveries.receiver, deliveries.notice, deliveries.family, deliveries.sequence)).all()
    expected: dict[str, dict[str, tuple[str, int]]] = {}
    for row in rows:
        expected.setdefault(row.receiver, {})[row.notice] = row.family, row.sequence
    lost = repeated = inversions = 0
    for nth, told in enumerate(listening.told()):
        mine = expected[f"receiver-{nth}"]
        firsts = _firsts(told)
        lost += len(mine.keys() - set(firsts))
        repeated += len(told) - len(firsts)
        inversions += _inversions([mine[notice] for notice in firsts])
    return Counted(len(rows), lost, repeated, inversions, kills, seconds)


def _firsts(told: Told) -> list[str]:
    return list(dict.fromkeys(notice for _, notice in sorted(told)))


def _inversions(came: list[tuple[str, int]]) -> int:
    last: dict[str, int] = {}
    found = 0
    for family, sequence in came:
        found += sequence < last.get(family, 0)
        last[family] = max(sequence, last.get(family, 0))
    return found


def main() -> None:
    """Delivers what waits there, until it is killed; without a place it plays the long one."""
    if len(sys.argv) > 1:
        Telling(Path(sys.argv[1]), poll=0.2).webhooks.run(Event())
    seed = Random().randrange(2**24)  # noqa: S311
    with TemporaryDirectory() as place:
        print(seed, fan_out(Path(place), LONG, seed))


if __name__ == "__main__":
    main()
