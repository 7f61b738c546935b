"""What the hub on SQLite is measured beside: bare inserts, and the stock event store, with the same durability."""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, cast
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.sqlite import SQLiteRecorder

FULL = 2
"""`PRAGMA synchronous`: every commit waits for the disk."""


class Bare:
    """A table of one column of bytes, written by the driver alone."""

    def __init__(self, place: Path) -> None:
        self._connection = sqlite3.connect(place / "bare.db", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {FULL}")
        self._connection.execute("CREATE TABLE kept (position INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def rate(self, bodies: Sequence[bytes], in_commit: int) -> float:
        """Rows a second, so many to a commit."""
        commits = [[(body,) for body in bodies[start : start + in_commit]] for start in range(0, len(bodies), in_commit)]
        execute, began = self._connection.execute, perf_counter()
        for rows in commits:
            execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO kept (body) VALUES (?)", rows)
            execute("COMMIT")
        return len(bodies) / (perf_counter() - began)

    def close(self) -> None:
        self._connection.close()


class Kept(Aggregate):
    """An aggregate of one event that holds a text."""

    @event("Began")
    def __init__(self, body: str) -> None:
        self.body = body


class Stock:
    """The library's own application on its own SQLite recorder; `spent` is processor time (µs a save) by threads."""

    def __init__(self, place: Path) -> None:
        file = place / "stock.db"
        self._application: Application[UUID] = Application(
            {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file), "SQLITE_LOCK_TIMEOUT": "30"}
        )
        self.spent: dict[int, list[float]] = {}
        self.pragmas = self._pragmas()
        if self.pragmas != {"journal_mode": "wal", "synchronous": FULL}:
            raise AssertionError(f"the stock store does not keep as durably as ours: {self.pragmas}")

    def _pragmas(self) -> dict[str, Any]:
        recorder = cast(SQLiteRecorder, self._application.recorder)
        with recorder.datastore.transaction(commit=False) as cursor:
            return {name: _pragma(cursor, name) for name in ("journal_mode", "synchronous")}

    def rate(self, bodies: Sequence[bytes], threads: int) -> float:
        """Saves a second: one aggregate with one event each, made beforehand."""
        made = [Kept(body.decode()) for body in bodies]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: None, range(threads)))
            shares = [made[nth::threads] for nth in range(threads)]
            began, spent = perf_counter(), process_time()
            list(pool.map(self._save_all, shares))
            took = perf_counter() - began
        self.spent.setdefault(threads, []).append((process_time() - spent) / len(bodies) * 1e6)
        return len(bodies) / took

    def _save_all(self, made: Sequence[Kept]) -> None:
        for one in made:
            self._application.save(one)

    def close(self) -> None:
        self._application.close()


def _pragma(cursor: Any, name: str) -> Any:
    cursor.execute(f"PRAGMA {name}")
    return cursor.fetchone()[0]
