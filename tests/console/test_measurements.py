"""The measurements of a family on a page: measured at the start, seen to go by a table and a line, and taken back when wrong."""

from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from hub.console.rooms.measurements import _line
from hub.demo.cast import COORDINATOR
from hub.domain.rules import Rules
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.words import Phase
from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.looking import is_well
from tests.console.working import ACUTE, ON_DUTY, Work, person, working
from tests.given import a_goal
from tests.parts.fixtures import PATIENCE
from tests.passing import passed_on


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        yield work


@pytest.fixture
def director(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def a_family(work: Work, phase: Phase = Phase.START_TALK) -> str:
    """The page of a family that has come to that phase."""
    family = work.a_family(**ACUTE)

    def verb(trajectory: Trajectory, rules: Rules, on: Occasion) -> None:
        trajectory.refer("the school asked", rules, on)
        trajectory.decide_referral(Phase.ELIGIBLE, "it fits", on)
        for step in list(Phase)[list(Phase).index(Phase.START_TALK) :]:
            if step is Phase.COACH_DIRECTS:
                trajectory.assign_coach(Director(ON_DUTY.subject, ON_DUTY.organisation, COORDINATOR.contact), on)
                trajectory.adopt_plan([a_goal()], "together", rules, on)
            if step is Phase.HANDED_BACK:
                trajectory.release_coach("direction goes back", on)
            trajectory.enter(step, "the next step", rules, replace(on, by=ON_DUTY.subject))
            if step is phase:
                return

    work.door.hub.casework.decide(UUID(family), verb, ON_DUTY.subject)
    passed_on(work.door.hub)
    return f"/families/{family}/measurements"


def opened(work: Work, browser: Browser, path: str) -> str:
    passed_on(work.door.hub)
    said = browser.get(path)
    assert said.status_code == 200, said.text
    return unescape(said.text)


def a_measurement(work: Work, moment: str = "start", **but: str) -> dict[str, str]:
    said = {"instrument": "self-sufficiency", "moment": moment, "takenOn": f"{work.door.clock.now():%-d-%-m-%Y}"}
    return {**said, "measuredBy": "C. Oach", "score.finances": "2", "score.housing": "3", "words": "Wij slapen slecht.", **but}


def test_a_family_that_has_not_begun_is_not_measured(work: Work, director: Browser) -> None:
    page = opened(work, director, f"/families/{work.a_family(**ACUTE)}/measurements")
    assert "nog niet gemeten" in page and "Meting vastleggen" not in page


def test_how_the_family_stands_is_measured_on_the_page_and_who_measured_stands_beside_it(work: Work, director: Browser) -> None:
    path = a_family(work)
    assert fill(director, path, "take", **a_measurement(work)).status_code == 303
    page = opened(work, director, path)
    for shown in ("Geld", "Wonen", "gemeten door <bdi>C. Oach</bdi>", "Wij slapen slecht.", "nog niet te vergelijken"):
        assert shown in page, shown
    assert "Werk en school" not in page[page.index("<table") : page.index("</table>")]
    assert "Veiligheidscijfer, bij de start" in page, "that is still to be measured"


def test_what_became_better_or_worse_since_the_start_is_said_in_words_beside_the_line(work: Work, director: Browser) -> None:
    path = a_family(work, Phase.CLOSED)
    page = opened(work, director, path)
    assert "bij het afsluiten" in page and "te meten op" in page and "zes maanden" not in page[page.index('id="measure"') :]
    assert fill(director, path, "take", **a_measurement(work, "closing")).status_code == 303
    refused = fill(director, path, "take", **a_measurement(work))
    assert refused.status_code == 409 and "Dit traject is beëindigd" in refused.text
    path = a_family(work, Phase.HANDED_BACK)
    assert fill(director, path, "take", **a_measurement(work)).status_code == 303
    later = a_measurement(work, "handing-back", **{"score.finances": "4", "score.housing": "1"})
    assert fill(director, path, "take", **later).status_code == 303
    page = opened(work, director, path)
    assert "<strong>2 hoger</strong>" in page and "<strong>2 lager</strong>" in page
    assert page.count('class="went"') == 2


def test_what_is_wrong_is_said_by_the_field_and_what_was_typed_stays(work: Work, director: Browser) -> None:
    path = a_family(work)
    said = fill(director, path, "take", **a_measurement(work, takenOn="1-1-2099"))
    assert said.status_code == 400
    page = unescape(said.text)
    assert "ligt in de toekomst" in page and 'value="1-1-2099"' in page and '<option value="2" selected>' in page
    nothing = fill(director, path, "take", **a_measurement(work, **{"score.finances": "", "score.housing": ""}))
    assert nothing.status_code == 400 and "Geef minstens één cijfer" in unescape(nothing.text)


def test_a_measurement_that_was_wrong_is_taken_back_with_the_reason(work: Work, director: Browser) -> None:
    path = a_family(work)
    assert fill(director, path, "take", **a_measurement(work)).status_code == 303
    (measurement,) = work.trajectory(path.split("/")[2]).measurements
    without = fill(director, path, "withdraw", measurement=measurement, motivation="")
    assert without.status_code == 400
    assert fill(director, path, "withdraw", measurement=measurement, motivation="Van een ander gezin.").status_code == 303
    assert "nog niet gemeten" in opened(work, director, path)


def test_what_is_to_be_measured_stands_among_what_waits_today_until_it_was(work: Work, director: Browser) -> None:
    path = a_family(work, Phase.CLOSED)
    link = f'<a href="{path}">'
    page = opened(work, director, "/")
    assert f"{link}Gezin" in page and "bij het afsluiten" in page[page.index(link) :]
    assert fill(director, path, "take", **a_measurement(work, "closing")).status_code == 303
    assert link not in opened(work, director, "/")


def test_who_only_watches_sees_the_scores_without_who_and_no_forms(work: Work, director: Browser) -> None:
    path = a_family(work)
    assert fill(director, path, "take", **a_measurement(work)).status_code == 303
    work.assigned(path.split("/")[2])
    page = opened(work, work.door.logged_in(person("f.toezicht")), path)
    assert "Geld" in page and '<form method="post"' not in page[page.index("<main") :]


def test_no_state_of_it_has_anything_for_axe_or_is_wider_than_a_telephone(work: Work, director: Browser, browser: Chromium) -> None:
    path = a_family(work, Phase.HANDED_BACK)
    assert fill(director, path, "take", **a_measurement(work)).status_code == 303
    assert fill(director, path, "take", **a_measurement(work, "handing-back", **{"score.finances": "4"})).status_code == 303
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name=ON_DUTY.subject).click()
        page.goto(work.base + path)
        page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
        is_well(page)
        measuring = page.locator("details[class=card]", has_text="Veiligheidscijfer, bij de start").first
        measuring.get_by_label("Op welke dag?").fill("1-1-2099")
        measuring.get_by_label("Wie heeft gemeten?").fill("C. Oach")
        measuring.get_by_label("Zo veilig is het nu").select_option("4")
        measuring.get_by_role("button", name="Meting vastleggen").click()
        expect(page.get_by_role("alert")).to_be_visible()
        is_well(page)


def test_the_line_of_a_domain_goes_up_with_its_score_and_along_with_the_moments() -> None:
    domain = {"code": "finances", "lowest": 1, "highest": 5}
    measured = [
        {"moment": moment, "scores": [{"domain": "finances", "score": score}]} for moment, score in (("start", 1), ("closing", 5))
    ]
    line = _line(domain, measured)
    assert (line.points, line.change) == ([(8.0, 36.0), (66.0, 8.0)], 4)
