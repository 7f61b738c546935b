"""A slower disk than the one that is here: the benchmark begins anew with every flush delayed."""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
_LOADED, _DELAY = "LD_PRELOAD", "FLUSH_MICROSECONDS"


def begin_anew(milliseconds: float, place: Path) -> None:
    """Starts this program again with flushes that take so much longer; returns at once in the program that has them.

    Raises:
        SystemExit: no C compiler is here, or the system does not preload.
    """
    if _DELAY in os.environ:
        return
    library = place / "slow_flush.so"
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"--flush needs a C compiler that is called cc: {error}") from error
    slower = {_LOADED: str(library.resolve()), _DELAY: str(round(milliseconds * 1000))}
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], {**os.environ, **slower})  # noqa: S606
