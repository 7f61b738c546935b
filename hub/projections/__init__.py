"""What we show: one module for each read model, and here what they share: rows folded from facts, pages, and words of schemas."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Dialect, LargeBinary, Select, Table, delete, insert, select, tuple_
from sqlalchemy.types import TypeDecorator

from hub.domain import field_classes as of
from hub.domain.streams import Recorded, Stream
from hub.domain.trajectory import Trajectory
from hub.errors import Malformed, Violation
from hub.ports import Asked, Fact, Projection

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""As large as a column holds."""
Row = dict[str, Any]
Step = Callable[[Row | None, Fact], Row | None]


def found() -> dict[str, Projection]:
    """Every projection, by its name."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    projections: list[Projection] = [module.PROJECTION for module in modules]
    return {projection.name: projection for projection in projections}


def events_of(stream: type[Stream]) -> frozenset[type[Recorded]]:
    """The events of a stream, by class."""
    named = (getattr(stream, name) for name in dir(stream))
    return frozenset(each for each in named if isinstance(each, type) and issubclass(each, Recorded) and each is not Recorded)


def topics_of(*kinds: Iterable[type[Recorded]]) -> frozenset[str]:
    """The topics of all these classes of events."""
    return frozenset(kind.TOPIC for some in kinds for kind in some)


# Rows -------------------------------------------------------------------------------------------


class Document(TypeDecorator[Any]):
    """Plain data in one column, sealed where its database has a key for that: it is not searched, nor ordered by."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes:
        plain = msgspec.json.encode(value)
        cipher = getattr(dialect, "sealed_by", None)
        return cipher.seal(plain) if cipher else plain

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        cipher = getattr(dialect, "sealed_by", None)
        return msgspec.json.decode(cipher.open(value) if cipher else value)


def fold(
    table: Table,
    changes: Iterable[tuple[str, Fact]],
    step: Step,
    connection: Connection,
    made: Callable[[Row], Row] = lambda row: row,
) -> None:
    """Lets facts change the rows that they are about: loads those rows at once, folds, and writes each once.

    `changes` pairs a key of the table with a fact, in order; `step` gives what the row becomes, `None` for no row. `made` is given
    each row once, as it then is, for the columns that follow from the others.
    """
    todo = list(changes)
    if not todo:
        return
    (key,) = table.primary_key.columns
    keys = {one for one, _ in todo}
    rows: dict[str, Row] = {row[key]: dict(row) for row in connection.execute(select(table).where(key.in_(keys))).mappings()}
    before = set(rows)
    for one, fact in todo:
        row = step(rows.get(one), fact)
        if row is None:
            rows.pop(one, None)
        else:
            rows[one] = row
    if before:
        connection.execute(delete(table).where(key.in_(before)))
    if rows:
        connection.execute(insert(table), [made(row) for row in rows.values()])


GONE = (Trajectory.SignalUnlinked, Trajectory.SignalWithdrawn, Trajectory.SignalCorrected)
OF_SIGNALS = (Trajectory.SignalRecorded, *GONE, Trajectory.LetGo)
"""The events that change which signals a family has."""


def keep_signals(
    table: Table, facts: Iterable[Fact], row: Callable[[Trajectory.SignalRecorded], Row | None], connection: Connection
) -> set[str]:
    """Keeps a row for every signal that a family has now, and gives the families whose signals changed.

    The table has the columns `family` and `signal`; `row` gives the others, or `None` for a signal that does not count.
    """
    rows: dict[tuple[str, str], Row | None] = {}
    for fact in facts:
        family, event = str(fact.stream_id), fact.event
        if isinstance(event, Trajectory.SignalRecorded):
            found = row(event)
            rows[family, event.signal] = found and {"family": family, "signal": event.signal, **found}
        elif isinstance(event, GONE):
            rows[family, event.signal] = None
        elif isinstance(event, Trajectory.LetGo):
            rows.update(((family, signal), None) for signal in event.signals)
    if rows:
        connection.execute(delete(table).where(tuple_(table.c.family, table.c.signal).in_(list(rows))))
    if kept := [row for row in rows.values() if row]:
        connection.execute(insert(table), kept)
    return {family for family, _ in rows}


def moment(at: datetime) -> str:
    """A moment as it is stored and shown: UTC, always as long, so that the order of texts is that of time."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


# Pages ------------------------------------------------------------------------------------------


def seen(query: Select[*tuple[Any, ...]], family: ColumnElement[str], asked: Asked) -> Select[*tuple[Any, ...]]:
    """Only the rows of families that the caller may see; `family` is the column with their ids."""
    return query if asked.only is None else query.where(family.in_(asked.only))


def page(
    query: Select[Any], order: Sequence[ColumnElement[Any]], asked: Asked, item: Callable[[Mapping[str, Any]], Any], on: Connection
) -> dict[str, Any]:
    """One page of a list, in the order of these columns (together unique), with the cursor of the next.

    Raises:
        Malformed: the cursor is not one that was given out.
    """
    if asked.after:
        query = query.where(tuple_(*order) > tuple_(*_values(asked.after, len(order))))
    places = [column.label(f"place_{number}") for number, column in enumerate(order)]
    rows = on.execute(query.add_columns(*places).order_by(*order).limit(asked.limit + 1)).mappings().all()
    shown = rows[: asked.limit]
    more = len(rows) > len(shown) > 0
    return {
        "items": [item(dict(row)) for row in shown],
        "next": _cursor([shown[-1][place.name] for place in places]) if more else "",
    }


def narrowed(query: Select[Any], asked: Asked, columns: Mapping[str, Column[Any]]) -> Select[Any]:
    """Only the rows that the filters of the question let through.

    Raises:
        Malformed: a filter asks for something that the column cannot hold.
    """
    for name, text in asked.filters.items():
        if text and name in columns:
            query = query.where(columns[name] == _typed(name, text, columns[name].type.python_type))
    return query


def _typed(name: str, text: str, kind: Callable[[str], Any]) -> Any:
    try:
        value = kind(text)
        return msgspec.convert(value, Whole) if kind is int else value
    except ValueError as error:
        raise Malformed("The filter cannot be read.", [Violation(f"/{name}", "is not a value of this kind")]) from error


def _cursor(values: Sequence[Any]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def _values(cursor: str, count: int) -> list[Any]:
    try:
        values = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list[Whole | str])
    except ValueError:
        values = []
    if len(values) != count:
        raise Malformed("The cursor is not one that was given out here.", [Violation("/after", "is not a known cursor")])
    return values


# Words of schemas -------------------------------------------------------------------------------

Schema = dict[str, Any]
"""With the class of what it describes: a schema and a mark of `hub.domain.field_classes` join with `|`."""
TEXT: Schema = {"type": "string"}
CODE: Schema = {"type": "string", "pattern": "^[a-z0-9-]*$"}
ID: Schema = {"type": "string", "format": "uuid"} | of.REFERENCE
MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
PARTIAL: Schema = {
    "type": "string",
    "pattern": "^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$",
    "description": "as much of a date as is known",
}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = COUNT | of.OPERATION
"""A count, position or version that says nothing of the family."""
LEVEL: Schema = {"type": "integer", "minimum": 1, "maximum": 4} | of.LEVEL
RULE: Schema = CODE | of.A_RULE
TRUTH: Schema = {"type": "boolean"}
MERGED_INTO: Schema = {"type": "string", "description": "the family that this one was merged into, or empty"} | of.REFERENCE


def thing(**properties: Schema) -> Schema:
    """An object with exactly these properties."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def many(each: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": each}


def maybe(what: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [what, {"type": "null"}]}


def listed(each: Schema) -> Schema:
    """A page of a list."""
    following: Schema = {"type": "string", "description": "the cursor of the next page, or empty"}
    return thing(items=many(each), next=following | of.REFERENCE)
