"""Where a test keeps its data: in SQLite files in its directories, or in PostgreSQL, where a database stands for each directory."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine

from hub.adapters.database import engine
from hub.adapters.kek import FromFile
from tests.parts import postgresql

SQLITE, POSTGRESQL = "sqlite", "postgresql"
KINDS = (SQLITE, POSTGRESQL)

_STORES = {"hub": "log"}
_TABLES = (
    "SELECT schemaname, tablename FROM pg_tables "
    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_temp_'"
)
_kept: list["_OnAServer"] = []


class _OnAServer:
    def __init__(self, server: str, made: ExitStack) -> None:
        self._server, self._made = server, made
        self._urls: dict[Path, str] = {}

    def opened(self, place: Path, store: str, durable: bool) -> Engine:
        found = engine(self.url_of(place), store, durable=durable)
        self._made.callback(found.dispose)  # also where a test leaves that to the end of its process
        return found

    def url_of(self, place: Path) -> str:
        place = place.resolve()
        if place not in self._urls:
            self._urls[place] = with_key(self._made.enter_context(postgresql.fresh(self._server)), place)
        return self._urls[place]


@contextmanager
def kept_on(server: str) -> Iterator[None]:
    """While the block lasts, tests of this process keep their data in databases on that server; then those are gone."""
    with ExitStack() as made:
        _kept.append(_OnAServer(server, made))
        try:
            yield
        finally:
            _kept.pop()


def url_of(place: Path) -> str:
    """What the hub that has this directory is told as HUB_DATABASE_URL: nothing, where it keeps SQLite files there.

    For PostgreSQL its key is in that directory, where a hub on SQLite would have put it.
    """
    return _kept[-1].url_of(place) if _kept else ""


def with_key(url: str, place: Path) -> str:
    """The same URL, when the key that a hub on it has to be given is in its directory."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    FromFile.made(place / "kek.json")
    return url


def write_out(place: Path) -> None:
    """Puts all that is kept in the database of that directory into files in it, as the server says it; of SQLite it is there."""
    if not (url := url_of(place)):
        return
    with psycopg.connect(url) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            with connection.cursor().copy(SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(schema, table))) as said:
                (place / f"{schema}.{table}.copy").write_bytes(b"".join(said))


def opened(file: Path, store: str = "", durable: bool = False) -> Engine:
    """The store that is in that file, or else in a schema of the database that stands for its directory."""
    store = store or _STORES.get(file.stem, file.stem)
    return _kept[-1].opened(file.parent, store, durable) if _kept else engine(f"sqlite:///{file}", store, durable=durable)
