"""How far the ways out came in the log, the live feed, and what is delivered at callbacks."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, PrimaryKeyConstraint, String, Text, UniqueConstraint, text

from hub.adapters.migrations.both import LONG

revision, down_revision = "0001", None


def upgrade(op: Operations) -> None:
    """Makes what a hub from before there were revisions does not have, for it had tables only of the ways that were on."""
    op.create_table(
        "positions",
        Column("follower", Text(), nullable=False),
        Column("position", BigInteger(), nullable=False),
        Column("shape", Text(), nullable=False),
        PrimaryKeyConstraint("follower"),
        if_not_exists=True,
    )
    _feed(op)
    _deliveries(op)


def _feed(op: Operations) -> None:
    op.create_table(
        "feed",
        Column("position", LONG, autoincrement=False, nullable=False),
        Column("type", Text(), nullable=False),
        Column("family", String(36), nullable=False),
        Column("notice", Text(), nullable=False),
        PrimaryKeyConstraint("position"),
        if_not_exists=True,
    )
    op.create_index("feed_of_family", "feed", ["family", "position"], if_not_exists=True)


def _deliveries(op: Operations) -> None:
    op.create_table(
        "deliveries",
        Column("id", LONG, nullable=False),
        Column("receiver", String(80), nullable=False),
        Column("sequence", LONG, nullable=False),
        Column("notice", String(36), nullable=False),
        Column("type", Text(), nullable=False),
        Column("family", String(36), nullable=False),
        Column("event", LargeBinary(), nullable=False),
        Column("accepted_at", String(32), nullable=False),
        Column("state", String(9), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("last_outcome", String(40), nullable=False),
        Column("next_at", String(32), nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("receiver", "notice"),
        UniqueConstraint("receiver", "sequence"),
        if_not_exists=True,
    )
    for name, columns in (("deliveries_due", ["next_at"]), ("deliveries_of_family", ["family", "sequence"])):
        waiting = text("state = 'waiting'")
        op.create_index(
            name, "deliveries", ["receiver", *columns], sqlite_where=waiting, postgresql_where=waiting, if_not_exists=True
        )
    op.create_table(
        "receivers",
        Column("receiver", String(80), nullable=False),
        Column("last_sequence", LONG, nullable=False),
        Column("failures", Integer(), nullable=False),
        Column("paused_until", String(32), nullable=False),
        Column("retired_callback", Text(), nullable=False),
        PrimaryKeyConstraint("receiver"),
        if_not_exists=True,
    )
