"""National person numbers (BSN): which can exist, and which are only for tests."""

from collections.abc import Iterable, Iterator

from hub.domain.signals import Signal
from hub.errors import Violation, most_of

_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_TEST_NUMBERS = range(999_900_006, 999_999_991)


def passes_eleven_test(number: str) -> bool:
    """Nine digits, not all zero, of which the weighted sum is a multiple of eleven (Besluit BSN, art. 1)."""
    if not (len(number) == 9 and number.isascii() and number.isdecimal()) or number == "0" * 9:
        return False
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=True)) % 11 == 0


def is_test_number(number: str) -> bool:
    """In the range that is never given to a real person."""
    return passes_eleven_test(number) and int(number) in _TEST_NUMBERS


def numbers_for_tests() -> Iterator[str]:
    """Every number that is never given to a real person, in order: some 9,000."""
    return (number for number in map(str, _TEST_NUMBERS) if passes_eleven_test(number))


def violations_of(signals: Iterable[Signal], only_test_numbers: bool) -> tuple[Violation, ...]:
    """Every person number in these signals that cannot exist, or, in demo mode, that could be somebody's."""
    return most_of(
        Violation(f"/signals/{i}/people/{j}/bsn", wrong)
        for i, signal in enumerate(signals)
        for j, person in enumerate(signal.people)
        if (wrong := _wrong_with(person.bsn, only_test_numbers))
    )


def _wrong_with(number: str, only_test_numbers: bool) -> str:
    if not number:
        return ""
    if not passes_eleven_test(number):
        return "is not a person number: the eleven-test fails"
    if only_test_numbers and not is_test_number(number):
        return "only test numbers are accepted here (demo mode)"
    return ""
