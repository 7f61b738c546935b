"""Dates as partners know them, and the working days that terms run in."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

_KNOWN = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date of which the day, or the month too, may be unknown (StUF indOnvolledigeDatum J, M, D, V).

    `text` is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, or empty where nothing is known;
    what is unknown stays unknown and is never filled in.

    Raises:
        ValueError: not one of those forms, or not a day of the calendar.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text:
            return
        if not _KNOWN.fullmatch(self.text):
            raise ValueError("not a date of the form YYYY, YYYY-MM or YYYY-MM-DD")
        date.fromisoformat((self.text + "-01-01")[:10])

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.isoformat())

    @property
    def is_complete(self) -> bool:
        return len(self.text) == 10

    @property
    def day(self) -> date | None:
        """The day, where it is wholly known."""
        return date.fromisoformat(self.text) if self.is_complete else None

    @property
    def earliest(self) -> date | None:
        """The first day that it can have been."""
        return date.fromisoformat((self.text + "-01-01")[:10]) if self.text else None

    def age_at_most(self, today: date) -> int | None:
        """How old somebody born then can be at most; `None` where not even the year is known."""
        born = self.earliest
        if born is None:
            return None
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The Dutch working days: Monday to Friday without the holidays of the register."""

    holidays: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def after_working_days(self, start: datetime, days: int) -> datetime:
        """The same hour, so many working days later; a term that starts on a free day starts on the next working day."""
        moment = start
        while not self.is_working_day(moment.date()):
            moment += timedelta(days=1)
        while days:
            moment += timedelta(days=1)
            days -= self.is_working_day(moment.date())
        return moment
