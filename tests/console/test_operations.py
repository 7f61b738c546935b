"""The operator's page: what could not be read, why, and reading it again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.browsing import HTTP
from tests.console.deciding import fill
from tests.console.working import ON_DUTY, YOUTH_WORK, Work, person, working
from tests.journeys.running import STRUCTURED
from tests.passing import passed_on

OPERATOR = person("c.beheer")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        yield work


@pytest.fixture(scope="module")
def message(work: Work) -> str:
    """A message that nobody can read."""
    now = work.door.clock.now()
    body = YOUTH_WORK.an_event({"reference": "r-1", "concern": "no-such-worry", "happened": "soon", "people": []}, now)
    headers = {**YOUTH_WORK.signed(body, now), "content-type": STRUCTURED}
    answer = HTTP.post(f"{work.base}/v1/signals", content=body, headers=headers).json()
    assert answer["outcome"] == "quarantined", answer
    passed_on(work.door.hub)
    return str(answer["message"])


def test_what_could_not_be_read_stands_there_with_every_reason(work: Work, message: str) -> None:
    page = work.door.logged_in(OPERATOR).get("/operations").text
    assert message in page and "<code>/concern</code>" in page and "<code>/happened</code>" in page


def test_partners_and_followers_stand_there(work: Work) -> None:
    page = work.door.logged_in(OPERATOR).get("/operations").text
    for words in (
        "youth-work",
        "youth-work-PS256-1",
        "andere ketenpartner",
        "doet mee",
        "(tellings)",
        "wat aan wie is verstrekt",
        "(webhook)",
    ):
        assert words in page, words
    coded = set(re.findall(r"<td[^>]*>(\S+) \(\1\)</td>", page.partition('id="following"')[2]))
    assert coded <= {"caseload"}, "by a code alone"


def test_it_is_read_again_and_the_page_says_that_it_still_cannot_be(work: Work, message: str) -> None:
    answer = fill(work.door.logged_in(OPERATOR), "/operations", "again", message=message)
    assert answer.status_code == 200, answer.text
    assert "Het kan nog steeds niet worden gelezen." in answer.text


def test_what_is_not_in_quarantine_is_not_read_again(work: Work) -> None:
    answer = fill(work.door.logged_in(OPERATOR), "/operations", "again", message="11111111-1111-4111-8111-111111111111")
    assert answer.status_code == 404


def test_it_is_the_operators_page_alone(work: Work) -> None:
    browser = work.door.logged_in(ON_DUTY)
    assert browser.get("/operations").status_code == 403
    assert 'href="/operations"' not in browser.get("/").text
    assert 'href="/operations"' in work.door.logged_in(OPERATOR).get("/").text
