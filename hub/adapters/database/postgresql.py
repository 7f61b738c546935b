"""PostgreSQL: all stores in one database, each in a schema of its own, for any number of processes on any number of machines."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from select import POLLIN, poll
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from hub.adapters.database.patience import PATIENCE

ERROR = psycopg.Error
TAKEN = psycopg.IntegrityError

_CURSOR, _GATHERED, _USED, _TYPES = "cursor", "gathered", "used", "types"
"""What is kept beside each connection."""
RESTED = 5.0
"""Seconds after which a connection may have died without a word."""
_PLAIN_INSERT = re.compile(r"INSERT INTO (\w+) (\([^()]*\) )?VALUES \([?, ]+\)( ON CONFLICT DO NOTHING)?")
FEW = 8
"""Rows; more than these cost less when they are copied."""
PARAMETERS, PREPARED = 50, 400
"""With more parameters the driver reads a statement anew each time; and how many statements a connection remembers."""
CONNECT_WITHIN = 5
"""Seconds."""
STALLED_AFTER = 5
"""Seconds after which a transaction in which nobody asks for anything is ended by the server, so that the others can go on:
whoever was stopped in the middle of it cannot commit what was decided on a state that is not the last any more."""
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 15_000}
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))"
_TROUBLES = ("08", "25P", "28", "3D", "40", "53", "54", "55", "57", "58", "F0", "XX")
"""Classes and codes (SQLSTATE) that are not the statement's own fault."""
_CONNECTING = {
    ("Connection refused",): "the connection is refused",
    ("failed to resolve host", "could not translate host name"): "there is no such host",
    ("no password supplied", "password authentication failed"): "the password is missing or wrong",
    ("FATAL:  database ",): "there is no such database",
}
"""What is said when a connection cannot be made, for which there is no code; and what is meant."""


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
    event.listen(made, "before_cursor_execute", _insert_before)
    event.listen(made, "connect", _remember_more)
    event.listen(made, "checkout", _refuse_dead)
    event.listen(made, "checkin", _note_when)
    return made


def _remember_more(connection: psycopg.Connection[Any], _: object) -> None:
    connection.prepared_max = PREPARED


def _refuse_dead(connection: psycopg.Connection[Any], record: Any, _: object) -> None:
    """Looks whether a connection lives before it is used: one that was used just now does, unless its server hung up since."""
    rested = monotonic() - record.info.get(_USED, monotonic())
    if connection.closed or ((rested > RESTED or _has_word(connection)) and not _answers(connection)):
        raise InvalidatePoolError


def _note_when(connection: psycopg.Connection[Any] | None, record: Any) -> None:
    if connection is not None:
        record.info[_USED] = monotonic()


def _has_word(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server said something that nobody asked for, such as that it goes."""
    looking = poll()
    looking.register(connection.fileno(), POLLIN)
    return bool(looking.poll(0))


def _answers(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.Error:
        return False
    return True


def _insert_before(connection: Connection, *_: object) -> None:
    insert_gathered(connection)


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
    """A transaction that has the lock of its store before it looks at anything, and gathers what is inserted meanwhile."""
    with opened.connect() as connection, connection.begin():
        cursor(connection).execute(_LOCK)
        info = connection.connection.info
        info[_GATHERED] = {}
        try:
            yield connection
        finally:
            info.pop(_GATHERED, None)


def finish(connection: Connection) -> None:
    """Inserts what was gathered, and makes sure that the transaction can be committed."""
    insert_gathered(connection)
    driven: Any = connection.connection.driver_connection
    # the server would take a commit of what failed for a rollback, and say nothing of it
    if driven.info.transaction_status is not TransactionStatus.INTRANS:
        raise psycopg.OperationalError("the transaction failed before it was committed")


@contextmanager
def reading(opened: Engine) -> Iterator[Connection]:
    """The store as it was at the first statement."""
    with opened.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        connection.begin()
        yield connection


@contextmanager
def beside(opened: Engine) -> Iterator[tuple[Connection, str, str]]:
    """Temporary tables, which the server removes with the connection."""
    with opened.connect() as connection:
        connection.detach()
        store = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        yield connection, "pg_temp", store


@contextmanager
def looking(opened: Engine) -> Iterator[Connection]:
    """A connection on which every statement stands by itself."""
    with opened.connect() as connection:
        driven: Any = connection.connection.driver_connection
        driven.autocommit = True
        try:
            yield connection
        finally:
            with suppress(psycopg.Error):  # one that broke is not used again
                driven.autocommit = False


def settle(opened: Engine) -> None:
    """Frees what deleted rows took; their bytes stand in free space and in the server's log until those are written over."""
    with opened.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM")


def cursor(connection: Connection) -> Any:
    """One for each connection, kept as long as that lives: to make one costs as much as to ask something with it."""
    pooled: Any = connection.connection
    if _CURSOR not in pooled.info:
        pooled.info[_CURSOR] = pooled.dbapi_connection.cursor(binary=True)  # which a detached one has, too
    return pooled.info[_CURSOR]


def rows(connection: Connection, statement: str, parameters: tuple[object, ...]) -> list[Any]:
    """The rows of a statement; what was gathered for a table that it names is there before."""
    gathered = connection.connection.info.get(_GATHERED)
    if gathered and any(_insert(each)[0] in statement for each in gathered):
        insert_gathered(connection)
    asked = cursor(connection)
    asked.execute(_written(statement), parameters)
    return list(asked.fetchall()) if asked.description else []


def each(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """The same for every row; a plain insert waits, to go with others in one statement when somebody looks, or at the end."""
    gathered = connection.connection.info.get(_GATHERED)
    if gathered is not None and _insert(statement)[0]:
        gathered.setdefault(statement, []).extend(rows)
        return
    insert_gathered(connection)
    _write(connection, statement, rows)


def insert_gathered(connection: Connection) -> None:
    """Inserts what waits, in the order in which it came, one statement for each kind of row."""
    gathered = connection.connection.info.get(_GATHERED)
    if gathered:
        waiting = list(gathered.items())
        gathered.clear()
        for statement, some in waiting:
            _write(connection, statement, some)


def _write(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    asked = cursor(connection)
    table, columns, then = _insert(statement)
    if len(rows) == 1:
        asked.execute(_written(statement), rows[0])
    elif not table:
        asked.executemany(_written(statement), rows)
    elif then or len(rows) <= FEW:
        share = PARAMETERS // len(rows[0])
        for start in range(0, len(rows), share):
            some = rows[start : start + share]
            asked.execute(_insert_many(statement, len(some)), tuple(chain.from_iterable(some)))
    else:
        _copy(connection, table, columns, rows)


def _copy(connection: Connection, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    kinds = _kinds(connection, table, columns)
    with cursor(connection).copy(f"COPY {table} {columns} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(kinds)
        for row in rows:
            copy.write_row(row)


def _kinds(connection: Connection, table: str, columns: str) -> Sequence[int]:
    """The types of these columns, by the server's numbers; asked once on each connection."""
    beside = connection.connection.info
    if (key := (_TYPES, table, columns)) not in beside:
        asked = cursor(connection)
        asked.execute(f"SELECT {columns.strip('() ') or '*'} FROM {table} LIMIT 0")  # noqa: S608
        beside[key] = [column.type_code for column in asked.description]
    found: Sequence[int] = beside[key]
    return found


@lru_cache(maxsize=512)
def _insert(statement: str) -> tuple[str, str, str]:
    """The table, the columns and the end of a plain insert; nothing where it is anything else."""
    found = _PLAIN_INSERT.fullmatch(statement)
    return (found[1], found[2] or "", found[3] or "") if found else ("", "", "")


@lru_cache(maxsize=512)
def _insert_many(statement: str, rows: int) -> str:
    begin, values, rest = _written(statement).partition(" VALUES ")
    row, end, then = rest.partition(")")
    return f"{begin}{values}{', '.join([row + end] * rows)}{then}"


@lru_cache(maxsize=512)
def _written(statement: str) -> str:
    return statement.replace("?", "%s")


def trouble(error: BaseException | None) -> str:
    """The name of what is wrong with the database itself, or nothing where it is the statement that is wrong."""
    if not isinstance(error, psycopg.Error):
        return ""
    code = error.sqlstate or ""
    is_trouble = code.startswith(_TROUBLES) if code else isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return (_of_connecting(str(error)) if not code else "") or type(error).__name__ if is_trouble else ""


def _of_connecting(said: str) -> str:
    """In a few words, never those that were said: they name who wanted what."""
    return next((words for phrases, words in _CONNECTING.items() if any(phrase in said for phrase in phrases)), "")
