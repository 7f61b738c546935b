"""Escalations on pages: what they rest on, what was taken back from under them, and stepping down."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest

from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from tests.console.browsing import Browser
from tests.console.deciding import fill, handed_over
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.passing import passed_on


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


def withdrawn(work: Work, family: str) -> None:
    """The partner takes all its signals about the family back."""
    signals = list(work.trajectory(family).signals)

    def verb(trajectory: Trajectory, rules: object, on: Occasion) -> None:
        trajectory.withdraw(signals, "a-withdrawal", rules, on)  # type: ignore[arg-type]

    work.door.hub.casework.decide(UUID(family), verb, "youth-work")
    passed_on(work.door.hub)


def test_it_says_why_on_what_it_rests_who_leads_who_hears_of_it_and_until_when(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    page = opened(work, director, f"/escalations/{work.escalation_of(family)}")
    for words in (
        "Nog niemand heeft hiervan kennisgenomen.",
        "huiselijk geweld",
        "acuut",
        "2 maart 2026",
        "matrix 2026-1",
        "Horen hiervan",
        "grondslag",
        "Deze as staat nu op niveau",
    ):
        assert words in page, words


def test_who_waits_until_the_family_was_informed_is_named_with_the_way_to_note_it(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE | {"informed": None})
    path = f"/escalations/{work.escalation_of(family)}"
    page = opened(work, director, path)
    waits = page.index("Wachten tot het gezin is ingelicht")
    assert page.index("Horen hiervan") < page.index("niemand anders") < waits < page.index("leerplicht", waits)
    assert f"/families/{family}/steps?open=informed#now" in page
    assert "andere partners horen tot dan niets" in opened(work, director, "/")
    assert fill(director, f"/families/{family}/steps", "informed", how="spoken", when="2-3-2026", reasonNot="").status_code == 303
    page = opened(work, director, path)
    assert "Wachten tot het gezin is ingelicht" not in page and "niemand anders" not in page


def test_what_was_taken_back_is_named_with_the_level_that_is_left(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    escalation = work.escalation_of(family)
    withdrawn(work, family)
    page = opened(work, director, f"/escalations/{escalation}")
    assert "Een partner nam terug waarop dit rustte" in page
    assert re.search(r"Wat er nog is, geeft niveau <strong>1</strong>", page)
    assert page.index("Dit telt niet meer mee") < page.index("huiselijk geweld")
    assert "een signaal eronder is teruggenomen" in opened(work, director, "/escalations")


def test_stepping_down_goes_lower_only(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    path = f"/escalations/{work.escalation_of(family)}"
    passed_on(work.door.hub)
    for level, status in (("3", 409), ("4", 400), ("", 400)):
        refused = fill(director, path, "lower", family=family, axis="safety", level=level, motivation="Het is veilig.")
        assert refused.status_code == status, level
        assert "Het is veilig." in refused.text
    assert work.trajectory(family).levels["safety"] > 1  # type: ignore[index]


def test_who_lost_the_family_loses_its_escalations(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    path = f"/escalations/{work.escalation_of(family)}"
    handed_over(work, family, OTHER)
    passed_on(work.door.hub)
    assert director.get(path).status_code == 404
    assert path not in opened(work, director, "/escalations?state=")


def test_an_auditor_reads_it_and_finds_no_form(work: Work) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    page = opened(work, work.door.logged_in(person("f.toezicht")), f"/escalations/{work.escalation_of(family)}")
    assert "Waarom" in page
    assert "/acknowledge" not in page and "/lower" not in page


def test_whose_role_sees_no_escalations_is_told_so(work: Work) -> None:
    assert work.door.logged_in(person("c.beheer")).get("/escalations").status_code == 403


def test_nothing_in_a_list_is_said_in_words(work: Work, director: Browser) -> None:
    assert "Hiervan is er geen opschaling bij uw gezinnen." in opened(work, director, "/escalations?state=open&axis=income")
    assert director.get("/escalations?state=nothing&axis=nowhere&level=9").status_code == 200


def test_the_list_is_narrowed_to_an_axis_and_a_level(work: Work, director: Browser) -> None:
    path = f"/escalations/{work.escalation_of(work.a_family(**ACUTE))}"
    assert path in opened(work, director, "/escalations?axis=safety&level=3")
    assert path not in opened(work, director, "/escalations?axis=safety&level=4")
    assert path not in opened(work, director, "/escalations?axis=care")
