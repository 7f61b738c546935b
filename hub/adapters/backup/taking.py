"""Making a backup while the hub runs: every durable store as it was at one moment, in one file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, Engine

from hub.adapters import rfc3339
from hub.adapters.backup.archive import FORMAT, Manifest, Progress, StoreKept, TableKept, Writer, writing
from hub.adapters.backup.rows import Table, count, lines
from hub.adapters.database import is_postgresql, promised, quickly, reading
from hub.adapters.kek import Keks
from hub.adapters.migrations import stands_at

_LAST = "SELECT coalesce(max(position), 0) FROM events"
_KEKS = "SELECT DISTINCT kek FROM vault_keys WHERE wrapped IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Store:
    """A store of which a backup is made, and those of its tables that cannot be built anew from others."""

    name: str
    engine: Engine
    tables: Sequence[sqlalchemy.Table]


@dataclass(frozen=True, slots=True)
class Own:
    """What the hub says of itself: its version, the moment, and the document of its own keys, sealed."""

    version: str
    now: datetime
    keys: str


def back_up(stores: Sequence[Store], own: Own, keks: Keks, path: Path, progress: Progress) -> Manifest:
    """Writes the stores to a new file, the log being the last of them; gives what it holds.

    Raises:
        FileExistsError: the file is there already; it was left as it is.
        Unavailable: a store cannot be read.
    """
    with promised("the hub cannot be backed up"), writing(path, keks) as writer, together(stores) as seen:
        kept = tuple(_store(store, seen[store.name], writer, progress) for store in stores)
        log = seen["log"]
        wrapping = {str(row[0]) for row in quickly(log, _KEKS)}
        manifest = Manifest(
            format=FORMAT,
            hub=own.version,
            made=rfc3339.written(own.now),
            last_position=int(quickly(log, _LAST)[0][0]),
            keks=tuple(sorted(wrapping | {keks.present().id})),
            keys=own.keys,
            stores=kept,
        )
        writer.finish(manifest)
    return manifest


def _store(store: Store, seen: Connection, writer: Writer, progress: Progress) -> StoreKept:
    return StoreKept(store.name, stands_at(seen), tuple(_table(store.name, each, seen, writer, progress) for each in store.tables))


def _table(store: str, known: sqlalchemy.Table, seen: Connection, writer: Writer, progress: Progress) -> TableKept:
    table = Table.of(known)
    of = count(table, seen)
    with closing(lines(table, seen)) as found:
        return writer.lines(store, table, found, lambda done: progress(f"{store}: {table.name}", done, of))


@contextmanager
def together(stores: Sequence[Store]) -> Iterator[Mapping[str, Connection]]:
    """All stores as they were at one moment; where they are files, at moments in the order given.

    So who follows the log goes before it: then nobody's position lies beyond its end.
    """
    with ExitStack() as stack:
        seen: dict[str, Connection] = {}
        for store in stores:
            connection = stack.enter_context(reading(store.engine))
            _join(connection, next(iter(seen.values()), None))
            seen[store.name] = connection
        yield seen


def _join(connection: Connection, first: Connection | None) -> None:
    """Lets a transaction begin to see; on PostgreSQL exactly what the first one sees."""
    if not is_postgresql(connection):
        quickly(connection, "SELECT count(*) FROM sqlite_master")
        return
    if first is not None:
        shared = quickly(first, "SELECT pg_export_snapshot()")[0][0]
        connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{shared}'")
    # a backup waits for its file, and holds up nobody
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
