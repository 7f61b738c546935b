"""What people ask about their own data, on a page: noted, decided on a ground and done by the officer; seen by the auditor."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.journeys.running import a_child
from tests.passing import passed_on

OFFICER, AUDITOR = person("g.privacy"), person("f.toezicht")
WHOM = {"familyName": "Zwaluwenhorst", "givenNames": "Quintijntje", "birthDate": "5-4-2016"}
RECEIVED = "27-2-2026"


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


@pytest.fixture
def officer(work: Work) -> Browser:
    return work.door.logged_in(OFFICER)


def a_family(work: Work) -> str:
    return work.hears(a_child(1, familyName="Zwaluwenhorst", givenNames="Quintijntje"), **ACUTE)


def noted(work: Work, officer: Browser, asks: str) -> str:
    """The officer looks somebody up and notes what they ask; gives the path of the request."""
    found = fill(officer, "/person-requests", "search", **WHOM)
    (who,) = set(re.findall(r'name="person" value="([^"]+)"', found.text))
    csrf = re.findall(r'name="csrf" value="([^"]+)"', found.text)[0]
    form = {"csrf": csrf, "person": who, "asks": asks, "received": RECEIVED, "words": "dit wil ik"}
    answer = officer.post("/person-requests/note", form)
    assert answer.status_code == 303, answer.text
    passed_on(work.door.hub)
    return str(answer.headers["location"]).partition("?")[0]


def granted(work: Work, officer: Browser, asks: str, ground: str) -> str:
    path = noted(work, officer, asks)
    assert fill(officer, path, "check", identity="digid").status_code == 303
    assert fill(officer, path, "grant", ground=ground, motivation="zo is het").status_code == 303
    passed_on(work.door.hub)
    return path


def test_an_officer_looks_up_who_asks_and_notes_it_and_its_term_runs(work: Work, officer: Browser) -> None:
    a_family(work)
    assert 'href="/person-requests"' in officer.get("/person-requests").text
    path = noted(work, officer, "inspection")
    page = officer.get(path).text
    assert "Verzoek: inzage" in page and "27 maart 2026, 23:59" in page and "nog niet vastgesteld" in page
    listed = officer.get("/person-requests").text
    assert f'<a href="{path}">Inzage</a>' in listed and "nog 25 dagen" in listed
    assert "Zwaluwenhorst" not in listed + page


def test_of_whom_nothing_is_kept_the_page_says_so(work: Work, officer: Browser) -> None:
    a_family(work)
    assert (
        "Van deze persoon wordt niets bewaard" in fill(officer, "/person-requests", "search", **WHOM | {"givenNames": "Ander"}).text
    )


def test_nothing_is_granted_before_it_is_known_who_asks(work: Work, officer: Browser) -> None:
    a_family(work)
    path = noted(work, officer, "inspection")
    refused = fill(officer, path, "grant", ground="avg-15-1", motivation="mag <b>natuurlijk</b>")
    assert refused.status_code == 409
    assert "Stel eerst vast dat deze persoon het zelf vraagt." in refused.text
    assert "mag &lt;b&gt;natuurlijk&lt;/b&gt;" in refused.text, "what was typed stays"


def test_a_request_is_refused_on_a_ground_that_the_page_names(work: Work, officer: Browser) -> None:
    a_family(work)
    path = noted(work, officer, "erasure")
    assert "Het dossier moet bewaard blijven (Jeugdwet, art. 7.3.8)" in officer.get(path).text
    assert fill(officer, path, "refuse", ground="jeugdwet-7-3-8", motivation="het loopt").status_code == 303
    passed_on(work.door.hub)
    page = officer.get(path).text
    assert "afgewezen: Het dossier moet bewaard blijven" in page and "Uitvoeren</h2>" not in page


def test_who_is_erased_is_gone_from_the_family_and_their_certificate_stands_on_the_page(work: Work, officer: Browser) -> None:
    family = a_family(work)
    path = granted(work, officer, "erasure", "avg-17-1-d")
    assert "Niets haalt het terug." in officer.get(path).text
    assert fill(officer, path, "carry-out", words="per brief").status_code == 303
    passed_on(work.door.hub)
    assert re.search(r"<code>[\w-]+\.[\w-]+\.[\w-]+</code>", officer.get(path).text)
    assert "Quintijntje" not in work.door.logged_in(ON_DUTY).get(f"/families/{family}").text


def test_the_officer_takes_along_the_file_of_somebody(work: Work, officer: Browser) -> None:
    a_family(work)
    page = officer.get(granted(work, officer, "inspection", "avg-15-1")).text
    (readable,) = re.findall(r'href="(/v1/persons/[^"]+/readable-file\?language=nl)"', page)
    file = officer.get(readable)
    assert file.status_code == 200 and "Quintijntje Zwaluwenhorst" in file.text and "dit wil ik" in file.text
    assert file.headers["cache-control"] == "no-store"


def test_whoever_directs_sees_that_data_may_not_be_used_until_that_is_lifted(work: Work, officer: Browser) -> None:
    family = a_family(work)
    path = granted(work, officer, "restriction", "avg-18-1-a")
    assert fill(officer, path, "carry-out", words="per brief").status_code == 303
    assert fill(officer, path, "state", words="ik was er niet bij").status_code == 303
    passed_on(work.door.hub)
    director = work.door.logged_in(ON_DUTY)
    page = director.get(f"/families/{family}").text
    assert "beperkt: op eigen verzoek" in page and "<q>ik was er niet bij</q>" in page
    assert fill(officer, path, "lift", words="verteld aan de telefoon").status_code == 303
    passed_on(work.door.hub)
    assert "beperkt: op eigen verzoek" not in director.get(f"/families/{family}").text


def test_a_correction_names_the_messages_that_are_not_right(work: Work, officer: Browser) -> None:
    a_family(work)
    path = granted(work, officer, "correction", "avg-16")
    refused = fill(officer, path, "carry-out", words="", messages="niet-een-nummer")
    assert refused.status_code == 400 and "niet-een-nummer" in refused.text
    who = re.findall(r"/v1/persons/([^/]+)/file", officer.get(path).text)[0]
    message = officer.get(f"/v1/persons/{who}/file").json()["families"][0]["signals"][0]["message"]
    assert fill(officer, path, "carry-out", words="per brief", messages=message).status_code == 303


def test_whoever_works_with_the_family_notes_a_request_and_decides_nothing(work: Work) -> None:
    family = a_family(work)
    browser = work.door.logged_in(ON_DUTY)
    assert f'href="/families/{family}/note-request"' in browser.get(f"/families/{family}").text
    page = browser.get(f"/families/{family}/note-request")
    (who,) = re.findall(r'<option value="([0-9a-f-]{36})"', page.text)
    said = fill(browser, f"/families/{family}/note-request", "note", person=who, asks="inspection", received=RECEIVED, words="")
    assert said.status_code == 303
    passed_on(work.door.hub)
    assert "Inzage</a>" in work.door.logged_in(AUDITOR).get("/person-requests").text
    assert browser.get("/person-requests").status_code == 403
    wrong = fill(browser, f"/families/{family}/note-request", "note", person=who, asks="inspection", received="3-3-2026")
    assert wrong.status_code == 400
    assert work.door.logged_in(OTHER).get(f"/families/{family}/note-request").status_code == 404


def test_an_auditor_sees_what_was_asked_and_answers_nothing(work: Work, officer: Browser) -> None:
    a_family(work)
    path = noted(work, officer, "inspection")
    page = work.door.logged_in(AUDITOR).get(path).text
    assert "Verzoek: inzage" in page and "<form" not in page.partition("<main")[2] and "/file" not in page


def test_what_is_open_waits_for_the_officer_today_and_what_is_late_presses(work: Work, officer: Browser) -> None:
    a_family(work)
    path = noted(work, officer, "inspection")
    page = officer.get("/").text
    assert f'<a href="{path}">Inzage</a>, antwoord vóór' in page and 'class="card pressing"' not in page
    work.door.clock.set(work.door.clock.now() + timedelta(days=26))
    later = work.door.logged_in(OFFICER).get("/").text
    assert 'class="card pressing"' in later and "te laat" in later
