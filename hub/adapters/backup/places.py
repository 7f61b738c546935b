"""Where a backup may be restored to: files or a database in which there is no hub, filled whole or left as they were."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from os.path import samestat
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine

from hub.adapters.backup.putting import Opens
from hub.adapters.database import engine, locked, promised, quickly
from hub.adapters.migrations import STORES
from hub.adapters.secret_files import write_new
from hub.errors import RuleBroken

UNFINISHED = "restoring"
"""The file that stands in a directory of data while it is filled: nobody may open a hub there."""
_BESIDE = ("", "-wal", "-shm")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))"
_KEYS = "INSERT INTO sealed_documents (name, revision, document) VALUES (?, 1, ?)"
_THERE = "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_schema IN ({})"


@contextmanager
def files(directory: Path, stores: Mapping[str, Path], keys: Path, document: str) -> Iterator[Opens]:
    """Stores as files of SQLite: made under other names, and given theirs when the block ends well.

    Raises:
        RuleBroken: there is a hub already, or somebody else is restoring one there.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark, targets = directory / UNFINISHED, [*stores.values(), keys]
    if not mark.exists():
        _refuse_files(targets, directory)
    with _marked(mark) as is_new:
        if is_new:
            _refuse_files(targets, directory)  # another restore may have ended well meanwhile
        else:
            _clear(targets)
        try:
            yield lambda name: _file(_unnamed(stores[name]))
            for path in stores.values():
                if _unnamed(path).exists():  # the others are built anew when the hub opens
                    _unnamed(path).rename(path)
            write_new(keys, document)  # the last, and it settles the directory
        except BaseException:
            _clear(targets)
            raise


def _refuse_files(targets: list[Path], directory: Path) -> None:
    there = [path.name for path in targets if path.exists()]
    _refuse_hub(there, str(directory.absolute()), "name another directory with HUB_DATA_DIR")


@contextmanager
def _marked(mark: Path) -> Iterator[bool]:
    """The mark while the block lasts, under a lock that goes with this process however that ends; gives whether it is new.

    Raises:
        RuleBroken: somebody else is restoring there.
    """
    descriptor, is_new = _open(mark)
    try:
        _lock(descriptor, mark)
        try:
            yield is_new
        finally:
            mark.unlink()
    finally:
        os.close(descriptor)


def _open(mark: Path) -> tuple[int, bool]:
    try:
        return os.open(mark, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), True
    except FileExistsError:
        return os.open(mark, os.O_RDWR), False


def _lock(descriptor: int, mark: Path) -> None:
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        is_ours = mark.exists() and samestat(mark.stat(), os.fstat(descriptor))
    except BlockingIOError:
        is_ours = False
    if not is_ours:
        words = f"Somebody else is restoring a backup in {mark.parent.absolute()} right now: let that end first."
        raise RuleBroken(words, code="busy")


@contextmanager
def temporary() -> Iterator[Opens]:
    """Stores as files of a directory that goes when the block ends (TMPDIR says where), for this user alone."""
    with promised("the backup cannot be checked"), TemporaryDirectory(prefix="hub-check-") as directory:
        yield lambda store: _file(Path(directory) / f"{store}.db")


@contextmanager
def _file(path: Path) -> Iterator[Connection]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    opened = engine(f"sqlite:///{path}")
    try:
        with locked(opened) as connection:
            yield connection
    finally:
        opened.dispose()  # what stands beside the file goes into it


def _unnamed(path: Path) -> Path:
    return path.with_name(f"{path.name}.{UNFINISHED}")


def _clear(targets: list[Path]) -> None:
    """What a restore made that was broken off."""
    for target in targets:
        for path in (target, _unnamed(target)):
            for end in _BESIDE:
                path.with_name(path.name + end).unlink(missing_ok=True)


@contextmanager
def database(log: Engine, keys: str, document: str) -> Iterator[Opens]:
    """Stores as schemas of a PostgreSQL database, all in one transaction, committed when the block ends well.

    Raises:
        RuleBroken: there is a hub already.
    """
    with promised("the backup cannot be restored"), locked(log) as connection:
        there = quickly(connection, _THERE.format(", ".join("?" * len(STORES))), *STORES)
        _refuse_hub([str(row[0]) for row in there], "the database", "name another one with HUB_DATABASE_URL")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield lambda store: _schema(store, connection)
        with _schema("log", connection):
            quickly(connection, _KEYS, keys, document)


@contextmanager
def _schema(store: str, connection: Connection) -> Iterator[Connection]:
    """The transaction, with the schema of a store before it, and its lock: a hub that starts now waits for the end."""
    connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{store}"')
    connection.exec_driver_sql(f'SET LOCAL search_path = "{store}"')
    connection.exec_driver_sql(_LOCK)
    yield connection


def _refuse_hub(there: list[str], where: str, elsewhere: str) -> None:
    if there:
        words = f"There is a hub in {where} already ({', '.join(there)}). A backup is restored where there is none"
        raise RuleBroken(f"{words}: {elsewhere}, or move this one away.", code="hub-is-there")
