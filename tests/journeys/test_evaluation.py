"""Evaluation, from what the hub knows to a report to steer by and a table for research; refused where there are too few."""

import asyncio
import csv
import html
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from signal import SIGINT
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser
from pyarrow import parquet
from pypdf import PdfReader

from hub.adapters import outgoing_events
from hub.adapters.contracts import contract_path
from hub.adapters.instruments import load_instruments
from hub.adapters.published_page import title_of
from hub.commands.evaluation_report import Cohort, sections
from hub.console.parts import Both
from hub.domain.evaluation import Change, Family
from hub.domain.processing import Handling, Outcome, Processing, Wanted
from hub.domain.trajectory import Trajectory
from hub.domain.words import LifeArea
from hub.ports import SetClock
from hub.settings import Settings
from hub.wiring import Hub
from hub.wiring.cohort import cohort
from tests import issuer
from tests.api.running import SOURCE, TYPE, Running, a_child, a_worry, an_event, running
from tests.api.test_decisions import GOAL, WHY
from tests.given import DUTY, NOON
from tests.journeys.test_demo import a_free_port
from tests.journeys.test_deriving import families
from tests.passing import passed_on
from tests.tools import ROOT

PAPER = ROOT / "docs" / "evaluation.md"
STEP = re.compile(r"^```sh\n(.*?)^```\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITE = "WRITE_EVALUATION"
"""Set in the environment it writes what came out onto the page, in place of comparing it."""
DAY = timedelta(days=1)
MONTHS = tuple(f"2026-{month:02}" for month in range(1, 13))
PERIOD = ("--from", "2025-03", "--until", "2025-04")
COUNT = 12
"""Families of the cohort in `told`."""


async def signal(hub: Running, nth: int, reference: str, **but: Any) -> UUID:
    """A signal about one of many families."""
    child = a_child(nth) | {"birthDate": "2016-04-05"}
    said = await hub.post(an_event(a_worry(people=[child], reference=reference, **but), id=f"{nth}-{reference}"))
    assert said.status_code in (200, 201), said.text
    return hub.family_in(said)


async def decided(hub: Running, family: UUID, path: str, body: Any) -> None:
    said = await hub.tell(f"/v1/families/{family}/{path}", body)
    assert said.status_code == 201, said.text


async def starts(hub: Running, family: UUID) -> None:
    """From a referral to the start talk, in a moment."""
    await decided(hub, family, "referrals", WHY)
    await decided(hub, family, "referral-decisions", {**WHY, "decision": "eligible"})
    await decided(hub, family, "phases", {**WHY, "phase": "start-talk"})


def read(hub: Running, months: tuple[str, ...] = MONTHS) -> list[Family]:
    passed_on(hub.hub)
    return cohort(hub.hub, families(hub), months)


def later(hub: Running, days: int) -> None:
    hub.clock.set(hub.clock.now() + days * DAY)


def logged(place: Path, activity: str) -> list[Processing]:
    """What the log of that hub says of an activity."""
    hub = Hub.open(Settings(**{"data_dir": place, "database_url": "", "mode": "demo"} | issuer.settings()), SetClock(NOON))
    try:
        return hub.processings.page(Wanted(activity=activity), "", 100)[0]
    finally:
        hub.close()


# What is read ------------------------------------------------------------------------------------------------


async def test_of_a_family_is_known_when_it_came_how_far_and_what_partners_told(database: str, tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        came = hub.clock.now()
        family = await signal(hub, 1, "a")
        later(hub, 30)
        await starts(hub, family)
        later(hub, 10)
        await signal(hub, 1, "b")
        assert read(hub, ("2026-04",)) == []
        later(hub, 30)
        (found,) = read(hub)
        assert (found.came, found.referred, found.started) == (came, came + 30 * DAY, came + 30 * DAY)
        assert [told.at for told in found.signals] == [came, came + 40 * DAY]
        assert {told.partner for told in found.signals} == {"youth-work"}
        assert (found.children, found.place, found.ended) == (1, "4321", None)
        assert read(hub, ("2026-02",)) == []


async def test_what_happened_in_the_present_month_is_not_known_yet(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        await signal(hub, 1, "a")
        assert read(hub) == []
        later(hub, 30)
        assert len(read(hub)) == 1


async def test_signals_after_the_end_count_also_though_they_open_the_trajectory_again(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        family = await signal(hub, 1, "a")
        await starts(hub, family)
        later(hub, 30)
        await decided(hub, family, "early-endings", WHY)
        ended = hub.clock.now()
        later(hub, 30)
        await signal(hub, 1, "b")
        later(hub, 30)
        await starts(hub, family)
        again = hub.clock.now()
        await signal(hub, 1, "c")
        later(hub, 60)
        (found,) = read(hub)
        assert (found.end, found.ended) == ("ended-early", ended)
        assert [told.at for told in found.signals] == [found.came, ended + 30 * DAY]
        assert found.known == again, "a second trajectory is not after the first alone"


async def test_a_signal_that_was_withdrawn_does_not_count(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        await signal(hub, 1, "a")
        await signal(hub, 1, "b")
        body = outgoing_events.to_structured(
            id="3", source=SOURCE, type=TYPE, time=hub.clock.now(), data=None, extensions={"withdraws": "1-b"}
        )
        assert (await hub.post(body)).status_code == 201
        later(hub, 60)
        (found,) = read(hub)
        assert len(found.signals) == 1


async def test_who_left_is_no_child_of_it_and_whose_data_is_restricted_is_said(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        family = await signal(hub, 1, "a")
        later(hub, 30)
        (before,) = read(hub)
        child = next(fact.person for fact in hub.hub.history.facts(family) if isinstance(fact, Trajectory.PersonJoined))
        decide = hub.hub.casework.decide
        decide(family, lambda it, _, on: it.mark_restricted(child, True, on), DUTY.who)
        (restricted,) = read(hub)
        decide(family, lambda it, _, on: it.record(it.PeopleLeft, on, message="", people=[child]), DUTY.who)
        later(hub, 30)
        (left,) = read(hub)
        assert [(one.children, one.is_restricted) for one in (before, restricted, left)] == [(1, False), (1, True), (0, False)]


async def test_goals_keep_their_result_and_those_that_a_new_plan_leaves_out_count_no_more(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        family = await signal(hub, 1, "a")
        await starts(hub, family)
        await decided(hub, family, "phases", {**WHY, "phase": "analysis-and-plan"})
        await decided(hub, family, "plans", {**WHY, "goals": [GOAL, GOAL | {"goal": "debts", "area": "01"}]})
        await decided(hub, family, "goals/school/results", {"result": "reached", "words": "no absence since March"})
        await decided(hub, family, "plans", {**WHY, "goals": [GOAL | {"goal": "home", "area": "06"}]})
        later(hub, 60)
        (found,) = read(hub)
        assert sorted(found.goals) == [(LifeArea.WORK_AND_EDUCATION, "reached"), (LifeArea.HOUSING, "")]


# The report ----------------------------------------------------------------------------------------------------


def asked(*said: object, place: Path) -> tuple[int, str]:
    """With what it ended, and all that it said."""
    command = [sys.executable, "-W", "error", "-m", "hub", "evaluation", *map(str, said)]
    env = os.environ | {"COLUMNS": "200", "HUB_DATA_DIR": str(place), "HUB_MODE": "demo"}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a hub with twelve families, whose signals became fewer when their trajectories started after eight months."""
    place = tmp_path_factory.mktemp("evaluation")
    asyncio.run(_tell(place))
    return place


async def _tell(place: Path) -> None:
    with running(place, database_url="") as hub:
        hub.clock.set(hub.clock.now() - 364 * DAY)
        first = [await signal(hub, nth, "0") for nth in range(1, COUNT + 1)]
        for month in range(1, 13):
            later(hub, 30)
            for nth, family in enumerate(first, start=1):
                if month == 8:
                    await starts(hub, family)
                for again in range(1 + nth % 2 if month < 8 else nth % 2):
                    await signal(hub, nth, f"{month}.{again}")
        later(hub, 3)
        for family in first:
            await decided(hub, family, "early-endings", WHY)
        passed_on(hub.hub)


@pytest.fixture(scope="module")
def written(told: Path) -> Path:
    """The report of those twelve, and one of a month with nobody."""
    assert asked("report", told.parent / "report", *PERIOD, "--quiet", place=told)[0] == 0
    code, said = asked("report", told.parent / "nobody", "--from", "2025-06", "--until", "2025-07", "--quiet", place=told)
    assert code == 0, said
    return told.parent


def of(place: Path, tongue: str = "en") -> str:
    """What a page says, without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", (place / f"evaluation.{tongue}.html").read_text())).split())


def test_the_report_tells_of_plan_process_and_effect_by_fives(written: Path) -> None:
    said = of(written / "report")
    assert "All families that came into view from March 2025 through April 2025" in said
    assert "Of 10 families that came into view, 10 were referred." in said
    assert "Half of the families waited longer than six months for a start talk" in said
    assert "From the first signal until the referral: half within 34 weeks, nine in ten too few to say." in said
    assert "Goals by life area" in said
    assert "youth-work 10 10" in said
    assert "12 families" not in said


def test_signals_are_told_as_ratios_with_their_bounds_and_not_clear_where_they_are_not(written: Path) -> None:
    said = of(written / "report")
    (found, low, high) = map(float, re.findall(r"Jump at the start: ([\d.]+) \(([\d.]+) to ([\d.]+)\)", said)[0])
    assert low < found < high
    assert ("clear" if low > 1 or high < 1 else "not clear") == re.findall(r"Jump at the start: [^,]+, ([a-z ]+)\.", said)[0]
    assert found < 1, "each signalled less from then on"
    assert "finances Too few signals before the start: fewer than five." in said
    assert "Jump at the end:" not in said, "nothing was heard after it"


def test_what_a_design_without_a_control_group_cannot_show_is_said_plainly(written: Path) -> None:
    assert "There is no group to compare with." in of(written / "report")
    assert "regression to the mean" in of(written / "report")
    assert "Er is geen vergelijkingsgroep." in of(written / "report", "nl")


def test_of_fewer_than_five_families_the_report_says_that_it_says_nothing(written: Path) -> None:
    said = of(written / "nobody")
    assert "In these months fewer than five families came into view. Of so few this report says nothing" in said
    assert "Goals by life area" not in said
    assert "There is no group to compare with." in said


def test_of_the_families_of_the_demo_nothing_is_told_but_that_they_are_too_few(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "hub", "demo", "--port", str(a_free_port())]
    period = ("--from", "2026-08", "--until", "2026-10", "--quiet")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "100"}) as demo:
        assert demo.stdout is not None
        place = next(found[1] for line in demo.stdout if (found := re.search(r"HUB_DATA_DIR=(\S+)", line)))
        reported = asked("report", tmp_path / "report", *period, place=Path(place))
        exported = asked("export", tmp_path / "export", *period, place=Path(place))
        demo.send_signal(SIGINT)
        assert demo.wait(30) == 0
    assert reported[0] == 0, reported[1]
    for tongue, says in (("nl", "Over zo weinig gezinnen zegt dit verslag niets"), ("en", "Of so few this report says nothing")):
        assert says in of(tmp_path / "report", tongue)
    assert (exported[0], "There are fewer than five families" in exported[1]) == (1, True)


def test_the_page_can_be_published_as_it_stands(written: Path) -> None:
    titles = [title_of((written / "report" / f"evaluation.{tongue}.html").read_bytes()) for tongue in ("nl", "en")]
    assert titles == ["Evaluatie: maart 2025 – april 2025", "Evaluation: March 2025 – April 2025"]


def test_nobody_is_named(written: Path) -> None:
    for tongue in ("nl", "en"):
        said = of(written / "report", tongue)
        assert not re.search(r"Ander\d|Kind\d|4321|[0-9a-f]{8}-[0-9a-f]{4}|9999\d{5}", said)


@pytest.mark.parametrize("tongue", ["nl", "en"])
def test_on_paper_it_says_the_same_and_is_tagged_for_who_hears_it(written: Path, tongue: str) -> None:
    paper = PdfReader(BytesIO((written / "report" / f"evaluation.{tongue}.pdf").read_bytes()))
    root: Any = paper.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert str(root["/Lang"]).startswith(tongue)
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()
    said = re.sub(r"\s+", "", "".join(page.extract_text() for page in paper.pages))
    heads = re.findall(r"<h2>(.*?)</h2>", (written / "report" / f"evaluation.{tongue}.html").read_text())
    assert len(heads) == 11
    assert [head for head in heads if re.sub(r"\s+", "", html.unescape(head)) not in said] == []


def test_the_page_is_whole_for_who_sees_it_and_for_who_hears_it(written: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    try:
        page.goto((written / "report" / "evaluation.nl.html").as_uri())
        assert page.locator("html").get_attribute("lang") == "nl"
        pictures = page.get_by_role("img")
        assert pictures.count() == 3
        assert "punten zijn wat er was" in str(pictures.last.get_attribute("aria-label"))
        assert page.get_by_role("table").count() == 8
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        if place := os.environ.get("SCREENSHOTS"):
            for wide in (360, 1280):
                page.set_viewport_size({"width": wide, "height": 900})
                page.screenshot(path=Path(place) / f"evaluation-{wide}.png", full_page=True)
    finally:
        page.close()


@pytest.fixture
def words() -> Any:
    return lambda kind, code: Both(f"{kind} {code}", f"{kind} {code}")


def a_cohort(*families: Family) -> Cohort:
    return Cohort(families, ["2026-03"])


def test_goals_are_told_by_fives_and_add_up(words: Any) -> None:
    """Of twelve families in seven a goal about work was reached and in five not; of a goal about housing nobody knows yet."""
    work, housing = LifeArea.WORK_AND_EDUCATION, LifeArea.HOUSING
    those = [Family(NOON, NOON, goals=[(work, "reached" if nth < 7 else "not")]) for nth in range(12)]
    those[0].goals = [*those[0].goals, (housing, "")]
    (plan,) = (each for each in sections(a_cohort(*those), (), words) if each.title.en.startswith("The plan"))
    bounds = Both("30 tot 85%", "30 to 85%")  # Wilson of 7 in 12: 32.0 to 80.7
    assert plan.tables[0].rows == [
        [Both("area 04", "area 04"), 10, 5, None, 5, None, bounds],
        [Both("samen", "together"), 10, 5, None, 5, None, bounds],
    ]


def test_a_report_says_that_referrals_did_not_come_while_families_met_the_criteria(words: Any) -> None:
    those = [Family(NOON, NOON, met=NOON) for _ in range(9)]
    attention, process, *_ = sections(a_cohort(*those), (), words)
    assert "More families met the criteria without anybody referring them than were referred." in attention.words[0].en
    table = {row[0].en: row[-1] for row in process.tables[0].rows}
    assert (table["came into view"], table["were referred"], table["met them, and nobody referred"]) == (10, None, 10)
    referred, *_ = sections(a_cohort(*(Family(NOON, NOON, met=NOON, referred=NOON) for _ in range(9))), (), words)
    assert "Nothing stands out" in referred.words[0].en


def test_what_referrals_lacked_is_told_where_five_lacked_it(words: Any) -> None:
    those = [Family(NOON, NOON, missing=("life-areas", "age") if nth < 4 else ("life-areas",)) for nth in range(9)]
    _, process, *_ = sections(a_cohort(*those), (), words)
    assert [(row[0].en, row[1]) for row in process.tables[1].rows] == [("criterion life-areas", 10)]


def test_what_was_measured_is_told_by_bounds_and_not_of_one(words: Any) -> None:
    instruments = load_instruments(contract_path("instruments")).versions
    code, domain = instruments[0].code, next(iter(instruments[0].domains))
    those = [Family(NOON, NOON, changes=[Change(code, domain, 1, 2 if nth < 6 else 1)]) for nth in range(12)]
    (measured,) = (each for each in sections(a_cohort(*those), instruments, words) if each.title.en.startswith("What was measured"))
    ((_, families_, higher, lower),) = measured.tables[0].rows
    assert (families_, higher.en, lower.en) == (10, "25 to 75%", "too few to say")


# The table for research --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(told: Path) -> Path:
    """The table of those twelve, twice."""
    for name in ("first", "second"):
        code, said = asked("export", told.parent / name, *PERIOD, "--quiet", place=told)
        assert code == 0, said
        assert "12 families" in said and "each is like 11 others at least; none left out." in said
    return told.parent


def rows(place: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((place / "families.csv").read_text("utf-8-sig").splitlines(), delimiter=";"))


def test_a_table_for_research_has_a_row_for_each_family_as_csv_and_as_parquet(exported: Path) -> None:
    found = rows(exported / "first")
    assert len(found) == COUNT
    assert {(row["came"], row["place"], row["children"]) for row in found} == {("2025-03", "4321", "1")}
    assert {row["end"] for row in found} == {"ended-early"}
    table = parquet.read_table(exported / "first" / "families.parquet")
    assert table.to_pylist() == found
    assert table.schema.field("end").metadata[b"description"] == b"how the trajectory ended"


def test_the_codebook_says_of_every_column_what_it_is_and_how_coarse_it_was_made(exported: Path) -> None:
    book = json.loads((exported / "first" / "codebook.json").read_text())
    found = rows(exported / "first")
    assert [column["name"] for column in book["columns"]] == list(found[0])
    assert book["anonymity"] == {"k": 5, "smallestClass": 12, "mostLeftOut": 0.1}
    known = {
        column["name"]: (column["step"], column["steps"]) for column in book["columns"] if column["role"] == "quasi-identifier"
    }
    assert known == {"came": (0, 2), "place": (0, 2), "children": (0, 1)}
    for column in book["columns"]:
        assert column["nl"] and column["en"]
        assert set(column.get("values", ())) in ({row[column["name"]] for row in found}, set())


def test_no_value_but_a_pseudonym_is_held_by_fewer_than_five(exported: Path) -> None:
    for name, *values in zip(rows(exported / "first")[0], *(row.values() for row in rows(exported / "first")), strict=True):
        if name != "pseudonym":
            assert all(many >= 5 for many in Counter(values).values()), name


def test_a_pseudonym_leads_to_no_other_export_and_not_back(exported: Path, told: Path) -> None:
    first, second = ({row["pseudonym"] for row in rows(exported / name)} for name in ("first", "second"))
    assert len(first) == len(second) == COUNT
    assert not first & second
    text = (exported / "first" / "families.csv").read_text()
    assert not re.search(r"Ander\d|Kind\d|[0-9a-f]{8}-[0-9a-f]{4}|9999\d{5}|20\d\d-\d\d-\d\d", text)


def test_where_families_can_be_recognised_nothing_is_written_and_it_says_why(told: Path) -> None:
    place = told.parent / "refused"
    code, said = asked("export", place, "--from", "2025-06", "--until", "2025-07", "--quiet", place=told)
    assert code == 1
    assert "Nothing was exported. There are fewer than five families: each can be recognised." in said
    assert not place.exists()


def test_for_everybody_in_the_table_stands_in_the_log_that_it_was_exported(told: Path, exported: Path) -> None:
    lines = logged(told, "export-for-research")
    assert {(line.name, line.purpose, line.handling) for line in lines} == {
        ("hub evaluation export", "evaluation", Handling.EXPORT)
    }
    assert len({line.concerned.subject for line in lines if line.concerned.subject}) == COUNT


# On a terminal ---------------------------------------------------------------------------------------------------


def test_that_it_was_evaluated_stands_in_the_log_of_what_was_read(told: Path, written: Path) -> None:
    lines = logged(told, "evaluate")
    assert {(line.name, line.purpose, line.outcome) for line in lines} == {("hub evaluation report", "evaluation", Outcome.GIVEN)}


def test_what_is_there_is_not_written_over_and_a_month_that_is_not_over_is_refused(told: Path, tmp_path: Path) -> None:
    mine = tmp_path / "evaluation.nl.html"
    mine.write_text("mine")
    code, said = asked("report", tmp_path, *PERIOD, "--quiet", place=told)
    assert (code, mine.read_text()) == (2, "mine")
    assert "is there already" in said
    code, said = asked("report", tmp_path / "later", "--until", "2099-01", "--quiet", place=told)
    assert (code, "/until: is not over yet" in said) == (1, True)
    assert not (tmp_path / "later").exists()


def test_without_statsmodels_it_says_what_to_install(told: Path, tmp_path: Path) -> None:
    blocked = (
        "import sys; sys.modules['statsmodels'] = None; sys.argv = ['hub', 'evaluation', 'report', sys.argv[1]]; "
        "from hub.__main__ import main; main()"
    )
    env = os.environ | {"HUB_DATA_DIR": str(told), "HUB_MODE": "demo"}
    run = subprocess.run([sys.executable, "-c", blocked, str(tmp_path / "x")], env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "Evaluation needs statsmodels: pip install 'vig-hub[evaluation]'." in run.stderr


def test_help_teaches_the_way() -> None:
    for words in ((), ("report",), ("export",)):
        command = [sys.executable, "-m", "hub", "evaluation", *words, "--help"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert {(): "each quarter", ("report",): "no group to compare with", ("export",): "k-anonymity"}[words] in re.sub(
            r"[│\s]+", " ", said
        )


# What the document shows -----------------------------------------------------------------------------------------


def test_what_the_document_shows_is_what_comes_out(told: Path, tmp_path: Path) -> None:
    paper = PAPER.read_text()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    env = os.environ | {"COLUMNS": "120", "PATH": path, "HUB_DATA_DIR": str(told), "HUB_MODE": "demo"}

    def ran(step: re.Match[str]) -> str:
        said = subprocess.run(["bash", "-c", step[1]], cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
        return f"```sh\n{step[1]}```\n```text\n{said}```"

    assert len(STEP.findall(paper)) == 3
    now = STEP.sub(ran, paper)
    if WRITE in os.environ:
        PAPER.write_text(now)
    assert now == PAPER.read_text()
