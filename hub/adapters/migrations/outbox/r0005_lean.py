"""What a lean notice says the beginning of."""

from alembic.operations import Operations
from sqlalchemy import Column, LargeBinary, PrimaryKeyConstraint, String

revision, down_revision = "0005", "0004"


def upgrade(op: Operations) -> None:
    """What was told before was told whole."""
    op.create_table(
        "whole_notices",
        Column("receiver", String(80), nullable=False),
        Column("notice", String(36), nullable=False),
        Column("event", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("receiver", "notice"),
    )
