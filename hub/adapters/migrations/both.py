"""What revisions say to either database in its own words; they rely on it for ever, so what is here is never changed."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Integer

LONG = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number of 64 bits, which on SQLite every INTEGER is."""


def never_changed(op: Operations, table: str, words: str) -> None:
    """Forbids to change or delete rows of a table, to everybody: rows are only added."""
    if op.get_bind().dialect.name == "postgresql":
        _forbid_on_postgresql(op, table, words)
    else:
        _forbid_on_sqlite(op, table, words)


def _forbid_on_sqlite(op: Operations, table: str, words: str) -> None:
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{change} BEFORE {change.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )


def _forbid_on_postgresql(op: Operations, table: str, words: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_no_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_change()"
    )
