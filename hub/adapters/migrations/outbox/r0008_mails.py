"""What people who work here are to be mailed."""

from alembic.operations import Operations
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String, UniqueConstraint, text

from hub.adapters.migrations.both import LONG

revision, down_revision = "0008", "0007"


def upgrade(op: Operations) -> None:
    """No hub from before mailed anybody."""
    op.create_table(
        "mails",
        Column("id", LONG, nullable=False),
        Column("recipient", String(36), nullable=False),
        Column("kind", String(40), nullable=False),
        Column("notice", String(36), nullable=False),
        Column("about", String(80), nullable=False),
        Column("answer_by", String(40), nullable=False),
        Column("due_at", String(32), nullable=False),
        Column("daily", Integer()),
        Column("accepted_at", String(32), nullable=False),
        Column("state", String(9), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("last_outcome", String(40), nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("recipient", "kind", "notice"),
    )
    waiting = text("state = 'waiting'")
    op.create_index("mails_due", "mails", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("mails_about", "mails", ["about"])
