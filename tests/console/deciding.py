"""What people do on pages, and what has to be so before: forms filled in, and families of others."""

import re
from dataclasses import replace
from html import unescape
from uuid import UUID

import httpx2

from hub.demo.provider.people import Person
from hub.domain.rules import Rules
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from tests.console.browsing import Browser
from tests.console.working import Work
from tests.passing import passed_on


def fill(browser: Browser, at: str, form: str, **fields: str) -> httpx2.Response:
    """Fills in a form of a page, as the page has it now; also one that is not on it for this person."""
    pages = browser.get("/account").text + browser.get(at).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', pages))
    return browser.post(f"{at}/{form}", {"csrf": hidden["csrf"], "version": hidden.get("version", ""), **fields})


def opened(work: Work, browser: Browser, path: str) -> str:
    """What a page says once all that happened is on it."""
    passed_on(work.door.hub)
    said = browser.get(path)
    assert said.status_code == 200, said.text
    return unescape(said.text)


def handed_over(work: Work, family: str, to: Person) -> None:
    """A family that somebody else directs from now on."""

    def verb(trajectory: Trajectory, rules: Rules, on: Occasion) -> None:
        whom = Director(to.subject, to.organisation, f"{to.subject}@example.org")
        handover = trajectory.offer_handover(whom, "they know them", rules, on)
        trajectory.accept_handover(handover, replace(on, by=to.subject), to.organisation)

    work.door.hub.casework.decide(UUID(family), verb, work.trajectory(family).director.who)
    passed_on(work.door.hub)
