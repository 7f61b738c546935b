"""Pressure and compulsion on pages: what the competent authority decides and declines, and who cannot."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx2
import pytest

from hub.console.pages import TONGUE
from tests.console.browsing import Browser
from tests.console.deciding import fill, handed_over
from tests.console.working import ACUTE, OTHER, Work, person, working
from tests.journeys.running import Sender
from tests.passing import passed_on

AUTHORITY = Sender(OTHER.organisation, "veilig-thuis", f"{99:08}{10008:012}")
"""The organisation of a colleague, here registered as the authority that the matrix names."""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        AUTHORITY.register(work.door.hub, work.door.clock.now())
        yield work


@pytest.fixture
def officer(work: Work) -> Browser:
    return work.door.logged_in(OTHER)


def a_family_of_theirs(work: Work) -> tuple[str, str]:
    """A family that the authority directs, and its escalation."""
    family = work.a_family(**ACUTE)
    handed_over(work, family, OTHER)
    return family, work.escalation_of(family)


def opened(work: Work, browser: Browser, path: str) -> str:
    passed_on(work.door.hub)
    return unescape(browser.get(path).text)


def on_lever(work: Work, browser: Browser, family: str, what: str, **but: str) -> httpx2.Response:
    """Fills in a form about the first lever that is advised, as it stands on the page."""
    page = opened(work, browser, f"/families/{family}/levers")
    within = re.search(rf'action="[^"]*/levers/{what}".*?</form>', page, re.DOTALL)
    assert within, page
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', within[0]))
    return browser.post(f"/families/{family}/levers/{what}", {**hidden, "motivation": "Besproken met het gezin.", **but})


def test_the_authority_uses_a_lever_looks_at_it_again_and_ends_it(work: Work, officer: Browser) -> None:
    family, _ = a_family_of_theirs(work)
    assert "Er is geen middel van kracht." in opened(work, officer, f"/families/{family}/levers")
    done = on_lever(work, officer, family, "decide")
    assert "Uw besluit is vastgelegd." in opened(work, officer, done.headers["location"])
    page = opened(work, officer, f"/families/{family}/levers")
    assert "/levers/decide" not in page and "/levers/decline" not in page
    assert "Dit middel is van kracht." in page and "grondslag Wmo 2015, art. 4.1.1" in page
    assert on_lever(work, officer, family, "reconsider").status_code == 303
    assert on_lever(work, officer, family, "end").status_code == 303
    assert "Er is geen middel van kracht." in opened(work, officer, f"/families/{family}/levers")


def test_the_authority_does_not_follow_an_advice_and_the_escalation_says_so(work: Work, officer: Browser) -> None:
    family, escalation = a_family_of_theirs(work)
    done = on_lever(work, officer, family, "decline")
    assert "Vastgelegd dat dit advies niet wordt gevolgd." in opened(work, officer, done.headers["location"])
    page = opened(work, officer, f"/families/{family}/levers")
    assert f'Dit advies is niet gevolgd: <bdi title="{OTHER.subject}">{OTHER.name}</bdi>' in page
    assert "niet gevolgd" in opened(work, officer, f"/escalations/{escalation}")
    assert on_lever(work, officer, family, "decide").status_code == 303, "it can still be decided on"


def test_without_a_reason_nothing_is_declined_and_the_form_stays_open(work: Work, officer: Browser) -> None:
    family, escalation = a_family_of_theirs(work)
    refused = on_lever(work, officer, family, "decline", motivation="  ")
    assert refused.status_code == 400
    assert "Dit is nog niet vastgelegd" in refused.text
    assert re.search(r"<details open><summary>Dit advies niet volgen", refused.text)
    assert "niet gevolgd" not in opened(work, officer, f"/escalations/{escalation}")


def test_what_somebody_else_changed_meanwhile_is_looked_at_first(work: Work, officer: Browser) -> None:
    family, _ = a_family_of_theirs(work)
    refused = on_lever(work, officer, family, "decline", version="1")
    assert refused.status_code == 412
    assert "Besproken met het gezin." in refused.text


def test_others_are_told_who_decides_and_cannot(work: Work) -> None:
    family = work.a_family(**ACUTE)
    director = work.door.logged_in(person("a.voorbeeld"))
    page = opened(work, director, f"/families/{family}/levers")
    assert "Hierover beslist alleen: Veilig Thuis" in page
    said = {"lever": "council-report-threatened", "escalation": work.escalation_of(family), "motivation": "Niet nodig."}
    said["version"] = str(work.trajectory(family).version)  # of a form that is not there for this person
    refused = fill(director, f"/families/{family}/levers", "decline", **said)
    assert refused.status_code == 409
    assert "Alleen de instantie die de matrix noemt, mag hierover beslissen." in refused.text


def test_an_auditor_reads_the_levers_and_finds_no_form(work: Work) -> None:
    page = opened(work, work.door.logged_in(person("f.toezicht")), f"/families/{work.assigned(work.a_family(**ACUTE))}/levers")
    assert "Wat de matrix nu adviseert" in page
    assert "/levers/decide" not in page and "/levers/decline" not in page


def test_in_english_the_page_is_english(work: Work, officer: Browser) -> None:
    family, _ = a_family_of_theirs(work)
    officer.cookies[TONGUE] = "en"
    page = opened(work, officer, f"/families/{family}/levers")
    assert "Not follow this advice" in page and "You decide on this for Veilig Thuis" in page
    assert "Dit advies" not in page and "Drang en dwang" not in page
