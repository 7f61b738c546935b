"""The vault's keys, and the shapes of the indexes beside the log."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint, String, Text, text

revision, down_revision = "0002", "0001"


def upgrade(op: Operations) -> None:
    """Makes what a hub from before there were revisions does not have."""
    op.create_table(
        "vault_keys",
        Column("subject", String(32), nullable=False),
        Column("kek", String(16), nullable=False),
        Column("wrapped", LargeBinary()),
        Column("destroyed", BigInteger()),
        PrimaryKeyConstraint("subject"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    is_destroyed = text("destroyed IS NOT NULL")
    op.create_index(
        "vault_destroyed",
        "vault_keys",
        ["destroyed"],
        unique=True,
        sqlite_where=is_destroyed,
        postgresql_where=is_destroyed,
        if_not_exists=True,
    )
    op.create_table(
        "index_shapes",
        Column("name", Text(), nullable=False),
        Column("shape", Text(), nullable=False),
        PrimaryKeyConstraint("name"),
        if_not_exists=True,
    )
