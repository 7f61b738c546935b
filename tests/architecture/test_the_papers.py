"""The papers of the tree agree with each other: its licence, its public description, its locks."""

import json
import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.tools import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)


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
