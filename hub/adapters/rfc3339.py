"""Moments as partners write them on the wire (RFC 3339): always with an offset, answered in UTC."""

import re
from datetime import UTC, datetime

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def moment(text: str) -> datetime:
    """That moment in UTC.

    Raises:
        ValueError: another form, no offset, or not a moment of the calendar.
    """
    if not _FORM.fullmatch(text):
        raise ValueError("is not a date and time with an offset (RFC 3339)")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a moment of the calendar") from None


def written(at: datetime) -> str:
    """That moment as text, in UTC with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
