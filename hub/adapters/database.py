"""Databases: how they are opened, how they lock, and what their troubles mean; the only place that knows a dialect."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from hub.errors import Unavailable

PATIENCE = 30.0
"""Seconds to wait for a lock that another process or thread holds."""

_TROUBLES = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)


def engine(url: str, *, durable: bool = True) -> Engine:
    """An engine on an SQLite file, or in memory for tests (`sqlite://`); errors never quote parameters.

    `durable` waits for the disk at every commit; what can be rebuilt may do without.

    Raises:
        ValueError: not a URL of SQLite.
    """
    place = make_url(url)
    if place.get_backend_name() != "sqlite":
        raise ValueError("the hub keeps its data in SQLite: give a URL of the form sqlite:///file")
    is_file = place.database not in (None, "", ":memory:")
    opened = create_engine(
        place,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_use_lifo=True,
        pool_timeout=PATIENCE,
        # memory belongs to one connection, which everybody takes in turn; readers of a file never wait for each other
        pool_size=8 if is_file else 1,
        max_overflow=-1 if is_file else 0,
        # the driver's own guesses at where a transaction starts are off: `_begin` says it
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": PATIENCE},
    )
    event.listen(opened, "connect", _on_connect("FULL" if durable else "NORMAL"))
    event.listen(opened, "begin", _begin)
    return opened


def _on_connect(synchronous: str) -> Any:
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")

    return prepare


def _begin(connection: Connection) -> None:
    is_locking = connection.get_execution_options().get("locking", False)
    _run(connection, "BEGIN IMMEDIATE" if is_locking else "BEGIN")


def locking(unlocked: Engine) -> Engine:
    """The same database, where every transaction takes the write lock before its first statement."""
    return unlocked.execution_options(locking=True)


def create(unlocked: Engine, tables: MetaData) -> None:
    """Makes the tables that are not there yet; many processes may try at the same moment.

    Raises:
        Unavailable: the database cannot be opened or written.
    """
    with promised("the database cannot be prepared"), locking(unlocked).begin() as connection:
        tables.create_all(connection)


@contextmanager
def all_or_nothing(connection: Connection) -> Iterator[None]:
    """What fails inside leaves no trace in the transaction around it, which can go on."""
    _run(connection, "SAVEPOINT all_or_nothing")
    try:
        yield
    except BaseException:
        if _is_open(connection):
            _run(connection, "ROLLBACK TO SAVEPOINT all_or_nothing")
            _run(connection, "RELEASE SAVEPOINT all_or_nothing")
        raise
    _run(connection, "RELEASE SAVEPOINT all_or_nothing")


def _is_open(connection: Connection) -> bool:
    # a full disk or an I/O error makes SQLite roll back the whole transaction by itself
    driven = connection.connection.driver_connection
    return isinstance(driven, sqlite3.Connection) and driven.in_transaction


def _run(connection: Connection, statement: str) -> None:
    # past SQLAlchemy's statement machinery: 1 µs instead of 25, and standard SQL that any driver takes
    connection.connection.cursor().execute(statement)


@contextmanager
def promised(what: str) -> Iterator[None]:
    """Says so when a database cannot keep its promises: full, locked, broken or out of reach.

    Raises:
        Unavailable: with the name of the trouble, never with data.
    """
    try:
        yield
    except NoConnection as error:
        raise Unavailable(f"{what}: no connection became free") from error
    except DBAPIError as error:
        if not _is_trouble(error.orig):
            raise
        raise Unavailable(f"{what}: {_name(error.orig)}") from error
    except sqlite3.Error as error:
        if not _is_trouble(error):
            raise
        raise Unavailable(f"{what}: {_name(error)}") from error


def _is_trouble(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _TROUBLES


def _name(error: BaseException | None) -> str:
    return str(getattr(error, "sqlite_errorname", type(error).__name__))
