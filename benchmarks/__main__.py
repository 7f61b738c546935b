"""The command line: every benchmark, or one; printed as they are done, and kept as JSON."""

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import accept, escalate, evidence, evidence_verify, flood, growth, history, pages, rebuild, tell
from benchmarks.measuring import Result, machine
from benchmarks.on_postgresql import accept as accept_on_postgresql
from benchmarks.on_postgresql import consume
from benchmarks.on_postgresql import escalate as escalate_on_postgresql
from benchmarks.on_postgresql import growth as growth_on_postgresql
from benchmarks.on_postgresql import pages as pages_on_postgresql
from benchmarks.on_postgresql import rebuild as rebuild_on_postgresql
from benchmarks.peers import npm
from benchmarks.report import FIGURES, SLOWER, about, save, text, told
from benchmarks.running import PLACE
from benchmarks.slow_flush import begin_anew

BENCHMARKS: Mapping[str, tuple[Callable[[Any], Result], Any]] = {
    "accept": (accept.accept, accept),
    "escalate": (escalate.escalate, escalate),
    "rebuild": (rebuild.rebuild, rebuild),
    "history": (history.history, history),
    "flood": (flood.flood, flood),
    "growth": (growth.growth, growth),
    "tell": (tell.tell, tell),
    "pages": (pages.pages, pages),
    "evidence": (evidence.evidence, evidence),
    "verify": (evidence_verify.verify, evidence_verify),
    "accept-postgresql": (accept_on_postgresql.accept, accept_on_postgresql),
    "escalate-postgresql": (escalate_on_postgresql.escalate, escalate_on_postgresql),
    "consume-postgresql": (consume.consume, consume),
    "rebuild-postgresql": (rebuild_on_postgresql.rebuild, rebuild_on_postgresql),
    "growth-postgresql": (growth_on_postgresql.growth, growth_on_postgresql),
    "pages-postgresql": (pages_on_postgresql.pages, pages_on_postgresql),
}
"""What is run, and the module with its sizes."""


SQLITE, POSTGRESQL = DATABASES = ("sqlite", "postgresql")


def _database(name: str) -> str:
    return POSTGRESQL if name.endswith(POSTGRESQL) else SQLITE


def measure(name: str, size: str) -> Result:
    """The result of one benchmark, at one of its sizes: full, quick or tiny."""
    run, module = BENCHMARKS[name]
    before = os.getloadavg()[0]
    result = run(getattr(module, size.upper()))
    load = f"load of the machine {before:.1f} before and {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} processors"
    return replace(result, conditions=[*result.conditions, load])


def main() -> None:
    """Runs what is asked for."""
    asked = _asked()
    PLACE.mkdir(parents=True, exist_ok=True)
    if asked.flush:
        begin_anew(asked.flush, PLACE)
    here, results = machine(PLACE), []
    say = partial(print, flush=True)
    say(about(here), end="\n\n")
    names = asked.only or [name for name in BENCHMARKS if asked.database in (None, _database(name))]
    if "accept-postgresql" in names:
        npm.install()
    for name in names:
        results.append(measure(name, "quick" if asked.quick else "full"))
        say(text(results[-1]))
    save(results, here, _file(asked))
    if asked.write:
        told(results, here, asked.write, SLOWER if asked.flush else FIGURES)
    say(f"Everything measured is in {_file(asked)}.")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="this one; may be given more than once")
    parser.add_argument("--database", choices=DATABASES, help="only those on this one; otherwise on both")
    parser.add_argument("--quick", action="store_true", help="two minutes instead of twelve: rougher figures")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the results between the marks in this document too")
    parser.add_argument("--flush", type=float, metavar="MS", help="let every flush of the disk take so much longer (needs cc)")
    return parser.parse_args()


def _file(asked: argparse.Namespace) -> Path:
    how = [*(asked.only or [asked.database or "all"]), *["quick"] * asked.quick, *["slower-disk"] * bool(asked.flush)]
    return PLACE / f"{'-'.join(how)}.json"


if __name__ == "__main__":
    main()
