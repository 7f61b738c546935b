"""A PostgreSQL server for what is measured: fresh databases on it, and the settings that say how durably it keeps."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    _made: ExitStack

    def database(self) -> str:
        """The URL of a fresh database."""
        return self._made.enter_context(fresh(self.url))

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


@contextmanager
def a_server(place: Path) -> Iterator[Server]:
    """A server with its files there, or the one that the environment names."""
    own = None if TOLD in os.environ else postgresql.Server(place / "postgresql")
    if own is not None:
        own.start()
    try:
        with ExitStack() as made:
            yield Server(own.url if own else os.environ[TOLD], made)
    finally:
        if own is not None:
            own.stop()
