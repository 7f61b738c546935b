"""Whole months that are over, by the Dutch calendar: the only periods that insight tells of."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.domain import field_classes as of
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.errors import Malformed, Violation
from hub.projections import Schema, moment

USUAL, MOST = 12, 60
"""How many months are told of where nobody says which, and how many at once."""
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)


def month_of(at: datetime) -> str:
    """The month of a moment, as 2026-01."""
    return at.astimezone(DUTCH_TIME).date().isoformat()[:7]


@dataclass(frozen=True, slots=True)
class Until:
    """How far insight reaches at some moment: until the present month began."""

    at: datetime

    @property
    def month(self) -> str:
        """The month that is not over yet."""
        return month_of(self.at)

    @property
    def day(self) -> date:
        """The last day that counts."""
        return date.fromisoformat(f"{self.month}-01") - timedelta(days=1)

    @property
    def moment(self) -> str:
        """The moment before which something has to have happened, as it is stored."""
        return moment(datetime.fromisoformat(f"{self.month}-01T00:00").replace(tzinfo=DUTCH_TIME))


def period(said: Mapping[str, str], until: Until) -> list[str]:
    """The months that are asked for, both ends with them.

    Raises:
        Malformed: with all that is wrong.
    """
    over = _number(until.month) - 1
    unread = [name for name in ("from", "until") if said.get(name) and not _MONTH.fullmatch(said[name])]
    last = over if "until" in unread else _number(said.get("until") or _text(over))
    first = last - USUAL + 1 if "from" in unread else _number(said.get("from") or _text(last - USUAL + 1))
    wrong = [Violation(f"/{name}", "is not a month, as 2026-01") for name in unread]
    if not unread:
        wrong += _outside(first, last, over)
    elif last > over:
        wrong.append(_NOT_OVER)
    if wrong:
        raise Malformed("Insight is told of whole months that are over.", wrong)
    return [_text(number) for number in range(first, last + 1)]


_NOT_OVER = Violation("/until", "is not over yet")


def _outside(first: int, last: int, over: int) -> Iterator[Violation]:
    if last > over:
        yield _NOT_OVER
    if first > last:
        yield Violation("/from", "is after the month until which it is")
    if last - first >= MOST:
        yield Violation("/from", f"is more than {MOST} months before")


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _text(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


MONTH: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"} | of.OPERATION
