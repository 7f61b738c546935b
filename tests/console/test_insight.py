"""Insight: all families together, told so that nobody is recognised, as a sentence, a picture, a table and a file."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from uuid import UUID

import playwright.sync_api as chromium
import pytest

from hub.domain.trajectory.direction import Director
from hub.domain.words import Phase
from tests.console.browsing import Browser
from tests.console.looking import is_well, pictured
from tests.console.working import ACUTE, ON_DUTY, Work, person, working
from tests.journeys.running import a_child
from tests.passing import passed_on

FILES = ("early-path", "waiting", "signals", "goals", "caseload")
MONTHS = ("2025-09", "2025-12", "2026-03")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("insight")) as work:
        filled(work)
        yield work


def filled(work: Work) -> None:
    """Sixty families over half a year, of which some meet the criteria, some were referred, and some began."""
    came: list[str] = []
    for month in MONTHS:
        it_is(work, month)
        came += [a_family(work, nth) for nth in range(20)]
    it_is(work, "2026-04")
    for family in came[:22]:
        decide(work, family, lambda it, rules, on: it.refer("the school asked", rules, on))
    for nth, family in enumerate(came[:12]):
        decide(work, family, lambda it, _, on: it.decide_referral(Phase.ELIGIBLE, "it fits", on))
        decide(work, family, lambda it, rules, on: it.enter(Phase.START_TALK, "they agreed", rules, on))
        coach = Director("busy" if nth < 6 else f"coach-{nth % 4}", ON_DUTY.organisation, "")
        decide(work, family, lambda it, _, on, coach=coach: it.assign_coach(coach, on))
    it_is(work, "2026-05")
    passed_on(work.door.hub)


def a_family(work: Work, nth: int) -> str:
    """A family in debt, with violence, or with so much that it meets the criteria."""
    if nth % 2:
        return work.a_family(concern="payment-arrears")
    if nth % 4:
        return work.a_family(**ACUTE)
    number = next(work.numbers)
    child = a_child(number, familyName=f"Voorbeeld{number}", givenNames=f"Kind{number}")
    (family,) = {work.hears(child, concern=concern) for concern in ("upbringing", "debt-crisis", "eviction-threatened", "crime")}
    return family


def it_is(work: Work, month: str) -> None:
    year, _, number = month.partition("-")
    work.door.clock.set(datetime(int(year), int(number), 10, 12, tzinfo=UTC))


def decide(work: Work, family: str, verb: object) -> None:
    work.door.hub.casework.decide(UUID(family), verb, ON_DUTY.subject)  # type: ignore[arg-type]


@pytest.fixture
def reader(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def section(page: str, name: str) -> str:
    return page[page.index(f'<h2 id="{name}"') :].split("</section>")[0]


def test_the_early_path_is_told_in_a_sentence_with_a_bar_for_each_stage(work: Work, reader: Browser) -> None:
    said = section(reader.get("/insight").text, "early-path")
    assert re.search(r"Er kwamen \d+ gezinnen in beeld; \d+ zijn aangemeld en \d+ begonnen\.", said)
    assert said.count('<svg class="bar"') == 5


def test_all_is_by_fives_and_nothing_small_is_told(work: Work, reader: Browser) -> None:
    page = reader.get("/insight").text
    told = [int(number) for number in re.findall(r"<strong>(\d+)(?: \(ongeveer \d+%\))?</strong>", section(page, "early-path"))]
    assert told and all(number % 5 == 0 and number for number in told)
    assert "minder dan 5" in page and "niemand te herkennen" in page


def test_waiting_stands_beside_the_former_sixteen_months(work: Work, reader: Browser) -> None:
    said = section(reader.get("/insight").text, "waiting")
    assert "Vroeger: 16 maanden" in re.sub(r"\s+", " ", said)
    assert [int(each) for each in re.findall(r"<strong>(\d+) maanden</strong>", said)] == [2, 4, 3, 4, 3]


def test_how_long_it_took_is_not_said_of_too_few_families(work: Work, reader: Browser) -> None:
    assert "te weinig om te zeggen" in section(reader.get("/insight").text, "waiting")
    rows = list(csv.reader(StringIO(reader.get("/insight/waiting.csv").content.decode("utf-8-sig")), delimiter=";"))
    assert not [row for row in rows if "minder dan 5" in row[2:]], "what is not known is not short"


def test_the_share_of_each_stage_is_told_of_many_families(work: Work, reader: Browser) -> None:
    assert re.search(r"<strong>20 \(ongeveer 35%\)</strong>", section(reader.get("/insight").text, "early-path"))
    fewer = section(reader.get("/insight?from=2026-03&until=2026-03").text, "early-path")
    assert "<strong>20</strong>" in fewer and "%)</strong>" not in fewer


def test_a_coach_with_more_than_five_families_is_told(work: Work, reader: Browser) -> None:
    said = section(reader.get("/insight").text, "caseload")
    assert "Een coach had meer dan vijf gezinnen aan het einde van april 2026." in re.sub(r"\s+", " ", said)
    assert "waar alle coaches samen vol zijn" in said


@pytest.mark.parametrize("name", FILES)
def test_each_picture_has_its_table_and_its_file_with_the_same_figures(work: Work, reader: Browser, name: str) -> None:
    page = section(reader.get("/insight").text, name)
    (link,) = re.findall(rf'href="(/insight/{name}\.csv[^"]*)"', page)
    answer = reader.get(link.replace("&amp;", "&"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    cells = [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<(?:td|th scope=row)[^>]*>(.*?)</(?:td|th)>", page)]
    assert cells == [cell for row in rows[1:] for cell in row]


def test_a_period_is_chosen_by_month(work: Work, reader: Browser) -> None:
    page = reader.get("/insight?from=2026-01&until=2026-03").text
    assert '<option value="2026-01" selected>januari 2026</option>' in page
    rows = reader.get("/insight/signals.csv?from=2026-01&until=2026-03").content.decode("utf-8-sig").splitlines()
    assert rows[0] == "naar;wat;2026-01;2026-02;2026-03;samen"


@pytest.mark.parametrize("period", ["from=2026-03&until=2026-01", "from=nothing", "from=2019-01&until=2026-03"])
def test_a_period_that_cannot_be_is_said_and_the_last_year_is_shown(work: Work, reader: Browser, period: str) -> None:
    page = reader.get(f"/insight?{period}")
    assert page.status_code == 200
    assert 'role="alert"' in page.text and 'id="early-path"' in page.text
    assert reader.get(f"/insight/early-path.csv?{period}").status_code == 400


def test_there_is_no_file_of_anything_else(work: Work, reader: Browser) -> None:
    assert reader.get("/insight/families.csv").status_code == 404


def test_it_is_for_whoever_works_with_families_or_watches_over_that(work: Work) -> None:
    for subject in ("f.toezicht", "g.privacy", "d.leider", "e.bestuur"):
        assert work.door.logged_in(person(subject)).get("/insight").status_code == 200, subject
    operator = work.door.logged_in(person("c.beheer"))
    assert operator.get("/insight").status_code == 403
    assert operator.get("/insight/goals.csv").status_code == 403
    assert 'href="/insight"' not in operator.get("/").text


def test_a_hub_in_which_nothing_happened_says_so(tmp_path: Path) -> None:
    with working(tmp_path) as work:
        page = work.door.logged_in(ON_DUTY).get("/insight").text
    assert "Nog te weinig gezinnen om iets over te zeggen." in page
    assert "Nog te weinig doelen om iets over te zeggen." in page


def test_it_is_said_in_english_too(work: Work, reader: Browser) -> None:
    reader.get("/language?to=en&back=/insight")
    page = reader.get("/insight").text
    assert re.search(r"\d+ families came into view", page)
    assert reader.get("/insight/waiting.csv").content.decode("utf-8-sig").startswith("step;families;")


def test_its_pictures_are_for_everybody_at_any_width(work: Work, browser: chromium.Browser) -> None:
    with browser.new_context(locale="nl-NL", bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name=ON_DUTY.subject).click()
        page.get_by_role("link", name="Inzicht").click()
        chromium.expect(page.get_by_role("heading", name="De weg vooraf")).to_be_visible()
        pictured(page, "insight")
        page.emulate_media(media="print")
        chromium.expect(page.get_by_role("table").first).to_be_visible()
        assert page.locator("td:visible").count() == page.locator("td").count()
        page.emulate_media(media="screen")
        for figures in page.get_by_text("Als tabel").all():
            figures.click()
        is_well(page)
        assert len(page.content()) < 150_000
