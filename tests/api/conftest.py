"""A running hub for every test of its HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.running import Running, running


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    """A hub with two partners that have keys, and nothing in it."""
    with running(tmp_path) as opened:
        yield opened
