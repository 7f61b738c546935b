"""When terms end: on Dutch working days, at Dutch hours, over month ends and summer time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.matrix import Term, Unit, Words
from hub.domain.terms import due
from tests.domain.known import CALENDAR, MATRIX

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def a_term(amount: int, unit: Unit, *, is_statutory: bool = False) -> Term:
    return Term("term", amount, unit, "assumed", date(2024, 1, 1), Words(), is_statutory)


def dutch(year: int, month: int, day: int, hour: int = 9, minute: int = 30) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM)


def ends(term: Term, start: datetime) -> datetime:
    return due(term, start, CALENDAR)


def test_five_working_days_step_over_the_weekend() -> None:
    assert ends(MATRIX.terms["veilig-thuis-safety-assessment"], dutch(2026, 3, 4)) == dutch(2026, 3, 11)


def test_working_days_step_over_good_friday_and_easter_monday() -> None:
    assert ends(a_term(2, Unit.WORKING_DAYS), dutch(2026, 4, 2)) == dutch(2026, 4, 8)


def test_working_days_that_start_on_a_sunday_start_on_monday() -> None:
    assert ends(a_term(2, Unit.WORKING_DAYS), dutch(2026, 3, 8)) == dutch(2026, 3, 11)


def test_whether_a_day_is_free_is_asked_of_the_dutch_day() -> None:
    sunday_evening_utc = datetime(2026, 7, 5, 22, 30, tzinfo=UTC)
    assert ends(a_term(1, Unit.WORKING_DAYS), sunday_evening_utc) == dutch(2026, 7, 7, 0, 30)


def test_a_whole_day_over_summer_time_ends_at_the_same_dutch_hour() -> None:
    start = dutch(2026, 3, 28, 12, 0)
    assert ends(a_term(1, Unit.DAYS), start) == dutch(2026, 3, 29, 12, 0)
    assert ends(a_term(24, Unit.HOURS), start) == dutch(2026, 3, 29, 13, 0)


def test_a_term_that_would_end_in_the_hour_that_summer_time_skips_ends_right_after() -> None:
    assert ends(a_term(1, Unit.DAYS), dutch(2026, 3, 28, 2, 30)) == dutch(2026, 3, 29, 3, 30)


def test_ten_weeks_of_investigation_end_on_the_same_day_of_the_week() -> None:
    assert ends(MATRIX.terms["veilig-thuis-investigation"], dutch(2026, 1, 6)) == dutch(2026, 3, 17)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (dutch(2026, 1, 31), 1, dutch(2026, 2, 28)),
        (dutch(2028, 1, 31), 1, dutch(2028, 2, 29)),
        (dutch(2026, 8, 31), 6, dutch(2027, 2, 28)),
        (dutch(2026, 12, 15), 1, dutch(2027, 1, 15)),
        (dutch(2026, 11, 30), 14, dutch(2028, 1, 30)),
        (dutch(2026, 1, 15), 6, dutch(2026, 7, 15)),
    ],
)
def test_a_month_ends_on_the_same_day_or_on_its_last(start: datetime, months: int, end: datetime) -> None:
    assert ends(a_term(months, Unit.MONTHS), start) == end


def test_a_statutory_term_that_ends_on_a_free_day_runs_on_to_the_next_working_day() -> None:
    measure = MATRIX.terms["benefit-measure-reconsidered"]
    assert ends(measure, dutch(2026, 1, 3)) == dutch(2026, 4, 7)
    assert ends(a_term(3, Unit.MONTHS), dutch(2026, 1, 3)) == dutch(2026, 4, 3)


def test_a_day_of_hours_does_not_wait_for_monday() -> None:
    assert ends(MATRIX.terms["acknowledge-total"], dutch(2026, 3, 6, 18)) == dutch(2026, 3, 7, 18)


def test_a_moment_without_a_time_zone_starts_nothing() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ends(a_term(1, Unit.DAYS), datetime(2026, 3, 1, 12))  # noqa: DTZ001


STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.sampled_from(sorted(MATRIX.terms)), STARTS)
def test_no_term_ends_before_it_starts_and_all_end_in_utc(name: str, start: datetime) -> None:
    end = ends(MATRIX.terms[name], start)
    assert end > start
    assert end.tzinfo is UTC


@given(st.integers(1, 20), STARTS)
def test_working_days_end_on_one_with_so_many_in_between(days: int, start: datetime) -> None:
    end = ends(a_term(days, Unit.WORKING_DAYS), start).astimezone(AMSTERDAM).date()
    first = start.astimezone(AMSTERDAM).date()
    passed = [date.fromordinal(day) for day in range(first.toordinal(), end.toordinal() + 1)]
    working = sum(CALENDAR.is_working_day(day) for day in passed)
    assert CALENDAR.is_working_day(end)
    assert working == days + 1
