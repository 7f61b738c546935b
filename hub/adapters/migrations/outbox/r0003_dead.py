"""Finding the deliveries that a person has to look at, without reading all of them."""

from alembic.operations import Operations
from sqlalchemy import text

revision, down_revision = "0003", "0002"


def upgrade(op: Operations) -> None:
    """An index of the dead."""
    dead = text("state = 'dead'")
    op.create_index("deliveries_dead", "deliveries", ["id"], sqlite_where=dead, postgresql_where=dead)
