"""What counts only once, and who is logged in."""

from alembic.operations import Operations
from sqlalchemy import Column, LargeBinary, PrimaryKeyConstraint, String, Text

from hub.adapters.migrations.both import LONG

revision, down_revision = "0001", None

_WHO = ("role", "subject", "organisation", "issuer", "issuer_subject", "issuer_session")


def upgrade(op: Operations) -> None:
    """Makes what a hub from before there were revisions does not have."""
    op.create_table(
        "taken",
        Column("digest", String(64), nullable=False),
        Column("until", LONG, nullable=False),
        PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("ix_taken_until", "taken", ["until"], if_not_exists=True)
    op.create_table(
        "sessions",
        Column("digest", String(64), nullable=False),
        *(Column(name, Text(), nullable=False) for name in _WHO),
        Column("statement", LargeBinary(), nullable=False),
        Column("begun", LONG, nullable=False),
        Column("used", LONG, nullable=False),
        PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    for column in ("begun", "issuer_session", "issuer_subject"):
        op.create_index(f"ix_sessions_{column}", "sessions", [column], if_not_exists=True)
