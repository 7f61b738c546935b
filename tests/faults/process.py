"""One process of the hub in a town, and waiting for what comes of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from hub.errors import Unavailable
from tests.parts.servers import listens

START_WITHIN = 90.0
"""Seconds: what a busy machine may need, not what the hub does."""
REST_WITHIN = 120.0


@dataclass
class Process:
    """One process of the hub, which can be killed, stopped for a while, ended, and started again."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    port: int = 0
    """Where it listens; 0 if it does not."""
    running: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    def launch(self) -> None:
        """Starts it, and does not wait."""
        where = ("--port", str(self.port)) if self.port else ()
        command = [sys.executable, "-m", *self.command, *where]
        with self.log.open("ab") as said:
            self.running = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=said, stderr=said)

    def start(self) -> None:
        """Starts it, and waits until it listens, if it does."""
        self.launch()
        self.wait()

    def wait(self) -> None:
        """Waits until it listens, if it does."""
        until(lambda: self._is_there() and (not self.port or listens(self.port)), f"{self.name} does not start", START_WITHIN)

    def _is_there(self) -> bool:
        assert self.running is not None
        assert self.running.poll() is None, f"{self.name} stopped by itself:\n{self._said()}"
        return True

    def _said(self) -> str:
        return self.log.read_text(errors="replace")[-2_000:] if self.log.is_file() else ""

    def kill(self) -> None:
        """SIGKILL: nothing that it still wanted to do is done."""
        self.end(signal.SIGKILL)

    def tell(self, number: int) -> None:
        """A signal to the process."""
        assert self.running is not None
        self.running.send_signal(number)

    def end(self, how: int = signal.SIGTERM) -> int:
        """Ends it, waits until it is gone, and gives its exit status; not running is fine."""
        if self.running is None:
            return 0
        self.running.send_signal(how)
        status = self.running.wait(START_WITHIN)
        self.running = None
        return status


def until(holds: Callable[[], bool], otherwise: str | Callable[[], str], seconds: float = REST_WITHIN) -> float:
    """Waits until it holds, and gives the seconds that it took; who cannot look now looks again. Raises: AssertionError."""
    began = time.monotonic()
    while not _holds(holds):
        if time.monotonic() - began > seconds:
            raise AssertionError(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(0.02)
    return time.monotonic() - began


def _holds(look: Callable[[], bool]) -> bool:
    with suppress(Unavailable, SQLAlchemyError):
        return look()
    return False
