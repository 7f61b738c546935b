"""How things are said on a page: in the language that somebody chose, with days and times as people here write them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from hub.console.parts import Both

DUTCH_TIME = ZoneInfo("Europe/Amsterdam")
_MONTHS: Mapping[str, Sequence[str]] = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december".split(),  # noqa: SIM905
    "en": "January February March April May June July August September October November December".split(),  # noqa: SIM905
}
_DAYS: Mapping[str, Sequence[str]] = {
    "nl": ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
_NEAR = timedelta(hours=36)
"""Within this a term is told in hours, beyond it in days."""


@pass_context
def _(page: Context, nl: str, en: str) -> str:
    """These words in the language of the page."""
    return en if page["tongue"] == "en" else nl


@pass_context
def said(page: Context, words: Both) -> str:
    """The same of words that are kept in both languages."""
    return words.said(page["tongue"])


@pass_context
def pairs(page: Context, words: Mapping[str, Both]) -> list[tuple[str, str]]:
    """Codes with what they are called, to choose from."""
    return [(code, called.said(page["tongue"])) for code, called in words.items()]


@pass_context
def word(page: Context, kind: str, code: Any) -> str:
    """What a code of that kind is called."""
    found: Both = page["word_of"](kind, str(code))
    return found.said(page["tongue"])


@pass_context
def when(page: Context, at: str | datetime | None, how: str = "moment") -> Markup | str:
    """A moment in Dutch local time, or only its `day` or `time`, with the zone for whoever points at it."""
    if not at:
        return ""
    here = _moment(at).astimezone(DUTCH_TIME)
    tongue = page["tongue"]
    whole = f"{_day_of(here.date(), tongue)}, {here:%H:%M}"
    shown = {"day": _day_of(here.date(), tongue), "time": f"{here:%H:%M}"}.get(how, whole)
    zone = f"{_DAYS[tongue][here.weekday()]} {whole} ({here.tzname()}, UTC{here:%z})"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(here.isoformat(), zone, shown)


@pass_context
def day(page: Context, said: str | None) -> Markup | str:
    """A date, or as much of it as is known (2011, 2011-02, 2011-02-08)."""
    if not said:
        return ""
    year, *rest = said.split("-")
    months = _MONTHS[page["tongue"]]
    if len(rest) == 2:
        shown = _day_of(date.fromisoformat(said), page["tongue"])
    else:
        shown = f"{months[int(rest[0]) - 1]} {year}" if rest else year
    return Markup('<time datetime="{}">{}</time>').format(said, shown)


@pass_context
def due(page: Context, at: str | datetime | None) -> str:
    """How long is left until a moment, or how long ago it was over: `nog 3 dagen`, `2 uur te laat`."""
    if not at:
        return ""
    left = _moment(at) - page["now"]
    nl, en = _long(abs(left), "nl"), _long(abs(left), "en")
    is_late = left < timedelta(0)
    return _say(page, f"{nl} te laat" if is_late else f"nog {nl}", f"{en} late" if is_late else f"{en} left")


@pass_context
def ago(page: Context, at: str | datetime | None) -> str:
    """How long ago a moment was: `3 dagen geleden`."""
    if not at:
        return ""
    gone = page["now"] - _moment(at)
    if gone < timedelta(minutes=1):
        return _say(page, "zojuist", "just now")
    return _say(page, f"{_long(gone, 'nl')} geleden", f"{_long(gone, 'en')} ago")


@pass_context
def is_late(page: Context, at: str | datetime | None) -> bool:
    """Whether a moment has passed."""
    return bool(at) and _moment(at or "") < page["now"]


@pass_context
def typed(_page: Context, said: str | None) -> str:
    """A date as it is typed here: 8-2-2011."""
    if not said:
        return ""
    try:
        on = date.fromisoformat(said[:10])
    except ValueError:
        return said
    return f"{on.day}-{on.month}-{on.year}"


def moment(at: datetime) -> str:
    """A moment as a clock and calendar in the Netherlands show it."""
    here = at.astimezone(DUTCH_TIME)
    return f"{_day_of(here.date(), 'nl')}, {here:%H:%M}"


def _say(page: Context, nl: str, en: str) -> str:
    return en if page["tongue"] == "en" else nl


def begun(words: str) -> str:
    """With a capital letter at its beginning; names further on keep theirs."""
    return words[:1].upper() + words[1:]


def _moment(at: str | datetime) -> datetime:
    found = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day_of(on: date, tongue: str) -> str:
    return f"{on.day} {_MONTHS[tongue][on.month - 1]} {on.year}"


def _long(length: timedelta, tongue: str) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return _counted(minutes, ("minuut", "minuten") if tongue == "nl" else ("minute", "minutes"))
    if length < _NEAR:
        return _counted(minutes // 60, ("uur", "uur") if tongue == "nl" else ("hour", "hours"))
    return _counted(length.days or 1, ("dag", "dagen") if tongue == "nl" else ("day", "days"))


def _counted(many: int, of: tuple[str, str]) -> str:
    return f"{many} {of[many != 1]}"


GLOBALS: Mapping[str, Callable[..., Any]] = {each.__name__: each for each in (_, word, when, day, due, ago, is_late)}
FILTERS: Mapping[str, Callable[..., Any]] = {each.__name__: each for each in (said, pairs, typed, moment, begun)}
