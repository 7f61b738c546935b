"""The vault: a key for each subject, so that destroying one key makes all that was sealed with it unreadable everywhere.

A subject is a stream's id: a person for who they are, a family for free text about it, a question or a message for what
waits in it. Its key is random, wrapped by the key-encryption key, and made in the transaction that first needs it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_bytes
from threading import Lock, local
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, Column, Connection, Engine, Index, LargeBinary, MetaData, String, Table

from hub.adapters.database import any_of, locked, looking, promised, quickly, quickly_each
from hub.adapters.kek import BYTES, Kek, Keks
from hub.errors import Unavailable

REMEMBERED = 20_000
"""Unwrapped keys in memory."""
NOTICED_WITHIN = 0.5
"""Seconds after which a reader looks whether another process destroyed a key."""
AT_ONCE = 500
"""Keys wrapped anew in one transaction, so that nobody waits long for it."""
_NONCE = 12

TABLES = MetaData()
KEYS = Table(
    "vault_keys",
    TABLES,
    Column("subject", String(32), primary_key=True),
    Column("kek", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=True),
    Column("destroyed", BigInteger, nullable=True),
    sqlite_with_rowid=False,
)
"""A key that was destroyed keeps its row, so that its subject never gets another; `destroyed` counts them in order."""
_IS_DESTROYED = KEYS.c.destroyed.is_not(None)
Index("vault_destroyed", KEYS.c.destroyed, unique=True, sqlite_where=_IS_DESTROYED, postgresql_where=_IS_DESTROYED)

_FIND = "SELECT kek, wrapped FROM vault_keys WHERE subject = ?"
_MAKE = "INSERT INTO vault_keys (subject, kek, wrapped) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
_MAKE_NEW = "INSERT INTO vault_keys (subject, kek, wrapped) VALUES (?, ?, ?)"
_FIND_ALL = "SELECT subject, kek, wrapped FROM vault_keys WHERE subject {}"
_GONE = "SELECT destroyed, subject FROM vault_keys WHERE destroyed > ? ORDER BY destroyed"
_LAST = "SELECT coalesce(max(destroyed), 0) FROM vault_keys WHERE destroyed IS NOT NULL"
_DESTROY = (
    "INSERT INTO vault_keys (subject, kek, wrapped, destroyed) VALUES (?, '', NULL, ?) "
    "ON CONFLICT (subject) DO UPDATE SET kek = '', wrapped = NULL, destroyed = excluded.destroyed "
    "WHERE vault_keys.destroyed IS NULL"
)
_AFTER = "SELECT subject, kek, wrapped FROM vault_keys WHERE subject > ? ORDER BY subject LIMIT ?"
_REWRAP = "UPDATE vault_keys SET kek = ?, wrapped = ? WHERE subject = ?"


def has_keys(engine: Engine) -> bool:
    """Whether anything was sealed yet."""
    with promised("the vault cannot be read"), engine.connect() as connection:
        return bool(quickly(connection, "SELECT 1 FROM vault_keys LIMIT 1"))


class DoesNotOpen(ValueError):
    """What was sealed is not what it was, or stands in another place than it was sealed for."""


@dataclass(frozen=True, slots=True)
class Cipher:
    """Seals and opens with one key, bound to one place."""

    key: AESGCM
    bound: bytes

    def seal(self, data: bytes) -> bytes:
        return _sealed(self.key, data, self.bound)

    def open(self, sealed: bytes) -> bytes:
        """Raises: DoesNotOpen."""
        return _opened(self.key, sealed, self.bound)


class _Writing(local):
    """What the thread that writes has to know: its connection, and the keys that it made and that are not committed yet."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.made: dict[UUID, AESGCM] = {}
        self.absent: set[UUID] = set()
        self.present: Kek | None = None


class Vault:
    """Seals and opens for a subject; threads and processes may share its table."""

    def __init__(self, engine: Engine, keks: Keks) -> None:
        self._engine, self._keks = engine, keks
        self._kept: OrderedDict[UUID, AESGCM] = OrderedDict()
        self._lock = Lock()
        self._writing = _Writing()
        self._gone = self._told = 0
        self.look()

    # Sealing ----------------------------------------------------------------------------------------

    def seal(self, subject: UUID, data: bytes, bound: bytes) -> bytes | None:
        """The data sealed for a subject, bound to where it stands; `None` where its key was destroyed: then nothing is kept.

        Only within `during`, for the first sealing makes the key.
        """
        key = self._own(subject)
        return None if key is None else _sealed(key, data, bound)

    def open(self, subject: UUID, sealed: bytes, bound: bytes) -> bytes | None:
        """What was sealed; `None` where the subject's key was destroyed.

        Raises:
            DoesNotOpen: changed, cut short, or sealed for another place or subject.
        """
        key = self._find(subject)
        return None if key is None else _opened(key, sealed, bound)

    def cipher(self, subject: UUID) -> Cipher:
        """Seals and opens for a subject whose key is never destroyed; makes the key where there is none.

        Raises:
            Unavailable: it was destroyed all the same, or the database cannot be written.
        """
        with promised("the vault cannot be written"), locked(self._engine) as connection, self.during(connection):
            key = self._own(subject)
        if key is None:
            raise Unavailable("a key of the hub itself was destroyed", code="no-key")
        return Cipher(key, subject.bytes)

    # Keys -------------------------------------------------------------------------------------------

    @contextmanager
    def during(self, connection: Connection) -> Iterator[bool]:
        """Makes keys on this transaction while the block lasts; then forgets them, for only what is committed counts.

        Gives whether any key was destroyed since the last time: what was read with it before must be forgotten.
        """
        self._look_on(connection)
        is_changed, self._told = self._told != self._gone, self._gone
        self._writing.connection = connection
        try:
            yield is_changed
        finally:
            self._writing.connection, self._writing.present = None, None
            self._writing.made, self._writing.absent = {}, set()

    def look_ahead(self, subjects: Collection[UUID]) -> None:
        """Looks in one go which of these have a key, within `during`: so that it need not be asked for each."""
        connection = self._writing.connection
        unknown = {subject for subject in subjects if self._in_memory(subject) is None}
        if connection is None or not unknown:
            return
        condition, wanted = any_of(connection, (subject.hex for subject in unknown))
        for hex, kek, wrapped in quickly(connection, _FIND_ALL.format(condition), wanted):
            unknown.discard(subject := UUID(hex))
            self._read(subject, self._gone, kek, wrapped)
        self._writing.absent |= unknown

    def destroy(self, subjects: Iterable[UUID], connection: Connection) -> None:
        """Destroys keys for ever, on the transaction of the caller; a subject that had none never gets one."""
        last = int(quickly(connection, _LAST)[0][0])
        for nth, subject in enumerate(dict.fromkeys(subjects), start=last + 1):
            quickly(connection, _DESTROY, subject.hex, nth)
            self._writing.made.pop(subject, None)
            self._writing.absent.discard(subject)
            with self._lock:
                self._kept.pop(subject, None)

    def look(self) -> None:
        """Forgets the keys that anybody destroyed."""
        with self._reading() as connection:
            self._look_on(connection)

    def rotate(self, also: Callable[[], object]) -> int:
        """Wraps every key anew with a new key-encryption key, a few at a time, and gives how many; everybody goes on meanwhile.

        `also` wraps anew what else the key-encryption key stands around: the old one is dropped after it.

        Raises:
            RuleBroken: the new key has to be given first, or somebody else is at it.
        """
        with self._keks.source.renewing():
            count, last = 0, ""
            while rows := self._rewrap(last):
                count, last = count + rows[0], rows[1]
            also()
        return count

    def around(self) -> list[str]:
        """The ids of the key-encryption keys that there are now, the one that wraps first."""
        return [Kek.of(key).id for key in self._keks.source.read()]

    def _rewrap(self, after: str) -> tuple[int, str] | None:
        """Wraps the next keys anew; gives how many, and the last that was looked at.

        Whoever makes a key asks which one wraps while it has the database's lock. So when the first of these transactions has
        had that lock, every newer key is wrapped by the new one, and one pass over the table is enough.
        """
        with promised("the vault cannot be written"), locked(self._engine) as connection:
            present = self._keks.present()
            rows = quickly(connection, _AFTER, after, AT_ONCE)
            old = [row for row in rows if row[1] not in ("", present.id)]
            new = [(present.id, _wrapped(present, row[0], self._unwrapped(*row)), row[0]) for row in old]
            quickly_each(connection, _REWRAP, new)
        return (len(old), rows[-1][0]) if rows else None

    def _own(self, subject: UUID) -> AESGCM | None:
        """The key of a subject, made where there is none yet."""
        connection = self._writing.connection
        if connection is None:
            raise RuntimeError("a key is made only within a transaction")
        key = self._in_memory(subject)
        if key is not None:
            return key
        # most who are not in memory are new
        return self._make(subject, connection) or self._read(subject, self._gone, *quickly(connection, _FIND, subject.hex)[0])

    def _make(self, subject: UUID, connection: Connection) -> AESGCM | None:
        """A new key, if its subject has none yet."""
        secret, present = token_bytes(BYTES), self._present()
        row = (subject.hex, present.id, _wrapped(present, subject.hex, secret))
        if subject in self._writing.absent:
            quickly_each(connection, _MAKE_NEW, [row])
            self._writing.absent.discard(subject)
        elif not quickly(connection, _MAKE, *row):
            return None
        key = self._writing.made[subject] = AESGCM(secret)
        return key

    def _present(self) -> Kek:
        """The key that wraps, asked for once while this transaction has the lock."""
        if self._writing.present is None:
            self._writing.present = self._keks.present()
        return self._writing.present

    def _find(self, subject: UUID) -> AESGCM | None:
        if self._writing.connection is None and time.monotonic() - self._looked > NOTICED_WITHIN:
            self.look()
        key = self._in_memory(subject)
        if key is not None:
            return key
        wrapped_by = ""
        while True:
            with self._reading() as connection:
                gone, rows = self._gone, quickly(connection, _FIND, subject.hex)
            if not rows:
                raise Unavailable("a key is gone that nobody destroyed", code="no-key")
            try:
                return self._read(subject, gone, *rows[0])
            except Unavailable:
                # unless it was wrapped anew, and the old key-encryption key dropped, between a look at the row and one at the keys
                if rows[0][1] == wrapped_by:
                    raise
                wrapped_by = rows[0][1]

    def _in_memory(self, subject: UUID) -> AESGCM | None:
        return self._writing.made.get(subject) or self._kept.get(subject)

    def _read(self, subject: UUID, gone: int, kek: str, wrapped: bytes | None) -> AESGCM | None:
        if wrapped is None:
            return None
        key = AESGCM(self._unwrapped(subject.hex, kek, wrapped))
        with self._lock:
            # one that was destroyed while we read must not stay
            if gone == self._gone:
                self._kept[subject] = key
                if len(self._kept) > REMEMBERED:
                    self._kept.popitem(last=False)
        return key

    def _unwrapped(self, subject: str, kek: str, wrapped: bytes) -> bytes:
        known = self._keks.find(kek)
        if known is None:
            raise Unavailable("the key-encryption key is not the one that these keys were wrapped with", code="no-kek")
        return _opened(known.cipher, wrapped, subject.encode())

    def _look_on(self, connection: Connection) -> None:
        self._looked = time.monotonic()
        for number, subject in quickly(connection, _GONE, self._gone):
            with self._lock:
                self._gone = max(number, self._gone)
                self._kept.pop(UUID(subject), None)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._writing.connection is not None:
            yield self._writing.connection
        else:
            with promised("the vault cannot be read"), looking(self._engine) as connection:
                yield connection


def _wrapped(kek: Kek, subject: str, key: bytes) -> bytes:
    return _sealed(kek.cipher, key, subject.encode())


def _sealed(key: AESGCM, data: bytes, bound: bytes) -> bytes:
    nonce = token_bytes(_NONCE)
    return nonce + key.encrypt(nonce, data, bound)


def _opened(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    try:
        return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except (InvalidTag, ValueError):
        raise DoesNotOpen("changed, cut short, or sealed for another place") from None
