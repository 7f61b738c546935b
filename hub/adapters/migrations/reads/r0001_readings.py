"""What was read, and whom it was about."""

from alembic.operations import Operations
from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text

from hub.adapters.migrations.both import LONG, never_changed

revision, down_revision = "0001", None

_STEP = ("trace_id", "span_id", "parent_span_id", "status", "name")
_WHAT = (
    *("activity", "handling", "outcome", "who", "role", "organisation"),
    *("object_kind", "object_reference", "purpose", "ground", "processor", "system"),
)


def upgrade(op: Operations) -> None:
    """Makes what a hub from before there were revisions does not have."""
    _readings(op)
    _lines(op)
    for table in ("readings", "lines"):
        never_changed(op, table, "what was read is never changed")


def _readings(op: Operations) -> None:
    op.create_table(
        "readings",
        Column("place", LONG, autoincrement=False, nullable=False),
        *(Column(name, Text(), nullable=False) for name in _STEP),
        Column("start_time", LONG, nullable=False),
        Column("end_time", LONG, nullable=False),
        *(Column(name, Text(), nullable=False) for name in _WHAT),
        PrimaryKeyConstraint("place"),
        if_not_exists=True,
    )
    op.create_index("readings_who", "readings", ["who", "place"], if_not_exists=True)
    op.create_index("readings_start", "readings", ["start_time"], if_not_exists=True)


def _lines(op: Operations) -> None:
    op.create_table(
        "lines",
        Column("place", LONG, nullable=False),
        Column("nth", Integer(), nullable=False),
        *(Column(name, Text(), nullable=False) for name in ("span_id", "subject", "kind", "family")),
        PrimaryKeyConstraint("place", "nth"),
        ForeignKeyConstraint(["place"], ["readings.place"]),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("lines_subject", "lines", ["subject", "place"], if_not_exists=True)
    op.create_index("lines_family", "lines", ["family", "place"], if_not_exists=True)
