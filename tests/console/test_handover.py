"""Handing direction over on pages: each answer with its own words, and who has no say in it."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.passing import passed_on

LONG = "van Lange-Naam " * 12
TO = {"to": OTHER.subject, "organisation": OTHER.organisation, "contact": "b@vig.example", "motivation": "Zij kent het gezin."}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        yield work


@pytest.fixture
def director(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def opened(work: Work, browser: Browser, path: str) -> str:
    passed_on(work.door.hub)
    return unescape(browser.get(path).text)


def offered(work: Work, director: Browser, **but: str) -> str:
    """The page of a family whose direction was offered to a colleague."""
    path = f"/families/{work.a_family(**ACUTE)}/handover"
    passed_on(work.door.hub)
    assert fill(director, path, "offer", **{**TO, **but}).status_code == 303
    return path


def test_what_is_offered_to_whom_and_until_when_stands_there_for_both(work: Work, director: Browser) -> None:
    path = offered(work, director)
    for browser, words in ((director, "Het wachten is op het antwoord."), (work.door.logged_in(OTHER), "De regie is u aangeboden")):
        page = opened(work, browser, path)
        assert words in page
        assert "Antwoord vóór" in page and "b@vig.example" in page


def test_whoever_refuses_without_a_reason_keeps_the_form_and_the_other_form_stays_empty(work: Work, director: Browser) -> None:
    path = offered(work, director)
    other = work.door.logged_in(OTHER)
    handover = opened(work, other, path).split('name="handover" value="')[1].split('"')[0]
    refused = fill(other, path, "refuse", handover=handover, motivation="")
    assert refused.status_code == 400
    assert "<details open>" in refused.text and refused.text.count('aria-invalid="true"') == 1
    assert work.trajectory(path.split("/")[2]).director.who == ON_DUTY.subject


def test_nobody_else_answers_what_is_not_offered_to_them(work: Work, director: Browser) -> None:
    path = offered(work, director)
    handover = "00000000-0000-5000-8000-000000000000"
    said = {"handover": handover, "motivation": "Ik neem het over."}
    assert fill(director, path, "accept", **said).status_code in (404, 409)
    assert fill(work.door.logged_in(person("d.leider")), path, "accept", **said).status_code in (404, 409)
    assert work.trajectory(path.split("/")[2]).director.who == ON_DUTY.subject


def test_long_names_and_those_from_right_to_left_are_kept_apart_from_the_words_around_them(work: Work, director: Browser) -> None:
    path = offered(work, director, to="\u05e0\u05d5\u05e2\u05d4", organisation=LONG.strip())
    page = opened(work, director, path)
    assert "<bdi>\u05e0\u05d5\u05e2\u05d4</bdi>" in page and f"<bdi>{LONG.strip()}</bdi>" in page


def test_direction_is_offered_to_one_at_a_time(work: Work, director: Browser) -> None:
    path = offered(work, director)
    passed_on(work.door.hub)
    refused = fill(director, path, "offer", **TO)
    assert refused.status_code == 409
    assert "De regie is al aan iemand aangeboden." in refused.text
