"""A disk that is full, a clock that is wrong, a read model that stumbles: the hub goes on, and everything is told."""

from pathlib import Path

import pytest

from tests.faults.rounds import BY_NAME, impossible
from tests.faults.surviving import survives


@pytest.mark.parametrize("name", ["clock-jumps", "spring", "autumn", "quota-sqlite"])
def test_a_hub_on_sqlite_survives(tmp_path: Path, name: str) -> None:
    survives(tmp_path, name, rounds=2 if name in ("clock-jumps", "quota-sqlite") else 1)


def test_a_read_model_that_throws_on_one_event_stops_and_the_others_go_on(tmp_path: Path) -> None:
    survives(tmp_path, "stumbling-projection")


def test_when_postgresql_has_no_room_nothing_is_acknowledged_that_is_lost(tmp_path: Path) -> None:
    possible = [name for name in ("full-disk-postgresql", "quota-postgresql") if not impossible(BY_NAME[name])]
    survives(tmp_path, possible[0])
