"""How far the read models came in the log."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Text

revision, down_revision = "0001", None


def upgrade(op: Operations) -> None:
    """Makes what a hub from before there were revisions does not have."""
    op.create_table(
        "positions",
        Column("follower", Text(), nullable=False),
        Column("position", BigInteger(), nullable=False),
        Column("shape", Text(), nullable=False),
        PrimaryKeyConstraint("follower"),
        if_not_exists=True,
    )
