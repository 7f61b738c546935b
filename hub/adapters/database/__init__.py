"""Databases: how they are opened, how they lock, and what their troubles mean; the only room that knows a dialect.

`sqlite` keeps each store of the hub in a file, `postgresql` keeps them all in one database, each in a schema.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, MetaData, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection

from hub.adapters.database import postgresql, sqlite
from hub.adapters.database.patience import PATIENCE
from hub.errors import OutOfReach

__all__ = [
    "PATIENCE",
    "create",
    "engine",
    "is_postgresql",
    "locked",
    "promised",
    "quickly",
    "quickly_each",
    "reading",
    "scratch",
    "settle",
]


class _Dialect(Protocol):
    """What differs: `PLACE` is how a parameter is written, `SCRATCH` the schema that belongs to one connection alone."""

    @property
    def PLACE(self) -> str: ...  # noqa: N802
    @property
    def ERROR(self) -> type[Exception]: ...  # noqa: N802
    @property
    def TAKEN(self) -> type[Exception]: ...  # noqa: N802
    @property
    def SCRATCH(self) -> str: ...  # noqa: N802
    def opened(self, place: URL, _store: str, durable: bool, /) -> Engine: ...
    def locked(self, opened: Engine) -> AbstractContextManager[Connection]: ...
    def reading(self, opened: Engine) -> AbstractContextManager[Connection]: ...
    def settle(self, opened: Engine) -> None: ...
    def cursor(self, connection: Connection) -> Any: ...
    def each(self, cursor: Any, statement: str, rows: Sequence[tuple[object, ...]]) -> None: ...
    def trouble(self, error: BaseException | None) -> str: ...


_DIALECTS: dict[str, _Dialect] = {"sqlite": sqlite, "postgresql": postgresql}


def _of(opened: Engine | Connection) -> _Dialect:
    return _DIALECTS[opened.dialect.name]


def engine(url: str, store: str = "log", *, durable: bool = True) -> Engine:
    """An engine on one store of the hub; errors never quote parameters.

    `url` is an SQLite file (`sqlite:///FILE`; in memory for tests, `sqlite://`), or a PostgreSQL database in which `store`
    is the schema. `durable` waits for the disk at every commit; what can be rebuilt may do without.

    Raises:
        ValueError: a URL of neither.
    """
    place = make_url(url)
    dialect = _DIALECTS.get(place.get_backend_name())
    if dialect is None:
        raise ValueError("the hub keeps its data in SQLite or PostgreSQL: give sqlite:///FILE or postgresql://…")
    return dialect.opened(place, store, durable)


def is_postgresql(opened: Engine | Connection) -> bool:
    """Whether other machines may be at the same database."""
    return opened.dialect.name == "postgresql"


def scratch(opened: Engine) -> str:
    """The schema of a database that belongs to one connection alone, and goes with it."""
    return _of(opened).SCRATCH


def locked(opened: Engine) -> AbstractContextManager[Connection]:
    """A transaction that has the store's lock before its first statement; commits at the end, rolls back what raises."""
    return _of(opened).locked(opened)


def reading(opened: Engine) -> AbstractContextManager[Connection]:
    """A connection that sees the store as it was at its first statement; never waits for writers, and keeps nothing."""
    return _of(opened).reading(opened)


def create(opened: Engine, tables: MetaData) -> None:
    """Makes the tables that are not there yet; many processes may try at the same moment.

    Raises:
        Unavailable: the database cannot be opened or written.
    """
    with promised("the database cannot be prepared"), locked(opened) as connection:
        tables.create_all(connection)


def settle(opened: Engine) -> None:
    """Removes what was deleted from beside the database, where it still stands; how far a dialect can.

    Raises:
        Unavailable: somebody read for too long; nothing is lost, try again.
    """
    with promised("the database cannot be settled"):
        _of(opened).settle(opened)


def quickly(connection: Connection, statement: str, *parameters: object) -> list[Any]:
    """The rows of a statement of standard SQL, past SQLAlchemy's machinery: for the few that every signal needs.

    Parameters (written `?`) are what the drivers take as it is: numbers, text, bytes.
    """
    dialect = _of(connection)
    cursor = dialect.cursor(connection)
    cursor.execute(_written(statement, dialect.PLACE), parameters)
    return list(cursor.fetchall()) if cursor.description else []


def quickly_each(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """The same for a statement that is done for every row.

    Raises:
        sqlalchemy.exc.IntegrityError: a row breaks a rule of its table; on PostgreSQL that ends the transaction.
    """
    dialect = _of(connection)
    try:
        dialect.each(dialect.cursor(connection), _written(statement, dialect.PLACE), rows)
    except dialect.TAKEN as error:
        raise IntegrityError(statement, None, error) from error


@lru_cache(maxsize=512)
def _written(statement: str, place: str) -> str:
    return statement.replace("?", place)


@contextmanager
def promised(what: str) -> Iterator[None]:
    """Says so when a database cannot keep its promises: full, locked, broken or out of reach.

    Raises:
        OutOfReach: with the name of the trouble, never with data.
    """
    try:
        yield
    except NoConnection as error:
        raise OutOfReach(f"{what}: no connection became free") from error
    except DBAPIError as error:
        if not (name := _trouble(error.orig)):
            raise
        raise OutOfReach(f"{what}: {name}") from error
    except (sqlite.ERROR, postgresql.ERROR) as error:
        if not (name := _trouble(error)):
            raise
        raise OutOfReach(f"{what}: {name}") from error


def _trouble(error: BaseException | None) -> str:
    return sqlite.trouble(error) or postgresql.trouble(error)
