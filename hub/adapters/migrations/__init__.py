"""What brings the tables of a store up to what this hub means them to be, whichever earlier hub made them (Alembic).

Each store has a folder of revisions, done in the order of their numbers, in one transaction, when the hub opens; the store
itself keeps how far it came. The first ones make only what is not there, so that a hub from before there were revisions
comes up by them too. Read models and indexes have none: they are built anew when their shape changes, out of the log.

To change a table: change it in the code, and add beside the newest revision of its store (here of the outbox) one that
does the same to what is there, such as `outbox/r0002_topics.py`::

    \"\"\"What topics were told.\"\"\"

    from alembic.operations import Operations

    revision, down_revision = "0002", "0001"

    def upgrade(op: Operations) -> None:
        op.create_table("topics", Column("topic", Text(), primary_key=True), Column("at", LONG, nullable=False))

`tests/adapters/test_migrations.py` says where the two differ, on both databases, and wants rows for every table of every
revision in `tests/adapters/earlier`. A revision is never changed once a hub ran it. Hubs of the version before run on beside
it, and wait with writing while it is done: so add first, take away a version later, and be quick.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from hub.adapters.database import is_postgresql, locked, promised, quickly, reading
from hub.errors import Unavailable

STORES = ("log", "views", "outbox", "limits", "reads", "door", "evidence")
VERSION = "alembic_version"
_TAKE_TIME = "SELECT set_config('idle_in_transaction_session_timeout', '120s', true)"
_IN_ORDER = "SELECT 'B' < 'a' AND current_setting('server_encoding') = 'UTF8'"


def bring_up(opened: Engine, store: str) -> None:
    """Makes the tables of a store, or brings those up that an earlier hub left; of many who come at once, one does it.

    Raises:
        Unavailable: a newer hub was here, the database puts texts in another order, or it cannot be read or written.
    """
    with promised("the database cannot be prepared"):
        with reading(opened) as connection:
            _refuse_another_order(connection)
            if stands_at(connection) == revisions(store)[-1]:
                return
        with locked(opened) as connection:
            _take_time(connection)
            _refuse_newer(connection, store)
            migrate(connection, store)


def _take_time(connection: Connection) -> None:
    """Between two steps a busy machine may need longer than whoever writes signals may be silent: Alembic has to be loaded."""
    if is_postgresql(connection):
        quickly(connection, _TAKE_TIME)


def migrate(connection: Connection, store: str, to: str = "head") -> None:
    """Does what is left of a store's revisions up to that one, on the transaction of the caller, who has the store's lock."""
    # a hub that finds its tables as they should be does not load Alembic, which takes longer than the rest of opening it
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    folder = _folder(store)
    script = ScriptDirectory(folder, version_locations=[folder])
    context = MigrationContext.configure(
        connection,
        opts={"version_table": VERSION, "fn": lambda at, _: script._upgrade_revs(to, at), "transactional_ddl": True},
    )
    context.run_migrations(op=Operations(context))


def stands_at(connection: Connection) -> str:
    """The revision that a store came to; empty where it has none."""
    if not inspect(connection).has_table(VERSION):
        return ""
    return "".join(row[0] for row in quickly(connection, f"SELECT version_num FROM {VERSION}"))  # noqa: S608


@cache
def revisions(store: str) -> tuple[str, ...]:
    """The revisions of a store, in order: the numbers in the names of their files."""
    return tuple(sorted(path.stem[1:5] for path in _folder(store).glob("r[0-9]*.py")))


def _folder(store: str) -> Path:
    return Path(__file__).parent / store


def _refuse_newer(connection: Connection, store: str) -> None:
    at = stands_at(connection)
    if at not in ("", *revisions(store)):
        raise Unavailable(f"a newer hub made the tables of {store} (revision {at}): run that one", code="newer-database")


def _refuse_another_order(connection: Connection) -> None:
    """Moments and ids are compared as texts: by their bytes, in every database alike, whatever a library thinks of letters."""
    if is_postgresql(connection) and not quickly(connection, _IN_ORDER)[0][0]:
        raise Unavailable(
            "the hub's database has to be in UTF-8 and put texts in the order of their bytes: "
            "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
            code="other-order",
        )
