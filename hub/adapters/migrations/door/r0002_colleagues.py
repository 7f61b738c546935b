"""How the people who work here are called."""

from alembic.operations import Operations
from sqlalchemy import Column, PrimaryKeyConstraint, Text

from hub.adapters.migrations.both import LONG

revision, down_revision = "0002", "0001"

_SAID = ("role", "organisation", "name", "organisation_name")


def upgrade(op: Operations) -> None:
    """Makes what a hub did not have that knew people only by their login names."""
    op.create_table(
        "colleagues",
        Column("subject", Text(), nullable=False),
        *(Column(name, Text(), nullable=False) for name in _SAID),
        Column("seen", LONG, nullable=False),
        PrimaryKeyConstraint("subject"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_colleagues_seen", "colleagues", ["seen"])
