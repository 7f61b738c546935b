"""Reading the matrix and the holidays: versions by day, and every mistake in a file named at once."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from hub.adapters.contracts import contract_path
from hub.adapters.matrices import load_calendar, load_matrices
from hub.errors import Malformed, NotKnown, Unavailable

Change = Callable[[Any], object]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return Path(shutil.copytree(contract_path("intervention-matrix"), tmp_path / "matrices"))


def changed(directory: Path, change: Change, name: str = "2026-1.json") -> Path:
    found = json.loads((directory / name).read_text("utf-8"))
    change(found)
    (directory / name).write_text(json.dumps(found), "utf-8")
    return directory


def reasons(directory: Path) -> list[str]:
    with pytest.raises(Malformed) as refused:
        load_matrices(directory)
    return [str(violation) for violation in refused.value.violations]


def test_the_version_valid_on_a_day_is_chosen() -> None:
    matrices = load_matrices(contract_path("intervention-matrix"))
    days = (date(2024, 1, 1), date(2025, 12, 31), date(2026, 1, 1), date(2031, 7, 1))
    assert [matrices.at(day).version for day in days] == ["2024-1", "2024-1", "2026-1", "2026-1"]


def test_on_a_day_without_a_version_nothing_is_decided() -> None:
    with pytest.raises(Unavailable):
        load_matrices(contract_path("intervention-matrix")).at(date(2023, 12, 31))


def test_an_earlier_version_is_found_by_name() -> None:
    matrices = load_matrices(contract_path("intervention-matrix"))
    assert matrices.version("2024-1").terms["acknowledge-total"].unit.value == "working-days"
    with pytest.raises(NotKnown):
        matrices.version("1999-1")


def test_the_schemas_are_schemas() -> None:
    for folder in ("intervention-matrix", "calendar"):
        Draft202012Validator(json.loads(contract_path(folder, "schema.json").read_text("utf-8")))


def test_overlapping_versions_are_refused(directory: Path) -> None:
    changed(directory, lambda found: found.update(validUntil="2026-01-01"), "2024-1.json")
    assert reasons(directory) == ["2026-1: begins while 2024-1 is still valid"]


def test_an_open_version_before_another_is_refused(directory: Path) -> None:
    changed(directory, lambda found: found.update(validUntil=None), "2024-1.json")
    assert reasons(directory) == ["2026-1: begins while 2024-1 is still valid"]


def test_days_without_a_version_are_refused(directory: Path) -> None:
    changed(directory, lambda found: found.update(validUntil="2025-12-30"), "2024-1.json")
    assert reasons(directory) == ["2026-1: leaves days without a matrix after 2024-1"]


def test_a_version_that_ends_before_it_begins_is_refused(directory: Path) -> None:
    changed(directory, lambda found: found.update(validUntil="2025-06-01"))
    assert reasons(directory) == ["2026-1: ends before it begins"]


def test_a_directory_without_versions_is_refused(tmp_path: Path) -> None:
    assert reasons(tmp_path) == ["no matrix in " + tmp_path.name]


def test_a_file_that_is_not_json_is_refused(directory: Path) -> None:
    (directory / "2026-1.json").write_text("{", "utf-8")
    with pytest.raises(Malformed) as refused:
        load_matrices(directory)
    assert refused.value.code == "not-json"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(version="2026-2"), "/version: is not the name of the file"),
        (
            lambda m: m["rules"][7]["needs"][0].update(concerns=["bad-weather"]),
            "/rules/7/needs/0/concerns/0: bad-weather is not known",
        ),
        (lambda m: m["silent"].append("bad-weather"), "/silent/2: bad-weather is not known"),
        (lambda m: m["criteria"][1]["marks"].append("rich"), "/criteria/1/marks/4: rich is not known"),
        (lambda m: m["contraIndications"][0]["concerns"].append("tired"), "/contraIndications/0/concerns/1: tired is not known"),
        (lambda m: m["cells"][1].update(acknowledge="sometime"), "/cells/1/acknowledge: sometime is not known"),
        (lambda m: m["cells"][2].update(starts=["sometime"]), "/cells/2/starts/0: sometime is not known"),
        (lambda m: m["cells"][2].update(levers=["magic"]), "/cells/2/levers/0: magic is not known"),
        (lambda m: m["levers"][0].update(reconsider="never"), "/levers/0/reconsider: never is not known"),
        (lambda m: m["stagnation"][0].update(term="never"), "/stagnation/0/term: never is not known"),
        (lambda m: m["rules"].append(m["rules"][0]), "/rules: safety-4-three-axes stands there twice"),
        (lambda m: m["terms"].append(m["terms"][0]), "/terms: acknowledge-question stands there twice"),
        (lambda m: m["cells"][0].update(axis="care"), "/cells: care 1 stands there twice"),
        (lambda m: m["stagnation"].append(m["stagnation"][0]), "/stagnation: no-progress family stands there twice"),
    ],
)
def test_a_name_that_means_nothing_or_stands_twice_is_refused(directory: Path, change: Change, reason: str) -> None:
    assert reasons(changed(directory, change)) == [reason]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda m: m.pop("terms"), ""),
        (lambda m: m.update(validFrom="2026-02-30"), "/validFrom"),
        (lambda m: m["rules"][0].update(level=1), "/rules/0/level"),
        (lambda m: m["rules"][0].update(weather="bad"), "/rules/0"),
        (lambda m: m["rules"][0].update(needs=[]), "/rules/0/needs"),
        (lambda m: m["rules"][0]["needs"][0].update(weightAtLeast="enormous"), "/rules/0/needs/0/weightAtLeast"),
        (lambda m: m["terms"][0].update(unit="fortnights"), "/terms/0/unit"),
        (lambda m: m["terms"][0].pop("source"), "/terms/0"),
        (lambda m: m["cells"][1].pop("acknowledge"), "/cells/1"),
        (lambda m: m["criteria"][0].pop("ageAtMost"), "/criteria/0"),
    ],
)
def test_a_file_against_the_schema_is_refused_with_the_place(directory: Path, change: Change, where: str) -> None:
    assert any(reason.startswith(f"{where}: " if where else "") for reason in reasons(changed(directory, change)))


def test_every_mistake_is_named_at_once(directory: Path) -> None:
    def change(found: Any) -> None:
        found["rules"][0]["level"] = 9
        found["terms"][0]["unit"] = "fortnights"

    assert [reason.split(":")[0] for reason in reasons(changed(directory, change))] == ["/rules/0/level", "/terms/0/unit"]


def test_the_holidays_are_those_of_the_law() -> None:
    calendar = load_calendar(contract_path("calendar", "nl-holidays.json"))
    assert sorted(day for day in calendar.holidays if day.year == 2025) == [
        date(2025, 1, 1),
        date(2025, 4, 18),
        date(2025, 4, 21),
        date(2025, 4, 26),
        date(2025, 5, 5),
        date(2025, 5, 29),
        date(2025, 6, 9),
        date(2025, 12, 25),
        date(2025, 12, 26),
    ]


def test_every_year_of_the_calendar_has_its_nine_holidays() -> None:
    calendar = load_calendar(contract_path("calendar", "nl-holidays.json"))
    assert {day.year for day in calendar.holidays} == set(range(2024, 2033))
    for year in range(2024, 2033):
        assert sum(day.year == year for day in calendar.holidays) == 9


def test_a_holiday_on_a_day_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(contract_path("calendar"), tmp_path / "calendar"))
    changed(folder, lambda found: found["holidays"][0].update(day="2024-02-30"), "nl-holidays.json")
    with pytest.raises(Malformed) as refused:
        load_calendar(folder / "nl-holidays.json")
    assert [violation.where for violation in refused.value.violations] == ["/holidays/0/day"]
