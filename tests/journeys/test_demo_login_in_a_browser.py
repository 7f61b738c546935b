"""People log in to the demo, in a real browser, at the provider that is there only while the demo runs."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hub.demo.cast import STAFF, Staff
from hub.demo.stage import Stage, stage
from tests.parts.servers import a_free_port

BEGINS = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(browser: Browser) -> Iterator[Stage]:
    """The demo before its story begins."""
    with stage(a_free_port(), BEGINS) as at:
        yield at


def choose(page: Page, demo: Stage, who: str) -> None:
    """Comes in as somebody of the demo."""
    page.goto(demo.url)
    page.get_by_role("link", name="Inloggen").click()
    expect(heading(page)).to_have_text("Demo: kies wie u bent")
    assert_it_says_demo(page)
    page.get_by_role("button", name=who).click()


def heading(page: Page) -> Locator:
    """What the page is."""
    return page.get_by_role("heading", level=1)


def assert_it_says_demo(page: Page) -> None:
    """It stands on every page."""
    expect(page.get_by_role("region", name="demo")).to_contain_text("DEMO")


@pytest.mark.parametrize("somebody", STAFF, ids=lambda staff: staff.role.value)
def test_everybody_of_the_demo_comes_in_without_a_password(demo: Stage, browser_page: Page, somebody: Staff) -> None:
    choose(browser_page, demo, somebody.who)
    expect(heading(browser_page)).to_have_text("Vandaag")
    browser_page.get_by_role("link", name=somebody.name).click()
    expect(heading(browser_page)).to_have_text("U bent ingelogd")
    expect(browser_page.locator("dd").first).to_have_text(somebody.name)
    expect(browser_page.get_by_text(somebody.organisation_name, exact=True)).to_be_visible()
    assert_it_says_demo(browser_page)


def test_who_has_no_role_yet_sees_a_page_that_says_so(demo: Stage, browser_page: Page) -> None:
    (nobody,) = (person.subject for person in demo.provider.people if not person.role)
    choose(browser_page, demo, nobody)
    expect(heading(browser_page)).to_have_text("U heeft hier nog geen rol")
    assert_it_says_demo(browser_page)


def test_who_logs_out_of_the_demo_is_out(demo: Stage, browser_page: Page) -> None:
    choose(browser_page, demo, STAFF[0].who)
    browser_page.goto(f"{demo.url}/account")
    browser_page.get_by_role("button", name="Uitloggen").click()
    expect(browser_page.get_by_role("status")).to_have_text("U bent uitgelogd. You are logged out.")
    assert not [cookie for cookie in browser_page.context.cookies(demo.url) if "session" in cookie["name"]]
