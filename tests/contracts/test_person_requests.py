"""The register of requests of people about their own data: terms, ways to know who asks, and a closed list of grounds."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.contracts import contract_path, contracts
from hub.adapters.matrices import load_calendar
from hub.adapters.person_requests import load_request_rules
from hub.domain.requests import Asks, Decision
from hub.errors import Malformed

NAME = "person-requests.json"
CALENDAR = load_calendar(contracts() / "calendar" / "nl-holidays.json")
RULES = load_request_rules(contract_path("registers", NAME), CALENDAR)


@pytest.mark.parametrize(
    ("received", "is_extended", "due"),
    [
        (date(2026, 1, 31), False, datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC)),  # 28 February is a Saturday
        (date(2028, 1, 31), False, datetime(2028, 2, 29, 22, 59, 59, tzinfo=UTC)),
        (date(2026, 3, 25), False, datetime(2026, 4, 28, 21, 59, 59, tzinfo=UTC)),  # a weekend, and the King's birthday
        (date(2026, 2, 27), True, datetime(2026, 5, 27, 21, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_term_ends_at_the_end_of_a_day_that_is_no_weekend_or_holiday(received: date, is_extended: bool, due: datetime) -> None:
    assert RULES.due(Asks.INSPECTION, received, is_extended) == due


@pytest.mark.parametrize(
    ("is_extended", "due"),
    [
        (False, datetime(2026, 4, 13, 21, 59, 59, tzinfo=UTC)),
        (True, datetime(2026, 5, 11, 21, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_complaint_is_dealt_with_in_six_weeks_and_four_more_where_it_is_adjourned(is_extended: bool, due: datetime) -> None:
    """Algemene wet bestuursrecht, art. 9:11."""
    assert RULES.due(Asks.COMPLAINT, date(2026, 3, 2), is_extended) == due


def test_everything_that_can_be_asked_can_be_granted_and_refused_and_every_ground_has_its_law() -> None:
    for asks in Asks:
        for decision in (Decision.GRANTED, Decision.REFUSED):
            assert [one for one in RULES.grounds.values() if one.is_for(asks, decision, date(2026, 3, 2))], (asks, decision)
    assert all(ground.article and ground.words.dutch and ground.words.english for ground in RULES.grounds.values())


def test_nobody_relied_on_a_ground_before_the_law_applied() -> None:
    assert RULES.for_erasing(date(2018, 5, 24)) == []
    assert "avg-17-1-d" in RULES.for_erasing(date(2018, 5, 25))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda said: said["grounds"].append(said["grounds"][0] | {"nl": "nog eens"}), "/grounds"),
        (lambda said: said["terms"].pop(), "/terms"),
        (lambda said: said["terms"][-1].update(unit="months"), "/terms"),
        (lambda said: said["grounds"][0].update(decision="perhaps"), "/grounds/0/decision"),
        (lambda said: said["grounds"][0].update(asks=["anything"]), "/grounds/0/asks/0"),
    ],
)
def test_a_register_that_is_not_what_it_should_be_is_refused(tmp_path: Path, change: Callable[[Any], object], where: str) -> None:
    shutil.copytree(contract_path("registers"), tmp_path, dirs_exist_ok=True)
    said = json.loads((tmp_path / NAME).read_text("utf-8"))
    change(said)
    (tmp_path / NAME).write_text(json.dumps(said))
    with pytest.raises(Malformed) as refused:
        load_request_rules(tmp_path / NAME, CALENDAR)
    assert where in [violation.where for violation in refused.value.violations]
