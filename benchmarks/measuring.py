"""Figures, ratios between figures of the same round, and the machine they were measured on."""

import os
import platform
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from time import perf_counter
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, once in every round; `note` goes beside it."""

    what: str
    rounds: Sequence[float]
    unit: str
    note: str = ""

    @property
    def middle(self) -> float:
        return median(self.rounds)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure beside another, round by round; the aim is `at_least` or `at_most` so much, where there is one."""

    what: str
    rounds: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def middle(self) -> float:
        return median(self.rounds)

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is met; nothing where there is none."""
        if self.at_least is not None:
            return self.middle >= self.at_least
        return self.middle <= self.at_most if self.at_most is not None else None


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found."""

    name: str
    title: str
    figures: Sequence[Figure]
    ratios: Sequence[Ratio]
    conditions: Sequence[str] = ()


@dataclass(slots=True)
class Rounds:
    """Several measures one after another, again and again, so that what disturbs the machine disturbs all of them."""

    measured: dict[str, list[float]] = field(default_factory=dict)

    def run(self, rounds: int, measures: Mapping[str, Callable[[], float]]) -> "Rounds":
        """Every measure once in each round; every other round backwards."""
        for nth in range(rounds):
            names = list(measures)[:: 1 if nth % 2 == 0 else -1]
            for name in names:
                self.measured.setdefault(name, []).append(measures[name]())
        return self

    def figure(self, name: str, unit: str, note: str = "") -> Figure:
        return Figure(name, self.measured[name], unit, note)

    def ratio(self, ours: str, theirs: str, at_least: float | None = None, at_most: float | None = None) -> Ratio:
        """Ours divided by theirs, each pair within its round."""
        pairs = zip(self.measured[ours], self.measured[theirs], strict=True)
        return Ratio(f"{ours} ÷ {theirs}", [mine / other for mine, other in pairs], at_least, at_most)

    def best(self, *names: str) -> str:
        """Which of these has the highest median."""
        return max(names, key=lambda name: median(self.measured[name]))


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed, straight between the two nearest."""
    ordered = sorted(values)
    if len(ordered) == 1:
        return ordered[0]
    place = share * (len(ordered) - 1)
    low, high = list(pairwise(ordered))[min(int(place), len(ordered) - 2)]
    return low + (high - low) * (place - min(int(place), len(ordered) - 2))


def machine(place: Path) -> dict[str, Any]:
    """Where this ran: processors, versions, the file system of that place, and how fast it makes things durable."""
    return {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "filesystem": _filesystem(place),
        "flush": f"{_flush(place) * 1e3:.2f} ms",
    }


def _flush(place: Path, times: int = 50) -> float:
    """Seconds that the disk takes to make a page of a file durable (median): what a commit waits for."""
    waits = []
    with TemporaryFile(dir=place) as file:
        for _ in range(times):
            file.seek(0)
            file.write(os.urandom(4_096))
            file.flush()
            began = perf_counter()
            os.fsync(file.fileno())
            waits.append(perf_counter() - began)
    return median(waits)


def _filesystem(place: Path) -> str:
    device = place.stat().st_dev
    try:
        lines = [line.split(" - ") for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    except OSError:
        return "unknown"
    at = f"{os.major(device)}:{os.minor(device)}"
    return next((after.split()[0] for before, after in lines if before.split()[2] == at), "unknown")
