"""A hub is verified: whatever somebody changes, deletes, adds or swaps in its databases, as their administrator, is found."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, LargeBinary, Table, delete, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError

from hub import projections
from hub.adapters import event_store, processing_log, received, vault
from hub.adapters.channels import feed
from hub.adapters.channels.webhook import queue
from hub.adapters.database import is_postgresql
from hub.adapters.evidence import notary, notes, trees
from hub.adapters.migrations import STORES
from hub.domain.subscriptions import Wish
from hub.domain.trajectory import Trajectory
from hub.errors import NotKnown
from hub.wiring import INDEXES, Hub
from hub.wiring.compared import against
from hub.wiring.examined import Looked, wrongs
from hub.wiring.hub import READ_MODELS
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.given import NOON
from tests.parts import databases
from tests.passing import notarised, passed_on

EVENTS, READINGS, LINES = event_store.EVENTS, processing_log.READINGS, processing_log.LINES


_GUARDED = "SELECT DISTINCT event_object_table FROM information_schema.triggers WHERE trigger_schema = current_schema()"
_REFERENCES = (
    "SELECT conrelid::regclass::text, conname, replace(pg_get_constraintdef(oid), ' NOT VALID', '') FROM pg_constraint "
    "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
)


@pytest.fixture
async def hub(database: str, tmp_path: Path) -> Any:
    """A hub in which something happened, and somebody looked."""
    with running(tmp_path) as opened:
        for nth in range(1, 5):
            said = await opened.post(an_event(a_worry(people=[a_child(nth)], concern="honour-violence"), id=str(nth)))
            assert said.status_code == 201
        family = opened.family_in(said)
        for _ in range(3):
            assert (await opened.ask(f"/v1/families/{family}")).status_code == 200
        passed_on(opened.hub)
        notarised(opened.hub)
        yield opened


def found(hub: Running, looked: Looked | None = None) -> list[str]:
    """Where something is wrong."""
    return [wrong.where for wrong in wrongs(hub.hub, looked or Looked(), lambda *_: None)]


@contextmanager
def as_administrator(engine: Engine) -> Iterator[Connection]:
    """Whoever owns the database takes away what forbids to change it, changes it, and puts that back."""
    with engine.connect() as connection, _unguarded(connection):
        yield connection


def _unguarded(connection: Connection) -> AbstractContextManager[None]:
    return _unguarded_postgresql(connection) if is_postgresql(connection) else _unguarded_sqlite(connection)


@contextmanager
def _unguarded_postgresql(connection: Connection) -> Iterator[None]:
    with connection.begin():
        guarded = connection.exec_driver_sql(_GUARDED).scalars().all()
        references = connection.exec_driver_sql(_REFERENCES).all()
        for table in guarded:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table, name, _ in references:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        yield
        for table, name, what in references:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {what} NOT VALID")
        for table in guarded:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@contextmanager
def _unguarded_sqlite(connection: Connection) -> Iterator[None]:
    plain = connection.connection.driver_connection
    assert plain is not None
    plain.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            kept = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
            for name, _ in kept:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            yield
            for _, sql in kept:
                connection.exec_driver_sql(sql)
    finally:
        plain.execute("PRAGMA foreign_keys = ON")


def test_a_hub_that_nobody_touched_is_as_it_was(hub: Running) -> None:
    looked = Looked()
    assert found(hub, looked) == []
    last = hub.hub.log.last_position()
    assert (looked.trees["events"].leaves, looked.trees["events"].unsigned, looked.proved.events) == (last, 0, last)
    assert looked.proved.verified == 4
    assert looked.trees["readings"].leaves >= 3
    assert looked.views == len(hub.hub.views.followers)


# Somebody changes one thing --------------------------------------------------------------------------

PLACES: Sequence[tuple[str, Table, str]] = [
    ("log", EVENTS, "state"),
    ("log", EVENTS, "topic"),
    ("log", EVENTS, "version"),
    ("log", received.RECEIVED, "body"),
    ("reads", READINGS, "who"),
    ("reads", READINGS, "outcome"),
    ("reads", LINES, "subject"),
    ("evidence", trees.TILES, "hashes"),
    ("evidence", notary.CHECKPOINTS, "note"),
]


@pytest.mark.parametrize(("store", "table", "column"), PLACES, ids=[f"{table.name}.{column}" for _, table, column in PLACES])
def test_a_bit_that_was_turned_is_found_in_every_table_that_matters(hub: Running, store: str, table: Table, column: str) -> None:
    chance = random.Random(f"{table.name}.{column}")  # noqa: S311
    with as_administrator(getattr(hub.hub.stored, store)) as connection:
        row = chance.choice(connection.execute(select(table)).mappings().all())
        here = [key == row[key.name] for key in table.primary_key.columns]
        connection.execute(update(table).where(*here).values({column: turned(row[column], table.c[column].type, chance)}))
    assert found(hub)


def turned(value: Any, kind: Any, chance: random.Random) -> Any:
    if isinstance(value, int):
        return value + 100
    if isinstance(kind, LargeBinary):
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    return f"{value[:-1]}{'x' if value[-1:] != 'x' else 'y'}"


def test_the_place_of_a_changed_event_is_named(hub: Running) -> None:
    with as_administrator(hub.hub.stored.log) as connection:
        state = connection.execute(select(EVENTS.c.state).where(EVENTS.c.position == 3)).scalar_one()
        connection.execute(update(EVENTS).where(EVENTS.c.position == 3).values(state=state[:-1] + bytes([state[-1] ^ 1])))
    assert "events, position 3" in found(hub)


# Somebody takes away, adds, or puts in another order -----------------------------------------------------


def last_gone(connection: Connection) -> None:
    last = connection.execute(select(EVENTS.c.position).order_by(EVENTS.c.position.desc()).limit(1)).scalar_one()
    connection.execute(delete(EVENTS).where(EVENTS.c.position == last))


def one_gone(connection: Connection) -> None:
    connection.execute(delete(EVENTS).where(EVENTS.c.position == 4))


def one_gone_and_closed_up(connection: Connection) -> None:
    rows = connection.execute(select(EVENTS).where(EVENTS.c.position > 4).order_by(EVENTS.c.position)).mappings().all()
    connection.execute(delete(EVENTS).where(EVENTS.c.position >= 4))
    connection.execute(insert(EVENTS), [{**row, "position": row["position"] - 1} for row in rows])


def two_swapped(connection: Connection) -> None:
    rows = {row["position"]: dict(row) for row in connection.execute(select(EVENTS)).mappings()}
    connection.execute(delete(EVENTS).where(EVENTS.c.position.in_([5, 6])))
    connection.execute(insert(EVENTS), [{**rows[5], "position": 6}, {**rows[6], "position": 5}])


@pytest.mark.parametrize("tamper", [last_gone, one_gone, one_gone_and_closed_up, two_swapped])
def test_what_is_deleted_or_swapped_in_the_log_is_found(hub: Running, tamper: Callable[[Connection], None]) -> None:
    with as_administrator(hub.hub.stored.log) as connection:
        tamper(connection)
    assert any(where.startswith("events, position") for where in found(hub))


def test_a_look_that_was_removed_is_found(hub: Running) -> None:
    with as_administrator(hub.hub.stored.reads) as connection:
        last = connection.execute(select(READINGS.c.place).order_by(READINGS.c.place.desc()).limit(1)).scalar_one()
        for table in (LINES, READINGS):
            connection.execute(delete(table).where(table.c.place == last))
    assert any(where.startswith("readings, position") for where in found(hub))


def test_a_checkpoint_of_another_log_is_found(hub: Running) -> None:
    with as_administrator(hub.hub.stored.evidence) as connection:
        row = connection.execute(select(notary.CHECKPOINTS).where(notary.CHECKPOINTS.c.tree == "events")).mappings().first()
        assert row is not None
        connection.execute(insert(notary.CHECKPOINTS), {**row, "size": row["size"] - 1})
    assert any(where.startswith("evidence: checkpoints, events") for where in found(hub))


def test_tiles_without_leaves_are_found(hub: Running) -> None:
    with as_administrator(hub.hub.stored.evidence) as connection:
        connection.execute(insert(trees.TILES), {"tree": "events", "level": 3, "number": 0, "hashes": bytes(32)})
    assert "evidence: tiles, events, level 3, number 0" in found(hub)


@pytest.mark.parametrize(("level", "number"), [(0, -1), (0, 1), (-1, 0)])
def test_tiles_where_none_can_be_are_found(hub: Running, level: int, number: int) -> None:
    with as_administrator(hub.hub.stored.evidence) as connection:
        connection.execute(insert(trees.TILES), {"tree": "readings", "level": level, "number": number, "hashes": b""})
    assert any(where.startswith(("evidence: tiles, readings", "readings, position")) for where in found(hub))


def test_a_signature_under_what_nobody_signed_is_found(hub: Running) -> None:
    with as_administrator(hub.hub.stored.evidence) as connection:
        row = {"tree": "events", "size": 2, "witness": "somebody.example.org", "line": "x"}
        connection.execute(insert(notary.COSIGNATURES), row)
    assert found(hub) == ["evidence: cosignatures, events, size 2, somebody.example.org"]


def test_a_stream_that_is_none_is_found_and_named(hub: Running) -> None:
    with as_administrator(hub.hub.stored.log) as connection:
        if is_postgresql(connection):
            pytest.skip("PostgreSQL keeps no id that is none")
        connection.exec_driver_sql("UPDATE events SET stream_id = upper(stream_id) WHERE position = 2")
    assert "events, position 2" in found(hub)


async def test_what_came_after_the_last_checkpoint_is_not_wrong_and_counted(hub: Running) -> None:
    before = hub.hub.log.last_position()
    assert (await hub.post(an_event(a_worry(people=[a_child(9)]), id="9"))).status_code == 201
    notary_of_events = hub.hub.notaries["events"]
    notary_of_events.grow()
    looked = Looked()
    # nor are read models that have not taken it yet
    assert found(hub, looked) == []
    assert looked.trees["events"].unsigned == hub.hub.log.last_position() - before
    notary_of_events.sign()
    assert found(hub, looked := Looked()) == []
    assert (looked.trees["events"].checkpoints, looked.trees["events"].unsigned) == (2, 0)


def test_a_key_of_the_hub_itself_that_is_gone_is_found_before_it_starts_again(hub: Running) -> None:
    with as_administrator(hub.hub.stored.log) as connection:
        connection.execute(delete(vault.KEYS).where(vault.KEYS.c.subject == READ_MODELS.hex))
    assert found(hub) == [f"log: vault_keys, subject {READ_MODELS.hex}"]


def test_a_read_model_that_says_something_else_than_the_log_is_found(hub: Running) -> None:
    with hub.hub.stored.views.begin() as connection:
        connection.exec_driver_sql("DELETE FROM relation_members")
    assert "views: relation_members" in found(hub)


def test_a_message_that_is_gone_is_found(hub: Running) -> None:
    with as_administrator(hub.hub.stored.log) as connection:
        connection.execute(delete(received.RECEIVED))
    assert found(hub)


# Somebody does whatever they like, in every table -----------------------------------------------------------

SEALED_OR_SIGNED = {
    "log": [event_store.TABLES, received.TABLES, *(index.tables for index in INDEXES)],
    "evidence": [trees.TABLES, notary.TABLES],
    "reads": [processing_log.TABLES],
    "outbox": [feed.TABLES],
}
"""Stores, with the tables of which every column matters."""
SOME = {
    "vault_keys": ("subject", "kek", "wrapped"),
    "deliveries": ("receiver", "sequence", "notice", "type", "family", "fact", "event"),
}
"""Tables of which these columns matter. The order in which keys were destroyed is for caches alone; how often it was tried to
tell something, with which outcome and when again, stands in the ledger, which is in the log."""
LEFT = {
    "log.sealed_documents": "the hub's own keys: they are sealed, and a hub whose keys were changed does not start, or it did not "
    "sign what it signed before",
    "log.index_shapes": "where it was changed the indexes are built anew from the log when the hub opens",
    "outbox.receivers": "how a partner's address does: the number of what it was told last is looked at with the deliveries",
    "outbox.whole_notices": "what a lean notice left out: its bytes are looked at where a partner fetched them",
    "outbox.kafka_tellings": "what is still to be put on Kafka: when it was, the ledger has the digest of it",
    "outbox.kafka_families": "built anew from the log",
    "outbox.kafka_marks": "up to where the families on Kafka stand; Kafka has that too",
    "outbox.mails": "who is to be mailed: a mail says nothing but a link, and that it was sent is in the log",
    "outbox.positions": "how far each follower is: looked at where it is past the end of the log; set back, it tells nothing twice",
    "outbox.stopped": "which follower stopped, and why: told again while it does",
    "views.positions": "the same, and what a read model skipped or has twice is found in its rows",
    "views.stopped": "the same",
    "limits.taken": "how much partners sent today",
    "door.sessions": "who is logged in: whoever adds one is in as somebody, and all that they do is logged and signed in that name",
    "door.taken": "which statements of the issuer were used",
    "door.colleagues": "how people are called on pages",
}
"""Tables that prove nothing, and why not."""
NOT_FOUND = {
    ("checkpoints", "signed_at"): "the signature does not cover it: times are proved by witnesses; looked at for order alone",
    ("checkpoints", "gone"): "a later one covers all that it did; the last one is missed by whoever kept it (`--checkpoint`)",
    ("cosignatures", "gone"): "the witness has its own; too few of them are an alarm",
    ("events", "added"): "one more at the end, which opens, is taken for what happened, and signed",
    ("readings", "added"): "one more at the end is taken for a look, and signed",
    ("feed", "gone"): "the live feed shows what happened once more: what is missing there is on every page, and in the log",
    ("deliveries", "swapped"): "of two that were told nothing yet, nobody can say which was to be first",
}
"""What cannot be found in a table that does matter, and why not."""


def everything(hub: Hub) -> dict[str, Table]:
    """Every table that matters, by store and name."""
    kept = SEALED_OR_SIGNED | {"views": [each.tables for each in projections.found().values()]}
    found = {f"{store}.{table.name}": table for store, each in kept.items() for tables in each for table in tables.sorted_tables}
    return found | {"log.vault_keys": vault.KEYS, "outbox.deliveries": queue.DELIVERIES}


def test_every_table_of_every_store_is_looked_at_or_it_is_said_why_not(hub: Running) -> None:
    there = set()
    for store in STORES:
        names = inspect(getattr(hub.hub.stored, store)).get_table_names()
        there |= {f"{store}.{name}" for name in names if name != "alembic_version"}
    assert there >= {*everything(hub.hub)} and there <= {*everything(hub.hub), *LEFT}


@dataclass
class Tampering:
    """Whoever owns the databases does something at random, and puts it back."""

    hub: Hub
    chance: random.Random

    def rows(self, store: str, table: Table) -> list[dict[str, Any]]:
        with getattr(self.hub.stored, store).connect() as connection:
            return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()]

    def with_rows(self, store: str, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """These rows stand there now, and no others."""
        keys = [column.name for column in table.primary_key.columns]
        now, then = ({tuple(row[name] for name in keys): row for row in each} for each in (self.rows(store, table), rows))
        with as_administrator(getattr(self.hub.stored, store)) as connection:
            for key in now.keys() - {key for key in then if then[key] == now.get(key)}:
                connection.execute(delete(table).where(*(table.c[name] == value for name, value in zip(keys, key, strict=True))))
            if fresh := [then[key] for key in then if then[key] != now.get(key)]:
                connection.execute(insert(table), fresh)

    def turned(self, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """One value of one row is otherwise: a bit, a letter, a number."""
        columns = mattering(table)
        row, name = self.chance.choice(rows), self.chance.choice(columns)
        value = otherwise(row[name], self.chance)
        return None if value is None else [each if each is not row else row | {name: value} for each in rows]

    def gone(self, _: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        row = self.chance.choice(rows)
        return [each for each in rows if each is not row]

    def added(self, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """A row like another, in a place of its own."""
        row = dict(self.chance.choice(rows))
        keys = [column.name for column in table.primary_key.columns]
        for name in keys:
            value = otherwise(row[name], self.chance)
            row[name] = row[name] if value is None else value
        is_new = all([each[name] for name in keys] != [row[name] for name in keys] for each in rows)
        return [*rows, row] if is_new else None

    def inserted(self, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """A row like another, in the middle of what stands in a gapless order."""
        name = {"events": "position", "readings": "place"}.get(table.name, "")
        if not name:
            return None
        at = self.chance.choice(rows)[name]
        later = [row | {name: row[name] + 1} if row[name] >= at else row for row in rows]
        version = {"version": 1_000} if table.name == "events" else {}
        return [*later, self.chance.choice(rows) | version | {name: at}]

    def swapped(self, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """What two rows say stands with the other one."""
        if len(rows) < 2:
            return None
        one, other = self.chance.sample(rows, 2)
        keys = [column.name for column in table.primary_key.columns]
        said = [{name: value for name, value in each.items() if name not in keys} for each in (one, other)]
        if all(said[0][name] == said[1][name] for name in mattering(table) if name not in keys):
            return None
        places = {id(one): one | said[1], id(other): other | said[0]}
        return [places.get(id(each), each) for each in rows]


def mattering(table: Table) -> list[str]:
    """The columns of which verifying says something."""
    return [name for name in SOME.get(table.name, table.columns.keys()) if (table.name, name) not in NOT_FOUND]


def otherwise(value: Any, chance: random.Random) -> Any:
    """Another value of the same kind; nothing where there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 100])
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1 << chance.randrange(128))
    if isinstance(value, bytes) and value:
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    if isinstance(value, str) and value:
        at = chance.randrange(len(value))
        return f"{value[:at]}{'x' if value[at] != 'x' else 'y'}{value[at + 1 :]}"
    return None


WAYS = ("turned", "gone", "added", "inserted", "swapped")


@pytest.fixture
async def busy(database: str, tmp_path: Path) -> Any:
    """A hub in which much happened: partners subscribed and fetched, a witness signed, somebody was erased."""
    with running(tmp_path) as opened:
        hub = opened.hub
        hub.subscribing.subscribe("police", Wish(), "police")
        for nth, concern in enumerate(("honour-violence", "nuisance", "honour-violence", "payment-arrears"), start=1):
            said = await opened.post(an_event(a_worry(people=[a_child(nth)], concern=concern), id=str(nth)))
            assert said.status_code == 201, said.text
            assert (await opened.ask(f"/v1/families/{opened.family_in(said)}")).status_code == 200
        passed_on(hub)
        (own,) = hub.registrations.subscriptions_of("police")
        with hub.stored.outbox.connect() as connection:
            hub.tellings.fetched("police", queue.told(connection, own.key, 0, 100))
        person = next(iter(hub.register.read(lambda unit: unit.get(Trajectory, opened.family_in(said)).people)))
        hub.erase(UUID(person), "a-ground", "an operator")
        passed_on(hub)
        notarised(hub)
        witnessed(hub)
        yield opened


def witnessed(hub: Hub) -> None:
    """A witness signs what the hub signed last."""
    private, name = Ed25519PrivateKey.generate(), "witness.example"
    for each in hub.notaries.values():
        each.witnesses = (notes.key_of(name, private, notes.COSIGNATURE),)
        signed = each.checkpoint()
        each.cosign(signed.size, str(notes.cosigned(signed.note.text, name, private, int(signed.signed_at.timestamp()))))


DONE_AT_LEAST = {"log": 20, "evidence": 5, "reads": 5, "outbox": 5, "views": 10}
"""In how many ways each store can be changed at the least, so that nobody takes nothing done for nothing missed."""


@pytest.mark.parametrize("store", DONE_AT_LEAST)
def test_whatever_an_administrator_does_to_any_row_is_found_and_its_table_named(busy: Running, store: str) -> None:
    assert found(busy) == []
    tampering, missed, done = Tampering(busy.hub, random.Random(f"20261123 {store}")), [], set()  # noqa: S311
    for place, table in everything(busy.hub).items():
        if not place.startswith(f"{store}."):
            continue
        before = tampering.rows(store, table)
        # all read models are compared alike
        for way in WAYS if store != "views" else tampering.chance.sample(WAYS, 1):
            # of what was received of who is erased nobody can tell any more whether it is what it was
            still = [row for row in before if table is not received.RECEIVED or is_readable(busy.hub, row["kept"])]
            after = getattr(tampering, way)(table, still) if still else None
            if after is None or (table.name, way) in NOT_FOUND:
                continue
            try:
                tampering.with_rows(store, table, [*after, *(row for row in before if row not in still)])
            except DBAPIError:
                continue  # the database itself refuses that
            done.add((table.name, way))
            said = [f"{wrong.where}: {wrong.what}" for wrong in wrongs(busy.hub, Looked(), lambda *_: None)]
            if not any(names(each, store, table) for each in said):
                missed.append(f"{place}, {way}: {changed(before, after)} {said}")
            tampering.with_rows(store, table, before)
    assert found(busy) == []
    assert not missed, "\n".join(missed)
    assert len(done) >= DONE_AT_LEAST[store], done


def is_readable(hub: Hub, kept: str) -> bool:
    with hub.stored.log.connect() as connection:
        try:
            return bool(hub.received.fetch(connection, kept))
        except NotKnown:
            return False


def changed(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> list[str]:
    """The columns of the first row that is otherwise, for whoever reads why this failed."""
    pairs = [(one, other) for one, other in zip(before, after, strict=False) if one != other]
    return [name for one, other in pairs[:1] for name in one if one[name] != other[name]]


OTHERWISE_NAMED = {
    "events": ("events, ", "log: "),
    "readings": ("readings, ",),
    "lines": ("readings, ",),
    "tiles": ("events, ", "readings, "),
    "received": ("its bytes are not there",),
    "vault_keys": ("does not open",),
}
"""How a table is named too: by the tree that it is in, or by what is not there."""


def names(said: str, store: str, table: Table) -> bool:
    """Whether what is wrong is said to be in that table."""
    return any(each in said for each in (f"{store}: {table.name}", *OTHERWISE_NAMED.get(table.name, ())))


@pytest.mark.parametrize(("store", "table"), [("log", "events"), ("reads", "lines"), ("evidence", "checkpoints")])
def test_a_database_that_lets_itself_be_changed_is_found(hub: Running, store: str, table: str) -> None:
    with getattr(hub.hub.stored, store).begin() as connection:
        if is_postgresql(connection):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_no_delete")
    assert found(hub) == [f"{store}: {table}"]


# Somebody puts all of it back, or the evidence away ---------------------------------------------------------


def last_checkpoint(hub: Hub, tree: str = "events") -> str:
    """What anybody may keep elsewhere."""
    return str(hub.notaries[tree].checkpoint().note)


def held_against(hub: Hub, kept: str) -> list[str]:
    return [wrong.what for wrong in against(hub, kept, "kept.txt")]


async def test_a_hub_that_went_on_is_what_a_checkpoint_says_that_somebody_kept(hub: Running) -> None:
    kept = [last_checkpoint(hub.hub, tree) for tree in hub.hub.notaries]
    assert (await hub.post(an_event(a_worry(people=[a_child(9)]), id="9"))).status_code == 201
    passed_on(hub.hub)
    notarised(hub.hub)
    assert [held_against(hub.hub, each) for each in kept] == [[], []]


def forget(hub: Hub, after: int) -> None:
    """All that was recorded after a position, and all evidence of it, as if it never was."""
    tables = [(hub.stored.evidence, table) for table in (trees.TILES, notary.CHECKPOINTS, notary.COSIGNATURES)]
    for engine, table in tables:
        with as_administrator(engine) as connection:
            connection.execute(delete(table))
    with as_administrator(hub.stored.log) as connection:
        connection.execute(delete(EVENTS).where(EVENTS.c.position > after))
    notarised(hub)


def test_a_log_that_was_put_back_with_all_its_evidence_is_found_with_a_checkpoint_that_was_kept(hub: Running) -> None:
    kept, last = last_checkpoint(hub.hub), hub.hub.log.last_position()
    forget(hub.hub, last - 1)
    assert not [where for where in found(hub) if where.startswith(("events, ", "evidence"))], "by itself it is all in order"
    (said,) = held_against(hub.hub, kept)
    assert said == f"had {last} leaves by checkpoint kept.txt, and has {last - 1}: it was put back to an earlier state"


def test_a_log_that_was_written_anew_with_all_its_evidence_is_found_too(hub: Running) -> None:
    kept, last = last_checkpoint(hub.hub), hub.hub.log.last_position()
    with as_administrator(hub.hub.stored.log) as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.position == 2).values(topic="another"))
    forget(hub.hub, last)
    (said,) = held_against(hub.hub, kept)
    assert said == f"is not what it was by checkpoint kept.txt, when it had {last} leaves"


def test_where_only_the_evidence_is_gone_it_is_made_anew_and_goes_on_from_what_was_kept(hub: Running) -> None:
    kept = last_checkpoint(hub.hub)
    forget(hub.hub, hub.hub.log.last_position())
    assert (found(hub), held_against(hub.hub, kept)) == ([], [])


def test_a_hub_whose_keys_were_changed_did_not_sign_what_was_signed(hub: Running) -> None:
    kept, settings = last_checkpoint(hub.hub), hub.hub.settings
    if settings.is_shared:
        with as_administrator(hub.hub.stored.log) as connection:
            connection.exec_driver_sql("DELETE FROM sealed_documents")
    else:
        settings.hub_keys.unlink()
    other = Hub.open(settings, hub.clock)
    try:
        said = [f"{wrong.where} {wrong.what}" for wrong in wrongs(other, Looked(), lambda *_: None)]
        assert any(each.startswith("evidence: checkpoints, events") and "not signed by this hub" in each for each in said)
        assert held_against(other, kept)[0].startswith("is signed by no key that this hub has")
    finally:
        other.close()


@pytest.mark.parametrize("kept", ["", "nothing\n", "elsewhere/events\n3\n" + "A" * 43 + "=\n\n\u2014 elsewhere/events AAAAAAAA\n"])
def test_what_is_no_checkpoint_of_this_hub_says_so(hub: Running, kept: str) -> None:
    (said,) = held_against(hub.hub, kept)
    assert said in ("is no checkpoint", "is that of a tree of another hub")


async def test_a_clock_that_was_set_back_is_found(hub: Running) -> None:
    hub.clock.set(NOON - timedelta(days=3))
    assert (await hub.post(an_event(a_worry(people=[a_child(8)]), id="8"))).status_code == 201
    passed_on(hub.hub)
    notarised(hub.hub)
    said = [wrong.what for wrong in wrongs(hub.hub, Looked(), lambda *_: None)]
    assert len(said) == 1 and said[0].endswith("the clock was set back")


def test_the_command_holds_the_hub_against_what_was_kept_and_ends_with_one_where_it_is_otherwise(
    hub: Running, tmp_path: Path
) -> None:
    file = tmp_path / "kept.txt"
    file.write_text(last_checkpoint(hub.hub))
    assert command(tmp_path, str(file)).returncode == 0
    forget(hub.hub, hub.hub.log.last_position() - 1)
    said = command(tmp_path, str(file))
    assert (said.returncode, "put back to an earlier state" in said.stdout) == (1, True), said.stderr


def command(place: Path, checkpoint: str) -> "subprocess.CompletedProcess[str]":
    kept = {"HUB_DATA_DIR": str(place), "HUB_DATABASE_URL": databases.url_of(place), "HUB_MODE": "demo", "COLUMNS": "240"}
    line = [sys.executable, "-m", "hub", "verify", "--quiet", "--checkpoint", checkpoint]
    return subprocess.run(line, env=os.environ | kept, capture_output=True, text=True, check=False)
