"""Since when a receiver takes nothing, what was begun anew, and the deliveries of a receiver in order."""

from alembic.operations import Operations
from sqlalchemy import Column, Integer, String, text

revision, down_revision = "0007", "0006"


def upgrade(op: Operations) -> None:
    """Nobody failed before somebody counts; a hub of the version before asks by family, and goes on with less of an index."""
    op.add_column("deliveries", Column("begun_anew_at", String(32)))
    op.add_column("receivers", Column("failing_since", String(32)))
    op.add_column("receivers", Column("failed", Integer()))
    waiting = text("state = 'waiting'")
    op.create_index("deliveries_in_order", "deliveries", ["receiver", "sequence"], sqlite_where=waiting, postgresql_where=waiting)
    op.drop_index("deliveries_of_family", "deliveries")
