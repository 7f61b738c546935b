"""The log of events, and what was received."""

from alembic.operations import Operations
from sqlalchemy import Column, Integer, LargeBinary, PrimaryKeyConstraint, Text, UniqueConstraint, Uuid

from hub.adapters.migrations.both import LONG, never_changed

revision, down_revision = "0001", None


def upgrade(op: Operations) -> None:
    """Makes what a hub from before there were revisions does not have."""
    op.create_table(
        "events",
        Column("position", LONG, autoincrement=False, nullable=False),
        Column("stream_id", Uuid(), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("topic", Text(), nullable=False),
        Column("state", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("position"),
        UniqueConstraint("stream_id", "version"),
        if_not_exists=True,
    )
    never_changed(op, "events", "events are never changed")
    op.create_table(
        "received",
        Column("kept", Text(), nullable=False),
        Column("headers", LargeBinary(), nullable=False),
        Column("body", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("kept"),
        if_not_exists=True,
    )
