"""The people who work here, as they were called when they last logged in: to choose from, and to show instead of a login name."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, Table, Text, delete, select

from hub.adapters.database import locked, looking, promised, quickly_each
from hub.domain.callers import Capacity, Colleague

TABLES = MetaData()
_colleagues = Table(
    "colleagues",
    TABLES,
    Column("subject", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("organisation_name", Text, nullable=False),
    Column("seen", BigInteger().with_variant(Integer, "sqlite"), nullable=False, index=True),
    sqlite_with_rowid=False,
)
_C = _colleagues.c
_NOTE = """INSERT INTO colleagues (role, organisation, name, organisation_name, seen, subject) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (subject) DO UPDATE SET role = excluded.role, organisation = excluded.organisation, name = excluded.name,
organisation_name = excluded.organisation_name, seen = excluded.seen"""
KEPT = timedelta(days=730)
"""How long somebody who logs in no more is known by name: assumed, for timelines go on naming them."""
NOTICED_WITHIN = 10.0
"""Seconds after which a process sees who logged in at another."""
_SAID = "the hub cannot look who works here"


class Colleagues:
    """Who works here, by login name; each process remembers them for a moment, as every page names some."""

    def __init__(self, door: Engine) -> None:
        self._door, self._known = door, dict[str, Colleague]()
        self._until = 0.0

    def note(self, one: Colleague, at: datetime) -> None:
        """Somebody logged in; whoever did not for long is known no more. Raises: Unavailable."""
        row = (one.role.value, one.organisation, one.name, one.organisation_name, int(at.timestamp()), one.subject)
        with promised(_SAID), locked(self._door) as connection:
            quickly_each(connection, _NOTE, [row])
            connection.execute(delete(_colleagues).where(_C.seen <= int((at - KEPT).timestamp())))
        self._until = 0.0

    def all(self) -> Mapping[str, Colleague]:
        """Everybody, by login name. Raises: Unavailable."""
        if monotonic() >= self._until:
            with promised(_SAID), looking(self._door) as connection:
                rows = connection.execute(select(_colleagues).order_by(_C.name, _C.subject)).all()
            self._known = {
                row.subject: Colleague(Capacity(row.role), row.subject, row.organisation, row.name, row.organisation_name)
                for row in rows
            }
            self._until = monotonic() + NOTICED_WITHIN
        return self._known
