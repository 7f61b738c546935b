"""Names as long as the hub takes them, without a space, and from right to left: on a narrow screen no page grows wider."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.console.working import ACUTE, ON_DUTY, Work, working
from tests.journeys.running import a_child

NARROW = ViewportSize(width=320, height=900)
OF_A_FAMILY = (
    "",
    "/plan",
    "/plan/new",
    "/steps",
    "/levers",
    "/referral",
    "/handover",
    "/coach",
    "/belonging",
    "/belonging?what=split",
)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


def test_the_longest_names_make_no_page_wider_than_a_telephone(browser: Browser, work: Work) -> None:
    child = a_child(next(work.numbers), familyName="W" * 200, givenNames="\u05e0" * 200)
    family = work.hears(child, concern=ACUTE["concern"], weight=ACUTE["weight"])
    with browser.new_context(viewport=NARROW) as context:
        page = context.new_page()
        page.goto(f"{work.base}/login")
        page.click(f"button[value='{ON_DUTY.subject}']")
        page.wait_for_url(f"{work.base}/")
        for address in ("/", "/escalations", *(f"/families/{family}{part}" for part in OF_A_FAMILY)):
            page.goto(work.base + address)
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, address
        page.goto(f"{work.base}/families/{family}")
        assert "W" * 200 in page.content()
