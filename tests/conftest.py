"""What holds for all tests: properties are tried without a stopwatch, and on the build machine always alike."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.given import Heart, a_heart

pytest_plugins = ["tests.parts.fixtures"]

settings.register_profile("hub", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("hub")

LONGEST = ("benchmarks", "faults", "journeys")
"""The folders whose files take minutes: those begin first, so that no process is left with one when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first; within a file, and among the others, nothing changes place."""
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)


def pytest_collection_finish() -> None:
    """What is imported and collected lasts as long as the run: looking through it for garbage again and again is for nothing."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def heart(tmp_path: Path) -> Iterator[Heart]:
    """Register, families and casework on a database of their own."""
    with a_heart(tmp_path) as heart:
        yield heart
