"""The whole hub in one process on SQLite, killed in the middle of load, again and again: nothing lost, doubled, or by half."""

import sys
import time
from collections.abc import Iterator
from random import Random, SystemRandom

import pytest

from tests.faults.aftermath import Aftermath
from tests.faults.checker import QUESTIONS, Question
from tests.faults.town import Town

KILLS = 8
SOONEST, LATEST = 0.05, 0.4
"""Seconds after the first answer of a start at which the hub is killed."""


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """The hub is killed again and again; every test looks at what it left behind."""
    seed = SystemRandom().getrandbits(24)
    random = Random(seed)  # noqa: S311
    with Town(tmp_path_factory.mktemp("killed"), random, pause=0).standing() as town:
        (hub,) = town.processes.values()
        with town.busy():
            for _ in range(KILLS):
                town.goes_on()
                time.sleep(random.uniform(SOONEST, LATEST))
                hub.kill()
                hub.start()
        late, repeats = (sum(getattr(load, each) for load in town.loads) for each in ("late", "repeats"))
        print(
            f"\n{KILLS} kills with seed {seed}: {town.acknowledged} acknowledged, {late} of them recorded before a kill and"
            f" acknowledged after it, {repeats} repeats",
            file=sys.__stdout__,
        )
        assert hub.end() == 0
        yield town.aftermath()


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.__name__ for question in QUESTIONS])
def test_after_all_kills(aftermath: Aftermath, question: Question) -> None:
    assert len(aftermath.remembered.acknowledged) > KILLS
    assert list(question(aftermath)) == []
