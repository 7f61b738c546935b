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
TO = {"to": OTHER.subject, "contact": "b@vig.example", "motivation": "Zij kent het gezin."}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        work.door.logged_in(OTHER)  # whom nobody ever saw is offered nothing
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
        assert "Antwoord vóór" in page and "b@vig.example" in page and "Zij kent het gezin." in page
        assert '<bdi title="b.testman">B. Testman</bdi> (<bdi>VIG-team</bdi>)' in page


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
    honest, called = work.door.provider.tokens, {"name": "\u05e0\u05d5\u05e2\u05d4 <b>", "organisation_name": LONG.strip()}
    try:
        work.door.crooked(lambda said: said.update(called))
        work.door.logged_in(OTHER)
        page = opened(work, director, offered(work, director))
    finally:
        work.door.provider.tokens = honest
        work.door.logged_in(OTHER)
    assert f'<bdi title="b.testman">\u05e0\u05d5\u05e2\u05d4 <b></bdi> (<bdi>{LONG.strip()}</bdi>)' in page


def test_direction_is_offered_to_one_at_a_time(work: Work, director: Browser) -> None:
    path = offered(work, director)
    passed_on(work.door.hub)
    refused = fill(director, path, "offer", version=str(work.trajectory(path.split("/")[2]).version), **TO)
    assert refused.status_code == 409
    assert "De regie is al aan iemand aangeboden." in refused.text


def test_it_is_offered_to_a_colleague_from_the_list_and_to_nobody_whom_nobody_knows(work: Work, director: Browser) -> None:
    path = f"/families/{work.a_family()}/handover"
    page = opened(work, director, path)
    assert '<option value="b.testman">B. Testman (VIG-team)</option>' in page
    assert f'<option value="{ON_DUTY.subject}"' not in page, "who has it already"
    refused = fill(director, path, "offer", **{**TO, "to": "b.testmann"})
    assert refused.status_code == 400 and "kies iemand uit de lijst" in refused.text
    assert work.trajectory(path.split("/")[2]).offered is None


def test_colleagues_are_those_who_can_direct_and_an_operator_hears_no_names(work: Work, director: Browser) -> None:
    for subject in ("f.toezicht", "c.beheer", "i.melder"):
        work.door.logged_in(person(subject))
    told = director.get("/v1/colleagues").json()["items"]
    assert {"who": "b.testman", "name": "B. Testman", "role": "coordinator"}.items() <= next(
        one for one in told if one["who"] == "b.testman"
    ).items()
    assert {one["role"] for one in told} <= {"coordinator", "team-lead", "administrative"}
    assert work.door.logged_in(person("c.beheer")).get("/v1/colleagues").status_code == 403
