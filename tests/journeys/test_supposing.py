"""What would have escalated when, by another matrix: worked out by hand, and as somebody asks it on a terminal."""

import csv
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from hub.adapters.contracts import contract_path
from hub.adapters.matrices import load_matrix
from hub.domain.rules import Rules
from hub.domain.words import Axis, Level
from hub.supposing import Outcome, suppose
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.journeys.test_deriving import families, something_happens

IN_FORCE = contract_path("intervention-matrix", "2026-1.json")
SCHEMA = contract_path("intervention-matrix", "schema.json").absolute()
Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def a_matrix(directory: Path, change: Change) -> Path:
    """The matrix in force with other rules, in a file."""
    said = json.loads(IN_FORCE.read_bytes()) | {"version": "2027-9"}
    said["rules"] = change(said["rules"])
    path = directory / "2027-9.json"
    path.write_text(json.dumps(said))
    return path


def a_rule(axis: str, level: int, need: dict[str, Any], days: int = 180) -> dict[str, Any]:
    words = {"dutch": "zoals bedacht", "english": "as supposed"}
    said = {"id": f"{axis}-{level}-supposed", "axis": axis, "level": level, "withinDays": days}
    return said | {"needs": [need], "source": "assumed", "words": words}


def as_it_is(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return rules


def stricter(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two worries about upbringing are enough for level 3, of care and of safety."""
    need = {"concerns": ["upbringing"], "signalsAtLeast": 2}
    return [a_rule("care", 3, need), a_rule("safety", 3, need), *rules]


def laxer(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One worry about care is nothing, three are a question; safety never comes to level 3."""
    kept = [rule for rule in rules if (rule["axis"], rule["level"]) not in {("care", 2), ("safety", 3), ("safety", 4)}]
    return [a_rule("care", 2, {"axes": ["care"], "signalsAtLeast": 3}), *kept]


async def heard(hub: Running) -> None:
    """Upbringing after two, four and six weeks, violence after eight."""
    for nth, concern in enumerate(("upbringing", "upbringing", "upbringing", "honour-violence"), start=1):
        hub.clock.set(hub.clock.now() + timedelta(weeks=2))
        said = await hub.post(an_event(a_worry(people=[a_child(1)], concern=concern), id=str(nth)))
        assert said.status_code == 201


def supposed(hub: Running, matrix: Path) -> dict[tuple[str, int, int], tuple[str, float]]:
    """What becomes of each level of each axis, the nth time."""
    rules = Rules(load_matrix(matrix, SCHEMA), hub.hub.families.rules(hub.clock.now()).calendar)
    found: dict[tuple[str, int, int], tuple[str, float]] = {}
    for family in families(hub):
        for one in suppose(hub.hub.history.facts(family), rules):
            nth = sum(key[:2] == (one.axis.value, int(one.level)) for key in found)
            found[one.axis.value, int(one.level), nth] = (one.outcome.value, one.weeks)
    return found


async def test_a_stricter_matrix_escalates_earlier_and_more(database: str, tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        await heard(hub)
        assert supposed(hub, a_matrix(tmp_path, stricter)) == {
            ("care", 2, 0): ("same", 0.0),
            ("care", 3, 0): ("more", 0.0),
            ("safety", 3, 0): ("earlier", -4.0),
        }


async def test_a_laxer_matrix_escalates_later_and_no_more(database: str, tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        await heard(hub)
        assert supposed(hub, a_matrix(tmp_path, laxer)) == {
            ("care", 2, 0): ("later", 4.0),
            ("safety", 2, 0): ("same", 0.0),
            ("safety", 3, 0): ("not-any-more", 0.0),
        }


async def test_where_somebody_stepped_down_it_is_about_rising_anew(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        await heard(hub)
        (family,) = families(hub)
        hub.clock.set(hub.clock.now() + timedelta(weeks=2))
        down = lambda known, rules, on: known.step_down(Axis.SAFETY, Level.NONE, "it is calm", rules, on)  # noqa: E731
        hub.hub.casework.decide(family, down, "desk")
        hub.clock.set(hub.clock.now() + timedelta(weeks=2))
        assert (await hub.post(an_event(a_worry(people=[a_child(1)], concern="honour-violence"), id="9"))).status_code == 201
        found = supposed(hub, a_matrix(tmp_path, laxer))
        assert [found["safety", 3, nth][0] for nth in (0, 1)] == ["not-any-more"] * 2
        assert [found["safety", 2, nth][0] for nth in (0, 1)] == ["same"] * 2


@pytest.mark.parametrize("seed", range(8))
async def test_the_matrix_in_force_gives_what_was_recorded_whatever_happened(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    with running(tmp_path) as hub:
        posted: list[str] = []
        for nth in range(40):
            hub.clock.set(hub.clock.now() + timedelta(days=chance.randrange(20), hours=1))
            await something_happens(hub, chance, nth, posted)
        found = supposed(hub, a_matrix(tmp_path, as_it_is))
        assert found
        assert {outcome for outcome, _ in found.values()} == {Outcome.SAME.value}


# On a terminal -------------------------------------------------------------------------------------------


def asked(place: Path, *said: object) -> tuple[int, str]:
    """With what it ended, and all that it said."""
    command = [sys.executable, "-m", "hub", "audit", "suppose", "--quiet", *map(str, said)]
    env = os.environ | {"HUB_DATA_DIR": str(place), "COLUMNS": "200"}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    """Where a hub keeps what it has, of which a family came to escalate."""
    place = tmp_path / "hub"
    place.mkdir()
    with running(place, database_url="") as hub:
        await heard(hub)
    return place


def kept(place: Path) -> dict[str, list[Any]]:
    """Every row of every table of every database of a hub."""
    found: dict[str, list[Any]] = {}
    for file in sorted(place.rglob("*.db")):
        with closing(sqlite3.connect(file)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                found[f"{file.name} {name}"] = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608
    return found


def test_it_is_told_in_words_for_a_spreadsheet_and_as_a_picture(place: Path, tmp_path: Path) -> None:
    lines, drawing = tmp_path / "what-if.csv", tmp_path / "what-if.svg"
    code, said = asked(place, a_matrix(tmp_path, stricter), "--csv", lines, "--picture", drawing)
    assert code == 0, said
    assert "these levels would be reached: 1 same, 1 earlier, 0 later, 1 more, 0 not any more." in said
    assert "4.0 weeks earlier" in said
    rows = list(csv.DictReader(lines.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [(row["axis"], row["level"], row["outcome"], row["days"]) for row in rows] == [
        ("care", "2", "same", "0"),
        ("care", "3", "more", ""),
        ("safety", "3", "earlier", "28"),
    ]
    svg = ElementTree.parse(drawing).getroot()  # noqa: S314
    name = "{http://www.w3.org/2000/svg}"
    assert "2027-9" in str(svg.findtext(f"{name}title"))
    assert "safety 3: 1 earlier, 0 same, 0 later, 0 more, 0 not any more." in str(svg.findtext(f"{name}desc"))
    for private in ("Ander1", "Kind1", "4321BA"):
        assert private not in said + lines.read_text() + drawing.read_text()


def test_nothing_of_what_is_recorded_changes_by_it(place: Path, tmp_path: Path) -> None:
    before = kept(place)
    assert asked(place, a_matrix(tmp_path, stricter))[0] == 0
    after = kept(place)
    assert before["hub.db events"]
    changed = {name for name in after if after[name] != before.get(name)}
    assert {name.partition(" ")[0] for name in changed} == {"reads.db"}  # that somebody looked


def test_a_matrix_that_is_none_is_refused_with_everything_that_is_wrong(place: Path, tmp_path: Path) -> None:
    def wrong(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rules[0]["level"] = 7
        del rules[1]["needs"]
        rules[2]["axis"] = "weather"
        return rules

    code, said = asked(place, a_matrix(tmp_path, wrong), "--csv", tmp_path / "what-if.csv")
    assert code == 1
    assert all(f"/rules/{nth}" in said for nth in range(3)), said
    assert not (tmp_path / "what-if.csv").exists()


def test_a_family_that_there_is_not_leaves_no_half_file(place: Path, tmp_path: Path) -> None:
    lines = tmp_path / "what-if.csv"
    code, said = asked(place, a_matrix(tmp_path, stricter), "00000000-0000-4000-8000-000000000000", "--csv", lines)
    assert (code, lines.exists()) == (1, False)
    assert "There is no family by that id." in said


def test_a_file_that_is_there_is_not_written_over(place: Path, tmp_path: Path) -> None:
    lines = tmp_path / "what-if.csv"
    lines.write_text("mine")
    assert asked(place, a_matrix(tmp_path, stricter), "--csv", lines)[0] != 0
    assert lines.read_text() == "mine"
