"""The demo's own story on the pages of the console: everything of it is there, for everybody; and the pictures of the documents."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from rich.console import Console

from hub.demo.cast import AUTHORITY, COACH, COORDINATOR, FAMILY, MOTHER, Staff
from hub.demo.checks import Checks
from hub.demo.encore import another
from hub.demo.playing import Playing
from hub.demo.show import Show
from hub.demo.stage import stage
from hub.demo.story import STORY
from tests.console.looking import pictured
from tests.parts.servers import a_free_port

_IS_SEEN = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const points = [[box.left + 4, box.top + 4], [box.right - 4, box.bottom - 4], [box.left + 4, box.bottom - 4]];
  const on = points.map(([x, y]) => document.elementFromPoint(x, y)).filter(each => each);
  return on.some(each => one.contains(each) || each.contains(one));
}"""
"""Whether what has focus is not wholly under something else (WCAG 2.4.11)."""


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


ON_THE_WAY = (
    ("Answer", COORDINATOR, "match-question", "Naast elkaar"),
    ("referrals", COORDINATOR, "referral", "De signalen voldoen nu aan alle criteria."),
    ("handovers/{handover}/answers", COACH, "handover", "De regie is u aangeboden"),
)
"""Steps of the story, who is to take them, and on which page that is asked, with what it says."""


def entered(browser: Browser, url: str, who: Staff) -> Page:
    """The first page of somebody who logged in."""
    page = browser.new_context(locale="nl-NL", viewport={"width": 1100, "height": 800}).new_page()
    page.goto(f"{url}/login")
    page.get_by_role("button", name=who.who).click()
    return page


def test_what_the_story_asks_of_somebody_is_asked_on_a_page(browser: Browser) -> None:
    left = list(ON_THE_WAY)
    with stage(a_free_port(), STORY.steps[0].at) as at, Path(os.devnull).open("w") as nowhere:
        playing = Playing(at, Show(Console(file=nowhere), at.hub.families.rules(STORY.end.at).matrix), Checks())
        for step in STORY.steps:
            if left and left[0][0] in (type(step).__name__, getattr(step, "path", "")):
                _, who, name, says = left.pop(0)
                at.hub.views.catch_up()
                page = entered(browser, at.url, who)
                page.goto(f"{at.url}/{'match-questions' if name == 'match-question' else f'families/{playing.family}/{name}'}")
                if name == "match-question":
                    page.locator("ul.list a").first.click()
                expect(page.get_by_text(says).first).to_be_visible()
                pictured(page, name)
                page.context.close()
            if not left:
                return
            playing.take(step)


@pytest.fixture
def page(browser: Browser, played: Playing, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The browser of whoever directs the family, or of who is named."""
    who = getattr(request, "param", COACH.who)
    with browser.new_context(locale="nl-NL", viewport={"width": 1100, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{played.stage.url}/login")
        page.get_by_role("button", name=who).click()
        yield page


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
    expect(page.get_by_text("Het oudste kind is elke dag op school.").first).to_be_visible()
    pictured(page, "plan")


def test_each_of_it_has_a_plan_to_read(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/families/{played.family}/plan")
    expect(page.get_by_role("link", name=re.compile("^Plan voor "))).to_have_count(4)
    page.get_by_role("link", name=f"Plan voor {FAMILY['son'].given}").click()
    expect(page.get_by_text("Die school is niks voor mij.")).to_be_visible()
    expect(page.get_by_text("betaalt elke maand")).to_have_count(0)
    pictured(page, "family-plan")


def test_its_network_was_drawn_with_it(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/families/{played.family}/network")
    expect(page.get_by_role("img", name="Nu: 10 mensen, 9 banden")).to_be_visible()
    expect(page.get_by_text("toestemming van moeder").first).to_be_visible()
    pictured(page, "network")


def test_how_it_managed_at_the_start_was_measured(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/families/{played.family}/measurements")
    expect(page.get_by_role("row", name=re.compile("^Geld"))).to_contain_text("1")
    expect(page.get_by_text("gezinscoach, samen met moeder").first).to_be_visible()
    pictured(page, "measurements")


def test_its_escalations_say_why(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/escalations?state=")
    page.get_by_role("link", name="Veiligheid 4").click()
    expect(page.get_by_role("heading", name="De signalen waarop dit rust")).to_be_visible()
    pictured(page, "escalation")


@pytest.mark.parametrize("page", [COORDINATOR.who], indirect=True)
def test_who_handed_the_family_over_has_it_no_more(page: Page, played: Playing) -> None:
    page.goto(f"{played.stage.url}/families/{played.family}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hier is niets, of niets voor u")


@pytest.mark.parametrize("page", [COORDINATOR.who], indirect=True)
def test_what_arrives_is_put_away_with_the_keyboard_and_covers_nothing_that_has_focus(page: Page, played: Playing) -> None:
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto(f"{played.stage.url}/account")
    page.wait_for_timeout(500)
    assert another(played.stage, 1)
    arrived = page.locator(".arrival").first
    expect(arrived).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(_IS_SEEN), page.evaluate("document.activeElement.outerHTML")
    page.locator(".corner summary").focus()
    page.keyboard.press("Enter")
    expect(arrived).to_be_hidden()


@pytest.mark.parametrize("page", [AUTHORITY.who], indirect=True)
def test_the_authority_looks_with_a_reason_and_decides_on_its_lever(page: Page) -> None:
    page.get_by_role("link", name="Zoeken").first.click()
    page.get_by_label("Voornamen").fill(MOTHER.given)
    page.get_by_label("Achternaam").fill(MOTHER.name)
    page.get_by_label("Geboortedatum").fill(f"{MOTHER.born:%-d-%-m-%Y}")
    page.get_by_role("button", name="Zoeken").click()
    page.get_by_role("link", name="Kan het niet wachten?").click()
    page.get_by_role("textbox").fill("Wij moeten beslissen over de aangekondigde melding.")
    page.locator("form.fill button").click()
    page.goto(f"{page.url.partition('?')[0]}/levers")
    page.get_by_text("Dit middel inzetten").first.click()
    pictured(page, "levers")
    page.locator("details[open] textarea").fill("De afspraken houden thuis nog geen stand.")
    page.get_by_role("button", name="Besluit vastleggen").click()
    expect(page.get_by_text("Dit middel is van kracht.")).to_be_visible()
