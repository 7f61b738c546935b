"""One server for all processes of a test run: the first that needs it starts it, and it ends with the run."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

LIVES = "lives"


@dataclass(frozen=True, slots=True)
class Run:
    """A test run, known by a directory in which there is a pipe; as long as the run lasts, its first process holds that."""

    place: Path

    def has(self, name: str) -> bool:
        """Whether somebody needed that server."""
        return (self.place / f"{name}.address").exists()

    def one(self, name: str, start: Callable[[Path, int], str]) -> str:
        """Where the server of that name is: `start` is given an empty directory and the pipe to live by, and says so, once."""
        address = self.place / f"{name}.address"
        with (self.place / f"{name}.lock").open("w") as lock, _lives(self.place) as lives:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not address.exists():
                (data := self.place / name).mkdir(exist_ok=True)
                address.write_text(start(data, lives))
        return address.read_text()


@contextmanager
def a_run() -> Iterator[Run]:
    """A run while the block lasts; when it is left, all its servers end, and what they had is gone."""
    place = Path(mkdtemp(prefix="vig-hub-servers-"))
    os.mkfifo(place / LIVES)
    held = os.open(place / LIVES, os.O_RDWR)
    try:
        yield Run(place)
    finally:
        os.close(held)
        while _somebody_lives_by(place / LIVES):
            time.sleep(0.05)
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _lives(place: Path) -> Iterator[int]:
    opened = os.open(place / LIVES, os.O_RDONLY)
    try:
        yield opened
    finally:
        os.close(opened)


def _somebody_lives_by(pipe: Path) -> bool:
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:  # a pipe that nobody reads cannot be opened so
        return False
    return True
