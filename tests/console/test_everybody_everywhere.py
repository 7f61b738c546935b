"""Every page for everybody, on a family with all that a family can have: nobody meets a page that breaks."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from rich.console import Console

from hub.adapters.login.sessions import COOKIE, LoggedIn
from hub.console.rooms import found
from hub.demo.cast import AUDITOR, COORDINATOR, OFFICER, STAFF, Staff
from hub.demo.checks import Checks
from hub.demo.playing import Playing
from hub.demo.show import Show
from hub.demo.stage import stage
from hub.demo.story import STORY
from hub.domain.callers import Caller
from tests.parts.servers import a_free_port


@pytest.fixture(scope="module")
def played() -> Iterator[Playing]:
    """The demo when its story is over."""
    with stage(a_free_port(), STORY.steps[0].at) as at, Path(os.devnull).open("w") as nowhere:
        playing = Playing(at, Show(Console(file=nowhere), at.hub.families.rules(STORY.end.at).matrix), Checks())
        for step in STORY.steps:
            playing.take(step)
        began = at.hub.clock.now()
        at.hub.admittance.assign(UUID(playing.family), AUDITOR.who, "an inquiry", began, began + timedelta(days=7), OFFICER.who)
        at.hub.views.catch_up()
        yield playing


@pytest.fixture(scope="module", params=STAFF, ids=lambda staff: staff.role.value + ":" + staff.who)
def browser(request: pytest.FixtureRequest, played: Playing) -> Iterator[httpx2.Client]:
    """The browser of somebody at work."""
    somebody: Staff = request.param
    hub = played.stage.hub
    caller = Caller(somebody.role, somebody.who, somebody.organisation)
    session = hub.sessions.open(LoggedIn(caller, hub.settings.login_issuer, somebody.who, "s", "an ID token"), hub.clock.now())
    headers = {"Cookie": f"{COOKIE}={session}", "Accept": "text/html"}
    with httpx2.Client(base_url=played.stage.url, headers=headers, timeout=60) as client:
        yield client


@pytest.mark.parametrize("tongue", ["nl", "en"])
@pytest.mark.parametrize("name", sorted(page.name for page in found()))
def test_a_page_is_whole_for_everybody(browser: httpx2.Client, played: Playing, name: str, tongue: str) -> None:
    (page,) = (page for page in found() if page.name == name)
    ids = {"escalation": played.raised[-1], "match-question": _question(played), "chain": played.raised[-1]}
    path = page.path.replace("{id:uuid}", ids.get(name, played.family))
    answer = browser.get(path, headers={"Cookie": f"{browser.headers['cookie']}; taal={tongue}"})
    assert answer.status_code in (200, 403, 404), answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert len(re.findall(r"<h1\b", answer.text)) == 1
    assert f'<html lang="{tongue}">' in answer.text
    assert "Both(" not in answer.text and "Undefined" not in answer.text and "{{" not in answer.text


def _question(played: Playing) -> str:
    asked = played.stage.desk.ask("/match-questions", COORDINATOR)["items"]
    return str(asked[0]["id"])
