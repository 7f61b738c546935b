"""What earlier hubs left, as they wrote it themselves: their SQLite files, and with them rows for the tables of every revision.

`earlier/before_the_vault` is of a hub that kept nothing sealed and knew no front door, `earlier/before_revisions` of the last
that had no revisions: both took in messages about a child and its mother, and one asked about, that could not be read, or
whose person was erased; somebody looked, and was logged in. `earlier/STORE_REVISION.json` fills tables that came later.
"""

import json
import sqlite3
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, Table, Uuid, insert, inspect, select

from hub.adapters import jws
from hub.adapters.database import locked
from hub.adapters.migrations import VERSION, migrate, revisions
from hub.adapters.secret_files import write_new

EARLIER = Path(__file__).parent / "earlier"
HUBS = ("before_the_vault", "before_revisions")
KEK = b64encode(sha256(b"only for tests: kek").digest()).decode()
FILES = {"log": "hub"}
"""The name of a store's file, where it is another one."""


def restore(which: str, place: Path) -> None:
    """The files of that hub in a directory, with its keys beside them, which it kept in the clear."""
    for dump in (EARLIER / which).glob("*.sql"):
        with closing(sqlite3.connect(place / f"{dump.stem}.db")) as file:
            file.executescript(dump.read_text())
    write_new(place / "hub-keys.json", json.dumps(the_keys()))


def the_keys() -> dict[str, Any]:
    """What both of them signed with, and hid by whom they looked up."""
    secret = sha256(b"only for tests: signing").digest()
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    jwk = {"kty": "OKP", "crv": "Ed25519", "kid": "hub-of-then", "alg": "Ed25519", "valid_from": "2026-01-01T00:00:00Z"}
    key = {**jwk, "x": jws.b64url(public), "d": jws.b64url(secret)}
    return {"keys": [key], "blinding_secret": jws.b64url(sha256(b"only for tests: blinding").digest())}


def fill(opened: Engine, store: str, to: str) -> None:
    """Brings an empty store up to a revision, and puts rows into the tables of each as soon as they are there."""
    for revision in revisions(store):
        if revision <= to:
            with locked(opened) as connection:
                before = set(inspect(connection).get_table_names())
                migrate(connection, store, revision)
                _put_rows(connection, store, revision, before)


def _put_rows(connection: Connection, store: str, revision: str, before: set[str]) -> None:
    later = EARLIER / f"{store}_{revision}.json"
    said = json.loads(later.read_text()) if later.exists() else {}
    for table in tables(connection):
        if table.name not in before and (rows := [*_rows_of_then(store, table), *said.get(table.name, ())]):
            connection.execute(insert(table), [{name: _typed(table.c[name], row[name]) for name in row} for row in rows])


def _typed(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, Uuid):
        return UUID(value)
    return value.encode() if isinstance(column.type, LargeBinary) and isinstance(value, str) else value


def _rows_of_then(store: str, table: Table) -> Iterator[dict[str, Any]]:
    dump = EARLIER / "before_revisions" / f"{FILES.get(store, store)}.sql"
    if not dump.exists():
        return
    with closing(sqlite3.connect(":memory:")) as file:
        file.row_factory = sqlite3.Row
        file.executescript(dump.read_text())
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table.name,)).fetchone():
            return
        yield from map(dict, file.execute(f"SELECT * FROM {table.name}"))  # noqa: S608


def tables(connection: Connection) -> list[Table]:
    """The tables that are there, but for the one of the revision: those first that others point to."""
    known = MetaData()
    known.reflect(connection)
    return [table for table in known.sorted_tables if table.name != VERSION]


def contents(opened: Engine) -> dict[str, Counter[str]]:
    """Every row of every table, as text."""
    with opened.connect() as connection:
        return {table.name: Counter(map(_written, connection.execute(select(table)).mappings())) for table in tables(connection)}


def _written(row: Any) -> str:
    # a later revision may add what is not known of a row from before
    return json.dumps({name: _plain(value) for name, value in sorted(row.items()) if value is not None})


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value.hex if isinstance(value, UUID) else value
