"""Where a test keeps its data: in SQLite files in its directories, or in PostgreSQL, where a database stands for each directory."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from hub.adapters.database import engine
from tests.parts import postgresql

SQLITE, POSTGRESQL = "sqlite", "postgresql"
KINDS = (SQLITE, POSTGRESQL)

_STORES = {"hub": "log"}
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
            self._urls[place] = self._made.enter_context(postgresql.fresh(self._server))
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
    """What the hub that has this directory is told as HUB_DATABASE_URL: nothing, where it keeps SQLite files there."""
    return _kept[-1].url_of(place) if _kept else ""


def opened(file: Path, store: str = "", durable: bool = False) -> Engine:
    """The store that is in that file, or else in a schema of the database that stands for its directory."""
    store = store or _STORES.get(file.stem, file.stem)
    return _kept[-1].opened(file.parent, store, durable) if _kept else engine(f"sqlite:///{file}", store, durable=durable)
