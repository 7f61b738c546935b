"""The papers of the tree agree with each other and with the code: licence, public description, locks, documents."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.domain.field_classes import EVERYBODY, FieldClass
from hub.domain.policy import POLICY, Act
from tests.tools import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "contracts").glob("*/README.md")])
NAMED = re.compile(r"`((?:hub|tests|docs|contracts|deploy|requirements|benchmarks)/[\w./-]+\w/?)(?:::(\w+))?`")
LINKED = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.fixture
def publiccode() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "publiccode.yml").read_text())


def pins(name: str) -> dict[str, str]:
    return dict(PINS.findall((ROOT / "requirements" / f"{name}.txt").read_text()))


def test_the_licence_is_the_same_everywhere(publiccode: dict[str, Any]) -> None:
    assert (ROOT / "LICENSE").read_text().startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert PROJECT["license"] == publiccode["legal"]["license"] == "EUPL-1.2"


def test_the_public_description_has_what_its_standard_demands(publiccode: dict[str, Any]) -> None:
    assert publiccode["publiccodeYmlVersion"] == "0.4"
    demanded = {
        "name",
        "url",
        "platforms",
        "developmentStatus",
        "softwareType",
        "description",
        "legal",
        "maintenance",
        "localisation",
    }
    assert demanded <= publiccode.keys()
    assert publiccode["developmentStatus"] in {"concept", "development", "beta", "stable", "obsolete"}
    assert publiccode["maintenance"]["type"] == "community"
    assert publiccode["maintenance"]["contacts"]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_public_description_is_as_long_as_its_standard_allows(publiccode: dict[str, Any], language: str) -> None:
    words = publiccode["description"][language]
    assert language in publiccode["localisation"]["availableLanguages"]
    assert len(words["shortDescription"]) <= 150
    assert 150 <= len(words["longDescription"]) <= 10_000
    assert words["features"]


def test_the_tests_run_on_the_very_packages_that_the_hub_runs_on() -> None:
    tested = pins("dev")
    assert {name: (pin, tested.get(name)) for name, pin in pins("run").items() if tested.get(name) != pin} == {}


def test_every_dependency_of_the_project_is_pinned() -> None:
    declared = {re.split(r"[<>=~;\[ ]", dependency)[0] for dependency in PROJECT["dependencies"]}
    assert declared - pins("run").keys() == set()


def test_every_package_of_the_borrowed_tools_is_pinned_by_digest() -> None:
    lock = json.loads((ROOT / "tests" / "node" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "integrity" not in package and not package.get("inBundle")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


# Documents ---------------------------------------------------------------------------------------------------------


def as_named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def missing(paper: Path) -> Iterator[str]:
    """What a document names or links to that is not there: a file, a directory, or a test in a file."""
    text = paper.read_text()
    for place, test in NAMED.findall(text):
        there = ROOT / place
        if not there.exists() or (test and not re.search(rf"def {test}\(", there.read_text())):
            yield f"{place}::{test}" if test else place
    yield from (link for link in LINKED.findall(text) if not (paper.parent / link).exists())


def table(paper: str, beginning: str) -> list[list[str]]:
    """The words of the lines of the block in a document whose first line has that word."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / "docs" / paper).read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if beginning in block.splitlines()[0])
    return [line.split() for line in found.splitlines()]


@pytest.mark.parametrize("paper", PAPERS, ids=as_named)
def test_every_module_and_test_that_a_document_names_is_there(paper: Path) -> None:
    assert list(missing(paper)) == []


def test_a_name_of_nothing_is_noticed(tmp_path: Path) -> None:
    paper = tmp_path / "paper.md"
    paper.write_text("`hub/nowhere.py` and `tests/tools.py::test_nothing`, [there](nowhere.md), but `hub/intake.py` is here.")
    assert list(missing(paper)) == ["hub/nowhere.py", "tests/tools.py::test_nothing", "nowhere.md"]


def test_every_threat_has_an_answer_and_a_test() -> None:
    lines = (ROOT / "docs" / "threat-model.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    threats = [row for row in rows if len(row) == 4 and row[-1] != "proof"]
    assert len(threats) > 40
    assert [row for row in threats if not (row[2] and row[3].startswith("`tests/"))] == []


def test_the_document_has_the_policy_as_it_is() -> None:
    (head, *rows) = table("access.md", "coordinator")
    written = {(Act(act), role): reach for act, *reaches in rows for role, reach in zip(head, reaches, strict=True)}
    assert written == {(act, role.value): reach.value for (act, role), reach in POLICY.items()}


def test_the_document_has_the_disclosure_matrix_as_it_is() -> None:
    matrix = json.loads(sorted((ROOT / "contracts" / "disclosure-matrix").glob("[0-9]*.json"))[-1].read_text())
    (head, *rows) = table("access.md", "involvement")
    assert set(head) == set(FieldClass) - EVERYBODY - {FieldClass.NUMBER}
    written = {tuple(row[:2]): {name for name, cell in zip(head, row[2:], strict=True) if cell == "x"} for row in rows}
    lines = [*matrix["people"], *matrix["systems"]]
    said = {
        (line.get("role") or line.get("kind"), line["purpose"]): set(line["classes"]) - EVERYBODY - {FieldClass.NUMBER}
        for line in lines
    }
    assert written == said
    assert matrix["version"] in (ROOT / "docs" / "access.md").read_text()
