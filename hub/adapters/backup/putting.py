"""Restoring a backup: into an empty place, all of it or nothing, and read back before it is said to be there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any

from sqlalchemy import Connection

from hub.adapters.backup.archive import Archive, Progress, StoreKept, TableKept
from hub.adapters.backup.proving import Ours, Proved, prove
from hub.adapters.backup.rows import Adding, lines, put
from hub.adapters.database import is_postgresql, quickly
from hub.adapters.kek import Keks
from hub.adapters.migrations import migrate, revisions
from hub.errors import Fault, Refused
from hub.relay import shape

Opens = Callable[[str], AbstractContextManager[Connection]]
"""Opens an empty store by its name, for the time of one transaction."""

_SPAN = "SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0) FROM events"
_FORGET = "DELETE FROM positions WHERE shape <> ?"
"""Who has tables that no backup holds begins anew, as they do."""
_BEYOND = "SELECT count(*) FROM positions WHERE position > ?"


def put_back(archive: Archive, opens: Opens, keks: Keks, ours: Ours, progress: Progress) -> Proved:
    """Fills the stores from a backup, and reads everything back out of them; gives what was proved of the log.

    `ours` are the public keys of the hub that it was made of.

    Raises:
        Refused: the backup is not what it was, or was made by a newer hub.
        Fault: what was read back is not what was put in.
    """
    refuse_newer(archive)
    proved = Proved()
    for store in archive.manifest.stores:
        with opens(store.name) as connection:
            migrate(connection, store.name, store.revision)
            for kept in store.tables:
                _fill(archive, store, kept, connection, progress)
            _check_store(archive, store, connection, progress)
            if store.name == "log":
                proved = _check_log(archive.manifest.last_position, store, keks, ours, connection, progress)
            if store.name == "outbox":
                quickly(connection, _FORGET, shape(None, connection))
    return proved


def refuse_newer(archive: Archive) -> None:
    """Raises: Refused, where a newer hub made the backup: its tables are not known here."""
    for store in archive.manifest.stores:
        if store.revision not in revisions(store.name):
            words = f"A newer hub made this backup (hub {archive.manifest.hub}): restore it with that one."
            raise Refused(words, code="newer-backup")


def _fill(archive: Archive, store: StoreKept, kept: TableKept, connection: Connection, progress: Progress) -> None:
    rows = _told(archive.rows(store.name, kept), f"{store.name}: {kept.table.name}", kept.sum.rows, progress)
    put(kept.table, rows, connection)
    if is_postgresql(connection):
        _count_on(kept, connection)


def _count_on(kept: TableKept, connection: Connection) -> None:
    """Lets PostgreSQL number what comes after the rows that brought their own numbers."""
    for column in kept.table.columns:
        if column.kind == "integer":
            sequence = quickly(connection, "SELECT pg_get_serial_sequence(?, ?)", f'"{kept.table.name}"', column.name)[0][0]
            if sequence and kept.sum.rows:
                quickly(connection, f'SELECT setval(?::regclass, (SELECT max("{column.name}") FROM "{kept.table.name}"))', sequence)  # noqa: S608


# Verifying -----------------------------------------------------------------------------------------


def _check_store(archive: Archive, store: StoreKept, connection: Connection, progress: Progress) -> None:
    for kept in store.tables:
        what, adding = f"reading back {store.name}: {kept.table.name}", Adding()
        with closing(lines(kept.table, connection)) as found:
            for line in _told(found, what, kept.sum.rows, progress):
                adding.add(line)
        if adding.sum() != kept.sum:
            raise Fault(f"What was restored of {store.name}: {kept.table.name} is not what was backed up.", code="not-restored")
    if store.name == "outbox" and quickly(connection, _BEYOND, archive.manifest.last_position)[0][0]:
        raise Fault("A follower came further than the log.", code="not-restored")


def _check_log(last: int, store: StoreKept, keks: Keks, ours: Ours, connection: Connection, progress: Progress) -> Proved:
    if quickly(connection, _SPAN)[0] != (last, 1, last):
        raise Fault(f"The positions of the log are not 1 to {last} without a gap.", code="not-restored")
    has_received = any(each.table.name == "received" for each in store.tables)
    return prove(last, has_received, keks, ours, connection, progress)


def _told(each: Iterator[Any], what: str, of: int, progress: Progress) -> Iterator[Any]:
    """The same, telling now and then how far it is."""
    for done, one in enumerate(each):
        if done % 1000 == 0:
            progress(what, done, of)
        yield one
    progress(what, of, of)
