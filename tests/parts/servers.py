"""Servers of others, started for a test and ended with it, or with the test run when that dies."""

import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
START_WITHIN = 240.0
"""Seconds: what a busy machine may need."""
END_WITHIN = 30.0
_STARTED: list["subprocess.Popen[bytes]"] = []  # that they are not waited for is meant so


def a_free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def a_lasting_port() -> int:
    """A port that nobody listens on, and that no machine gives to who calls out: it is still free after a restart."""
    while listens(port := random.randrange(15_000, 32_000)):  # noqa: S311 - which one does not matter
        pass
    return port


def listens(port: int) -> bool:
    """Whether somebody is there, on this machine."""
    with closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def until(is_so: Callable[[], bool]) -> None:
    """Waits for it, a minute at most."""
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


@contextmanager
def running(
    command: Sequence[str | Path],
    is_ready: Callable[[], bool],
    log: Path,
    environment: Mapping[str, str] | None = None,
    ends_by: int = signal.SIGTERM,
) -> Iterator[int]:
    """A server while the block lasts, entered when it is ready, with the process that guards it; what it says goes to a log.

    Raises:
        RuntimeError: it stopped, or was not ready in time; with the end of what it said.
    """
    server = _guarded(command, log, environment, ends_by, subprocess.PIPE)
    assert server.stdin is not None
    try:
        _wait(server, is_ready, log)
        yield server.pid
    finally:
        server.stdin.close()
        server.wait(END_WITHIN)


def start_along(
    lives: int,
    command: Sequence[str | Path],
    is_ready: Callable[[], bool],
    log: Path,
    environment: Mapping[str, str] | None = None,
    ends_by: int = signal.SIGTERM,
) -> None:
    """Starts a server that ends when nobody holds the other end of the pipe `lives` any more. Raises: RuntimeError, as above."""
    server = _guarded(command, log, environment, ends_by, lives)
    _STARTED.append(server)
    _wait(server, is_ready, log)


def _guarded(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None, ends_by: int, lives: int
) -> "subprocess.Popen[bytes]":
    with log.open("ab") as said:
        guard = [sys.executable, "-I", GUARD, str(int(ends_by)), *command]
        return subprocess.Popen(guard, stdin=lives, stdout=said, stderr=subprocess.STDOUT, env=environment)


def _wait(server: "subprocess.Popen[bytes]", is_ready: Callable[[], bool], log: Path) -> None:
    began = time.monotonic()
    while not is_ready():
        if server.poll() is not None or time.monotonic() - began > START_WITHIN:
            raise RuntimeError(f"A server did not start. It said:\n{log.read_text(errors='replace')[-2_000:]}")
        time.sleep(0.05)
