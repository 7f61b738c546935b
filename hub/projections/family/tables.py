"""The rows of families, people and signals: a few columns to find and order them by, and the rest in documents."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text

from hub.projections import Document

TABLES = MetaData()
FAMILIES = Table(
    "family",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("level", Integer, nullable=False),
    Column("escalations", Integer, nullable=False),
    Column("next_due", Text, nullable=False),
    Column("progress_due", Text, nullable=False),
    Column("offered_to", Text, nullable=False),
    Column("offered_until", Text, nullable=False),
    Column("is_coached", Boolean, nullable=False),
    # last, for SQLite reads no further than what is asked for
    Column("state", Document, nullable=False),
    Index("family_by_urgency", "is_open", "next_due"),
)
PEOPLE = Table(
    "family_people",
    TABLES,
    Column("person", Text, primary_key=True),
    Column("given_names", Document, nullable=False),
    Column("prefix", Document, nullable=False),
    Column("family_name", Document, nullable=False),
    Column("born", Document, nullable=False),
    Column("address", Document, nullable=False),
    Column("stated", Document, nullable=False),
)
SIGNALS = Table(
    "family_signals",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
)
