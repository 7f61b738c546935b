"""How fast `hub verify` is beside merely reading and hashing the rows that it looks at, and how much memory it takes."""

import os
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.load import post_all
from benchmarks.measuring import Figure, Ratio, Result, Rounds
from benchmarks.population import Population, Sender
from benchmarks.running import HUB, Home, a_directory, opened, prepared, served, take_in
from hub.adapters.evidence.examining import Examined, examine
from hub.domain.callers import Capacity
from hub.wiring import Hub
from hub.wiring.examined import Looked, wrongs
from tests import issuer

Tables = Mapping[str, Sequence[str]]
"""Tables by the file that they are in."""

FILES = ("hub.db", "reads.db", "evidence.db", "views.db", "outbox.db")
OF_TREES: Tables = {
    "hub.db": ["events"],
    "reads.db": ["readings", "lines"],
    "evidence.db": ["tiles", "checkpoints", "cosignatures"],
}
_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version', 'sqlite_stat1')"
LOOKS = 0.05
"""Seconds between looks at how much memory a process took so far."""
WHOLE, BARE = "hub verify", "reading and hashing every row that stands there"
TREES, BARE_TREES = "of that: the trees, and what was signed", "reading and hashing the rows of those"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: families and the signals about them, how often somebody looks, and rounds; a store of so many
    times as many families, to see what that takes of memory."""

    families: int = 2_000
    looks: int = 500
    rounds: int = 3
    larger: int = 10


FULL, QUICK, TINY = Size(), Size(500, 100, 2, 4), Size(10, 3, 1, 2)


def verify(size: Size) -> Result:
    """Measures it."""
    with a_directory("verify") as place:
        few, many = (_filled(Home(place / str(families)), families, size) for families in _families(size))
        with opened(few) as hub:
            events, rounds = hub.log.last_position(), Rounds().run(size.rounds, _measures(hub, few.place))
        memory = {families: _memory(home) for families, home in zip(_families(size), (few, many), strict=True)}
        with opened(many) as hub:
            more = hub.log.last_position()
    return _result(rounds, (events, more), list(memory.values()), size)


def _families(size: Size) -> tuple[int, int]:
    return size.families, size.families * size.larger


def _filled(home: Home, families: int, size: Size) -> Home:
    """A hub in which much happened, somebody looked, and all of it is signed."""
    population = Population(families)
    partners = prepared(home, population.first())
    with opened(home) as hub:
        known = take_in(hub, Sender(partners, "verify"), population.mixed(families))
        hub.views.catch_up()
        hub.outbox.catch_up()
        token = issuer.token(Capacity.COORDINATOR, "bench", "neighbourhood-team", hub.clock.now())
    with served(home) as running:
        asked = [_looking(running.port, family, token) for family in islice(known, size.looks)]
        if any(not answer.startswith(b"HTTP/1.1 200") for answer in post_all(running.ports, asked, 1).answers):
            raise AssertionError("somebody could not look")
    with opened(home) as hub:
        for notary in hub.notaries.values():
            while notary.grow():
                pass
            notary.sign()
    return home


def _looking(port: int, family: str, token: str) -> bytes:
    lines = (f"GET /v1/families/{family} HTTP/1.1", f"host: 127.0.0.1:{port}", f"authorization: Bearer {token}")
    return "\r\n".join((*lines, "\r\n")).encode()


def _measures(hub: Hub, place: Path) -> dict[str, partial[float]]:
    every = {file: _tables(place / file) for file in FILES}
    rows, of_trees = _count(place, every), _count(place, OF_TREES)
    return {
        WHOLE: partial(_rate, rows, partial(_all, hub)),
        BARE: partial(_rate, rows, partial(_hashed, place, every)),
        TREES: partial(_rate, of_trees, partial(_trees, hub)),
        BARE_TREES: partial(_rate, of_trees, partial(_hashed, place, OF_TREES)),
    }


def _rate(rows: int, looks: partial[None]) -> float:
    """Rows a second."""
    began = perf_counter()
    looks()
    return rows / (perf_counter() - began)


def _all(hub: Hub) -> None:
    _nothing_in(wrongs(hub, Looked(), lambda *_: None))


def _trees(hub: Hub) -> None:
    for notary in hub.notaries.values():
        _nothing_in(examine(notary, Examined(), lambda *_: None))


def _nothing_in(found: Iterable[object]) -> None:
    if wrong := list(found):
        raise AssertionError(f"nobody changed anything, and yet: {wrong[0]}")


# Merely read and hashed ----------------------------------------------------------------------------


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        yield connection


def _tables(file: Path) -> list[str]:
    with _reading(file) as connection:
        return [name for (name,) in connection.execute(_NAMES)]


def _count(place: Path, tables: Tables) -> int:
    return sum(1 for _ in _rows(place, tables))


def _rows(place: Path, tables: Tables) -> Iterator[tuple[object, ...]]:
    for file, names in tables.items():
        with _reading(place / file) as connection:
            for name in names:
                yield from connection.execute(f"SELECT * FROM {name}")  # noqa: S608


def _hashed(place: Path, tables: Tables) -> None:
    for row in _rows(place, tables):
        sha256(b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)).digest()


# What it takes -------------------------------------------------------------------------------------


def _memory(home: Home) -> float:
    """The most memory (MB) that `hub verify` takes as a process of its own."""
    running = subprocess.Popen([*HUB, "verify", "--quiet"], env=os.environ | home.environment(), stdout=subprocess.DEVNULL)
    most = 0
    # what a process counts itself at its end is at least what its parent had
    while running.poll() is None:
        with suppress(OSError):
            status = Path(f"/proc/{running.pid}/status").read_text()
            most = max([most, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
        sleep(LOOKS)
    if running.returncode:
        raise ChildProcessError(f"hub verify ended with {running.returncode}")
    return most / 1024


def _result(rounds: Rounds, events: tuple[int, int], memory: Sequence[float], size: Size) -> Result:
    held = [Figure(f"memory of hub verify, {many:,} events", [taken], "MB") for many, taken in zip(events, memory, strict=True)]
    figures = [*(rounds.figure(name, "rows/s") for name in (WHOLE, BARE, TREES, BARE_TREES)), *held]
    ratios = [
        rounds.ratio(WHOLE, BARE, at_least=0.3),
        rounds.ratio(TREES, BARE_TREES, at_least=0.3),
        Ratio(f"{held[1].what} ÷ {held[0].what}", [memory[1] / memory[0]]),
    ]
    conditions = [
        f"{events[0]:,} events of {size.families:,} families, {size.looks:,} looks at them; {size.rounds} rounds; every row of the "
        "log, what was read, the evidence, the read models and the outbox counts once",
        "beside hashing, hub verify opens every event, verifies every message with its partner's key, builds every index and read "
        "model anew and compares them row by row; the bare read is `SELECT *` by the driver alone, and SHA-256 over each row",
    ]
    return Result("verify", "Verifying a whole hub", figures, ratios, conditions)
