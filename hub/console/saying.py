"""How things are said on a page: in the language that somebody chose, with days and times as people here write them."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from hub.console.parts import Both
from hub.console.tables import shown
from hub.domain.streams import THE_HUB

DUTCH_TIME = ZoneInfo("Europe/Amsterdam")
_MONTHS: Mapping[str, Sequence[str]] = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december".split(),  # noqa: SIM905
    "en": "January February March April May June July August September October November December".split(),  # noqa: SIM905
}
_DAYS: Mapping[str, Sequence[str]] = {
    "nl": ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
_A_CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)+", re.ASCII)
_IN_SENTENCES = ("rule", "term", "lever", "phase", "partner")
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
def who(page: Context, subject: str, organisation: str = "") -> Markup:
    """Somebody by name, with the login name for whoever points at it; with that where nobody knows the name. And of whom."""
    if subject == THE_HUB:
        return Markup(_say(page, "de hub", "the hub"))  # noqa: S704
    known = page["staff"].get(subject)
    if known is None and page["is_organisation"](subject):
        return Markup('<bdi title="{}">{}</bdi>').format(subject, house(page, subject))
    named = Markup('<bdi title="{}">{}</bdi>').format(subject, known.name) if known and known.name else None
    called = named or Markup("<bdi>{}</bdi>").format(subject)
    return Markup("{} (<bdi>{}</bdi>)").format(called, house(page, organisation)) if organisation else called


@pass_context
def house(page: Context, organisation: str) -> str:
    """An organisation as people call it, where somebody of it logged in; or by its code, which is made readable."""
    names = (one.organisation_name for one in page["staff"].values() if one.organisation == organisation)
    return next(filter(None, names), "") or readable(organisation)


@pass_context
def when(page: Context, at: str | datetime | None, how: str = "moment") -> Markup | str:
    """A moment in Dutch local time, or its `day`, that with `weekday`, or `time`; with the zone for whoever points at it."""
    if not at:
        return ""
    here = _moment(at).astimezone(DUTCH_TIME)
    tongue = page["tongue"]
    whole = f"{_day_of(here.date(), tongue)}, {here:%H:%M}"
    on = _day_of(here.date(), tongue)
    shown = {"day": on, "weekday": f"{_DAYS[tongue][here.weekday()]} {on}", "time": f"{here:%H:%M}"}.get(how, whole)
    zone = f"{_DAYS[tongue][here.weekday()]} {whole} ({here.tzname()}, UTC{here:%z})"
    # nothing in it was typed by anybody, so nothing has to be escaped, which takes longer than all the rest
    return Markup(f'<time datetime="{here.isoformat()}" title="{zone}">{shown}</time>')  # noqa: S704


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


@pass_context
def decoded(page: Context, sentence: str) -> str:
    """A sentence of the timeline with words in the place of the codes in it."""

    def worded(found: re.Match[str]) -> str:
        words = (page["word_of"](kind, found[0]) for kind in _IN_SENTENCES)
        known = next((each for each in words if each.nl != found[0]), None)
        return known.said(page["tongue"]) if known else found[0]

    return _A_CODE.sub(worded, sentence)


@pass_context
def celled(page: Context, cell: Any) -> str:
    """A cell of a table of figures."""
    return shown(cell, page["tongue"])


def month(said: str, tongue: str) -> str:
    """A month (2026-03) as people write it."""
    year, _, number = said.partition("-")
    return f"{_MONTHS[tongue][int(number) - 1]} {year}"


@pass_context
def in_month(page: Context, said: str) -> str:
    """The same, in the language of the page."""
    return month(said, page["tongue"])


def moment(at: datetime) -> str:
    """A moment as a clock and calendar in the Netherlands show it."""
    here = at.astimezone(DUTCH_TIME)
    return f"{_day_of(here.date(), 'nl')}, {here:%H:%M}"


def _say(page: Context, nl: str, en: str) -> str:
    return en if page["tongue"] == "en" else nl


def readable(code: str) -> str:
    """A code of an organisation for people to read."""
    return begun(code.replace("-", " "))


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


GLOBALS: Mapping[str, Callable[..., Any]] = {each.__name__: each for each in (_, word, who, house, when, day, due, ago, is_late)}
FILTERS: Mapping[str, Callable[..., Any]] = {
    each.__name__: each for each in (said, pairs, typed, moment, begun, decoded, in_month, celled)
}
