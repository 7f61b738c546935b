"""The hub's own secrets, sealed, where several machines share them."""

from alembic.operations import Operations
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Text

revision, down_revision = "0003", "0002"


def upgrade(op: Operations) -> None:
    """Makes a table that stays empty where one machine keeps them in a file."""
    op.create_table(
        "sealed_documents",
        Column("name", Text(), nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("document", Text(), nullable=False),
        PrimaryKeyConstraint("name"),
    )
