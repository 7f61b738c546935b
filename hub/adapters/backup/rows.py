"""Rows of any table as lines of JSON, the same whatever database they came from, and what a number of such lines adds up to."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from types import GenericAlias
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import Connection, func, insert, select

AT_ONCE = 500
"""Rows that are taken from a database, or put into one, at once."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a column holds: by which types of SQLAlchemy that is known, and what it is in Python."""

    known_by: type[sqlalchemy.types.TypeEngine[Any]]
    written: Callable[[], sqlalchemy.types.TypeEngine[Any]]
    read: type[object]


_KINDS = {
    "uuid": _Kind(sqlalchemy.Uuid, sqlalchemy.Uuid, UUID),
    "boolean": _Kind(sqlalchemy.Boolean, sqlalchemy.Boolean, bool),
    "integer": _Kind(sqlalchemy.Integer, sqlalchemy.BigInteger, int),
    "number": _Kind(sqlalchemy.Float, sqlalchemy.Double, float),
    "bytes": _Kind(sqlalchemy.LargeBinary, sqlalchemy.LargeBinary, bytes),
    "text": _Kind(sqlalchemy.String, sqlalchemy.Text, str),
}


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column: its name, the kind of what it holds, and whether it may hold nothing."""

    name: str
    kind: str
    is_nullable: bool

    @classmethod
    def of(cls, column: sqlalchemy.Column[Any]) -> "Column":
        """Raises: TypeError, where it holds what no backup can."""
        for kind, known in _KINDS.items():
            if isinstance(column.type, known.known_by):
                return cls(str(column.name), kind, bool(column.nullable))
        raise TypeError(f"{column.table.name}.{column.name}: no backup can hold {column.type!r}")


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table as it is called in a database, its columns in the order of a line, and those of its key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @classmethod
    def of(cls, table: sqlalchemy.Table) -> "Table":
        """Raises: TypeError, where a column holds what no backup can."""
        columns = tuple(Column.of(column) for column in table.columns)
        return cls(str(table.name), columns, tuple(str(column.name) for column in table.primary_key))

    def described(self) -> sqlalchemy.Table:
        """The table as its rows are written and read, whoever made it."""
        columns = (sqlalchemy.Column(each.name, _KINDS[each.kind].written()) for each in self.columns)
        return sqlalchemy.Table(self.name, sqlalchemy.MetaData(), *columns)

    def reader(self) -> Callable[[bytes], tuple[Any, ...]]:
        """Reads a row from its line. Raises: msgspec.DecodeError."""
        kinds = tuple(_KINDS[each.kind].read | None if each.is_nullable else _KINDS[each.kind].read for each in self.columns)
        read: Callable[[bytes], tuple[Any, ...]] = msgspec.json.Decoder(GenericAlias(tuple, kinds)).decode
        return read


class Sum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many lines there were, and the SHA-256 of them in their order: databases of the hub sort alike, by bytes."""

    rows: int
    sha256: str


@dataclass(slots=True)
class Adding:
    """Adds up lines as they come."""

    rows: int = 0
    _digest: Any = field(default_factory=sha256)

    def add(self, line: bytes) -> None:
        """One line, with its end."""
        self.rows += 1
        self._digest.update(line)

    def sum(self) -> Sum:
        """What it is by now."""
        return Sum(self.rows, self._digest.hexdigest())


def lines(table: Table, connection: Connection) -> Generator[bytes, None, None]:
    """The rows of a table, each a line, in the order of its key; few of them are in memory at a time. To be closed."""
    described = table.described()
    query = select(described).order_by(*(described.c[name] for name in table.key))
    with connection.execute(query.execution_options(stream_results=True, yield_per=AT_ONCE)) as found:
        for row in found:
            yield _encode(tuple(row)) + b"\n"


def count(table: Table, connection: Connection) -> int:
    """How many rows there are."""
    return connection.execute(select(func.count()).select_from(table.described())).scalar_one()


def put(table: Table, rows: Iterable[Sequence[Any]], connection: Connection) -> None:
    """Puts rows into a table that is there, a few at a time."""
    names, adding, waiting = [column.name for column in table.columns], insert(table.described()), iter(rows)
    while some := [dict(zip(names, row, strict=True)) for row in islice(waiting, AT_ONCE)]:
        connection.execute(adding, some)
