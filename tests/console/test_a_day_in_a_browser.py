"""A day's work as a person lives it, in a real browser: what arrives, what is decided, what is refused; on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hub.demo.provider.people import Person
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, working
from tests.parts.fixtures import PATIENCE
from tests.tools import NODE

AXE = NODE / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def work(tmp_path: Path, database: str) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


@contextmanager
def at_work(browser: Browser, work: Work, who: Person) -> Iterator[Page]:
    """The browser of somebody who logged in, and to which nothing may go wrong."""
    with browser.new_context(locale="nl-NL") as context:
        page, wrong = context.new_page(), list[str]()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
        )
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith("http://127.0.0.1:") else None)
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name=who.subject).click()
        expect(page.get_by_role("link", name=who.subject)).to_be_visible()
        yield page
        assert wrong == []


def test_a_day(browser: Browser, work: Work) -> None:
    with at_work(browser, work, ON_DUTY) as page:
        expect(page.get_by_text("Er wacht niets op u.")).to_be_visible()
        family = work.a_family(**ACUTE)
        arrived = page.get_by_role("status").get_by_role("link", name="Nieuwe opschaling: veiligheid 3")
        expect(arrived).to_be_visible()
        assert family and OTHER
