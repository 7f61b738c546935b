"""The officer sees since when terms count, holds a case that is still asked about, and lets it go again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.looking import is_well
from tests.console.working import ACUTE, ON_DUTY, Work, person, working
from tests.parts.fixtures import PATIENCE
from tests.passing import passed_on

WHY = "De inspectie vroeg om het dossier te bewaren."


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


@pytest.fixture
def officer(work: Work) -> Browser:
    return work.door.logged_in(person("g.privacy"))


def opened(work: Work, browser: Browser, path: str = "/retention") -> str:
    passed_on(work.door.hub)
    said = browser.get(path)
    assert said.status_code == 200, said.text
    return said.text


def held(page: str) -> str:
    return page[page.index('id="held"') : page.index('id="counting"')]


def test_a_case_is_held_with_a_reason_and_let_go_with_a_reason(work: Work, officer: Browser) -> None:
    family = work.a_family(**ACUTE)
    page = opened(work, officer, f"/retention?family={family}")
    assert "Er wordt geen gezin langer vastgehouden dan zijn termijn." in page
    assert f'value="{family}"' in page, "whoever comes from a case need not type its id"
    assert fill(officer, "/retention", "hold", family=family, motivation=WHY).status_code == 303
    page = opened(work, officer)
    assert WHY in held(page) and family[:8] in held(page)
    assert "vastgehouden" in page[page.index('id="counting"') :]
    assert fill(officer, "/retention", "release", family=family, motivation="Het onderzoek is klaar.").status_code == 303
    assert WHY not in held(opened(work, officer))


def test_without_a_reason_nothing_is_held_and_twice_is_said(work: Work, officer: Browser) -> None:
    family = work.a_family(**ACUTE)
    passed_on(work.door.hub)
    refused = fill(officer, "/retention", "hold", family=family, motivation="")
    assert refused.status_code == 400 and "Dit is nog niet vastgelegd" in refused.text
    fill(officer, "/retention", "hold", family=family, motivation=WHY)
    again = fill(officer, "/retention", "hold", family=family, motivation=WHY)
    assert again.status_code == 409 and "wordt al langer bewaard" in again.text


def test_an_auditor_sees_it_and_holds_nothing_and_nobody_else_comes_here(work: Work, officer: Browser) -> None:
    family = work.a_family(**ACUTE)
    passed_on(work.door.hub)
    fill(officer, "/retention", "hold", family=family, motivation=WHY)
    auditor = work.door.logged_in(person("f.toezicht"))
    assert 'action="/retention/hold"' not in opened(work, auditor)
    assert fill(auditor, "/retention", "release", family=family, motivation="Weg ermee.").status_code == 403
    assert family[:8] in held(opened(work, officer))
    assert 'href="/retention"' not in work.door.logged_in(ON_DUTY).get("/").text


def test_it_has_nothing_for_axe_and_is_no_wider_than_a_telephone(work: Work, officer: Browser, browser: Chromium) -> None:
    for _ in range(2):
        fill(officer, "/retention", "hold", family=work.a_family(**ACUTE), motivation=WHY)
    passed_on(work.door.hub)
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name="g.privacy").click()
        page.goto(f"{work.base}/retention")
        is_well(page)
