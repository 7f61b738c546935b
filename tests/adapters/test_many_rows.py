"""Few rows or many: they are the same rows, however they go to the database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from hub.adapters.database import beside, locked, quickly, quickly_each
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")

TABLES = MetaData()
THINGS = Table(
    "things",
    TABLES,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("state", LargeBinary),
    Column("word", String(20)),
    Column("words", Text, nullable=False),
    Column("share", Float, nullable=False),
    Column("ok", Boolean, nullable=False),
)
_INSERT = "INSERT INTO things (id, version, state, word, words, share, ok) VALUES (?, ?, ?, ?, ?, ?, ?)"
MANY = (1, 2, 8, 9, 17, 700)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Engine]:
    engine = databases.opened(tmp_path / "things.db")
    TABLES.create_all(engine)
    yield engine
    engine.dispose()


def some(many: int) -> list[tuple[Any, ...]]:
    """Rows with all that a row may hold, and with nothing."""
    return [
        (nth + 2**40, nth, bytes([nth % 256, 0]) if nth % 3 else None, f"é{nth}" if nth % 2 else None, "", nth / 3, nth % 2 > 0)
        for nth in range(many)
    ]


def kept(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(select(THINGS).order_by(THINGS.c.id))]


@pytest.mark.parametrize("many", MANY)
def test_rows_that_are_gathered_under_a_lock_are_the_rows_that_were_said(opened: Engine, many: int) -> None:
    with locked(opened) as connection:
        for row in some(many):
            quickly_each(connection, _INSERT, [row])
        assert quickly(connection, "SELECT count(*) FROM things") == [(many,)]
    with opened.connect() as connection:
        assert kept(connection) == some(many)


@pytest.mark.parametrize("many", MANY)
def test_rows_that_may_be_there_already_are_there_once(opened: Engine, many: int) -> None:
    for _ in range(2):
        with locked(opened) as connection:
            quickly_each(connection, f"{_INSERT} ON CONFLICT DO NOTHING", some(many) + some(many // 2))
    with opened.connect() as connection:
        assert kept(connection) == some(many)


@pytest.mark.parametrize("many", MANY)
def test_rows_of_sqlalchemy_are_the_rows_that_were_said(opened: Engine, many: int) -> None:
    rows = [dict(zip(THINGS.columns.keys(), row, strict=True)) for row in some(many)]
    with opened.begin() as connection:
        connection.execute(insert(THINGS), rows)
        assert kept(connection) == some(many)


@pytest.mark.parametrize("many", MANY)
def test_rows_in_tables_beside_are_the_rows_that_were_said(opened: Engine, many: int) -> None:
    rows = [dict(zip(THINGS.columns.keys(), row, strict=True)) for row in some(many)]
    with beside(opened) as (connection, scratch, _):
        there = connection.execution_options(schema_translate_map={None: scratch})
        TABLES.create_all(there, checkfirst=False)
        there.execute(insert(THINGS), rows)
        assert kept(there) == some(many)


@pytest.mark.parametrize("many", MANY)
def test_a_row_that_breaks_a_rule_is_told_in_the_words_of_sqlalchemy(opened: Engine, many: int) -> None:
    rows = [*some(many), some(1)[0]]
    with pytest.raises(IntegrityError), locked(opened) as connection:
        quickly_each(connection, _INSERT, rows)
    with pytest.raises(IntegrityError), opened.begin() as connection:
        connection.execute(insert(THINGS), [dict(zip(THINGS.columns.keys(), row, strict=True)) for row in rows])
    with opened.connect() as connection:
        assert kept(connection) == []
