"""Servers of others, started for a test and ended with it, or with the test run when that dies."""

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


def a_free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str | Path], is_ready: Callable[[], bool], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A server while the block lasts, entered when it is ready; what it says goes to a log.

    Raises:
        RuntimeError: it stopped, or was not ready in time; with the end of what it said.
    """
    with log.open("wb") as said:
        guard = [sys.executable, "-I", GUARD, *command]
        server = subprocess.Popen(guard, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT, env=environment)
    assert server.stdin is not None
    try:
        _wait(server, is_ready, log)
        yield
    finally:
        server.stdin.close()
        server.wait(END_WITHIN)


def _wait(server: "subprocess.Popen[bytes]", is_ready: Callable[[], bool], log: Path) -> None:
    began = time.monotonic()
    while not is_ready():
        if server.poll() is not None or time.monotonic() - began > START_WITHIN:
            raise RuntimeError(f"A server did not start. It said:\n{log.read_text(errors='replace')[-2_000:]}")
        time.sleep(0.05)
