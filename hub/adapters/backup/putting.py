"""Restoring a backup: into an empty place, all of it or nothing, and read back before it is said to be there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from sqlalchemy import Connection

from hub.adapters.backup.archive import Archive, Progress, StoreKept, TableKept
from hub.adapters.backup.rows import Adding, lines, put
from hub.adapters.database import is_postgresql, quickly
from hub.adapters.kek import Keks
from hub.adapters.mapper import mapper
from hub.adapters.migrations import migrate, revisions
from hub.adapters.vault import Cipher, DoesNotOpen
from hub.errors import Fault, Refused
from hub.relay import shape

Opens = Callable[[str], AbstractContextManager[Connection]]
"""Opens an empty store by its name, for the time of one transaction."""

_SPAN = "SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0) FROM events"
_WRAPPED = "SELECT subject, kek, wrapped FROM vault_keys WHERE wrapped IS NOT NULL ORDER BY subject"
_KEY = "SELECT kek, wrapped FROM vault_keys WHERE subject = ?"
_NEWEST = "SELECT stream_id, version, topic, state FROM events WHERE position > ?"
_OPENED = 1_000
"""Of the newest events, how many are opened; whoever opens the hub then opens all, for its indexes."""
_FORGET = "DELETE FROM positions WHERE shape <> ?"
"""Who has tables that no backup holds begins anew, as they do."""
_BEYOND = "SELECT count(*) FROM positions WHERE position > ?"


def put_back(archive: Archive, opens: Opens, keks: Keks, progress: Progress) -> None:
    """Fills the stores from a backup, and reads everything back out of them.

    Raises:
        Refused: the backup is not what it was, or was made by a newer hub.
        Fault: what was read back is not what was put in.
    """
    refuse_newer(archive)
    for store in archive.manifest.stores:
        with opens(store.name) as connection:
            migrate(connection, store.name, store.revision)
            for kept in store.tables:
                _fill(archive, store, kept, connection, progress)
            _check_store(archive, store, keks, connection, progress)
            if store.name == "outbox":
                quickly(connection, _FORGET, shape(None, connection))


def refuse_newer(archive: Archive) -> None:
    """Raises: Refused, where a newer hub made the backup: its tables are not known here."""
    for store in archive.manifest.stores:
        if store.revision not in revisions(store.name):
            words = f"A newer hub made this backup (hub {archive.manifest.hub}): restore it with that one."
            raise Refused(words, code="newer-backup")


def check(archive: Archive, progress: Progress) -> None:
    """Reads all of a backup and puts it nowhere. Raises: Refused."""
    refuse_newer(archive)
    for store in archive.manifest.stores:
        for kept in store.tables:
            for _ in _told(archive.rows(store.name, kept), f"{store.name}: {kept.table.name}", kept.sum.rows, progress):
                pass


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


def _check_store(archive: Archive, store: StoreKept, keks: Keks, connection: Connection, progress: Progress) -> None:
    for kept in store.tables:
        what, adding = f"reading back {store.name}: {kept.table.name}", Adding()
        with closing(lines(kept.table, connection)) as found:
            for line in _told(found, what, kept.sum.rows, progress):
                adding.add(line)
        if adding.sum() != kept.sum:
            raise Fault(f"What was restored of {store.name}: {kept.table.name} is not what was backed up.", code="not-restored")
    if store.name == "log":
        _check_log(archive.manifest.last_position, keks, connection)
    if store.name == "outbox" and quickly(connection, _BEYOND, archive.manifest.last_position)[0][0]:
        raise Fault("A follower came further than the log.", code="not-restored")


def _check_log(last: int, keks: Keks, connection: Connection) -> None:
    if quickly(connection, _SPAN)[0] != (last, 1, last):
        raise Fault(f"The positions of the log are not 1 to {last} without a gap.", code="not-restored")
    keys = _Keys(keks, connection)
    read = mapper(keys).to_domain_event
    try:
        for subject, kek, wrapped in quickly(connection, _WRAPPED):
            keys.unwrapped(subject, kek, wrapped)
        for stream, *rest in quickly(connection, _NEWEST, last - _OPENED):
            read(StoredEvent(stream if isinstance(stream, UUID) else UUID(stream), *rest))
    except (DoesNotOpen, MapperDeserialisationError) as error:
        raise Fault("What is sealed does not open.", code="not-restored") from error


@dataclass(frozen=True, slots=True)
class _Keys:
    """Keys of the vault as they stand in a transaction that nobody else sees yet."""

    keks: Keks
    connection: Connection

    def unwrapped(self, subject: str, kek: str, wrapped: bytes) -> bytes:
        if (known := self.keks.find(kek)) is None:
            raise DoesNotOpen("the key-encryption key was not given")
        return Cipher(known.cipher, subject.encode()).open(wrapped)

    def open(self, subject: UUID, sealed: bytes, bound: bytes) -> bytes | None:
        rows = quickly(self.connection, _KEY, subject.hex)
        if not rows or rows[0][1] is None:
            return None
        return Cipher(AESGCM(self.unwrapped(subject.hex, *rows[0])), bound).open(sealed)

    def seal(self, subject: UUID, data: bytes, bound: bytes) -> bytes | None:
        raise NotImplementedError


def _told(each: Iterator[Any], what: str, of: int, progress: Progress) -> Iterator[Any]:
    """The same, telling now and then how far it is."""
    for done, one in enumerate(each):
        if done % 1000 == 0:
            progress(what, done, of)
        yield one
    progress(what, of, of)
