"""Who works here, as they were called when they last logged in: also for other processes, and no longer than two years."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.adapters.database import engine
from hub.adapters.login import Claims, Colleagues, colleagues
from hub.adapters.migrations import bring_up
from hub.domain.callers import Capacity, Colleague
from tests.given import NOON

LEAD = Colleague(Capacity.TEAM_LEAD, "d.leider", "wijkteam", "D. Leider", "Wijkteam")
COACH = Colleague(Capacity.COORDINATOR, "b.testman", "vig-team", "B. Testman", "VIG-team")


@pytest.fixture
def place(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'door.db'}"
    opened = engine(url, "door")
    bring_up(opened, "door")
    opened.dispose()
    return url


def test_who_logs_in_again_under_another_name_goes_by_that(place: str) -> None:
    known = Colleagues(door := engine(place, "door"))
    known.note(LEAD, NOON)
    known.note(COACH, NOON)
    assert list(known.all().values()) == [COACH, LEAD], "by name"
    married = Colleague(Capacity.COORDINATOR, "d.leider", "vig-team", "D. de Proef-Leider", "VIG-team")
    known.note(married, NOON + timedelta(days=1))
    assert known.all()["d.leider"] == married
    door.dispose()


def test_another_process_sees_them_within_seconds(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (engine(place, "door") for _ in range(2))
    here, there = Colleagues(one), Colleagues(other)
    assert there.all() == {}
    here.note(LEAD, NOON)
    at = colleagues.monotonic() + colleagues.NOTICED_WITHIN
    monkeypatch.setattr(colleagues, "monotonic", lambda: at)
    assert there.all() == {"d.leider": LEAD}
    one.dispose()
    other.dispose()


def test_who_was_not_here_for_two_years_is_known_by_name_no_more(place: str) -> None:
    known = Colleagues(door := engine(place, "door"))
    known.note(LEAD, NOON)
    known.note(COACH, NOON + colleagues.KEPT - timedelta(seconds=1))
    assert len(known.all()) == 2
    known.note(COACH, NOON + colleagues.KEPT)
    assert set(known.all()) == {"b.testman"}
    door.dispose()


@pytest.mark.parametrize(
    ("said", "called"),
    [("  נועה  ", "נועה"), ("", ""), (None, ""), (["D. Leider"], ""), ("a" * 201, ""), ("D.\u202e Leider", ""), ("D.\nLeider", "")],
)
def test_a_name_that_cannot_be_shown_is_none(said: object, called: str) -> None:
    claims = {"sub": "d.leider", "hub_role": "team-lead", "organisation": "wijkteam", "name": said}
    assert Claims().colleague(claims) == Colleague(Capacity.TEAM_LEAD, "d.leider", "wijkteam", called, "")
