"""A day's work as a person lives it, in a real browser: what arrives, what is decided, what is refused; on both databases."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from hub.console.rooms import found
from hub.demo.provider.people import Person
from tests.console.looking import AXE, RULES
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.given import a_goal
from tests.journeys.running import a_child
from tests.parts.fixtures import PATIENCE
from tests.passing import passed_on

GOAL = {
    "specific": "Noor gaat elke dag naar school.",
    "measurable": "De leerplichtambtenaar ziet geen verzuim in vier weken.",
    "achievable": "Moeder brengt haar; de coach belt om acht uur.",
    "relevant": "Noor wil haar vriendinnen weer zien.",
    "start": "2-3-2026",
    "due": "30-4-2026",
    "owner": "moeder",
}


@pytest.fixture
def work(tmp_path: Path, database: str) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


@contextmanager
def at_work(browser: Browser, work: Work, who: Person, **settings: Any) -> Iterator[Page]:
    """The browser of somebody who logged in, in which nothing may go wrong and which asks nobody but the hub."""
    with browser.new_context(locale="nl-NL", **settings) as context:
        page, wrong = context.new_page(), list[str]()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
        )
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith("http://127.0.0.1:") else None)
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name=who.subject).click()
        expect(page.get_by_role("link", name=who.name)).to_be_visible()
        yield page
        assert wrong == []


def opened(page: Page, work: Work, path: str) -> None:
    passed_on(work.door.hub)
    page.goto(work.base + path)


def test_a_day(browser: Browser, work: Work) -> None:
    with at_work(browser, work, ON_DUTY) as mine, at_work(browser, work, OTHER) as theirs:
        expect(mine.get_by_text("Er wacht niets op u.")).to_be_visible()
        before = mine.get_by_role("heading", level=1).bounding_box()
        family = work.a_family(**ACUTE)
        arrived = mine.get_by_role("status").get_by_role("link", name="Nieuwe opschaling: veiligheid 3")
        expect(arrived).to_be_visible()
        assert mine.get_by_role("heading", level=1).bounding_box() == before, "something moved under somebody's hand"

        arrived.click()
        expect(mine.get_by_role("heading", level=1)).to_have_text("Opschaling: veiligheid 3")
        mine.get_by_role("button", name="Ik heb hiervan kennisgenomen").click()
        expect(mine.get_by_text("Vastgelegd dat u kennis heeft genomen.")).to_be_visible()

        opened(mine, work, f"/families/{family}/handover")
        mine.get_by_label("Aan wie").select_option("B. Testman (VIG-team)")
        mine.get_by_label("Bereikbaar via").fill("b@vig.example")
        mine.get_by_label("Motivering").fill("Zij kent het gezin.")
        mine.get_by_role("button", name="Aanbieden").click()
        expect(mine.get_by_text("U blijft regisseur tot die is aanvaard.")).to_be_visible()

        opened(theirs, work, "/")
        theirs.get_by_role("link", name="De regie is u aangeboden: antwoord").click()
        theirs.get_by_label("Motivering").fill("Afgesproken met het gezin.")
        theirs.get_by_role("button", name="Ik neem de regie aan").click()
        expect(theirs.get_by_text("U bent nu de regisseur van dit gezin.")).to_be_visible()

        opened(mine, work, f"/families/{family}")
        expect(mine.get_by_role("heading", level=1)).to_have_text("Hier is niets, of niets voor u")

        write_a_plan(theirs, work, family)
        note_progress(theirs, work, family)

        opened(theirs, work, f"/escalations/{work.raised(family)}")
        theirs.get_by_label("Motivering").fill("Het is rustig; besproken met Veilig Thuis.")
        theirs.get_by_role("button", name="Afschalen").click()
        expect(theirs.get_by_text("De as is afgeschaald.")).to_be_visible()
        opened(theirs, work, f"/families/{family}")
        expect(theirs.get_by_text("Afgeschaald op veiligheid").first).to_be_visible()


def write_a_plan(page: Page, work: Work, family: str) -> None:
    opened(page, work, f"/families/{family}/plan/new")
    for name, said in GOAL.items():
        page.locator(f'[name^="goals.0."][name$=".{name}"], [name="goals.0.{name}"]').first.fill(said)
    page.get_by_label("Leefgebied").select_option(label="werk en opleiding")
    page.get_by_label("Waarom dit plan, of deze wijziging?").fill("Eerste plan, met moeder gemaakt.")
    page.get_by_role("button", name="Vaststellen als het geldende plan").click()
    expect(page.get_by_role("heading", name=GOAL["specific"])).to_be_visible()


def note_progress(page: Page, work: Work, family: str) -> None:
    opened(page, work, f"/families/{family}/plan")
    page.get_by_role("link", name="Voortgang of resultaat vastleggen").first.click()
    page.get_by_label("Hoe gaat het met dit doel?").fill("Deze week elke dag op tijd.")
    page.get_by_role("button", name="Vastleggen").first.click()
    expect(page.get_by_text("Deze week elke dag op tijd.").first).to_be_visible()


# Everybody ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("shared")) as work:
        yield work


@pytest.fixture(scope="module")
def family(shared: Work) -> str:
    """A family with a plan, and a signal that may be about it."""
    name = "Van der Lange-Achternaam tot en met Zonderling-Uitzonderlijk"
    child = a_child(1, familyName=name, givenNames="نور")
    family = shared.hears(child, **ACUTE)
    assert shared.hears(a_child(1, familyName=name, givenNames="نور", bsn=None, address=None)) == ""
    shared.door.hub.casework.decide(
        UUID(family), lambda it, rules, on: it.adopt_plan([a_goal("school")], "Zo is het besproken.", rules, on), ON_DUTY.subject
    )
    passed_on(shared.door.hub)
    return family


def paths(work: Work, family: str) -> Mapping[str, str]:
    """A real address of every page, by its name."""
    (question,) = re.findall(r'href="/match-questions/([^"?]+)"', work.door.logged_in(ON_DUTY).get("/match-questions").text)
    ids = {"escalation": work.raised(family), "match-question": question}
    return {
        page.name: page.path.replace("{id:uuid}", ids.get(page.name, family)).replace("{goal}", "school")
        for page in found()
        if "{" not in page.path.replace("{id:uuid}", "").replace("{goal}", "")
    }


def everywhere(check: Callable[[Page, str], list[str]], browser: Browser, work: Work, family: str, **settings: Any) -> list[str]:
    """What a check finds wrong with any page, as somebody sees it who has something to do there."""
    wrong: list[str] = []
    for who in (ON_DUTY, person("c.beheer")):
        with at_work(browser, work, who, **settings) as page:
            for name, path in paths(work, family).items():
                opened(page, work, path)
                wrong += [f"{who.subject} on {name}: {what}" for what in check(page, path)]
    return wrong


def findings(page: Page, _: str) -> list[str]:
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found]


def test_everybody_can_use_every_page(browser: Browser, shared: Work, family: str) -> None:
    def look(page: Page, path: str) -> list[str]:
        page.evaluate(AXE.read_text())
        return findings(page, path)

    assert everywhere(look, browser, shared, family, bypass_csp=True) == []


def test_no_page_is_wider_than_the_smallest_screen(browser: Browser, shared: Work, family: str) -> None:
    def measure(page: Page, _: str) -> list[str]:
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return [f"{over} too wide"] if over > 0 else []

    assert everywhere(measure, browser, shared, family, viewport={"width": 320, "height": 640}) == []


def test_every_page_can_be_read_without_a_script(browser: Browser, shared: Work, family: str) -> None:
    def read(page: Page, _: str) -> list[str]:
        return [] if page.get_by_role("heading", level=1).count() == 1 else ["no heading"]

    assert everywhere(read, browser, shared, family, java_script_enabled=False) == []


def test_every_page_has_a_name_of_its_own_in_both_languages(browser: Browser, shared: Work, family: str) -> None:
    with at_work(browser, shared, ON_DUTY) as page:
        opened(page, shared, "/account")
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are logged in")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        for path in paths(shared, family).values():
            opened(page, shared, path)
            assert "VIG-hub" in page.title()
            expect(page.get_by_role("link", name="Nederlands")).to_be_visible()


def test_whoever_has_only_a_keyboard_takes_notice_of_an_escalation(browser: Browser, shared: Work) -> None:
    family = shared.a_family(**ACUTE)
    with at_work(browser, shared, ON_DUTY) as page:
        opened(page, shared, f"/escalations/{shared.raised(family)}")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Naar de inhoud")).to_be_focused()
        page.keyboard.press("Enter")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent").strip() == "Ik heb hiervan kennisgenomen":
                break
        page.keyboard.press("Enter")
        expect(page.get_by_text("Vastgelegd dat u kennis heeft genomen.")).to_be_visible()


LOADED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(one => !one.name.endsWith("/live")).map(one => [one.name, one.decodedBodySize])"""


def test_a_page_is_small(browser: Browser, shared: Work, family: str) -> None:
    with at_work(browser, shared, ON_DUTY) as page:
        opened(page, shared, f"/families/{family}")
        loaded = page.evaluate(LOADED)
        assert len(loaded) >= 3 and sum(size for _, size in loaded) <= 150_000, loaded
