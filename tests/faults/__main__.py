"""The long faults: every one in a town of its own, round after round, for as long as there are minutes; then the report."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from random import SystemRandom
from time import monotonic

from rich.console import Console

from benchmarks.measuring import machine
from tests.faults import report
from tests.faults.rounds import BY_NAME, FAULTS, Fault, Pace, Result, impossible, played

MINUTES = 40.0
LONG_STALL, LONG_AWAY = 30.0, 60.0
"""Seconds."""
PAUSE = 0.05
"""Seconds between what one partner posts."""
SEED_BITS = 24
KEPT = Path("var/faults")
"""Where what came of each fault is kept, for the report."""
BESIDE = 35.0
"""Seconds that a town needs beside its rounds: servers and processes that start, and the check."""
console = Console(highlight=False)


def main() -> int:
    """0, or 1 where something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", choices=BY_NAME, action="append", help="this one; may be given more than once")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long all of it may take, about")
    parser.add_argument("--seed", type=int, help="of every town: replays one that was printed (with --only)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the results between the marks in this document too")
    parser.add_argument("--list", action="store_true", help="only say which faults there are")
    asked = parser.parse_args()
    # whoever ends it ends its servers and processes with it
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if asked.list:
        console.print("\n".join(report.listed(FAULTS)))
        return 0
    return _play_all([BY_NAME[name] for name in asked.only or BY_NAME], asked.minutes, asked.seed, asked.write)


def _play_all(faults: list[Fault], minutes: float, seed: int | None, write: Path | None) -> int:
    left_out = {fault.name: words for fault in faults if (words := impossible(fault))}
    possible = [fault for fault in faults if fault.name not in left_out]
    share = max(minutes * 60 / max(len(possible), 1) - BESIDE, 5.0)
    results, failed, began = list[Result](), dict[str, str](), monotonic()
    for place, fault in enumerate(possible, start=1):
        console.rule(f"{place} of {len(possible)}, {(monotonic() - began) / 60:.0f} minutes: {fault.title}", align="left")
        _play(fault, share, seed, results, failed)
    console.print("\n".join(report.table([report.cells(result) for result in results])), soft_wrap=True)
    if write is not None:
        about = ", ".join(f"{name} {value}" for name, value in machine(Path(tempfile.gettempdir())).items())
        report.told(failed, left_out, about, KEPT, write)
    return 1 if failed or any(result.counts.wrong for result in results) else 0


def _play(fault: Fault, share: float, seed: int | None, results: list[Result], failed: dict[str, str]) -> None:
    seed = SystemRandom().getrandbits(SEED_BITS) if seed is None else seed
    console.print(f"{fault.name}, seed {seed}")
    with tempfile.TemporaryDirectory(prefix="vig-hub-faults-") as place, console.status("") as status:
        try:
            pace = Pace(1, share, LONG_STALL, LONG_AWAY, PAUSE)
            results.append(played([fault], Path(place), seed, pace, lambda words: status.update(f"{fault.name}: {words}")))
        except (AssertionError, OSError, RuntimeError) as error:
            failed[fault.name] = f"{str(error)[:500]} (seed {seed})"
            console.print(f"  FAILED: {error}", style="red", markup=False)
            return
    report.keep(results[-1], KEPT)
    console.print("\n".join(report.in_words(results[-1])), soft_wrap=True, markup=False)


if __name__ == "__main__":
    sys.exit(main())
