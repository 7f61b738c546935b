"""Disks that are full: a small file system of its own where one may be mounted, else a limit to what processes may write."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil

MEGABYTE = 1 << 20


class Disk(Protocol):
    """What can be full, and have room again."""

    def fill(self) -> None: ...

    def free(self) -> None: ...


class Quota:
    """No file of these processes may grow beyond the largest that there is now: it works for everybody, everywhere.

    The kernel refuses what is written beyond it (EFBIG), as it refuses what a full disk has no room for (ENOSPC).
    """

    def __init__(self, place: Path, processes: Callable[[], Sequence[int]], most: int = 0) -> None:
        self._place, self._processes, self._most = place, processes, most

    def fill(self) -> None:
        """Nothing grows any more."""
        self._limit(self._most or max(file.stat().st_size for file in self._place.rglob("*") if file.is_file()))

    def free(self) -> None:
        """Everything may grow again."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, most: int) -> None:
        for pid in self._processes():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


class Small:
    """A file system of so many megabytes, in memory; a file beside the data takes all that is left of it."""

    def __init__(self, place: Path) -> None:
        self._ballast = place / "ballast"

    def fill(self) -> None:
        """Not a byte is left."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            for piece in (b"\0" * MEGABYTE, b"\0" * 4096):
                with suppress(OSError):
                    while file.write(piece):
                        pass

    def free(self) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small(place: Path, megabytes: int) -> Iterator[Small]:
    """A small file system at that place while the block lasts. Raises: PermissionError, where none may be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PermissionError(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield Small(place)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def family_of(pid: int) -> list[int]:
    """A process and all that came from it."""
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        return [pid, *(child.pid for child in first.children(recursive=True))]
    return []


def may_mount() -> bool:
    """Whether it is worth trying."""
    return os.geteuid() == 0
