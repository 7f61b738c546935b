"""Which of the read models failed, and after which position."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Text

revision, down_revision = "0002", "0001"


def upgrade(op: Operations) -> None:
    """Nobody had written that down."""
    op.create_table(
        "stopped",
        Column("follower", Text(), nullable=False),
        Column("position", BigInteger(), nullable=False),
        Column("because", Text(), nullable=False),
        PrimaryKeyConstraint("follower"),
    )
