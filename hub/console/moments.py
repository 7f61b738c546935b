"""A moment that somebody asks about: a day as it is typed here, or a moment as the hub writes it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from hub.console.asking import Ask, Refused, Wrong
from hub.console.filling import day
from hub.console.saying import DUTCH_TIME


def asked(ask: Ask, *names: str) -> tuple[Mapping[str, datetime | None], Refused | None]:
    """The moments in the address by these names (none where nothing was asked), and what is wrong with the others."""
    found: dict[str, datetime | None] = {}
    wrong: list[Wrong] = []
    for name in names:
        try:
            found[name] = moment_of(ask.query.get(name, ""))
        except (ValueError, OverflowError):
            found[name] = None
            wrong.append(Wrong(name, "is not a date (YYYY-MM-DD)"))
    refused = Refused(400, {"code": "malformed"}) if wrong else None
    if refused:
        refused.violations = wrong
    return found, refused


def moment_of(text: str) -> datetime | None:
    """The moment that is meant, in UTC; of a day its end, for whoever asks about a day means all of it. Raises: ValueError."""
    if not (said := day(text)):
        return None
    if len(said) == len("2026-03-01"):
        last = datetime.combine(date.fromisoformat(said) + timedelta(days=1), time(), DUTCH_TIME) - timedelta(microseconds=1)
        return last.astimezone(UTC)
    at = datetime.fromisoformat(said)
    if at.tzinfo is None:
        raise ValueError("a moment without an offset")
    return at.astimezone(UTC)


def told(at: datetime | None) -> str:
    """A moment as the hub is asked about it, or nothing."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else ""
