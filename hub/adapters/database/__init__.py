"""Databases: how they are opened, how they lock, and what their troubles mean; the only room that knows a dialect.

`sqlite` keeps each store of the hub in a file, `postgresql` keeps them all in one database, each in a schema.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, ExceptionContext, event, make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection

from hub.adapters.database import postgresql, sqlite
from hub.adapters.database.patience import PATIENCE
from hub.errors import OutOfReach

__all__ = [
    "PATIENCE",
    "beside",
    "engine",
    "finish",
    "is_postgresql",
    "locked",
    "looking",
    "promised",
    "quickly",
    "quickly_each",
    "reading",
    "settle",
]


class _Dialect(Protocol):
    """What differs."""

    @property
    def ERROR(self) -> type[Exception]: ...  # noqa: N802
    @property
    def TAKEN(self) -> type[Exception]: ...  # noqa: N802
    def opened(self, place: URL, _store: str, durable: bool, /) -> Engine: ...
    def locked(self, opened: Engine) -> AbstractContextManager[Connection]: ...
    def reading(self, opened: Engine) -> AbstractContextManager[Connection]: ...
    def looking(self, opened: Engine) -> AbstractContextManager[Connection]: ...
    def beside(self, opened: Engine) -> AbstractContextManager[tuple[Connection, str, str]]: ...
    def settle(self, opened: Engine) -> None: ...
    def rows(self, connection: Connection, statement: str, parameters: tuple[object, ...]) -> list[Any]: ...
    def each(self, connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None: ...
    def finish(self, _connection: Connection, /) -> None: ...
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
    opened = dialect.opened(place, store, durable)
    event.listen(opened, "handle_error", _say_it_is_out_of_reach)
    return opened


class _OutOfReach(OutOfReach):
    """Of which nobody said yet what could not be done."""

    def __init__(self, trouble: str) -> None:
        super().__init__(f"the database cannot be used: {trouble}")
        self.trouble = trouble


def _say_it_is_out_of_reach(context: ExceptionContext) -> Exception | None:
    if context.is_pre_ping:  # a line that broke off while nobody used it is replaced, and nobody hears of it
        return None
    trouble = _trouble(context.original_exception)
    return _OutOfReach(trouble) if trouble else None


def is_postgresql(opened: Engine | Connection) -> bool:
    """Whether other machines may be at the same database."""
    return opened.dialect.name == "postgresql"


def beside(opened: Engine) -> AbstractContextManager[tuple[Connection, str, str]]:
    """A connection with room for tables that nobody else sees and that go with it: their schema, and that of the store.

    SQLAlchemy's statements go where they are told (`schema_translate_map`); a statement as text may go to either.
    """
    return _of(opened).beside(opened)


@contextmanager
def locked(opened: Engine) -> Iterator[Connection]:
    """A transaction that has the store's lock before its first statement; commits at the end, rolls back what raises."""
    with _of(opened).locked(opened) as connection:
        yield connection
        finish(connection)


def finish(connection: Connection) -> None:
    """Writes what was gathered under a lock, which happens at the end anyway, and makes sure that it can be committed.

    Raises:
        sqlalchemy.exc.IntegrityError: a row breaks a rule of its table.
    """
    dialect = _of(connection)
    with _in_our_words(dialect, "COMMIT"):
        dialect.finish(connection)


def reading(opened: Engine) -> AbstractContextManager[Connection]:
    """A connection that sees the store as it was at its first statement; never waits for writers, and keeps nothing."""
    return _of(opened).reading(opened)


def looking(opened: Engine) -> AbstractContextManager[Connection]:
    """A connection for one statement that only looks: without a transaction around it, which costs more than the statement."""
    return _of(opened).looking(opened)


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
    with _in_our_words(dialect, statement):
        return dialect.rows(connection, statement, parameters)


def quickly_each(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """The same for a statement that is done for every row.

    Raises:
        sqlalchemy.exc.IntegrityError: a row breaks a rule of its table; on PostgreSQL that ends the transaction, and may
            show only later in it, for what is inserted under a lock is gathered.
    """
    dialect = _of(connection)
    with _in_our_words(dialect, statement):
        dialect.each(connection, statement, rows)


class _in_our_words:  # noqa: N801
    """What a driver says, as SQLAlchemy would say it, or that the database is out of reach; a class, for it costs less."""

    __slots__ = ("_dialect", "_statement")

    def __init__(self, dialect: _Dialect, statement: str) -> None:
        self._dialect, self._statement = dialect, statement

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, self._dialect.TAKEN):
            raise IntegrityError(self._statement, None, error) from error
        if trouble := _trouble(error):
            raise _OutOfReach(trouble) from error


def any_of(connection: Connection, values: Iterable[str] | Iterable[int], kind: str = "text") -> tuple[str, object]:
    """What stands behind a column that has to hold one of these, and its one parameter; `kind` is PostgreSQL's type."""
    if is_postgresql(connection):
        return f"= ANY(CAST(? AS {kind}[]))", list(values)
    return "IN (SELECT value FROM json_each(?))", json.dumps(list(values))


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
    except _OutOfReach as error:
        raise OutOfReach(f"{what}: {error.trouble}") from error
    except (sqlite.ERROR, postgresql.ERROR) as error:
        if not (trouble := _trouble(error)):
            raise
        raise OutOfReach(f"{what}: {trouble}") from error


def _trouble(error: BaseException | None) -> str:
    return sqlite.trouble(error) or postgresql.trouble(error)
