"""Trees over what may not be changed, and what of them was signed."""

from alembic.operations import Operations
from sqlalchemy import Column, Integer, LargeBinary, PrimaryKeyConstraint, Text

from hub.adapters.migrations.both import LONG, never_changed

revision, down_revision = "0001", None


def upgrade(op: Operations) -> None:
    """Nobody kept them before."""
    op.create_table(
        "tiles",
        Column("tree", Text(), nullable=False),
        Column("level", Integer(), nullable=False),
        Column("number", LONG, nullable=False),
        Column("hashes", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("tree", "level", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        Column("tree", Text(), nullable=False),
        Column("size", LONG, nullable=False),
        Column("signed_at", Text(), nullable=False),
        Column("note", Text(), nullable=False),
        PrimaryKeyConstraint("tree", "size"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cosignatures",
        Column("tree", Text(), nullable=False),
        Column("size", LONG, nullable=False),
        Column("witness", Text(), nullable=False),
        Column("line", Text(), nullable=False),
        PrimaryKeyConstraint("tree", "size", "witness"),
        sqlite_with_rowid=False,
    )
    for table in ("checkpoints", "cosignatures"):
        never_changed(op, table, "what was signed is never changed")
