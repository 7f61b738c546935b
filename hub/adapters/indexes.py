"""Indexes beside the log: tables written with the events they follow, and built anew from the log when they change shape."""

from collections.abc import Sequence
from uuid import UUID

from eventsourcing.persistence import Mapper
from sqlalchemy import Column, MetaData, Table, Text, delete, insert, select

from hub.adapters.database import finish
from hub.adapters.event_store import EventLog, Transaction
from hub.ports import Fact, Projection
from hub.relay import BATCH, shape

TABLES = MetaData()
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
        events = (
            (at, mapper.to_domain_event(stored)) for at, stored in rows if index.topics is None or stored.topic in index.topics
        )
        index.apply([Fact(at, event.originator_id, event) for at, event in events], writing.connection)
        finish(writing.connection)
        position = rows[-1][0]
