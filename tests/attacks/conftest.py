"""A running hub behind its own server on the loopback, for every attack."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.api import front
from tests.api.running import Running, running
from tests.api.serving import serving


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    """A hub with two partners that have keys, and nothing in it."""
    with running(tmp_path) as opened:
        yield opened


@pytest.fixture
async def base(hub: Running) -> AsyncIterator[str]:
    """Where that hub is served."""
    async with serving(hub) as address:
        yield address


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the answer that it was too much, here."""
    monkeypatch.setattr(front, "PAUSE", 0.0)
