"""Five hundred of everything: no page grows with it, and what it does not show is a link further on."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest
from sqlalchemy import event

from hub.adapters import outgoing_events
from hub.demo.cast import COACH
from hub.domain.messages import Message
from hub.domain.rules import Rules
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from tests.console.browsing import HTTP, Browser
from tests.console.deciding import fill
from tests.console.test_plan import typed
from tests.console.working import ACUTE, ON_DUTY, YOUTH_WORK, Work, working
from tests.given import a_goal
from tests.journeys.running import BATCH, a_child, a_worry
from tests.passing import passed_on

MANY, GOALS = 500, 50
MOST = 150_000
"""Bytes of a page."""
SHOWN = re.compile(r"SELECT .* FROM (family|family_people|family_signals|timeline|escalations|caseload|questions)\b")
"""A question to the tables of what is shown."""
FURTHER = re.compile(r'<a class="button quiet" href="([^"]+)">Meer laden</a>')


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        yield work


@pytest.fixture(scope="module")
def families(work: Work) -> list[str]:
    """Families of which one axis rose, each with a coach: one and the same."""
    found = hears(work, (a_child(nth, familyName=f"Voorbeeld-van Verweg{nth}") for nth in range(1, MANY + 1)), **ACUTE)
    for family in found:
        decided(work, family, lambda one, _, on: one.assign_coach(COACH, on))
    passed_on(work.door.hub)
    return found


@pytest.fixture(scope="module")
def laden(work: Work) -> str:
    """A family of which five hundred signals came, with a plan of fifty goals."""
    child = a_child(MANY + 1, familyName="Veelgehoord")
    (family, *_) = hears(work, [child] * MANY, **ACUTE)
    decided(work, family, _planned)
    passed_on(work.door.hub)
    return family


@pytest.fixture(scope="module")
def desk(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def hears(work: Work, people: Iterable[dict[str, Any]], **but: Any) -> list[str]:
    """Signals of one partner in as few messages as they go in; gives the family of each."""
    now, waiting, families = work.door.clock.now(), list(people), []
    while waiting:
        some, waiting = waiting[:100], waiting[100:]
        said = [{"reference": f"r-{next(work.numbers)}", "happened": f"{now:%Y-%m-%d}", **but} for _ in some]
        worries = [a_worry(one, **each) for one, each in zip(some, said, strict=True)]
        body = outgoing_events.to_batch([YOUTH_WORK.an_event(worry, now) for worry in worries])
        answer = HTTP.post(f"{work.base}/v1/signals", content=body, headers={**YOUTH_WORK.signed(body, now), "content-type": BATCH})
        assert answer.status_code == 200
        families += [_family(work, one["receipt"]) for one in answer.json()]
    passed_on(work.door.hub)
    return families


def _family(work: Work, receipt: Mapping[str, Any]) -> str:
    message = UUID(receipt["message"])
    return str(work.door.hub.register.read(lambda unit: unit.get(Message, message)).signals[0]["family"])


def decided(work: Work, family: str, verb: Any) -> None:
    work.door.hub.casework.decide(UUID(family), verb, ON_DUTY.subject)


def _planned(family: Trajectory, rules: Rules, on: Occasion) -> None:
    said = "Elke schooldag op tijd op school, met de spullen die daarvoor nodig zijn, en zonder dat iemand het vraagt."
    words = dict.fromkeys(("specific", "measurable", "achievable", "relevant"), said)
    begins = on.at.date()
    goals = [a_goal(f"goal-{nth}", **words, start=begins, due=begins + timedelta(days=90 + nth)) for nth in range(GOALS)]
    family.adopt_plan(goals, "Zo is het besproken.", rules, on)
    family.adopt_plan([replace(goal, owner="de school") for goal in goals], "De school doet mee.", rules, on)


# Pages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/?waits=escalations", "/escalations", "/caseload", f"/caseload?coach={COACH.who}"])
def test_a_list_of_hundreds_is_read_a_part_at_a_time(desk: Browser, families: list[str], path: str) -> None:
    page = desk.get(path)
    assert page.status_code == 200 and len(page.content) < MOST
    assert "/families/" in page.text or "/escalations/" in page.text


@pytest.mark.parametrize("path", ["/", "/escalations", f"/caseload?coach={COACH.who}"])
def test_whoever_reads_on_comes_to_everything_once(desk: Browser, families: list[str], path: str) -> None:
    seen: list[str] = []
    while path:
        page = desk.get(path)
        assert len(page.content) < MOST
        main = page.text.partition("<main")[2]
        seen += re.findall(r'<(?:h2|h3|th scope="row" class="utrecht-table__cell")><a href="([^"]+)"', main)
        further = FURTHER.search(page.text)
        path = html.unescape(urljoin(path, further[1])) if further else ""
    assert len(seen) == len(set(seen)) >= MANY


def test_every_family_of_a_caseload_is_called_by_its_name(desk: Browser, families: list[str]) -> None:
    page = desk.get(f"/caseload?coach={COACH.who}").text
    assert len(re.findall(r"<bdi>Voorbeeld-van Verweg\d+</bdi>", page)) == 100


def test_families_without_a_coach_are_found_among_many_that_have_one(work: Work, desk: Browser, families: list[str]) -> None:
    alone = work.a_family()
    assert f'href="/families/{alone}/coach"' in desk.get("/caseload").text
    assert f'href="/families/{families[0]}/coach"' not in desk.get("/caseload").text.partition("Gezinnen zonder coach")[2]


def test_among_hundreds_a_family_is_looked_for_by_its_name(desk: Browser, families: list[str], laden: str) -> None:
    at = f"/families/{families[0]}/belonging"
    assert f'<option value="{families[7]}"' not in desk.get(at).text
    page = fill(desk, at, "find", what="move", name="Voorbeeld-van Verweg8")
    assert page.status_code == 200 and len(page.content) < MOST
    assert f'<option value="{families[7]}"' in page.text


# One family -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["", "/plan", "/plan/new", "/plan/compare", "/plan/goals/goal-7", "/belonging", "/steps", "/levers", "/referral", "/handover"],
)
@pytest.mark.parametrize("tongue", ["nl", "en"])
def test_the_page_of_a_family_with_hundreds_of_signals_and_fifty_goals_is_no_larger_than_another(
    desk: Browser, laden: str, path: str, tongue: str
) -> None:
    kept = "; ".join(f"{name}={value}" for name, value in desk.cookies.items())
    page = desk.get(f"/families/{laden}{path}", Cookie=f"{kept}; taal={tongue}")
    assert page.status_code == 200 and len(page.content) < MOST


def test_a_timeline_of_hundreds_is_read_to_its_end(desk: Browser, laden: str) -> None:
    path, times, signals = f"/families/{laden}?group=signals", 0, 0
    while path:
        page = desk.get(path)
        assert len(page.content) < MOST
        signals += sum(map(int, re.findall(r"Signaal van [^<]* <strong>(\d+)×", page.text)))
        further = FURTHER.search(page.text)
        path, times = html.unescape(urljoin(path, further[1])) if further else "", times + 1
    assert times >= MANY // 50 and signals >= MANY


def test_a_goal_among_fifty_is_changed_and_all_others_stay(work: Work, desk: Browser, laden: str) -> None:
    page = desk.get(f"/families/{laden}/plan/new")
    assert page.text.count("<textarea") == 1 and page.text.count("Dit doel wijzigen") == GOALS
    before = {goal.goal: goal for goal in work.trajectory(laden).valid_plan().goals}
    form = typed(page)
    opened = desk.post(f"/families/{laden}/plan/new/adopt", {**form, "change": "7"})
    assert opened.status_code == 200 and len(opened.content) < MOST
    assert 'id="goals-7-owner"' in opened.text and 'id="goals-8-owner"' not in opened.text
    form = {**typed(opened), "goals.7.owner": "", "motivation": "Oma doet het."}
    refused = desk.post(f"/families/{laden}/plan/new/adopt", form)
    assert refused.status_code == 400 and 'id="goals-7-owner-wrong"' in refused.text
    said = desk.post(f"/families/{laden}/plan/new/adopt", {**typed(refused), "goals.7.owner": "Oma"})
    assert said.status_code == 303
    after = {goal.goal: goal for goal in work.trajectory(laden).valid_plan().goals}
    assert after == before | {"goal-7": replace(before["goal-7"], owner="Oma")}


def test_what_is_wrong_with_a_folded_goal_is_shown_with_its_field(desk: Browser, laden: str) -> None:
    form = {**typed(desk.get(f"/families/{laden}/plan/new")), "goals.9.due": "31-2-2026", "motivation": "Zo."}
    refused = desk.post(f"/families/{laden}/plan/new/adopt", form)
    assert refused.status_code == 400 and 'id="goals-9-due-wrong"' in refused.text


# What a page asks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most"), [("/", 5), ("/escalations", 1), ("/caseload", 10), ("family", 5), ("family/plan", 5)], ids=str
)
def test_how_often_a_page_asks_its_read_models_does_not_grow(
    work: Work, desk: Browser, families: list[str], laden: str, path: str, most: int
) -> None:
    """Beside what it takes to say whom a look concerns, and what others write meanwhile."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(" ".join(statement.split()))

    passed_on(work.door.hub)
    event.listen(work.door.hub.stored.views, "before_cursor_execute", note)
    try:
        assert desk.get(path.replace("family", f"/families/{laden}")).status_code == 200
    finally:
        event.remove(work.door.hub.stored.views, "before_cursor_execute", note)
    shown = [statement for statement in asked if SHOWN.match(statement)]
    assert 0 < len(shown) <= most, shown
