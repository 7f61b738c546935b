"""A signal reported in a real browser without JavaScript, with the keyboard alone; and every state of the form looked at by axe."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hub.demo.cast import COMMUNITY_HOUSE, REPORTER
from tests.console.looking import is_well
from tests.console.working import Work, working
from tests.parts.fixtures import PATIENCE


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        work.door.hub.registry.add(COMMUNITY_HOUSE.name, COMMUNITY_HOUSE.kind, COMMUNITY_HOUSE.oin, "operator")
        yield work


def test_a_signal_is_reported_with_the_keyboard_alone_and_without_javascript(browser: Browser, work: Work) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = _as_reporter(context.new_page(), work)
        page.get_by_role("link", name="Signaal melden").first.press("Enter")
        _of(page, "people.0.givenNames").focus()
        for typed in ("Noor", "", "Voorbeeld", "5-4-2016"):
            page.keyboard.type(typed)
            page.keyboard.press("Tab")
        expect(_of(page, "people.0.role")).to_be_focused()
        page.get_by_role("button", name="Eerst nog iemand toevoegen").press("Enter")
        expect(page.get_by_role("group", name="persoon 2")).to_be_in_viewport()
        expect(_of(page, "people.0.givenNames")).to_have_value("Noor")
        _of(page, "concern").select_option("upbringing")
        _of(page, "informed.reasonNot").select_option("not-reachable")
        _of(page, "happened").focus()
        page.keyboard.type("1-3-2026")
        page.keyboard.press("Enter")  # the button that Enter presses is the one that sends
        expect(page.get_by_text("Uw signaal is ontvangen.")).to_be_visible()
        expect(page.get_by_role("heading", name="Ontvangstbewijs")).to_be_visible()


def test_no_state_of_it_has_anything_for_axe_or_is_wider_than_a_telephone(browser: Browser, work: Work) -> None:
    with browser.new_context(bypass_csp=True) as context:
        page = _as_reporter(context.new_page(), work)
        for path in ("/", "/report", "/reports"):
            page.goto(f"{work.base}{path}")
            is_well(page)
        page.goto(f"{work.base}/report")
        page.get_by_role("button", name="Signaal versturen").click()
        expect(page.get_by_role("alert")).to_be_focused()
        is_well(page)
        page.get_by_role("button", name="Eerst nog iemand toevoegen").click()
        is_well(page)
        _of(page, "people.0.familyName").fill("Voorbeeld")
        _of(page, "concern").select_option("isolation")
        _of(page, "happened").fill("2026")
        _of(page, "informed.how").select_option("spoken")
        page.get_by_role("button", name="Signaal versturen").click()
        expect(page.get_by_text("Uw signaal is ontvangen.")).to_be_visible()
        is_well(page)
        page.goto(f"{work.base}/reports")
        is_well(page)


def _as_reporter(page: Page, work: Work) -> Page:
    page.set_default_timeout(PATIENCE)
    page.goto(f"{work.base}/login")
    page.get_by_role("button", name=REPORTER.who).press("Enter")
    expect(page.get_by_text("U heeft geen eigen gezinnen.")).to_be_visible()
    return page


def _of(page: Page, name: str) -> Locator:
    return page.locator(f"[name='{name}']")
