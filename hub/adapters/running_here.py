"""Whether a hub runs on a directory of data: a lock there that whoever runs it holds, and that goes with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from hub.errors import Unavailable

_LOCK = "running.lock"
PATIENCE = 1.0
"""Seconds in which whoever only looks has let go again."""
_AGAIN = 0.05


@contextmanager
def alone_in(place: Path) -> Iterator[None]:
    """While this lasts no other hub runs on that directory; however the process ends, the system lets go.

    Raises:
        Unavailable: one does, or nothing can be written there.
    """
    descriptor = _lock_in(place)
    try:
        end = monotonic() + PATIENCE
        while not _takes(descriptor, fcntl.LOCK_EX):
            if monotonic() > end:
                raise _runs_already(place)
            sleep(_AGAIN)
        yield
    finally:
        os.close(descriptor)


def runs_in(place: Path) -> bool:
    """Whether a hub runs on that directory now, in whichever process."""
    try:
        descriptor = os.open(place / _LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _takes(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def refuse_running(place: Path) -> None:
    """Raises: Unavailable: a hub runs on that directory."""
    if runs_in(place):
        raise _runs_already(place)


def _lock_in(place: Path) -> int:
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        words = f"The hub cannot use {error.filename}: {error.strerror}."
        raise Unavailable(f"{words} HUB_DATA_DIR names another directory for its data.") from None


def _takes(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _runs_already(place: Path) -> Unavailable:
    return Unavailable(f"A hub runs in {place.absolute()} already.", code="runs-already")
