"""A PostgreSQL server for what is measured: fresh databases on it, and the settings that say how durably it keeps."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from tests.parts import postgresql
from tests.parts.postgresql import TOLD, fresh

_ASKED = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "commit_delay",
    "shared_buffers",
    "max_wal_size",
    "autovacuum",
)
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its URL; what is made on it goes when it closes."""

    url: str
    pid: int
    """Its first process; 0 where it is another's."""
    _made: ExitStack

    def database(self) -> str:
        """The URL of a fresh database."""
        return self._made.enter_context(fresh(self.url))

    def copy(self, url: str) -> str:
        """The URL of a database that has what that one has; nobody may be connected to it."""
        made = self.database()
        source, name = (urlsplit(each).path.strip("/") for each in (url, made))
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}"'.encode())
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"'.encode())
        return made

    def cpu(self) -> float:
        """Seconds of processor time that it used so far."""
        if not self.pid:
            return 0.0
        first = psutil.Process(self.pid)
        alive = [spent for each in first.children(recursive=True) if (spent := _spent(each))]
        over = first.cpu_times()
        return float(sum((over.children_user, over.children_system, *(each.user + each.system for each in (over, *alive)))))

    def settings(self) -> dict[str, str]:
        """What decides how durable a commit is, and how fast.

        Raises:
            AssertionError: a commit does not wait for the disk.
        """
        with psycopg.connect(self.url) as connection:
            found: dict[str, str] = dict(
                connection.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) name", (list(_ASKED),))
            )
        if not found.items() >= _DURABLE.items():
            raise AssertionError(f"this server does not keep durably: {found}")
        return found

    def said(self) -> str:
        """The same in words."""
        return "PostgreSQL: " + ", ".join(f"{name} {value}" for name, value in self.settings().items())


def _spent(process: psutil.Process) -> Any:
    with suppress(psutil.NoSuchProcess):
        return process.cpu_times()
    return None


@contextmanager
def a_server(place: Path) -> Iterator[Server]:
    """A server with its files there, or the one that the environment names."""
    own = None if TOLD in os.environ else postgresql.Server(place / "postgresql")
    if own is not None:
        own.start()
    try:
        with ExitStack() as made:
            yield Server(own.url if own else os.environ[TOLD], own.pid if own else 0, made)
    finally:
        if own is not None:
            own.stop()
