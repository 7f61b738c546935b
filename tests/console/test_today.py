"""The page with which a day begins: what waits for me, the most urgent first, and nothing of anybody else's."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from tests.console.browsing import Browser
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.passing import passed_on


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


def today(work: Work, browser: Browser, path: str = "/") -> httpx2.Response:
    passed_on(work.door.hub)
    return browser.get(path)


def counters(page: str) -> dict[str, str]:
    return {name: many for many, name in re.findall(r"<strong>(\d+)</strong> (?:<span.*?</span>)?([^<]+)</a>", page)}


def test_whoever_has_no_families_is_told_that_nothing_waits(work: Work) -> None:
    page = today(work, work.door.logged_in(ON_DUTY))
    assert page.status_code == 200
    assert "Er wacht niets op u." in page.text
    assert set(counters(page.text).values()) == {"0"}


def test_an_escalation_stands_there_with_its_clock_and_the_way_to_it(work: Work) -> None:
    family = work.a_family(**ACUTE)
    page = today(work, work.door.logged_in(ON_DUTY)).text
    assert f'<a href="/families/{family}">' in page
    way = f'<a href="/escalations/{work.escalation_of(family)}">Neem kennis van de opschaling: veiligheid 3</a>'
    assert re.search(rf'{way}\s*<span class="due">', page)
    assert counters(page)["opschaling wacht"] == "1"


def test_what_is_over_comes_first(work: Work) -> None:
    first = work.a_family(**ACUTE)
    work.door.clock.set(work.door.clock.now() + timedelta(days=3))
    second = work.a_family(**ACUTE)
    page = today(work, work.door.logged_in(ON_DUTY)).text
    assert page.index(first) < page.index(second)
    assert "te laat" in page


def test_a_counter_shows_those_families_alone(work: Work) -> None:
    calm, acute = work.a_family(concern="payment-arrears"), work.a_family(**ACUTE)
    browser = work.door.logged_in(ON_DUTY)
    page = today(work, browser, "/?waits=escalations").text
    assert acute in page and calm not in page
    assert "Hiervan wacht er niets." in today(work, browser, "/?waits=handovers").text
    assert calm in today(work, browser, "/?waits=anything-else").text


def test_nobody_sees_the_families_of_another_organisation(work: Work) -> None:
    family = work.a_family(**ACUTE)
    assert family not in today(work, work.door.logged_in(OTHER)).text


def test_a_name_is_shown_as_it_is_whatever_its_script(work: Work) -> None:
    name = "عائلة تجريبية"
    work.hears({"familyName": name, "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}, **ACUTE)
    assert f"<bdi>{name}</bdi>" in today(work, work.door.logged_in(ON_DUTY)).text


def test_markup_in_a_name_is_text(work: Work) -> None:
    work.hears({"familyName": "<b>Voorbeeld</b>", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}, **ACUTE)
    page = today(work, work.door.logged_in(ON_DUTY)).text
    assert "<b>Voorbeeld" not in page and "&lt;b&gt;Voorbeeld" in page


def test_it_speaks_english_to_whoever_chose_that(work: Work) -> None:
    work.a_family(**ACUTE)
    browser = work.door.logged_in(ON_DUTY)
    chosen = browser.get("/language?to=en&back=/")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/")
    page = today(work, browser)
    assert page.headers["content-language"] == "en"
    assert '<html lang="en">' in page.text and "Take notice of the escalation: safety 3" in page.text
    assert "Neem kennis" not in page.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""])
def test_choosing_a_language_leads_nowhere_else(work: Work, back: str) -> None:
    answer = work.door.browser().get("/language?" + str(httpx2.QueryParams({"to": "en", "back": back})))
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("who", ["c.beheer", "f.toezicht", "g.privacy"])
def test_whoever_has_no_families_by_role_finds_what_there_is_for_them(work: Work, who: str) -> None:
    page = today(work, work.door.logged_in(person(who)))
    assert page.status_code == 200
    assert "U heeft geen eigen gezinnen." in page.text


def test_an_address_that_leads_nowhere_is_a_page_for_people_and_a_problem_for_programs(work: Work) -> None:
    browser = work.door.logged_in(ON_DUTY)
    page = browser.get("/families/nobody", Accept="text/html,*/*;q=0.8")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Hier is niets, of niets voor u" in page.text
    assert browser.get("/families/nobody", Accept="application/json").headers["content-type"] == "application/problem+json"
    assert browser.get("/v1/nothing", Accept="text/html").headers["content-type"] == "application/problem+json"


def test_whoever_is_not_logged_in_logs_in_and_comes_back(work: Work) -> None:
    page = work.door.browser().get("/account?x=1")
    assert page.status_code == 401
    assert 'href="/login?to=%2Faccount%3Fx%3D1"' in page.text


def test_a_session_that_is_over_is_said_to_be(work: Work) -> None:
    browser = work.door.logged_in(ON_DUTY)
    work.door.clock.set(work.door.clock.now() + timedelta(hours=12))
    page = browser.get("/account")
    assert page.status_code == 401
    assert "U bent niet meer ingelogd" in page.text


def test_each_line_is_a_deed_with_why_and_before_when(work: Work) -> None:
    family = work.a_family(**ACUTE)
    page = today(work, work.door.logged_in(ON_DUTY)).text
    deeds = re.findall(r'<li><a href="([^"]+)">([^<]+)</a>.*?<span class="aside">(.*?)</span></li>', page, re.DOTALL)
    held = {words: (at, aside) for at, words, aside in deeds}
    at, aside = held["Houd het casusoverleg"]
    assert at.startswith(f"/families/{family}/steps?term=case-meeting-complex")
    assert "casusoverleg na niveau 3" in aside
    assert re.search(r"uiterlijk <time[^>]*>(maan|dins|woens|donder|vrij|zater|zon)dag \d+ \w+ \d{4}</time>", aside)


def test_what_is_due_first_stands_first_and_what_is_far_is_folded(work: Work) -> None:
    work.a_family(**ACUTE)
    page = today(work, work.door.logged_in(ON_DUTY)).text
    near = page.split('<details class="later">')[0]
    moments = re.findall(r'<time datetime="([^"]+)"', near[near.index('class="families"') :])
    assert moments == sorted(moments)


def test_the_page_of_a_deed_has_its_form_open(work: Work) -> None:
    work.a_family(**ACUTE)
    browser = work.door.logged_in(ON_DUTY)
    page = today(work, browser).text
    (at,) = re.findall(r'<a href="(/families/[^"]+/steps\?term=case-meeting[^"#]+)#now"', page)
    opened = browser.get(at.replace("&amp;", "&")).text
    assert re.search(r'<details class="card" id="now" open><summary>Casusoverleg na niveau 3', opened)
