"""Where what partners are told stands in the log."""

from alembic.operations import Operations
from sqlalchemy import Column

from hub.adapters.migrations.both import LONG

revision, down_revision = "0006", "0005"


def upgrade(op: Operations) -> None:
    """Of what was queued before, it is not known; a hub of the version before goes on without it."""
    op.add_column("deliveries", Column("fact", LONG))
