"""A plan written in a real browser without JavaScript, with the keyboard alone."""

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.console.test_plan import RENT, SCHOOL
from tests.console.working import ON_DUTY, working
from tests.parts.fixtures import PATIENCE


def test_a_plan_is_written_with_the_keyboard_alone_and_without_javascript(browser: Browser, tmp_path: Path) -> None:
    with working(tmp_path) as work, browser.new_context(java_script_enabled=False) as context:
        page, family = context.new_page(), work.a_family()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name=ON_DUTY.subject).press("Enter")
        page.goto(f"{work.base}/families/{family}/plan")
        page.get_by_role("link", name="Plan schrijven").press("Enter")
        _type(page, 0, RENT)
        page.get_by_role("button", name="Nog een doel toevoegen").press("Enter")
        expect(page.get_by_role("group", name="Doel 2")).to_be_in_viewport()
        _type(page, 1, SCHOOL)
        _of(page, "motivation").focus()
        page.keyboard.type("Dit wil het gezin zelf.")
        _of(page, "goals.0.owner").press("Enter")  # the button that Enter presses is the one that adopts
        expect(page.get_by_text("Dit is nu het geldende plan.")).to_be_visible()
        assert [goal.specific for goal in work.trajectory(family).valid_plan().goals] == [RENT["specific"], SCHOOL["specific"]]


def _type(page: Page, number: int, said: dict[str, str]) -> None:
    """Fills in one goal from its first field to its last, going on with Tab."""
    _of(page, f"goals.{number}.area").focus()
    _of(page, f"goals.{number}.area").select_option(said["area"])
    for name in ("specific", "measurable", "achievable", "relevant", "start", "due", "owner"):
        page.keyboard.press("Tab")
        expect(_of(page, f"goals.{number}.{name}")).to_be_focused()
        page.keyboard.type(said[name])


def _of(page: Page, name: str) -> Locator:
    return page.locator(f"[name='{name}']")
