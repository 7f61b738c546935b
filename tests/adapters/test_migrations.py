"""The tables of every store come up from whatever an earlier hub left, on both databases, with everything that was in them."""

import importlib
import pkgutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Integer, MetaData, insert, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError

import hub.adapters
from hub import relay
from hub.adapters import (
    database,
    event_store,
    indexes,
    limits,
    once,
    organisations_index,
    people_index,
    processing_log,
    received,
    receivers_index,
    recorders,
    sealed_row,
    subscriptions_index,
    ties_index,
    vault,
)
from hub.adapters.channels import feed
from hub.adapters.channels.kafka import families
from hub.adapters.channels.kafka import queue as on_kafka
from hub.adapters.channels.mail import queue as mails
from hub.adapters.channels.webhook import queue
from hub.adapters.database import engine
from hub.adapters.evidence import notary, trees
from hub.adapters.login import colleagues, sessions
from hub.adapters.migrations import STORES, VERSION, bring_up, revisions, stands_at
from hub.errors import Unavailable
from tests.adapters.earlier_hubs import FILES, HUBS, contents, fill, restore
from tests.tools import ROOT

LIVE = {
    "log": (event_store, received, vault, indexes, sealed_row),
    "views": (relay,),
    "outbox": (relay, feed, queue, on_kafka, mails),
    "limits": (limits,),
    "reads": (processing_log,),
    "door": (once, sessions, colleagues),
    "evidence": (trees, notary),
}
"""Which modules mean which tables of a store."""
NOT_KEPT = (people_index, organisations_index, subscriptions_index, ties_index, receivers_index, recorders, families)
"""What is built anew out of the log when its shape changes, and what only serves another library."""
NEVER_CHANGED = (
    ("log", "events"),
    ("reads", "readings"),
    ("reads", "lines"),
    ("evidence", "checkpoints"),
    ("evidence", "cosignatures"),
)
EVERY_REVISION = [(store, revision) for store in STORES for revision in revisions(store)]

Open = Callable[[str], Engine]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Where each store is, on either database."""
    if request.param == "sqlite":
        return lambda store: f"sqlite:///{tmp_path / f'{store}.db'}"
    database: str = request.getfixturevalue("postgresql")
    return lambda _: database


@pytest.fixture
def opened(url: Callable[[str], str]) -> Iterator[Open]:
    """The stores, closed when the test is over."""
    with ExitStack() as lasts:

        def open_one(store: str) -> Engine:
            made = engine(url(store), store)
            lasts.callback(made.dispose)
            return made

        yield open_one


def at(opened: Engine) -> str:
    with opened.connect() as connection:
        return stands_at(connection)


# What revisions make is what the code means --------------------------------------------------------------


def shape(connection: Connection) -> dict[str, Any]:
    """All that a database says of the tables in it."""
    seen = inspect(connection)
    kept = [name for name in sorted(seen.get_table_names()) if name != VERSION]
    return {
        name: {
            "columns": [
                (column["name"], repr(column["type"]), column["nullable"], column["default"]) for column in seen.get_columns(name)
            ],
            "key": seen.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(each["column_names"] for each in seen.get_unique_constraints(name)),
            "indexes": sorted(repr(index(each)) for each in seen.get_indexes(name)),
            "foreign": seen.get_foreign_keys(name),
            "options": seen.get_table_options(name),
        }
        for name in kept
    }


def index(said: Any) -> dict[str, Any]:
    return {**said, "dialect_options": {name: str(option) for name, option in said.get("dialect_options", {}).items()}}


@pytest.mark.parametrize("store", STORES)
def test_revisions_make_what_the_code_means(store: str, opened: Open) -> None:
    bring_up(opened(store), store)
    with opened(store).connect() as made, opened(f"{store}_meant").connect() as meant:
        for module in LIVE[store]:
            module.TABLES.create_all(meant)
        assert shape(made) == shape(meant)


def test_every_table_of_an_adapter_has_its_store() -> None:
    placed = {module.TABLES for module in (*NOT_KEPT, *(one for some in LIVE.values() for one in some))}
    meant = {module.__name__: module.TABLES for module in modules() if isinstance(getattr(module, "TABLES", None), MetaData)}
    lost = [name for name, tables in meant.items() if tables not in placed]
    assert lost == [], "put it among LIVE, with a revision that makes its tables, or among NOT_KEPT"


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(hub.adapters.__path__, "hub.adapters."):
        if ".migrations." not in found.name:
            yield importlib.import_module(found.name)


@pytest.mark.parametrize("store", STORES)
def test_revisions_follow_each_other_by_their_numbers(store: str) -> None:
    folder = str(Path(hub.adapters.__path__[0]) / "migrations" / store)
    script = ScriptDirectory(folder, version_locations=[folder])
    assert [step.revision for step in reversed(list(script.walk_revisions()))] == list(revisions(store))
    assert revisions(store) == tuple(f"{nth:04}" for nth in range(1, len(revisions(store)) + 1))


@pytest.mark.parametrize(("store", "table"), NEVER_CHANGED)
def test_what_was_written_is_never_changed(store: str, table: str, opened: Open) -> None:
    log = opened(store)
    fill(log, store, revisions(store)[-1])
    numbers = [column["name"] for column in inspect(log).get_columns(table) if isinstance(column["type"], Integer)]
    before, first = contents(log), numbers[0]
    changes = [f"DELETE FROM {table}", f"UPDATE {table} SET {first} = {first} + 1000"]  # noqa: S608
    for change in [*changes, f"TRUNCATE {table} CASCADE"] if log.dialect.name == "postgresql" else changes:
        with pytest.raises(IntegrityError, match="never changed"), log.begin() as connection:
            connection.exec_driver_sql(change)
    assert contents(log) == before


# Up from every revision ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("store", "revision"), EVERY_REVISION)
def test_a_store_comes_up_from_every_revision_with_all_that_is_in_it(store: str, revision: str, opened: Open) -> None:
    one = opened(store)
    fill(one, store, revision)
    before = contents(one)
    assert [name for name, rows in before.items() if not rows] == [], f"give rows in tests/adapters/earlier/{store}_{revision}.json"
    bring_up(one, store)
    after = contents(one)
    assert {name: after[name] for name in before} == before
    assert at(one) == revisions(store)[-1]


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("which", HUBS)
def test_a_file_from_before_there_were_revisions_comes_up_as_it_was(which: str, store: str, tmp_path: Path) -> None:
    restore(which, tmp_path)
    one, fresh = (engine(f"sqlite:///{tmp_path / name}", store) for name in (f"{FILES.get(store, store)}.db", "new"))
    before = contents(one)
    bring_up(one, store)
    bring_up(fresh, store)
    after = contents(one)
    assert {name: after[name] for name in before} == before
    with one.connect() as old, fresh.connect() as new:
        made = shape(new)
        assert {name: shape(old)[name] for name in made} == made
        assert triggers(old) == triggers(new)
    one.dispose()
    fresh.dispose()


def triggers(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars())


def test_a_table_of_a_way_out_that_was_off_is_made_too(tmp_path: Path) -> None:
    restore("before_revisions", tmp_path)
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as file:
        file.executescript("DROP TABLE deliveries; DROP TABLE receivers;")
    outbox = engine(f"sqlite:///{tmp_path / 'outbox.db'}", "outbox")
    bring_up(outbox, "outbox")
    assert {"deliveries", "receivers", "feed"} <= contents(outbox).keys()
    outbox.dispose()


@contextmanager
def closing_engine(url: str, store: str) -> Iterator[Engine]:
    made = engine(url, store)
    try:
        yield made
    finally:
        made.dispose()


# Many at once, none by half, and not backwards -----------------------------------------------------------

OPEN_ALL = """
import sys
from hub.adapters.database import engine
from hub.adapters.migrations import STORES, bring_up
for store in STORES:
    bring_up(engine(sys.argv[1].replace("STORE", store), store), store)
"""


def test_of_many_processes_that_open_at_once_one_makes_the_tables(url: Callable[[str], str], opened: Open) -> None:
    command = [sys.executable, "-c", OPEN_ALL, url("STORE")]
    many = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(5)]
    assert [(each.communicate()[1], each.returncode) for each in many] == [("", 0)] * len(many)
    assert {store: at(opened(store)) for store in STORES} == {store: revisions(store)[-1] for store in STORES}


def test_threads_bring_stores_up_side_by_side(opened: Open) -> None:
    with ThreadPoolExecutor(12) as crowd:
        list(crowd.map(lambda store: bring_up(opened(store), store), STORES * 2))
    assert {store: at(opened(store)) for store in STORES} == {store: revisions(store)[-1] for store in STORES}


def test_what_cannot_be_done_wholly_is_not_done_at_all(opened: Open) -> None:
    one = opened("log")
    fill(one, "log", "0001")
    with one.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sealed_documents (of_somebody_else INTEGER)")
    before = contents(one)
    with pytest.raises(DBAPIError, match="already exists"):
        bring_up(one, "log")
    assert contents(one) == before
    assert at(one) == "0001"


@pytest.mark.parametrize("store", STORES)
def test_a_store_of_a_newer_hub_is_refused_and_left_as_it_is(store: str, opened: Open) -> None:
    one = opened(store)
    fill(one, store, revisions(store)[-1])
    with one.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION} SET version_num = '9999'")  # noqa: S608
    before = contents(one)
    with pytest.raises(Unavailable, match="9999") as refused:
        bring_up(one, store)
    assert refused.value.code == "newer-database"
    assert contents(one) == before
    assert at(one) == "9999"


def test_a_hub_that_finds_its_tables_as_they_should_be_waits_for_nobody_and_does_not_load_alembic(opened: Open) -> None:
    one = opened("log")
    bring_up(one, "log")
    with database.locked(one):
        bring_up(one, "log")
    script = "import sys, hub.wiring; sys.exit(any(name.partition('.')[0] == 'alembic' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


# The order of texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "otherwise", ["ENCODING 'UTF8' LOCALE 'en_US.UTF-8'", "ENCODING 'LATIN1' LOCALE 'C'", "ENCODING 'SQL_ASCII' LOCALE 'C'"]
)
def test_a_database_that_orders_or_writes_texts_otherwise_is_refused(otherwise: str, postgresql: str) -> None:
    with another_database(postgresql, otherwise) as url, closing_engine(url, "log") as one:
        with pytest.raises(Unavailable, match="order of their bytes") as refused:
            bring_up(one, "log")
        assert refused.value.code == "other-order"
        assert at(one) == ""


@contextmanager
def another_database(server: str, otherwise: str) -> Iterator[str]:
    name = f"{urlsplit(server).path[1:]}_otherwise"
    with psycopg.connect(server, autocommit=True) as connection:
        try:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {otherwise}'.encode())
        except psycopg.errors.WrongObjectType:
            pytest.skip("the machine of this server knows no order but that of bytes")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def test_texts_come_in_the_same_order_from_both_databases(opened: Open) -> None:
    texts = ["", "-", "0", "2026-03-02", "2026-03-02T12", "A", "Z", "_", "a", "aa", "a b", "a-b", "ab", "z", "é", "ij", "😀"]
    positions = opened("views")
    bring_up(positions, "views")
    with positions.begin() as connection:
        connection.execute(insert(relay.POSITIONS), [{"follower": text, "position": 0, "shape": ""} for text in texts])
        assert list(connection.scalars(select(relay.POSITIONS.c.follower).order_by("follower"))) == sorted(texts)
