"""Databases: how they are opened, how they lock, and what their troubles mean; the only place that knows a dialect."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, PoolProxiedConnection, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
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
    if is_file:
        # nobody else on the machine reads it, nor what SQLite puts beside it; that it cannot be made is said when it is used
        with suppress(OSError):
            Path(str(place.database)).touch(mode=0o600, exist_ok=True)
    opened = create_engine(
        place,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_use_lifo=True,
        pool_timeout=PATIENCE,
        # memory belongs to one connection, which everybody takes in turn; readers of a file never wait for each other
        pool_size=8 if is_file else 1,
        max_overflow=-1 if is_file else 0,
        # the driver's own guesses at where a transaction starts are off; `_begin` says it
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": PATIENCE},
    )
    event.listen(opened, "connect", _on_connect("FULL" if durable else "NORMAL"))
    # not by SQLAlchemy's "begin" event: one listener makes every statement a third slower
    opened.dialect.do_begin = _begin  # type: ignore[assignment, method-assign]
    return opened


def _on_connect(synchronous: str) -> Any:
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        # what is deleted is overwritten, and scratch tables never touch the disk
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")

    return prepare


def _begin(connection: PoolProxiedConnection) -> None:
    is_locking = connection.info.pop("locking", False)
    connection.cursor().execute("BEGIN IMMEDIATE" if is_locking else "BEGIN")


@contextmanager
def locked(opened: Engine) -> Iterator[Connection]:
    """A transaction that has the write lock before its first statement; commits at the end, rolls back what raises."""
    with opened.connect() as connection:
        connection.info["locking"] = True
        with connection.begin():
            yield connection


def create(opened: Engine, tables: MetaData) -> None:
    """Makes the tables that are not there yet; many processes may try at the same moment.

    Raises:
        Unavailable: the database cannot be opened or written.
    """
    with promised("the database cannot be prepared"), locked(opened) as connection:
        tables.create_all(connection)


def settle(opened: Engine) -> None:
    """Brings all that was written into the database itself and empties the log beside it, where what is deleted still stands.

    Raises:
        Unavailable: somebody read for too long; nothing is lost, try again.
    """
    with promised("the database cannot be settled"), opened.connect() as connection:
        is_busy = quickly(connection, "PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
    if is_busy:
        raise Unavailable("the database cannot be settled: somebody reads for too long")


@contextmanager
def all_or_nothing(connection: Connection) -> Iterator[None]:
    """What fails inside leaves no trace in the transaction around it, which can go on."""
    quickly(connection, "SAVEPOINT all_or_nothing")
    try:
        yield
    except BaseException:
        if _is_open(connection):
            quickly(connection, "ROLLBACK TO SAVEPOINT all_or_nothing")
            quickly(connection, "RELEASE SAVEPOINT all_or_nothing")
        raise
    quickly(connection, "RELEASE SAVEPOINT all_or_nothing")


def _is_open(connection: Connection) -> bool:
    # a full disk or an I/O error makes SQLite roll back the whole transaction by itself
    driven = connection.connection.driver_connection
    return isinstance(driven, sqlite3.Connection) and driven.in_transaction


def quickly(connection: Connection, statement: str, *parameters: object) -> list[Any]:
    """The rows of a statement of standard SQL, past SQLAlchemy's machinery: for the few that every signal needs.

    Parameters are what the driver takes as it is: numbers, text, bytes.
    """
    cursor = connection.connection.cursor()
    cursor.execute(statement, parameters)
    return list(cursor.fetchall())


def quickly_each(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """The same for a statement that is done for every row.

    Raises:
        sqlalchemy.exc.IntegrityError: a row breaks a rule of its table.
    """
    try:
        connection.connection.cursor().executemany(statement, rows)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error


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
