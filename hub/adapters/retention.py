"""The register of retention as it stands in its file, and what waits to leave or has left, which goes after its term."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select, tuple_

from hub.adapters.channels.feed import FEED
from hub.adapters.channels.mail.queue import MAILS
from hub.adapters.channels.webhook.queue import DELIVERIES, WHOLE
from hub.adapters.contracts import refuse, valid
from hub.adapters.database import promised
from hub.domain.matrix import Words
from hub.domain.retention import EXECUTED, Category, Deed, Period, RetentionRules
from hub.domain.retention import MAILS as OF_MAILS
from hub.domain.terms import AMSTERDAM
from hub.errors import Violation

AT_ONCE = 500
"""Rows that are deleted in one transaction."""
_BY_A_RUN = frozenset(EXECUTED.values())


def load_retention(path: Path) -> RetentionRules:
    """The register in a file, against the schema that lies beside it.

    Raises:
        Malformed: with every place where it is not what that asks, where two entries are of one day, or nobody can do what it says.
    """
    said = valid(path, f"{path.stem}.schema.json")
    categories = [_category(entry) for entry in said["retention"]]
    counted = Counter((one.code, one.valid_from) for one in categories)
    twice = [Violation(f"/{code}", f"two entries hold from {day}") for (code, day), many in counted.items() if many > 1]
    refuse(path, [*twice, *(Violation(f"/{one.code}", why) for one in categories if (why := _wrong_with(one)))])
    return RetentionRules(said["version"], categories)


def _wrong_with(one: Category) -> str:
    if one.valid_until and one.valid_until < one.valid_from:
        return "ends before it begins"
    if one.deed in _BY_A_RUN and (EXECUTED.get(one.code) is not one.deed or one.term is None):
        return f"no run can do {one.deed.value}, or there is no term"
    return ""


def _category(said: Mapping[str, Any]) -> Category:
    return Category(
        said["code"],
        words=Words(said["nl"], said["en"]),
        term=Period.read(said["term"]) if said["term"] else None,
        counts_from=said["counts_from"],
        deed=Deed(said["deed"]),
        source=said["article"],
        assumed=said["assumed"],
        valid_from=date.fromisoformat(said["valid_from"]),
        valid_until=date.fromisoformat(said["valid_until"]) if said["valid_until"] else None,
    )


def end_of(day: date) -> datetime:
    """The end of a day, by the Dutch clock."""
    return datetime.combine(day + timedelta(days=1), time(), AMSTERDAM)


def accepted_before(day: date) -> str:
    """The same as the outbox writes when something was accepted: what compares less is of that day or before."""
    return end_of(day).astimezone(UTC).isoformat(timespec="microseconds")


# What left -------------------------------------------------------------------------------------------


class Outbox:
    """What was told, as it was sent; what still waits to leave is never touched.

    `position` is where the log stood at a moment: what stands on the feed has no time of its own.
    """

    def __init__(self, engine: Engine, position: Callable[[datetime], int]) -> None:
        self._engine, self._position = engine, position

    def count(self, category: str, until: date) -> int:
        """How many rows of that category are of that day or before."""
        with promised("the outbox cannot be read"), self._engine.connect() as connection:
            counted = [select(func.count()).select_from(table).where(*old) for table, old in self._old(category, until)]
            return sum(connection.execute(query).scalar_one() for query in counted)

    def purge(self, category: str, until: date, progress: Callable[[int], None]) -> int:
        """Deletes them, some at a time, so that whoever tells something need not wait; how many."""
        done = 0
        for table, old in self._old(category, until):
            while many := self._some(table, old):
                done += many
                progress(done)
        return done

    def _old(self, category: str, until: date) -> list[tuple[Table, tuple[ColumnElement[bool], ...]]]:
        accepted = accepted_before(until)
        if category == OF_MAILS:
            return [(MAILS, (MAILS.c.state != "waiting", MAILS.c.accepted_at < accepted))]
        mine = (DELIVERIES.c.state != "waiting", DELIVERIES.c.accepted_at < accepted)
        return [(DELIVERIES, mine), (FEED, (FEED.c.position <= self._position(end_of(until)),))]

    def _some(self, table: Table, old: tuple[ColumnElement[bool], ...]) -> int:
        keys = list(table.primary_key.columns)
        with promised("the outbox cannot be written"), self._engine.begin() as connection:
            if table is DELIVERIES:
                return _deliveries(old, connection)
            return connection.execute(delete(table).where(tuple_(*keys).in_(select(*keys).where(*old).limit(AT_ONCE)))).rowcount


def _deliveries(old: tuple[ColumnElement[bool], ...], connection: Connection) -> int:
    """Some deliveries, each with what it said at full length."""
    here = select(DELIVERIES.c.id, DELIVERIES.c.receiver, DELIVERIES.c.notice).where(*old).limit(AT_ONCE)
    rows = connection.execute(here).all()
    full = [(row.receiver, row.notice) for row in rows]
    connection.execute(delete(WHOLE).where(tuple_(WHOLE.c.receiver, WHOLE.c.notice).in_(full)))
    return connection.execute(delete(DELIVERIES).where(DELIVERIES.c.id.in_([row.id for row in rows]))).rowcount
