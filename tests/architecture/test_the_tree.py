"""Nothing stands in the tree that could be somebody's citizen number, or that only one machine knows."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.tools import ROOT

TEST_RANGE = range(999900006, 999999990 + 1)
WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
NINE_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9]{9}(?![0-9A-Za-z])")
OF_ONE_MACHINE = re.compile(
    r"/w[o]rk/[a-z.]+|/r[o]ot/[a-z.]+|/tmp/b[a]sh"
    r"|pypi[.]org|files[.]pythonhosted[.]org|registry[.]npmjs[.]org|repo1?[.]maven|deb[.]debian[.]org"
)


def tracked() -> list[str]:
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("this tree is no git checkout, so what belongs to it is not known")
    return [name for name in run.stdout.split("\0") if (ROOT / name).is_file()]


def lines() -> Iterator[tuple[str, str]]:
    for name in tracked():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            yield f"{name}:{number}", line


def could_be_somebodys(digits: str) -> bool:
    number = int(digits)
    passes = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11 == 0
    return passes and number > 0 and number not in TEST_RANGE


def citizen_numbers(line: str) -> list[str]:
    return [digits for digits in NINE_DIGITS.findall(line) if could_be_somebodys(digits)]


def test_a_citizen_number_is_found_just_outside_the_test_range_and_nowhere_inside() -> None:
    below = range(TEST_RANGE.start - 99, TEST_RANGE.start)
    found = citizen_numbers(" ".join(map(str, below)))
    assert 0 < len(found) < len(below) / 5
    assert citizen_numbers(" ".join(map(str, TEST_RANGE))) == []


def test_no_citizen_number_outside_the_test_range_stands_in_the_tree() -> None:
    assert [place for place, line in lines() if citizen_numbers(line)] == []


def test_nothing_in_the_tree_names_a_machine_or_a_package_host() -> None:
    assert [place for place, line in lines() if OF_ONE_MACHINE.search(line)] == []
