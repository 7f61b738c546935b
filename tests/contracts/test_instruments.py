"""Instruments as data: whose each is, its scales from the lowest to the highest, and one version of each on any day."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.contracts import contracts
from hub.adapters.instruments import load_instruments
from hub.domain.instruments import MeasuredAt
from hub.domain.words import LifeArea
from hub.errors import Malformed

NAME = "safety-2026-1.json"
ALL = load_instruments(contracts() / "instruments")


def test_whose_every_instrument_is_and_under_which_terms_is_said() -> None:
    assert {one.code for one in ALL.versions} == {"self-sufficiency", "safety"}
    assert all(one.source and one.licence and one.about for one in ALL.versions)
    assert all(list(one.moments) == list(MeasuredAt) for one in ALL.versions)


def test_self_sufficiency_is_scored_on_every_life_area() -> None:
    domains = ALL.find("self-sufficiency", date(2026, 3, 2)).domains.values()
    assert sorted(one.area for one in domains) == sorted(LifeArea)


def test_nobody_measures_with_an_instrument_before_its_first_day_or_with_one_that_is_not_there() -> None:
    for code, day in (("safety", date(2025, 12, 31)), ("zrm", date(2026, 3, 2))):
        with pytest.raises(Malformed):
            ALL.find(code, day)


def another_version(said: Any) -> None:
    said["version"] = "2026-2"


@pytest.mark.parametrize(
    ("change", "name", "wrong"),
    [
        (lambda said: said.pop("licence"), NAME, '"licence" is a required property'),
        (lambda said: said.update(valid_until="2025-12-31"), NAME, "is before valid_from"),
        (lambda said: said["scales"]["ten"].update(highest=9), NAME, "do not go up from the lowest to the highest"),
        (lambda said: said["domains"][0].update(scale="none"), NAME, "none is not known"),
        (lambda said: said["domains"][0].update(code="stays-safe"), NAME, "stays-safe stands there twice"),
        (lambda said: said.update(code="other"), NAME, "is not, with the version, the name of the file"),
        (another_version, "safety-2026-2.json", "2026-1 and 2026-2 hold on the same day"),
    ],
)
def test_what_is_wrong_with_an_instrument_is_said_before_the_hub_starts(
    tmp_path: Path, change: Callable[[Any], Any], name: str, wrong: str
) -> None:
    folder = tmp_path / "instruments"
    shutil.copytree(contracts() / "instruments", folder)
    said = json.loads((folder / NAME).read_text())
    change(said)
    (folder / name).write_text(json.dumps(said))
    with pytest.raises(Malformed) as refused:
        load_instruments(folder)
    assert wrong in [one.what for one in refused.value.violations]
