"""A simulated neighbourhood played through a hub: worked out by hand, compared in two ways, and as somebody asks for it."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from hub.adapters.contracts import contract_path
from hub.adapters.matrices import load_matrix
from hub.adapters.neighbourhood_assumptions import FILE, load_assumptions
from hub.adapters.published_page import title_of
from hub.demo.cast import HUB_OIN
from hub.domain.coming_into_view import Spell, Verdict, View
from hub.domain.messages import RECORDED
from hub.domain.neighbourhood import MOST_PEOPLE, Assumptions, Eye, Sighting, Work, household
from hub.domain.trajectory import Trajectory
from hub.domain.words import LifeArea
from hub.errors import HubError
from hub.ports import SetClock
from hub.settings import DEMO, Settings
from hub.simulation.letters import LETTERS, SENDERS, Desk
from hub.simulation.playing import BEGINS, Outcome, Way, World, moment, play
from hub.wiring import Hub
from tests.journeys.commanding import commands
from tests.journeys.test_supposing import IN_FORCE, a_matrix
from tests.tools import ROOT

PAPER = ROOT / "docs" / "simulating.md"
STEP = re.compile(r"^```sh\n(.*?)^```\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITE = "WRITE_SIMULATING"
"""Set in the environment it writes what came out onto the page, in place of comparing it."""
REGISTERED = load_assumptions(contract_path("registers", FILE), LETTERS).taken
MATRIX = load_matrix(IN_FORCE)
WORK = Work(look_days=2, answer_days=1, look_hours=3, coach_weeks=2, coach_hours=7, coach_families=1, coaches=100, late_after=10)
"""One coach for ten households, who has one family at a time."""
WITHOUT_NUMBERS = 5_000
"""A household so far on that the numbers for tests were given out before."""


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(REGISTERED.mix)


def seen(nth: int, told: float, partner: str = "housing-corporation", concern: str = "nuisance") -> Sighting:
    return Sighting(nth, Eye(partner, concern, LifeArea.HOUSING, 0, 0, 0, 0), told - 0.1, told, None)


def a_world(sightings: list[Sighting], spells: list[Spell], assumed: Assumptions = REGISTERED) -> World:
    return World(assumed, 10, 100, 1, sightings, spells)


def nothing() -> None: ...


# Worked out by hand ----------------------------------------------------------------------------------------

SPELLS = [Spell(1, 5, 90), Spell(0, 15, 100), Spell(3, 40, 80), Spell(4, 92, 100)]
"""The last began too near the end to say anything of; that of the third is never seen."""
SIGHTINGS = [seen(0, 20.5), seen(1, 24.2), seen(2, 30.1)]
"""Of nuisance, which by the matrix asks somebody to look at once; the second household is in no trouble."""


def test_when_each_came_into_view_and_what_it_took_is_what_was_worked_out_by_hand(desk: Desk) -> None:
    outcome = play(a_world(SIGHTINGS, SPELLS), Way(MATRIX, WORK), desk, nothing)
    # told on a day, it is there when the day is over; somebody looks two days later
    assert outcome.views == [View(0, 21, 37, 23, 1), View(1, 25, 51, 37, 1), View(2, 31, 33, None, 1)]
    assert [(each.spell.household, each.at, each.verdict(10)) for each in outcome.came] == [
        (1, 25, Verdict.TOO_LATE),
        (0, 21, Verdict.IN_TIME),
        (3, None, Verdict.NEVER),
    ]
    assert outcome.nothing == [View(2, 31, 33, None, 1)]
    # the coach is with the first for two weeks, and only then with the other
    assert outcome.waits == [2, 12]
    assert outcome.hours == 3 * 3 + 7 * (2 + 2)
    assert outcome.waiting == 0


def test_people_who_look_later_keep_the_same_families_waiting_for_longer(desk: Desk) -> None:
    outcome = play(a_world(SIGHTINGS, SPELLS), Way(MATRIX, replace(WORK, look_days=5, coach_weeks=12)), desk, nothing)
    assert [(view.since, view.coached) for view in outcome.views] == [(21, 26), (25, None), (31, None)]
    assert (outcome.waits, outcome.waiting) == ([5], 1)
    # until the end of it all: from day 26 until day 100
    assert outcome.hours == pytest.approx(3 * 3 + 7 * (100 - 26) / 7)


def test_whoever_was_let_go_comes_into_view_again_by_something_new(desk: Desk) -> None:
    world = a_world([seen(0, 20.5), seen(0, 40.5)], [])
    outcome = play(world, Way(MATRIX, WORK), desk, nothing)
    assert [(view.since, view.until) for view in outcome.views] == [(21, 23), (41, 43)]


def test_a_signal_about_a_child_whom_the_hub_does_not_know_waits_for_an_answer(desk: Desk) -> None:
    nth = next(nth for nth in range(100) if household(nth, REGISTERED.mix).children)
    about_a_tenant, about_a_child = seen(nth, 20.5), seen(nth, 30.5, "school-attendance", "school-absence")
    outcome = play(a_world([about_a_tenant, about_a_child], [Spell(nth, 15, 90)]), Way(MATRIX, WORK), desk, nothing)
    # one family, looked at for the nuisance and, after somebody said whose child it is, for the absence
    assert [(view.household, view.looks) for view in outcome.views] == [(nth, 2)]


# What the hub makes of it ----------------------------------------------------------------------------------


@contextmanager
def a_hub(place: Path, clock: SetClock) -> Iterator[Hub]:
    hub = Hub.open(Settings(data_dir=place, mode=DEMO, oin=HUB_OIN), clock, {})
    try:
        yield hub
    finally:
        hub.close()


@pytest.mark.parametrize("letter", LETTERS, ids="-".join)
def test_every_partner_writes_in_its_own_format_what_the_hub_reads_as_that(
    letter: tuple[str, str], desk: Desk, tmp_path: Path
) -> None:
    homes = [next(nth for nth in range(at, at + 100) if household(nth, REGISTERED.mix).children) for at in (0, WITHOUT_NUMBERS)]
    told = [(f"T-{nth}", seen(nth, 0.5, *letter), moment(0.4)) for nth in homes]
    with a_hub(tmp_path, SetClock(BEGINS)) as hub:
        for each in SENDERS:
            hub.registry.add(each.name, each.kind, each.oin, "test")
            hub.registry.add_key(each.name, desk.public(each), "test")
        (post,) = desk.posts(told, BEGINS)
        answers = hub.intake.receive({name: [text] for name, text in post.headers.items()}, post.body)
        assert [_outcome(answer) for answer in answers] == [RECORDED, RECORDED]
        facts = [hub.mapper.to_domain_event(stored) for _, stored in hub.log.read(0, 1_000)]
    heard: list[Any] = [fact for fact in facts if isinstance(fact, Trajectory.SignalRecorded)]
    assert [fact.concern for fact in heard] == [letter[1]] * 2
    people = [each for nth in homes for each in (*household(nth, REGISTERED.mix).adults, *household(nth, REGISTERED.mix).children)]
    assert 2 <= sum(len(fact.people) for fact in heard) <= len(people) <= 2 * MOST_PEOPLE


def _outcome(answer: Any) -> str:
    assert not isinstance(answer, HubError), answer
    return str(answer.result().value.outcome)


def stricter(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One serious signal is not enough any more, two in half a year are."""
    asks_more = {rule["id"]: [rule["needs"][0] | {"signalsAtLeast": 2}] for rule in rules if rule["id"].endswith("-2-serious")}
    return [rule | {"withinDays": 180, "needs": asks_more[rule["id"]]} if rule["id"] in asks_more else rule for rule in rules]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stricter_matrix_brings_no_family_into_view_earlier(seed: int, desk: Desk, tmp_path: Path) -> None:
    asks_more = load_matrix(a_matrix(tmp_path, stricter), contract_path("intervention-matrix", "schema.json").absolute())
    # much is seen, so that much can differ
    eyes = [replace(eye, weekly=eye.weekly * 3) for eye in REGISTERED.eyes]
    world = World.of(replace(REGISTERED, eyes=eyes), 200, 300, seed)
    ours, other = (_first_views(play(world, Way(matrix, WORK), desk, nothing)) for matrix in (MATRIX, asks_more))
    assert set(other) <= set(ours)
    assert all(ours[nth] <= since for nth, since in other.items())
    assert ours != other


def _first_views(outcome: Outcome) -> dict[int, float]:
    found: dict[int, float] = {}
    for view in outcome.views:
        found.setdefault(view.household, view.since)
    return found


# As somebody asks for it -----------------------------------------------------------------------------------


def asked(*said: object, place: Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "hub", "simulate", *map(str, said)]
    env = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


SMALL = ("--households", 60, "--years", 1, "--seeds", 2, "--quiet")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("simulated")
    ended = asked("report", "out.html", "--against", a_matrix(place, stricter), "--otherwise", "coaches=3", *SMALL, place=place)
    assert ended[0] == 0, ended[2]
    return place / "out.html"


def test_the_operator_publishes_the_report(
    report: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with a_hub(tmp_path / "var", SetClock(BEGINS)) as hub, hub.running():
        pass
    with commands("publications", monkeypatch, capsys, tmp_path) as run:
        status, said, wrong = run("publish", str(report), "--kind", "simulation")
    assert (status, wrong.split("var")[-1]) == (0, "")
    assert said.endswith(": Gesimuleerd: een buurt die niet bestaat / Simulated: a neighbourhood that does not exist\n")


def test_every_table_and_picture_of_the_report_says_that_it_is_simulated(report: Path) -> None:
    page = report.read_bytes()
    assert title_of(page) == "Gesimuleerd: een buurt die niet bestaat / Simulated: a neighbourhood that does not exist"
    captions = re.findall(r"<(?:caption|figcaption)>(.*?)<", page.decode())
    assert len(captions) == 6
    assert all(each.startswith("Gesimuleerd: ") for each in captions)
    assert "B: matrix 2027-9, coaches=3" in page.decode()


def test_the_page_is_whole_for_who_sees_it_and_for_who_hears_it(report: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    try:
        page.goto(report.as_uri())
        assert page.locator("html").get_attribute("lang") == "nl"
        assert len(page.locator("h2").all()) == 6
        assert page.get_by_role("img").count() == 1
        assert page.get_by_role("table").count() == 5
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        if place := os.environ.get("SCREENSHOTS"):
            page.set_viewport_size({"width": 1280, "height": 900})
            page.screenshot(path=Path(place) / "simulation.png", full_page=True)
    finally:
        page.close()


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ((), "name another matrix"),
        (("--otherwise", "coaches"), "is not CODE=VALUE"),
        (("--otherwise", "coaches=-1"), "is not CODE=VALUE"),
        (("--otherwise", "serious_areas=1"), "may be answer_days"),
    ],
)
def test_a_comparison_with_nothing_is_refused_and_leaves_no_file(said: tuple[str, ...], says: str, tmp_path: Path) -> None:
    status, _, told = asked("report", "out.html", *said, *SMALL, place=tmp_path)
    assert status != 0
    assert says in " ".join(told.split())
    assert not (tmp_path / "out.html").exists()


def test_a_hub_takes_in_what_is_written_day_by_day(tmp_path: Path) -> None:
    assert asked("signals", "out.jsonl", "--signals", 120, "--households", 20_000, "--quiet", place=tmp_path)[0] == 0
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    partners, messages = lines[: len(SENDERS)], lines[len(SENDERS) :]
    assert sum(each["signals"] for each in messages) == 120
    days = [datetime.fromisoformat(each["at"]) for each in messages]
    assert days == sorted(days)
    clock, outcomes = SetClock(days[0]), Counter[str]()
    with a_hub(tmp_path / "var", clock) as hub:
        for each in partners:
            hub.registry.add(each["partner"], each["kind"], each["oin"], "test")
            hub.registry.add_key(each["partner"], each["key"], "test")
        for at, each in zip(days, messages, strict=True):
            clock.set(at)
            headers = {name: [text] for name, text in each["headers"].items()}
            outcomes.update(map(_outcome, hub.intake.receive(headers, each["body"].encode())))
    assert outcomes.total() == 120
    assert outcomes[RECORDED] > 110


def test_what_the_document_shows_is_what_comes_out(tmp_path: Path) -> None:
    paper = PAPER.read_text()
    (tmp_path / "contracts").symlink_to(ROOT / "contracts")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    env = os.environ | {"COLUMNS": "120", "PATH": path, "PYTHONPATH": str(ROOT)}

    def ran(step: re.Match[str]) -> str:
        said = subprocess.run(["bash", "-c", step[1]], cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
        shown = "\n".join(line.rstrip() for line in said.splitlines())
        return f"```sh\n{step[1]}```\n```text\n{shown}\n```"

    assert STEP.search(paper)
    now = STEP.sub(ran, paper)
    if WRITE in os.environ:
        PAPER.write_text(now)
    assert now == PAPER.read_text()
