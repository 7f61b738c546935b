"""The demo's own story on the pages of the console: everything of it is there, for everybody; and the pictures of the documents."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from rich.console import Console

from hub.demo.cast import COACH, COORDINATOR, FAMILY
from hub.demo.checks import Checks
from hub.demo.playing import Playing
from hub.demo.show import Show
from hub.demo.stage import stage
from hub.demo.story import STORY
from tests.parts.servers import a_free_port

PICTURES = "PICTURES"
"""The environment variable that says where the pictures are kept: docs/pictures."""


@pytest.fixture(scope="module")
def played() -> Iterator[Playing]:
    """The demo when its story is over."""
    with stage(a_free_port(), STORY.steps[0].at) as at, Path(os.devnull).open("w") as nowhere:
        show = Show(Console(file=nowhere), at.hub.families.rules(STORY.end.at).matrix)
        playing = Playing(at, show, Checks())
        for step in STORY.steps:
            playing.take(step)
        at.hub.views.catch_up()
        yield playing


@pytest.fixture
def page(browser: Browser, played: Playing, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The browser of whoever directs the family, or of who is named."""
    who = getattr(request, "param", COACH.who)
    with browser.new_context(locale="nl-NL", viewport={"width": 1100, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{played.stage.url}/login")
        page.get_by_role("button", name=who).click()
        yield page


def pictured(page: Page, name: str) -> None:
    """Keeps how a page looks, where somebody wants pictures."""
    if keep := os.environ.get(PICTURES):
        page.screenshot(path=Path(keep) / f"{name}.png", clip={"x": 0, "y": 0, "width": 1100, "height": 1000}, full_page=True)


def test_the_day_of_the_director_begins_with_what_is_late(page: Page) -> None:
    expect(page.get_by_role("link", name="Gezin Proefman / van Testeren")).to_be_visible()
    expect(page.get_by_text("te laat").first).to_be_visible()
    pictured(page, "today")


def test_the_family_of_the_demo_is_seen_at_a_glance(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/families/{played.family}")
    for member in FAMILY.values():
        expect(page.get_by_text(member.given).first).to_be_visible()
    for words in ("Eén regisseur", "Eén plan", COACH.contact, "Tijdlijn"):
        expect(page.get_by_text(words).first).to_be_visible()
    pictured(page, "family")


def test_its_plan_has_the_three_goals(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/families/{played.family}/plan")
    expect(page.get_by_text("The oldest child is at school every day.").first).to_be_visible()
    pictured(page, "plan")


def test_its_escalations_say_why(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/escalations?state=")
    page.get_by_role("link", name="Veiligheid 4").click()
    expect(page.get_by_role("heading", name="De signalen waarop dit rust")).to_be_visible()
    pictured(page, "escalation")


@pytest.mark.parametrize("page", [COORDINATOR.who], indirect=True)
def test_who_handed_the_family_over_has_it_no_more(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/families/{played.family}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hier is niets, of niets voor u")
