"""What the tests of this directory have in common: a town struck by a few faults in turn, and nothing wrong in the end."""

import os
import sys
from pathlib import Path
from random import SystemRandom

from tests.faults import report
from tests.faults.rounds import BY_NAME, Pace, Result, played

SEED = "FAULTS_SEED"
"""The environment variable that replays a seed that was printed."""


def survives(place: Path, *names: str, rounds: int = 0) -> Result:
    """A town that is struck by each of these faults, once unless it is said, and comes out as it should."""
    seed = int(os.environ.get(SEED) or SystemRandom().getrandbits(24))
    faults = [BY_NAME[name] for name in names]
    result = played(faults, place, seed, Pace(rounds or len(faults)))
    words = f"\n{', '.join(names)} with seed {seed}:\n" + "\n".join(report.in_words(result))
    print(words, file=sys.__stdout__)
    assert list(result.counts.wrong) == [], words
    assert result.counts.recorded > 0, words
    assert result.counts.delivered > 0, words
    return result
