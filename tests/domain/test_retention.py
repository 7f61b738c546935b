"""How long something is kept: a term counts in the calendar, by the word of the register on the day that somebody looks."""

from calendar import isleap
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.contracts import contracts
from hub.adapters.login import colleagues
from hub.adapters.retention import load_retention
from hub.domain.matrix import Words
from hub.domain.retention import CLOSED, EXECUTED, Category, Deed, Period, RetentionRules, Stand, follow
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from hub.errors import Malformed

DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))
PERIODS = st.builds(
    lambda years, months, days: f"P{years}Y{months}M{days}D", st.integers(0, 30), st.integers(0, 30), st.integers(0, 60)
).map(Period.read)
DAY = timedelta(days=1)
REGISTER = contracts() / "registers" / "retention.json"


def category(term: str, valid_from: date, valid_until: date | None = None) -> Category:
    about = Words("gezin", "family")
    return Category(
        CLOSED, about, Period.read(term), "trajectory-closed", Deed.DESTROY_KEYS, "assumed", "", valid_from, valid_until
    )


@pytest.mark.parametrize(
    ("start", "term", "last"),
    [
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-02-29", "P4Y", "2028-02-29"),
        ("2023-02-28", "P1Y", "2024-02-28"),
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2026-08-31", "P6M", "2027-02-28"),
        ("2026-03-02", "P1Y6M", "2027-09-02"),
        ("2026-12-31", "P1Y2W1D", "2028-01-15"),
        ("2026-03-02", "P20Y", "2046-03-02"),
    ],
)
def test_the_last_day_of_a_term_is_that_of_the_calendar(start: str, term: str, last: str) -> None:
    period, begun, ended = Period.read(term), date.fromisoformat(start), date.fromisoformat(last)
    assert period.last_day(begun) == ended
    assert not period.is_over(begun, ended), "on its last day it is kept"
    assert period.is_over(begun, ended + DAY)


@given(DAYS, st.integers(1, 30))
def test_a_term_of_years_ends_on_the_same_day_of_the_year(start: date, years: int) -> None:
    year = start.year + years
    same = start.replace(year=year) if (start.month, start.day) != (2, 29) or isleap(year) else date(year, 2, 28)
    assert Period.read(f"P{years}Y").last_day(start) == same


@given(PERIODS, DAYS)
def test_what_begins_on_the_latest_start_is_over_and_what_begins_a_day_later_is_not(period: Period, today: date) -> None:
    latest = period.latest_start(today)
    assert period.is_over(latest, today)
    assert not period.is_over(latest + DAY, today)


@given(PERIODS, DAYS, st.integers(0, 400))
def test_what_begins_later_is_never_over_before(period: Period, start: date, more: int) -> None:
    assert period.last_day(start) <= period.last_day(start + timedelta(days=more))


@pytest.mark.parametrize("text", ["", "P", "P1", "1Y", "PT1H", "P1YT1H", "P-1Y", "P1.5Y", "P1M1Y", "P٣Y"])
def test_what_is_no_period_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        Period.read(text)


@given(DAYS, DAYS, DAYS, st.sampled_from(["P1Y", "P2Y"]), st.sampled_from(["P6M", "P5Y"]))
def test_a_changed_term_counts_from_the_day_that_it_holds_and_not_before(
    start: date, today: date, changed: date, old: str, new: str
) -> None:
    rules = RetentionRules("2", [category(old, date(1900, 1, 1)), category(new, changed)])
    term = Period.read(new if changed <= today else old)
    assert rules.is_due(CLOSED, start, today) == term.is_over(start, today)
    latest = rules.latest_start(CLOSED, today)
    assert latest is not None
    assert (start <= latest) == term.is_over(start, today)


def test_where_the_register_says_nothing_any_more_nothing_is_due() -> None:
    rules = RetentionRules("1", [category("P1Y", date(2020, 1, 1), date(2026, 12, 31))])
    assert rules.is_due(CLOSED, date(2020, 1, 1), date(2026, 12, 31))
    assert not rules.is_due(CLOSED, date(2020, 1, 1), date(2027, 1, 1))
    assert rules.latest_start(CLOSED, date(2027, 1, 1)) is None


def test_what_a_run_may_not_end_is_never_due_to_a_run() -> None:
    elsewhere = replace(category("P1Y", date(2020, 1, 1)), deed=Deed.ELSEWHERE)
    assert RetentionRules("1", [elsewhere]).latest_start(CLOSED, date(2030, 1, 1)) is None


# The register that is there ---------------------------------------------------------------------------


def test_the_register_has_a_word_for_all_that_a_run_ends() -> None:
    rules = load_retention(REGISTER)
    today = rules.at(date(2026, 11, 23))
    assert {code for code, one in today.items() if one.deed in EXECUTED.values()} == EXECUTED.keys()
    assert all(one.source for one in rules.categories)


def test_what_the_hub_lets_go_by_itself_is_as_the_register_says() -> None:
    term = load_retention(REGISTER).at(date(2026, 11, 23))["colleagues"].term
    assert term is not None
    assert term.last_day(date(2025, 1, 1)) == date(2025, 1, 1) + colleagues.KEPT


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"term": "P1Y"', '"term": "a year"', "/retention/0/term"),
        ('"deed": "elsewhere"', '"deed": "destroy-keys"', "no run can do"),
        ('"code": "family-closed"', '"code": "family-never-helped"', "two entries hold"),
        ('"valid_until": null', '"valid_until": "2001-01-01"', "ends before it begins"),
    ],
)
def test_a_register_that_nobody_can_carry_out_is_refused(old: str, new: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "retention.schema.json").write_text((REGISTER.parent / "retention.schema.json").read_text())
    (tmp_path / "retention.json").write_text(REGISTER.read_text().replace(old, new, 1))
    with pytest.raises(Malformed) as refused:
        load_retention(tmp_path / "retention.json")
    assert says in repr([(each.where, each.what) for each in refused.value.violations])


# Since when --------------------------------------------------------------------------------------------


def at(kind: Any, day: datetime, **said: Any) -> Any:
    event = object.__new__(kind)
    event.__dict__.update({"timestamp": day, **said})
    return event


NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
"""Half past midnight by the Dutch clock."""


def test_a_day_is_that_of_the_dutch_calendar() -> None:
    assert Stand(Phase.CLOSED, NEW_YEAR).day == date(2027, 1, 1)


@given(st.lists(st.sampled_from(["signal", "end", "reopen", "close", "refer", "merge", "part"]), max_size=12))
def test_a_term_counts_from_the_last_that_happened_while_a_family_was_not_ended(steps: list[str]) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    stand = follow(None, at(Trajectory.Opened, moment))
    phase, since = Phase.CANDIDATE, moment
    kinds: dict[str, tuple[Any, dict[str, Any]]] = {
        "signal": (Trajectory.SignalRecorded, {}),
        "end": (Trajectory.EndedEarly, {}),
        "reopen": (Trajectory.Reopened, {}),
        "close": (Trajectory.PhaseEntered, {"phase": "closed"}),
        "refer": (Trajectory.Referred, {}),
        "merge": (Trajectory.MergedInto, {"into": "another"}),
        "part": (Trajectory.SeparatedAgain, {}),
    }
    becomes = {"end": Phase.ENDED_EARLY, "reopen": Phase.CANDIDATE, "close": Phase.CLOSED, "refer": Phase.REFERRED}
    for step in steps:
        moment += timedelta(days=1)
        kind, said = kinds[step]
        stand = follow(stand, at(kind, moment, **said))
        if step in becomes:
            phase, since = becomes[step], moment
        elif step == "part" or (step == "signal" and phase not in (Phase.CLOSED, Phase.ENDED_EARLY)):
            since = moment
    assert (stand.phase, stand.since) == (phase, since)
    assert bool(stand.category) == (phase is not Phase.REFERRED)
