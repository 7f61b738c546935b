"""SQLite: each store is a file, for one machine."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, QueuePool, create_engine, event

from hub.adapters.database.patience import PATIENCE
from hub.errors import Unavailable

ERROR = sqlite3.Error
TAKEN = sqlite3.IntegrityError

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
_MAPPED = {"evidence": 256 << 20}
"""Bytes of a file that are read as memory: each proof reads a handful of rows from anywhere in many, each of which was a call."""


def opened(place: URL, store: str, durable: bool) -> Engine:
    """An engine on a file, or in memory for tests."""
    is_file = place.database not in (None, "", ":memory:")
    if is_file:
        # nobody else on the machine reads it, nor what SQLite puts beside it; that it cannot be made is said when it is used
        with suppress(OSError):
            Path(str(place.database)).touch(mode=0o600, exist_ok=True)
    made = create_engine(
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
    event.listen(made, "connect", _on_connect("FULL" if durable else "NORMAL", _MAPPED.get(store, 0)))
    # not by SQLAlchemy's "begin" event: one listener makes every statement a third slower
    made.dialect.do_begin = _begin  # type: ignore[assignment, method-assign]
    return made


def _on_connect(synchronous: str, mapped: int) -> Any:
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA mmap_size = {mapped}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        # what is deleted is overwritten, and what is sorted never touches the disk
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")

    return prepare


def _begin(connection: PoolProxiedConnection) -> None:
    is_locking = connection.info.pop("locking", False)
    connection.cursor().execute("BEGIN IMMEDIATE" if is_locking else "BEGIN")


@contextmanager
def locked(opened: Engine) -> Iterator[Connection]:
    """A transaction that has the write lock of its file before its first statement."""
    with opened.connect() as connection:
        connection.info["locking"] = True
        with connection.begin():
            yield connection


@contextmanager
def reading(opened: Engine) -> Iterator[Connection]:
    """The file as it was at the first statement."""
    with opened.connect() as connection:
        connection.begin()
        yield connection


@contextmanager
def beside(opened: Engine) -> Iterator[tuple[Connection, str, str]]:
    """Tables in a file that has no name any more, next to that of the store: they may be larger than memory."""
    place = Path(str(opened.url.database))
    with opened.connect() as connection:
        connection.detach()
        descriptor, name = mkstemp(prefix=f".{place.name}.", dir=place.parent)
        os.close(descriptor)
        try:
            cursor(connection).execute("ATTACH ? AS beside", (name,))
        finally:
            Path(name).unlink()  # so that it goes with the connection, however that ends
        for statement in ("PRAGMA beside.journal_mode = OFF", "PRAGMA beside.synchronous = OFF"):
            cursor(connection).execute(statement)
        yield connection, "beside", "main"


@contextmanager
def looking(opened: Engine) -> Iterator[Connection]:
    """Any connection: a statement by itself begins nothing here."""
    with opened.connect() as connection:
        yield connection


def settle(opened: Engine) -> None:
    """Brings all that was written into the file itself, and empties the log beside it."""
    with opened.connect() as connection:
        is_busy = cursor(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
    if is_busy:
        raise Unavailable("the database cannot be settled: somebody reads for too long")


def cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def rows(connection: Connection, statement: str, parameters: tuple[object, ...]) -> list[Any]:
    """The rows of a statement."""
    return cursor(connection).execute(statement, parameters).fetchall()  # type: ignore[no-any-return]


def each(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """The same for every row."""
    cursor(connection).executemany(statement, rows)


def finish(_connection: Connection) -> None:
    """Nothing waits."""


def trouble(error: BaseException | None) -> str:
    """The name of what is wrong with the database itself, or nothing where it is the statement that is wrong."""
    is_trouble = getattr(error, "sqlite_errorcode", 0) & 0xFF in _TROUBLES
    return str(getattr(error, "sqlite_errorname", type(error).__name__)) if is_trouble else ""
