"""What pages say: both languages everywhere, Dutch for every no that somebody can meet, days and terms as people write them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment

from hub.console import refusals, saying
from hub.console.filling import day
from hub.console.pages import ROOM
from tests.tools import ROOT

CONSOLE = ROOT / "hub" / "console"
TEMPLATES = sorted((CONSOLE / "templates").glob("*.html"))
BEFORE_ANYBODY_IS_KNOWN = {"page.html", "out.html", "trouble.html"}
"""Those say everything in both languages beside each other."""
NOON = datetime(2026, 3, 8, 11, 0, tzinfo=UTC)
OF_OTHERS = {"social_return.py", "registrations.py", "subscriptions.py", "messages.py", "people.py", "tellings.py"}
"""What partners' systems and operators on the command line are told."""


def said(template: str, tongue: str = "nl", **words: object) -> str:
    environment = Environment(autoescape=True)
    environment.globals |= saying.GLOBALS
    environment.filters |= saying.FILTERS
    return environment.from_string(template).render(tongue=tongue, now=NOON, **words)


def codes() -> list[str]:
    places = [path for path in (ROOT / "hub" / "domain").rglob("*.py") if path.name not in OF_OTHERS]
    return sorted({code for path in places for code in re.findall(r'RuleBroken\([^)]*code="([a-z-]+)"', path.read_text())})


@pytest.mark.parametrize("code", codes())
def test_every_rule_that_a_person_can_break_is_told_in_dutch(code: str) -> None:
    assert code in refusals.REFUSALS


def test_there_are_rules_to_break() -> None:
    assert len(codes()) > 20


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_says_anything_in_one_language_alone(path: Path) -> None:
    if path.name in BEFORE_ANYBODY_IS_KNOWN:
        pytest.skip("says everything in both languages beside each other")
    text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", path.read_text(), flags=re.DOTALL)
    outside = re.sub(r"<[^>]*>", "\n", text).splitlines()
    assert [line.strip() for line in outside if re.search(r"[A-Za-zÀ-ÿ]{4,}", line) and '="' not in line] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_runs_or_paints_anything_by_itself(path: Path) -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://(?!www\.w3\.org)", path.read_text())


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("1-3-2026", "2026-03-01"),
        ("01/03/2026", "2026-03-01"),
        (" 31.12.2026 ", "2026-12-31"),
        ("2026-03-01", "2026-03-01"),
        ("morgen", "morgen"),
        ("", ""),
    ],
)
def test_a_date_is_typed_the_dutch_way(typed: str, asked: str) -> None:
    assert day(typed) == asked


def test_a_moment_is_told_in_dutch_time_with_its_zone_at_hand() -> None:
    shown = said("{{ when(at) }}", at="2026-03-08T11:05:00Z")
    assert shown == (
        '<time datetime="2026-03-08T12:05:00+01:00" title="zondag 8 maart 2026, 12:05 (CET, UTC+0100)">8 maart 2026, 12:05</time>'
    )
    assert "8 July 2026, 13:05" in said("{{ when(at) }}", "en", at=datetime(2026, 7, 8, 11, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("left", "nl", "en"),
    [
        (timedelta(minutes=1), "nog 1 minuut", "1 minute left"),
        (timedelta(hours=30), "nog 30 uur", "30 hours left"),
        (timedelta(days=3, hours=2), "nog 3 dagen", "3 days left"),
        (timedelta(hours=-2), "2 uur te laat", "2 hours late"),
        (timedelta(days=-9), "9 dagen te laat", "9 days late"),
    ],
)
def test_a_term_is_told_by_what_is_left_of_it(left: timedelta, nl: str, en: str) -> None:
    assert (said("{{ due(at) }}", at=NOON + left), said("{{ due(at) }}", "en", at=NOON + left)) == (nl, en)


@pytest.mark.parametrize(("known", "shown"), [("2011", "2011"), ("2011-02", "februari 2011"), ("2011-02-08", "8 februari 2011")])
def test_as_much_of_a_date_is_told_as_is_known(known: str, shown: str) -> None:
    assert f">{shown}</time>" in said("{{ day(at) }}", at=known)


@pytest.mark.parametrize(
    ("what", "nl"),
    [
        ("is longer than 2000 characters", "is langer dan 2000 tekens"),
        ("is not one of 'reached', 'partly'", "kies een van de mogelijkheden"),
        ("something that nobody foresaw", "klopt nog niet"),
    ],
)
def test_what_is_wrong_with_a_field_is_told_in_dutch(what: str, nl: str) -> None:
    assert refusals.of_violation(what).nl == nl


def test_a_field_of_a_row_is_told_with_its_number() -> None:
    assert refusals.of_field("goals.0.specific").nl == "doel 1: specifiek"
    assert refusals.of_field("motivation").en == "motivation"


def test_the_templates_are_there() -> None:
    assert ROOM == "hub.console" and len(TEMPLATES) > 5
