"""How much each organisation asked in a day."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String

revision, down_revision = "0001", None


def upgrade(op: Operations) -> None:
    """Makes what a hub from before there were revisions does not have."""
    op.create_table(
        "taken",
        Column("organisation", String(80), nullable=False),
        Column("day", String(10), nullable=False),
        Column("many", BigInteger(), nullable=False),
        PrimaryKeyConstraint("organisation", "day"),
        if_not_exists=True,
    )
