"""A person number is checked before anybody is matched by it, and in demo mode it can be nobody's."""

import pytest

from hub.domain.dates import PartialDate
from hub.domain.identifiers import is_test_number, passes_eleven_test, violations_of
from hub.domain.signals import NamedPerson, Signal


def a_signal(*numbers: str) -> Signal:
    return Signal("S-1", "upbringing", PartialDate("2026-06"), tuple(NamedPerson(bsn=number) for number in numbers))


def real_looking() -> str:
    """A number outside the test range that passes; made here, so that none stands in the tree."""
    return next(text for text in map(str, range(100_000_000, 100_000_100)) if passes_eleven_test(text))


@pytest.mark.parametrize("number", ["999900006", "999940004", "999999990"])
def test_a_test_number_passes_the_eleven_test(number: str) -> None:
    assert passes_eleven_test(number)
    assert is_test_number(number)


@pytest.mark.parametrize(
    "number", ["", "0" * 9, "99990000", "9999000060", "999900007", "99990000x", "٩٩٩٩٠٠٠٠٦", "-99900006", " 99990000"]
)
def test_what_is_no_number_of_nine_digits_that_adds_up_does_not_pass(number: str) -> None:
    assert not passes_eleven_test(number)
    assert not is_test_number(number)


def test_one_wrong_digit_is_always_noticed() -> None:
    right = "999940004"
    wrong = {f"{right[:i]}{digit}{right[i + 1 :]}" for i in range(9) for digit in "0123456789"} - {right}
    assert len(wrong) == 81
    assert [number for number in wrong if passes_eleven_test(number)] == []


def test_every_wrong_number_is_named_by_its_place_and_not_by_itself() -> None:
    found = violations_of([a_signal("", "999940004"), a_signal("999900007", "", "0" * 9)], only_test_numbers=False)
    assert [violation.where for violation in found] == ["/signals/1/people/0/bsn", "/signals/1/people/2/bsn"]
    assert {violation.what for violation in found} == {"is not a person number: the eleven-test fails"}


def test_in_demo_mode_only_test_numbers_are_accepted() -> None:
    signals = [a_signal(real_looking(), "999940004")]
    assert violations_of(signals, only_test_numbers=False) == ()
    (violation,) = violations_of(signals, only_test_numbers=True)
    assert str(violation) == "/signals/0/people/0/bsn: only test numbers are accepted here (demo mode)"
