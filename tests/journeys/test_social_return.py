"""Social return from what the hub knows to a page that people read: counted by neighbourhood, completed, computed."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

from hub.domain.social_return import Role
from hub.wiring.counted import counted
from tests.api.running import Running, a_child, running
from tests.api.test_decisions import SOMEBODY, WHY
from tests.journeys.test_deriving import families
from tests.passing import passed_on
from tests.tools import ROOT

PAPER = ROOT / "docs" / "social-return.md"
STEP = re.compile(r"^```sh\n(.*?)^```\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITE = "WRITE_SOCIAL_RETURN"
"""Set in the environment it writes what came out onto the page, in place of comparing it."""
WEEKS = 20
COUNTS = """place;what;with;without;compared
2512;families;20;;
2512;coach-hours;2880;;
2512;evictions;1;6;
2512;residential-care-years;1;5;
2512;police-incidents;30;70;yes
2512;benefit-years;12;18;
2513;families;10;;
2513;coach-hours;1440;;
2513;supervision-order-years;2;5;
2513;evictions;;2;
"""


async def coached(hub: Running, town: str, first: int, count: int) -> list[UUID]:
    """Families of a place that get a coach now."""
    found = []
    for nth in range(first, first + count):
        child = a_child(nth) | {"birthDate": "2016-04-05"}
        child["address"] = child["address"] | {"postcode": f"{town}BA"}
        family = await hub.a_family_of(child, id=str(nth))
        said = await hub.tell(f"/v1/families/{family}/coaches", {**SOMEBODY, "to": f"coach-{nth}"})
        assert said.status_code == 201, said.text
        found.append(family)
    return found


async def helped(hub: Running) -> None:
    """Six families in one neighbourhood and three in another for twenty weeks; then five of the six end early."""
    first = await coached(hub, "4321", 10, 6)
    await coached(hub, "4322", 20, 3)
    hub.clock.set(hub.clock.now() + timedelta(weeks=WEEKS))
    for family in first[:5]:
        assert (await hub.tell(f"/v1/families/{family}/early-endings", WHY)).status_code == 201


def told(hub: Running) -> dict[tuple[str, str], int | None]:
    passed_on(hub.hub)
    return {(place, what): many for place, what, many in counted(hub.hub, families(hub))}


async def test_the_hub_counts_what_it_knows_by_neighbourhood_when_the_month_is_over(database: str, tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        await helped(hub)
        july = {key: many for key, many in told(hub).items() if many is not None}
        # begun on 2 March, noon: until the first of July 17.2 weeks for each of six: 17.2 x 7.2 x 6 = 743, and 5 x 156 is nearest
        assert july == {("4321", "families"): 5, ("4321", "coach-hours"): 780}
        hub.clock.set(hub.clock.now() + timedelta(days=20))
        august = told(hub)
        # five ended after 20 weeks, the sixth went on until the first of August, 21.6 weeks: (5 x 20 + 21.6) x 7.2 = 876
        assert august["4321", "coach-hours"] == 936
        assert august["4321", "ended-early"] == 5
        assert august["4321", "closed"] is None


async def test_nothing_is_told_of_a_neighbourhood_of_fewer_than_five_families(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        await coached(hub, "4322", 20, 3)
        hub.clock.set(hub.clock.now() + timedelta(days=60))
        assert told(hub) == {}
        await coached(hub, "4323", 30, 3)
        hub.clock.set(hub.clock.now() + timedelta(days=60))
        assert {place for place, _ in told(hub)} == {"elsewhere"}


async def test_who_never_had_a_coach_and_whose_coach_let_go_do_not_add_hours(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        found = await coached(hub, "4321", 10, 5)
        await hub.a_family_of(a_child(40) | {"birthDate": "2016-04-05"}, id="40")
        hub.clock.set(hub.clock.now() + timedelta(weeks=9))
        for family in found:
            assert (await hub.tell(f"/v1/families/{family}/coach-releases", WHY)).status_code == 201
        hub.clock.set(hub.clock.now() + timedelta(weeks=30))
        # 5 x 9 x 7.2 = 324
        assert (told(hub)["4321", "families"], told(hub)["4321", "coach-hours"]) == (5, 312)


# On a terminal -------------------------------------------------------------------------------------------


def asked(*said: object, place: Path | None = None) -> tuple[int, str]:
    """With what it ended, and all that it said."""
    command = [sys.executable, "-m", "hub", "social-return", *map(str, said)]
    env = os.environ | {"COLUMNS": "200", "HUB_DATA_DIR": str(place or "nowhere")}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    """A file of counts that somebody completed."""
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS)
    return path


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text("utf-8-sig").splitlines(), delimiter=";"))


def of(found: Sequence[dict[str, str]], place: str, who: str, what: str) -> tuple[int, ...]:
    (row,) = (each for each in found if (each["place"], each["of"], each["what"]) == (place, who, what))
    return tuple(int(row[each]) for each in ("low", "middle", "high"))


async def test_what_the_hub_counted_is_completed_and_computed(tmp_path: Path) -> None:
    place, file = tmp_path / "hub", tmp_path / "counts.csv"
    place.mkdir()
    with running(place, database_url="") as hub:
        await helped(hub)
        passed_on(hub.hub)
    code, said = asked("count", file, "--quiet", place=place)
    assert code == 0, said
    assert "Places of five families or more: 1" in said
    found = {row["what"]: row for row in rows(file)}
    assert {row["place"] for row in found.values()} == {"4321"}
    assert (found["families"]["with"], found["ended-early"]["with"], found["evictions"]["with"]) == ("5", "5", "")
    for private in ("Ander10", "Kind10", "4321BA", "coach-10"):
        assert private not in said + file.read_text()
    text = file.read_text("utf-8-sig").replace("4321;evictions;;;", "4321;evictions;1;6;")
    file.write_text(text)
    code, said = asked("compute", file)
    assert code == 0, said
    assert "4321: 5 families" in said
    assert "4321: benefit-years" in said.partition("Not counted")[2]


def test_it_is_told_by_payer_as_ranges_with_its_seed_and_everything_assumed(counts: Path, tmp_path: Path) -> None:
    code, said = asked("compute", counts, "--seed", 7, "--draws", 500, "--csv", tmp_path / "return.csv")
    assert code == 0, said
    assert "Seed 7, 500 draws" in said
    assert "2513: evictions" in said.partition("Not counted")[2], "nobody knows how many there were with"
    for payer in ("Municipality", "Housing corporation", "Police", "Families", "together"):
        assert payer in said
    found = rows(tmp_path / "return.csv")
    for place in ("2512", "2513", "alles samen / all together"):
        low, middle, high = of(found, place, "together", "net")
        assert low < middle < high
    assert of(found, "2512", "families", "benefits")[0] < 0, "what the municipality is spared in benefit, families lose"
    known = {row["what"] for row in found}
    assert {role.value for role in Role} | {"price", "draw", "net-at-least-and-most"} < known
    assert all(row["source"] or row["assumed"] for row in found if row["what"] == "price")


def test_the_same_seed_gives_the_same_and_another_does_not(counts: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{nth}.csv" for nth in range(3)]
    for seed, file in zip((4, 4, 5), files, strict=True):
        assert asked("compute", counts, "--seed", seed, "--draws", 200, "--csv", file)[0] == 0
    one, same, other = (file.read_bytes() for file in files)
    assert one == same != other


def test_whoever_computes_may_assume_otherwise(counts: Path, tmp_path: Path) -> None:
    file = tmp_path / "return.csv"
    code, said = asked("compute", counts, "--draws", 200, "--assume", "attribution=0:0:0", "--csv", file)
    assert code == 0, said
    assert "set by whoever computed this" in said
    found = rows(file)
    assert of(found, "2512", "together", "benefits") == (0, 0, 0)
    assert of(found, "2512", "together", "cents-per-euro") == (0, 0, 0)


@pytest.mark.parametrize(
    ("assumed", "says"),
    [
        ("attribution", "is not CODE=LEAST:LIKELIEST:MOST"),
        ("attribution=0.1:0.2", "is not CODE"),
        ("attribution=0.1:0.2:1.3", "more than the whole"),
        ("weather=1:2:3", "There is no price or assumption weather."),
        ("coach-hour=90:80:100", "does not go up"),
    ],
)
def test_what_cannot_be_assumed_is_refused_and_leaves_no_file(counts: Path, tmp_path: Path, assumed: str, says: str) -> None:
    code, said = asked("compute", counts, "--assume", assumed, "--csv", tmp_path / "return.csv")
    assert code != 0
    assert says in re.sub(r"[│\s]+", " ", said)
    assert not (tmp_path / "return.csv").exists()


def test_a_file_that_is_there_is_not_written_over_and_wrong_counts_are_said(counts: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.html"
    mine.write_text("mine")
    assert asked("compute", counts, "--draws", 200, "--page", mine)[0] != 0
    assert mine.read_text() == "mine"
    counts.write_text(COUNTS + "2513;weather;1;2;\n")
    code, said = asked("compute", counts)
    assert (code, "line 12: weather is not counted" in said) == (1, True)


def test_the_registers_are_shown_with_where_each_was_found() -> None:
    code, said = asked("show")
    assert code == 0
    assert "rwseconomie" in said and "nowhere" in said and "Prices are of 2024" in said


def test_help_teaches_the_way() -> None:
    for words in ((), ("count",), ("compute",)):
        code, said = asked(*words, "--help")
        assert code == 0
        assert {(): "counts.csv", ("count",): "without a trajectory", ("compute",): "Monte Carlo"}[words] in said


# To be looked at -------------------------------------------------------------------------------------------


def test_the_picture_says_in_words_and_places_what_matters_most(counts: Path, tmp_path: Path) -> None:
    file = tmp_path / "tornado.svg"
    assert asked("compute", counts, "--draws", 200, "--picture", file)[0] == 0
    svg = ElementTree.parse(file).getroot()  # noqa: S314
    name = "{http://www.w3.org/2000/svg}"
    assert "Wat telt het zwaarst" in str(svg.findtext(f"{name}title"))
    assert "Wat aan het traject te danken is / What is due to the trajectory: 30%: € " in str(svg.findtext(f"{name}desc"))
    bars = [float(each.attrib["width"]) for each in svg.iter(f"{name}rect")][1:]
    assert len(bars) > 10
    assert bars == sorted(bars, reverse=True)


def test_the_page_is_whole_for_who_sees_it_and_for_who_hears_it(counts: Path, tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "return.html"
    assert asked("compute", counts, "--page", file)[0] == 0
    page = browser.new_page(viewport={"width": 360, "height": 800})
    try:
        page.goto(file.as_uri())
        assert page.locator("html").get_attribute("lang") == "nl"
        heads = page.locator("h1, h2").all_inner_texts()
        assert heads[0] == "Maatschappelijk rendement / Social return"
        assert [head.split(":")[0] for head in heads[1:3]] == ["2512", "2513"]
        assert page.get_by_role("img").count() == 1
        assert page.get_by_role("table").count() == 5
        tornado = page.get_by_role("table").nth(3)
        swings = [abs(_euros(each, 3) - _euros(each, 2)) for each in tornado.locator("tbody tr").all()]
        assert swings == sorted(swings, reverse=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert "zaaigetal / seed 1; 5000 trekkingen / draws" in page.get_by_role("table").last.inner_text()
        _kept_as_picture(page)
    finally:
        page.close()


def _euros(row: Any, nth: int) -> int:
    return int(re.sub(r"[^0-9-]", "", row.locator("td").nth(nth).inner_text()))


def _kept_as_picture(page: Any) -> None:
    if place := os.environ.get("SCREENSHOTS"):
        for wide in (360, 1280):
            page.set_viewport_size({"width": wide, "height": 900})
            page.screenshot(path=Path(place) / f"social-return-{wide}.png", full_page=True)


# What the document shows -----------------------------------------------------------------------------------


def test_what_the_document_shows_is_what_comes_out(tmp_path: Path) -> None:
    paper = PAPER.read_text()
    (counts,) = re.findall(r"^```csv\n(.*?)^```$", paper, re.MULTILINE | re.DOTALL)
    (tmp_path / "counts.csv").write_text(counts)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    env = os.environ | {"COLUMNS": "120", "PATH": path}

    def ran(step: re.Match[str]) -> str:
        said = subprocess.run(["bash", "-c", step[1]], cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
        shown = "\n".join(line.rstrip() for line in said.splitlines())
        return f"```sh\n{step[1]}```\n```text\n{shown}\n```"

    assert STEP.search(paper)
    now = STEP.sub(ran, paper)
    if WRITE in os.environ:
        PAPER.write_text(now)
    assert now == PAPER.read_text()
