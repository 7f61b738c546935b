"""What is fetched and made once for the tests, and kept for every later run and clone: outside the tree, never changed."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp

import requests
from maven_artifact import Artifact, Downloader, RequestException
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

TRIES = 4
PATIENCE = 30
"""Seconds without a byte."""
_WHOLE = ".whole"
console = Console(stderr=True)


class Missing(Exception):
    """Something that the tests need is not to be had; says what to do."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A published file: its Maven coordinates, the SHA-256 that it must have, and about how many megabytes it has."""

    coordinates: str
    sha256: str
    megabytes: int


def place() -> Path:
    """Where everything is kept: in the cache directory of whoever runs this (XDG Base Directory Specification)."""
    told = Path(os.environ.get("XDG_CACHE_HOME", ""))
    found = (told if told.is_absolute() else Path.home() / ".cache") / "vig-hub"
    found.mkdir(parents=True, exist_ok=True)
    return found


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The directory of that name, made once: `make` fills it. Everything in it is still there, at its size."""
    found = place() / name
    if not is_whole(found):
        with _alone(name):
            if not is_whole(found):
                _make(found, make)
    return found


def is_whole(found: Path) -> bool:
    """Whether a directory has every file that it was made with, at the size that it had."""
    try:
        lines = (found / _WHOLE).read_text().splitlines()
        return all((found / name).lstat().st_size == int(size) for size, name in (line.split(" ", 1) for line in lines))
    except OSError:
        return False


def _make(found: Path, make: Callable[[Path], None]) -> None:
    new = Path(mkdtemp(prefix=f"{found.name}.", dir=found.parent))
    try:
        make(new)
        files = sorted(path for path in new.rglob("*") if not path.is_dir())
        (new / _WHOLE).write_text("".join(f"{path.lstat().st_size} {path.relative_to(new)}\n" for path in files))
        shutil.rmtree(found, ignore_errors=True)
        new.rename(found)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time."""
    with (place() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# Fetching -----------------------------------------------------------------------------------------------


@contextmanager
def fetched(archive: Archive, source: Downloader | None = None, silently: bool = False) -> Iterator[Path]:
    """The file, verified, for as long as the block lasts; a fetch that broke off goes on where it was.

    It comes from where Maven fetches by default, unless another `source` is named; whoever reads along is told, unless `silently`.

    Raises:
        Missing: it cannot be had, or is another file than it should be.
    """
    file = place() / f"{archive.sha256}.fetched"
    for tries_left in reversed(range(TRIES)):
        try:
            if _is(archive, file):
                break
            _fetch(archive, file, source or Downloader(), silently)
        except (requests.RequestException, RequestException) as reason:
            if not tries_left:
                raise Missing(_what_to_do(archive, file, str(reason))) from None
    if not _is(archive, file):
        file.unlink(missing_ok=True)
        raise Missing(_what_to_do(archive, file, "what came has another SHA-256"))
    yield file
    file.unlink()


def _is(archive: Archive, file: Path) -> bool:
    if not file.exists():
        return False
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest() == archive.sha256


def _fetch(archive: Archive, file: Path, source: Downloader, silently: bool) -> None:
    here = file.stat().st_size if file.exists() else 0
    address = source.resolver.uri_for_artifact(Artifact.parse(archive.coordinates))
    with (
        nullcontext(lambda _: None) if silently else _shown(archive, here) as advance,
        requests.get(address, headers={"Range": f"bytes={here}-"}, stream=True, timeout=PATIENCE) as answer,
    ):
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            file.unlink()
        answer.raise_for_status()
        goes_on = answer.status_code == requests.codes.partial_content
        with file.open("ab" if goes_on else "wb") as opened:
            for chunk in answer.iter_content(1 << 16):
                opened.write(chunk)
                advance(len(chunk))


@contextmanager
def _shown(archive: Archive, here: int) -> Iterator[Callable[[int], None]]:
    """Says what comes, and shows how much of it is here."""
    say(f"{archive.coordinates.split(':')[1]}: about {archive.megabytes} MB to fetch, once, into {place()}")
    columns = (TextColumn(archive.coordinates.split(":")[-1]), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=archive.megabytes * 1_000_000, completed=here)
        yield lambda size: progress.advance(task, size)


def say(line: str, style: str = "") -> None:
    """A line to whoever started the tests."""
    console.print(line, style=style, highlight=False, soft_wrap=True)


def _what_to_do(archive: Archive, file: Path, reason: str) -> str:
    return (
        f"{archive.coordinates} ({archive.megabytes} MB), which the tests need, cannot be had: {reason}\n"
        "`make test` tries again, and goes on where it broke off. It comes from where Maven fetches by default; on a machine\n"
        f"that does not get there, bring the file that has the SHA-256 {archive.sha256}\n"
        f"and lay it at {file}"
    )
