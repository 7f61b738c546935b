"""Five families for a coach, and a warning beyond; a family gets a coach, and is let go of."""

from collections.abc import Iterator

import pytest

from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.working import ON_DUTY, OTHER, Work, person, working
from tests.journeys.running import a_child

COACH = {"to": OTHER.subject, "contact": "b.testman@example.org"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        work.door.logged_in(OTHER)
        yield work


@pytest.fixture(scope="module")
def lead(work: Work) -> Browser:
    return work.door.logged_in(person("d.leider"))


def test_where_nobody_has_anything_the_page_says_so(lead: Browser) -> None:
    page = lead.get("/caseload").text
    assert "Geen coach heeft een gezin" in page and "heeft een coach" in page


def test_a_family_gets_a_coach_and_is_let_go_of(work: Work, lead: Browser) -> None:
    family = work.hears(a_child(1, familyName="נועה <i>"))
    page = lead.get("/caseload").text
    assert "<bdi>נועה &lt;i&gt;</bdi>" in page and "een coach geven" in page
    at = f"/families/{family}/coach"
    said = fill(lead, at, "assign", **COACH)
    assert said.status_code == 303
    assert "Dit gezin heeft nu een coach" in lead.get(said.headers["location"]).text
    page = lead.get("/caseload").text
    assert OTHER.subject in page and "<strong>1</strong> van 5 gezinnen" in page
    assert fill(lead, at, "release", motivation=" ").status_code == 400
    assert fill(lead, at, "release", motivation="Met verlof.").status_code == 303
    assert work.trajectory(family).coach is None


def test_beyond_five_there_is_a_warning(work: Work, lead: Browser) -> None:
    for nth in range(20, 26):
        family = work.hears(a_child(nth, familyName=f"Zes{nth}"))
        assert fill(lead, f"/families/{family}/coach", "assign", **COACH).status_code == 303
    page = lead.get("/caseload").text
    assert "<strong>6</strong> van 5 gezinnen" in page and "1 te veel" in page


def test_who_decides_on_an_older_state_is_told_and_loses_nothing(work: Work, lead: Browser) -> None:
    family = work.hears(a_child(30, familyName="Samen"))
    at = f"/families/{family}/coach"
    csrf = {"csrf": _csrf(lead, at), "version": "1"}
    said = lead.post(f"{at}/assign", {**csrf, **COACH})
    assert said.status_code == 412
    assert "intussen gewijzigd" in said.text and 'value="b.testman@example.org"' in said.text


def test_half_a_coach_is_asked_again(work: Work, lead: Browser) -> None:
    family = work.hears(a_child(31, familyName="Half"))
    said = fill(lead, f"/families/{family}/coach", "assign", **{**COACH, "contact": ""})
    assert said.status_code == 400 and 'href="#contact"' in said.text


def test_a_family_of_others_has_no_coach_to_give(work: Work) -> None:
    family = work.hears(a_child(32, familyName="Vreemd"))
    assert work.door.logged_in(person("e.bestuur")).get(f"/families/{family}/coach").status_code == 404


def test_who_does_not_assign_sees_no_way_to_it(work: Work) -> None:
    page = work.door.logged_in(person("e.bestuur")).get("/caseload")
    assert page.status_code == 200 and "/coach" not in page.text
    assert work.door.logged_in(ON_DUTY).get("/caseload").status_code == 200


def _csrf(browser: Browser, at: str) -> str:
    return browser.get(at).text.split('name="csrf" value="')[1].split('"')[0]
