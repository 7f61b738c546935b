"""Small files with secrets: whole or not at all, and for the hub's own user alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp

from hub.errors import RuleBroken, Unavailable


def write_new(path: Path, text: str) -> None:
    """Makes the file.

    Raises:
        FileExistsError: it is there already, and was left as it is.
    """
    made = _beside(path, text)
    try:
        os.link(made, path)
    finally:
        made.unlink()
    _settle(path.parent)


def replace(path: Path, text: str) -> None:
    """Puts a new text in the place of the old one in one step."""
    _beside(path, text).replace(path)
    _settle(path.parent)


def stamp(path: Path, setting: str = "") -> tuple[int, int]:
    """What changes whenever the file is replaced; `setting` is what named it.

    Raises:
        Unavailable: the file is gone, or others may read it.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        raise Unavailable(f"{said(path, setting)} is gone", code="no-hub-key") from None
    if os.name == "posix" and found.st_mode & 0o077:
        raise Unavailable(f"{said(path, setting)} can be read by others: make it 0600", code="no-hub-key")
    return found.st_ino, found.st_mtime_ns


def said(path: Path, setting: str = "") -> str:
    """Which file that is, for whoever has to mend it."""
    return f"{path.absolute()}, which {setting} names," if setting else f"{path.absolute()}"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While this lasts nobody else changes that file.

    Raises:
        RuleBroken: somebody else is at it.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise RuleBroken(f"somebody is changing {path.name}; if not, remove {lock.name}", code="busy") from None
    try:
        yield
    finally:
        lock.unlink()


def _beside(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by us alone
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return Path(name)


def _settle(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
