"""How people want to be told, a calendar of their own, and who is on call."""

import re
from collections.abc import Iterator

import pytest

from tests.console.browsing import HTTP, Browser
from tests.console.deciding import fill
from tests.console.working import ON_DUTY, OTHER, Work, person, working

NIGHT = {"who": ON_DUTY.subject, "begins": "2-3-2026", "beginsAt": "17:00", "ends": "3-3-2026", "endsAt": "8.30", "rank": "1"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        work.door.logged_in(ON_DUTY)
        yield work


@pytest.fixture(scope="module")
def lead(work: Work) -> Browser:
    return work.door.logged_in(person("d.leider"))


@pytest.mark.parametrize("subject", ["a.voorbeeld", "e.bestuur", "f.toezicht", "g.privacy", "c.beheer"])
def test_everybody_chooses_how_they_are_told(work: Work, subject: str) -> None:
    browser = work.door.logged_in(person(subject))
    said = fill(browser, "/account", "contact", email="iemand@werk.example", mail="daily", hour="7")
    assert said.status_code == 303
    page = browser.get(said.headers["location"]).text
    assert "Zo krijgt u voortaan bericht" in page
    assert 'value="iemand@werk.example"' in page
    assert '<option value="daily" selected>' in page and '<option value="7" selected>' in page


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"email": "geen adres", "mail": "never", "hour": "8"}, "is geen e-mailadres"),
        ({"email": "", "mail": "at-once", "hour": "8"}, "vul een e-mailadres in"),
        ({"email": "", "mail": "never", "hour": "laat"}, "is geen heel getal"),
    ],
)
def test_what_nobody_can_be_told_by_is_refused_in_words(work: Work, fields: dict[str, str], says: str) -> None:
    said = fill(work.door.logged_in(OTHER), "/account", "contact", **fields)
    assert said.status_code == 400 and says in said.text


def test_a_calendars_link_is_shown_once_and_ends(work: Work) -> None:
    browser = work.door.logged_in(ON_DUTY)
    page = fill(browser, "/account", "calendar")
    (link,) = re.findall(r"<code>([^<]+)</code>", page.text)
    assert page.status_code == 200 and link not in browser.get("/account").text
    assert HTTP.get(link).headers["content-type"].startswith("text/calendar")
    assert "Uw link werkt tot" in browser.get("/account").text
    said = fill(browser, "/account", "no-calendar")
    assert "werkt niet meer" in browser.get(said.headers["location"]).text
    assert HTTP.get(link).status_code == 404


def test_a_team_lead_puts_somebody_on_call_and_takes_it_away(work: Work, lead: Browser) -> None:
    assert "Er staat niemand in het rooster" in lead.get("/duty").text
    assert fill(lead, "/duty", "plan", **NIGHT).status_code == 303
    page = lead.get("/duty").text
    assert '<bdi title="a.voorbeeld">A. Voorbeeld</bdi>' in page and "2 maart 2026, 17:00" in page and "3 maart 2026, 08:30" in page
    theirs = work.door.logged_in(ON_DUTY).get("/duty").text
    assert "(u)" in theirs and "<form" not in theirs.split("<main")[1]
    assert fill(lead, "/duty", "plan", **NIGHT).status_code == 409
    (shift,) = re.findall(r'name="shift" value="([^"]+)"', page)
    assert fill(lead, "/duty", "cancel", shift=shift).status_code == 303
    assert "Er staat niemand in het rooster" in lead.get("/duty").text


@pytest.mark.parametrize(
    ("but", "says"),
    [
        ({"begins": "gisteren"}, "vul een dag (1-3-2026) en een tijd (17:00) in"),
        ({"endsAt": "25:00"}, "vul een dag (1-3-2026) en een tijd (17:00) in"),
        ({"ends": "1-3-2026"}, "ligt niet na het begin"),
        ({"ends": "3-4-2026"}, "meer dan twee weken"),
        ({"who": "z.niemand"}, "kies iemand uit de lijst"),
        ({"rank": "0"}, "is minder dan 1"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_in_words(work: Work, lead: Browser, but: dict[str, str], says: str) -> None:
    said = fill(lead, "/duty", "plan", **{**NIGHT, **but})
    assert said.status_code == 400 and says in said.text
    assert 'value="8.30"' in said.text or but.get("endsAt", "") in said.text


def test_who_does_not_plan_is_refused(work: Work) -> None:
    assert fill(work.door.logged_in(ON_DUTY), "/duty", "plan", **NIGHT).status_code == 403
    assert work.door.logged_in(person("f.toezicht")).get("/duty").status_code == 403
