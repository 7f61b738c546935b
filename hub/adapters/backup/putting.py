"""Restoring a backup: into an empty place, all of it or nothing, and read back before it is said to be there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from sqlalchemy import Connection

from hub.adapters.backup.archive import Archive, Progress, StoreKept, TableKept
from hub.adapters.backup.rows import AT_ONCE, Adding, lines, put
from hub.adapters.database import is_postgresql, quickly
from hub.adapters.kek import Keks
from hub.adapters.mapper import PlainMapper, mapper
from hub.adapters.migrations import migrate, revisions
from hub.adapters.vault import REMEMBERED, Cipher, DoesNotOpen
from hub.errors import Fault, Refused
from hub.relay import shape

Opens = Callable[[str], AbstractContextManager[Connection]]
"""Opens an empty store by its name, for the time of one transaction."""

_SPAN = "SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0) FROM events"
_WRAPPED = "SELECT subject, kek, wrapped FROM vault_keys WHERE wrapped IS NOT NULL ORDER BY subject"
_KEY = "SELECT kek, wrapped FROM vault_keys WHERE subject = ?"
_EVENTS = "SELECT position, stream_id, version, topic, state FROM events WHERE position > ? ORDER BY position LIMIT ?"
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
        _check_log(archive.manifest.last_position, keks, connection, progress)
    if store.name == "outbox" and quickly(connection, _BEYOND, archive.manifest.last_position)[0][0]:
        raise Fault("A follower came further than the log.", code="not-restored")


def _check_log(last: int, keks: Keks, connection: Connection, progress: Progress) -> None:
    if quickly(connection, _SPAN)[0] != (last, 1, last):
        raise Fault(f"The positions of the log are not 1 to {last} without a gap.", code="not-restored")
    keys = _Keys(keks, connection)
    try:
        for subject, kek, wrapped in quickly(connection, _WRAPPED):
            keys.unwrapped(subject, kek, wrapped)
        _open_events(last, mapper(keys), connection, progress)
    except (DoesNotOpen, MapperDeserialisationError) as error:
        raise Fault("What is sealed does not open.", code="not-restored") from error


def _open_events(last: int, mapper: PlainMapper, connection: Connection, progress: Progress) -> None:
    """Every event, as an auditor would read it."""
    position = 0
    while rows := quickly(connection, _EVENTS, position, AT_ONCE):
        for _, stream, *stored in rows:
            mapper.to_domain_event(StoredEvent(stream if isinstance(stream, UUID) else UUID(stream), *stored))
        position = rows[-1][0]
        progress("opening every event", position, last)


class _Keys:
    """Keys of the vault as they stand in a transaction that nobody else sees yet."""

    def __init__(self, keks: Keks, connection: Connection) -> None:
        self._keks, self._connection = keks, connection
        self._of = lru_cache(maxsize=REMEMBERED)(self._read)

    def unwrapped(self, subject: str, kek: str, wrapped: bytes) -> bytes:
        """Raises: DoesNotOpen."""
        if (known := self._keks.find(kek)) is None:
            raise DoesNotOpen("the key-encryption key was not given")
        return Cipher(known.cipher, subject.encode()).open(wrapped)

    def open(self, subject: UUID, sealed: bytes, bound: bytes) -> bytes | None:
        """What was sealed; nothing where the key was destroyed. Raises: DoesNotOpen."""
        key = self._of(subject)
        return None if key is None else Cipher(key, bound).open(sealed)

    def _read(self, subject: UUID) -> AESGCM | None:
        rows = quickly(self._connection, _KEY, subject.hex)
        if not rows:
            raise DoesNotOpen("there is no key for it")
        kek, wrapped = rows[0]
        return None if wrapped is None else AESGCM(self.unwrapped(subject.hex, kek, wrapped))

    def seal(self, subject: UUID, data: bytes, bound: bytes) -> bytes | None:  # noqa: ARG002
        """Nothing is sealed here."""
        return None


def _told(each: Iterator[Any], what: str, of: int, progress: Progress) -> Iterator[Any]:
    """The same, telling now and then how far it is."""
    for done, one in enumerate(each):
        if done % 1000 == 0:
            progress(what, done, of)
        yield one
    progress(what, of, of)
