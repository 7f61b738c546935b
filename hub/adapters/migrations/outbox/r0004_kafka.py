"""What is to be told over Kafka."""

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, LargeBinary, PrimaryKeyConstraint, String, UniqueConstraint, false, literal_column

from hub.adapters.migrations.both import LONG

revision, down_revision = "0004", "0003"


def upgrade(op: Operations) -> None:
    """No hub from before told anything over Kafka."""
    op.create_table(
        "kafka_tellings",
        Column("receiver", String(80), nullable=False),
        Column("sequence", LONG, autoincrement=False, nullable=False),
        Column("position", LONG, nullable=False),
        Column("notice", String(36), nullable=False),
        Column("family", String(36), nullable=False),
        Column("event", LargeBinary(), nullable=False),
        Column("accepted_at", String(32), nullable=False),
        Column("is_told", Boolean(), nullable=False),
        PrimaryKeyConstraint("receiver", "sequence"),
        UniqueConstraint("receiver", "notice"),
    )
    is_open = literal_column("is_told", Boolean()) == false()
    op.create_index(
        "kafka_tellings_open", "kafka_tellings", ["position", "receiver"], sqlite_where=is_open, postgresql_where=is_open
    )
