"""An auditor's pages in a real browser: stepped through without JavaScript by the keyboard alone; nothing for axe at any width."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from vig_verifier.checks import Came, Known

from tests.console.looking import is_well
from tests.console.working import ACUTE, Work, working
from tests.journeys.running import a_child
from tests.parts.fixtures import PATIENCE
from tests.passing import notarised
from tests.verifier.cases import an_auditor, codes, opened, said_of


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


@pytest.fixture
def family(work: Work) -> str:
    """A case of two steps, which the auditor is assigned to."""
    child = a_child(1)
    found = work.hears(child, concern="payment-arrears")
    work.door.clock.set(work.door.clock.now() + timedelta(minutes=5))
    assert work.hears(child, **ACUTE) == found
    notarised(work.door.hub)
    return work.assigned(found)


def test_a_case_is_stepped_through_with_the_keyboard_alone_and_without_javascript(
    browser: Browser, work: Work, family: str
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = _as(context.new_page(), work, "f.toezicht")
        page.get_by_role("link", name="Opdrachten").first.press("Enter")
        page.get_by_role("link", name="Door de tijd").press("Enter")
        slider = page.get_by_role("slider", name="Verandering 2 van 2")
        slider.press("ArrowLeft")
        page.get_by_role("button", name="Naar deze verandering").press("Enter")
        expect(page.get_by_role("slider", name="Verandering 1 van 2")).to_be_visible()
        expect(page.get_by_text("Dit is het eerste dat van dit gezin bekend werd.")).to_be_visible()
        page.get_by_role("link", name="volgende verandering").press("Enter")
        expect(page.get_by_text("Het verschil met de stap ervoor")).to_be_visible()
        page.get_by_role("link", name="waarom").first.press("Enter")
        expect(page.get_by_role("heading", name="De keten van een opschaling")).to_be_visible()


@pytest.mark.parametrize("subject", ["f.toezicht", "g.privacy"])
def test_no_page_of_it_has_anything_for_axe_or_is_wider_than_a_screen(
    browser: Browser, work: Work, family: str, subject: str
) -> None:
    case = f"/families/{family}"
    paths = [f"{case}/case", f"{case}/case?known=1-1-2020", f"{case}/case?known=ooit", f"{case}/knowledge", f"{case}/looks"]
    with browser.new_context(bypass_csp=True) as context:
        page = _as(context.new_page(), work, subject)
        for path in (*paths, f"/escalations/{work.raised(family)}/chain", "/assignments", "/proofs"):
            page.goto(f"{work.base}{path}")
            is_well(page)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_button_gives_a_file_that_the_verifier_finds_whole(
    browser: Browser, work: Work, family: str, tmp_path: Path, has_scripts: bool
) -> None:
    private, public = an_auditor()
    with browser.new_context(java_script_enabled=has_scripts, bypass_csp=has_scripts) as context:
        page = _as(context.new_page(), work, "f.toezicht")
        page.goto(f"{work.base}/families/{family}/case")
        page.get_by_label("Uw publieke sleutel").fill(json.dumps(private))
        page.get_by_role("button", name="Maak het dossier").press("Enter")
        expect(page.get_by_text("dit is de geheime helft").first).to_be_visible()
        expect(page.get_by_label("Uw publieke sleutel")).to_have_value("")
        if has_scripts:
            is_well(page)
        page.get_by_label("Uw publieke sleutel").fill(json.dumps(public))
        with page.expect_download() as waits:
            page.get_by_role("button", name="Maak het dossier").press("Enter")
        assert waits.value.suggested_filename == "case.vig"
        waits.value.save_as(tmp_path / "case.vig")
    plain = opened((tmp_path / "case.vig").read_bytes(), private)
    said = said_of(plain, Known())
    assert codes(said, Came.WRONG) == set()


def _as(page: Page, work: Work, subject: str) -> Page:
    page.set_default_timeout(PATIENCE)
    page.goto(f"{work.base}/login")
    page.locator(f"button[value='{subject}']").press("Enter")
    page.wait_for_url(f"{work.base}/**")
    return page
