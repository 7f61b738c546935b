"""PostgreSQL: all stores in one database, each in a schema of its own, for any number of processes on any number of machines."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event

from hub.adapters.database.patience import PATIENCE

PLACE = "%s"
ERROR = psycopg.Error
TAKEN = psycopg.IntegrityError
SCRATCH = "pg_temp"

_CURSOR = "cursor"
_ROW = re.compile(r"VALUES (\([^()]*\))")
IN_ONE, PREPARED = 500, 8
"""Rows in one statement; and in one that the server remembers, which it can of no more than a hundred."""
CONNECT_WITHIN = 5
"""Seconds."""
STALLED_AFTER = 5
"""Seconds after which a transaction in which nobody asks for anything is ended by the server, so that the others can go on:
whoever was stopped in the middle of it cannot commit what was decided on a state that is not the last any more."""
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 15_000}
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))"
_TROUBLES = ("08", "25P", "28", "3D", "40", "53", "54", "55", "57", "58", "F0", "XX")
"""Classes and codes (SQLSTATE) that are not the statement's own fault."""


def opened(place: URL, store: str, durable: bool) -> Engine:
    """An engine on the schema of that store, which is made where it is not there."""
    said = {
        "search_path": store,
        "timezone": "UTC",
        "client_encoding": "UTF8",
        "lock_timeout": f"{int(PATIENCE)}s",
        "idle_in_transaction_session_timeout": f"{STALLED_AFTER}s",
        "synchronous_commit": "on" if durable else "off",
    }
    made = create_engine(
        place.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_use_lifo=True,
        pool_timeout=PATIENCE,
        pool_pre_ping=True,
        # few stay open, for a server has not many to give; more come and go as they are needed
        pool_size=3,
        max_overflow=13,
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in said.items()),
            "connect_timeout": CONNECT_WITHIN,
            "application_name": f"hub-{store}",
            **_ALIVE,
        },
    )
    event.listen(made, "first_connect", _make_schema(store))
    return made


def _make_schema(store: str) -> Any:
    def make(connection: psycopg.Connection[Any], _: object) -> None:
        # asked first, for whoever may only use it cannot make it
        if connection.execute("SELECT to_regnamespace(%s)", (store,)).fetchone() == (None,):
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('schemas', 0))")
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{store}"'.encode())
        connection.commit()

    return make


@contextmanager
def locked(opened: Engine) -> Iterator[Connection]:
    """A transaction that has the lock of its store before it looks at anything."""
    with opened.connect() as connection, connection.begin():
        cursor(connection).execute(_LOCK)
        yield connection
        # the server would take a commit of what failed for a rollback, and say nothing of it
        driven: Any = connection.connection.driver_connection
        if driven.info.transaction_status is not TransactionStatus.INTRANS:
            raise psycopg.OperationalError("the transaction failed before it was committed")


@contextmanager
def reading(opened: Engine) -> Iterator[Connection]:
    """The store as it was at the first statement."""
    with opened.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        connection.begin()
        yield connection


def settle(opened: Engine) -> None:
    """Frees what deleted rows took; their bytes stand in free space and in the server's log until those are written over."""
    with opened.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM")


def cursor(connection: Connection) -> Any:
    """One for each connection, kept as long as that lives: to make one costs as much as to ask something with it."""
    pooled: Any = connection.connection
    if _CURSOR not in pooled.info:
        pooled.info[_CURSOR] = pooled.driver_connection.cursor(binary=True)
    return pooled.info[_CURSOR]


def each(cursor: Any, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Many rows that are only inserted go in one statement: the driver's own way waits three times for each."""
    if len(rows) == 1:
        cursor.execute(statement, rows[0])
    elif "VALUES" not in statement or "DO UPDATE" in statement:
        cursor.executemany(statement, rows)
    else:
        for start in range(0, len(rows), IN_ONE):
            some = rows[start : start + IN_ONE]
            cursor.execute(_many(statement, len(some)), tuple(chain.from_iterable(some)), prepare=len(some) <= PREPARED)


@lru_cache(maxsize=256)
def _many(statement: str, rows: int) -> str:
    return _ROW.sub(lambda found: "VALUES " + ", ".join([found[1]] * rows), statement, count=1)


def trouble(error: BaseException | None) -> str:
    """The name of what is wrong with the database itself, or nothing where it is the statement that is wrong."""
    if not isinstance(error, psycopg.Error):
        return ""
    code = error.sqlstate or ""
    is_trouble = code.startswith(_TROUBLES) if code else isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return type(error).__name__ if is_trouble else ""
