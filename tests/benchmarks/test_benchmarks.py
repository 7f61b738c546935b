"""Every benchmark, with numbers so small that its figures mean nothing: what is held is that it runs and compares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import running
from benchmarks.__main__ import BENCHMARKS, measure
from benchmarks.report import text


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is measured here is not the disk."""
    monkeypatch.setattr(running, "PLACE", tmp_path)
    yield
    assert list(tmp_path.iterdir()) == [], "the benchmark cleans up after itself"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_sets_the_hub_beside_its_peers(name: str):
    result = measure(name, "tiny")
    assert result.name == name
    assert result.ratios
    assert all(value > 0 for one in (*result.figures, *result.ratios) for value in one.rounds)
    assert all(one.what in text(result) for one in (*result.figures, *result.ratios))
