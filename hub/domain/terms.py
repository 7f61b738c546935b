"""When a term ends: working days, weeks and months as the Dutch clock shows them."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.domain.dates import Calendar
from hub.domain.matrix import Term, Unit

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def due(term: Term, start: datetime, calendar: Calendar) -> datetime:
    """The moment, in UTC, at which a term that starts then has passed.

    Hours are real hours; every other unit ends at the same Dutch local hour, also across summer time.
    A month ends on the same day of the month, or on its last. Statutory terms that end on a free day
    run on to the next working day (Algemene termijnenwet art. 1).

    Raises:
        ValueError: `start` has no time zone.
    """
    if start.tzinfo is None:
        raise ValueError("a term starts at a moment with a time zone")
    if term.unit is Unit.HOURS:
        return start.astimezone(UTC) + timedelta(hours=term.amount)
    end = _end(term, start.astimezone(AMSTERDAM), calendar)
    if term.is_statutory:
        end = calendar.after_working_days(end, 0)
    return end.astimezone(UTC)


def _end(term: Term, local: datetime, calendar: Calendar) -> datetime:
    if term.unit is Unit.WORKING_DAYS:
        return calendar.after_working_days(local, term.amount)
    if term.unit is Unit.MONTHS:
        return months_later(local, term.amount)
    return local + timedelta(days=term.amount * (7 if term.unit is Unit.WEEKS else 1))


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and hour of a later month, or its last day."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
