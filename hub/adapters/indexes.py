"""Indexes beside the log: tables written with the events they follow, and built anew from the log when they change shape."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from tempfile import TemporaryDirectory
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, delete, insert, select

from hub.adapters.database import engine as made
from hub.adapters.database import finish, locked, reading
from hub.adapters.event_store import EventLog, Transaction, last_of, read
from hub.ports import Fact, Projection
from hub.relay import BATCH, shape

TABLES = MetaData()
Progress = Callable[[str, int, int], None]
SHAPES = Table("index_shapes", TABLES, Column("name", Text, primary_key=True), Column("shape", Text, nullable=False))


def open_indexes(log: EventLog, mapper: Mapper[UUID], indexes: Sequence[Projection]) -> None:
    """Makes the tables of these indexes, and fills those anew that an older (or newer) hub made in another shape.

    Nobody can append meanwhile; what cannot be built leaves everything as it was.

    Raises:
        Unavailable: the database cannot be opened or written.
    """
    with log.transaction() as writing:
        for index in indexes:
            _open(index, mapper, writing)


def _open(index: Projection, mapper: Mapper[UUID], writing: Transaction) -> None:
    connection = writing.connection
    mine, now = SHAPES.c.name == index.name, shape(index.tables, connection)
    if connection.scalar(select(SHAPES.c.shape).where(mine)) == now:
        return
    index.tables.drop_all(connection)
    index.tables.create_all(connection)
    _fill(index, mapper, writing)
    connection.execute(delete(SHAPES).where(mine))
    connection.execute(insert(SHAPES).values(name=index.name, shape=now))


def _fill(index: Projection, mapper: Mapper[UUID], writing: Transaction) -> None:
    position = 0
    # read by the transaction that writes, which so shows life, and puts a batch away before it reads the next
    while rows := writing.read(position, BATCH):
        index.apply(list(_facts(index, rows, mapper)), writing.connection)
        finish(writing.connection)
        position = rows[-1][0]


def _facts(index: Projection, rows: Sequence[tuple[int, StoredEvent]], mapper: Mapper[UUID]) -> Iterator[Fact]:
    for at, stored in rows:
        if index.topics is None or stored.topic in index.topics:
            event = mapper.to_domain_event(stored)
            yield Fact(at, event.originator_id, event)


# Verifying ------------------------------------------------------------------------------------------


def differences(engine: Engine, mapper: Mapper[UUID], indexes: Sequence[Projection], progress: Progress) -> Iterator[str]:
    """The tables of these indexes in which other rows stand than the log says; they are built anew from it in a file of their own.

    All is compared as the log was at one moment, and it goes on meanwhile.
    """
    with TemporaryDirectory(prefix="hub-indexes-") as place, reading(engine) as log:
        scratch = made(f"sqlite:///{place}/built.db", durable=False)
        try:
            with locked(scratch) as built:
                for index in indexes:
                    index.tables.create_all(built)
                _build(indexes, mapper, log, built, progress)
                tables = [table for index in indexes for table in index.tables.sorted_tables]
                yield from (table.name for table in tables if not _is_same(table, built, log))
        finally:
            scratch.dispose()


def _build(indexes: Sequence[Projection], mapper: Mapper[UUID], log: Connection, built: Connection, progress: Progress) -> None:
    position, last = 0, last_of(log)
    while rows := read(log, position, BATCH):
        for index in indexes:
            index.apply(list(_facts(index, rows, mapper)), built)
        position = rows[-1][0]
        progress("building the indexes", position, last)


def _is_same(table: Table, one: Connection, other: Connection) -> bool:
    ordered = select(table).order_by(*table.primary_key.columns)
    with one.execute(ordered, execution_options=_FEW) as built, other.execute(ordered, execution_options=_FEW) as seen:
        return all(left == right for left, right in zip_longest(map(tuple, built), map(tuple, seen)))


_FEW = {"yield_per": BATCH}
