"""Terms as a calendar that any program shows (iCalendar, RFC 5545): what ends when and where to look, never of whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event


@dataclass(frozen=True, slots=True)
class Entry:
    """A term that ends at a moment: its id, what it is called, and where it is looked at."""

    id: str
    ends: datetime
    dutch: str
    english: str
    url: str


BEFORE = timedelta(days=1)
"""How long before its end somebody is reminded of a term."""


def written(entries: Iterable[Entry], now: datetime) -> bytes:
    """The calendar; an entry has the same id as long as its term runs, so that programs move it and do not double it."""
    calendar = Calendar()
    calendar.add("prodid", "-//VIG-hub//termijnen//NL")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "VIG: mijn termijnen")
    calendar.add("refresh-interval;value=duration", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry, now))
    return bytes(calendar.to_ical())


def _event(entry: Entry, now: datetime) -> Event:
    event, alarm = Event(), Alarm()
    event.add("uid", f"{entry.id}@vig-hub")
    event.add("dtstamp", now)
    # in UTC, which every program shows by its own clock, also in the hour that comes twice
    event.add("dtstart", entry.ends.astimezone(UTC))
    event.add("summary", f"Termijn: {entry.dutch} / {entry.english}")
    event.add("url", entry.url)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"Termijn: {entry.dutch}")
    alarm.add("trigger", -BEFORE)
    event.add_component(alarm)
    return event
