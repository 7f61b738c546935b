"""The register of processing activities: what it holds is complete, in force, and known to the other registers."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.activities import Activities, load_activities
from hub.adapters.contracts import contract_path
from hub.errors import Fault, Malformed

NAME = "processing-activities.json"
REGISTER = load_activities(contract_path("registers", NAME))
TODAY = date(2026, 3, 2)


def changed(place: Path, change: Callable[[Any], object]) -> Path:
    """The registers in another directory, with that change."""
    shutil.copytree(contract_path("registers"), place, dirs_exist_ok=True)
    said = json.loads((place / NAME).read_text("utf-8"))
    change(said)
    (place / NAME).write_text(json.dumps(said))
    return place / NAME


def test_every_activity_has_a_purpose_a_ground_a_term_and_says_where_that_comes_from() -> None:
    for activity in REGISTER.versions:
        assert activity.nl and activity.en and activity.purpose and activity.legal_basis and activity.retention and activity.source


def test_looking_at_the_log_is_an_activity_itself() -> None:
    assert REGISTER.of_operation("searchProcessingLog", TODAY).code == "read-processing-log"


def test_an_activity_that_nobody_registered_is_a_fault() -> None:
    with pytest.raises(Fault, match="does not know peek"):
        REGISTER.of_operation("peek", TODAY)
    with pytest.raises(Fault):
        REGISTER.at("look-at-family", date(2018, 5, 24))


def test_the_version_of_a_day_is_the_one_that_was_valid_then(tmp_path: Path) -> None:
    def renew(said: Any) -> None:
        old = said["processing_activities"][0]
        said["processing_activities"].append(old | {"valid_from": "2026-07-01", "en": "Looking anew"})
        old["valid_until"] = "2026-06-30"

    found: Activities = load_activities(changed(tmp_path, renew))
    assert [found.at("look-at-family", day).en for day in (TODAY, date(2026, 6, 30), date(2026, 7, 1))] == [
        "Looking at a family",
        "Looking at a family",
        "Looking anew",
    ]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"purpose": "curiosity"}, "/processing_activities/0/purpose"),
        ({"legal_basis": "wams"}, "/processing_activities/0/legal_basis"),
        ({"handling": "peek"}, "/processing_activities/0/handling"),
        ({"retention": "forever"}, "/processing_activities/0/retention"),
        ({"valid_from": "yesterday"}, "/processing_activities/0/valid_from"),
        ({"operations": ["getRadar"]}, "/processing_activities"),
        ({"code": "list-families"}, "/processing_activities"),
    ],
)
def test_a_register_that_is_not_what_it_should_be_is_refused(tmp_path: Path, change: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as refusal:
        load_activities(changed(tmp_path, lambda said: said["processing_activities"][0].update(change)))
    assert where in [violation.where for violation in refusal.value.violations]
