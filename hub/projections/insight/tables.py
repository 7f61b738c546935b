"""The rows that insight counts: candidacies, signals and whom they name, where people live, goals, and coaches' families."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text, select

TABLES = MetaData()
CANDIDACIES = Table(
    "insight_candidacies",
    TABLES,
    # the family's id; of a candidacy before its last, with the position at which that ended
    Column("candidacy", Text, primary_key=True),
    Column("family", Text, nullable=False, index=True),
    # the months whose signals are of it
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("came_at", Text, nullable=False),
    Column("met_at", Text, nullable=False),
    Column("referred_at", Text, nullable=False),
    Column("decided_at", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text, nullable=False),
    Column("is_merged", Boolean, nullable=False),
    # every criterion for referral, those that are missing marked; since which month; and how it was before that month
    Column("criteria", Text, nullable=False),
    Column("criteria_since", Text, nullable=False),
    Column("criteria_before", Text, nullable=False),
    Column("days_met", Integer),
    Column("days_referred", Integer),
    Column("days_decided", Integer),
    Column("days_started", Integer),
    Column("days_in_all", Integer),
)
MERGED = select(CANDIDACIES.c.family).where(CANDIDACIES.c.is_merged)
"""The families whose signals are counted with the family that goes on for them."""
SIGNALS = Table(
    "insight_signals",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("month", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("areas", Text, nullable=False),
    sqlite_with_rowid=False,
)
# large, and always looked into by their keys
NAMED = Table(
    "insight_named",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    sqlite_with_rowid=False,
)
PLACES = Table(
    "insight_places",
    TABLES,
    Column("person", Text, primary_key=True),
    Column("place", Text, nullable=False),
    sqlite_with_rowid=False,
)
GOALS = Table(
    "insight_goals",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("month", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("resulted_at", Text, nullable=False),
)
COACHED = Table(
    "insight_coached",
    TABLES,
    # the family's id; of a stretch before its last, with the position at which that ended
    Column("stretch", Text, primary_key=True),
    Column("coach", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("is_over", Boolean, nullable=False),
    Column("is_merged", Boolean, nullable=False),
    Index("insight_coached_since", "since"),
)
