"""The file of a backup: a ZIP of lines of JSON with a manifest, sealed with the key-encryption key over its every byte.

Anybody can look into it with ordinary tools; what is personal in it is sealed as it is in the database. The seal stands
at the very end, as the comment of the ZIP: the SHA-256 of all that comes before it, sealed, so that nobody without that
key can make or change a backup, and a file that was cut short or altered is known before anything of it is used.
"""

import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import msgspec

from hub.adapters.backup.rows import Adding, Sum, Table
from hub.adapters.kek import Keks
from hub.adapters.vault import Cipher, DoesNotOpen
from hub.errors import Refused, Unavailable

FORMAT = 1
MANIFEST = "manifest.json"
LEVEL = 1
"""Of compression: most of what is kept is sealed, and gets no smaller."""
_BOUND = b"backup"
_ID = re.compile("[0-9a-f]{16}")
_BLOCK = 1 << 20

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, of how much."""


class TableKept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table, and what its lines add up to."""

    table: Table
    sum: Sum


class StoreKept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A store: the revision of its schema, and its tables in an order in which they can be filled."""

    name: str
    revision: str
    tables: tuple[TableKept, ...]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds: made when and by which hub, how far the log had come, and which keys its content needs.

    `keys` is the sealed document of the hub's own keys, as it stands; `keks` are the ids of the key-encryption keys that
    somebody has to have kept elsewhere.
    """

    format: int
    hub: str
    made: str
    last_position: int
    keks: tuple[str, ...]
    keys: str
    stores: tuple[StoreKept, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """A backup that is being made."""

    zip: ZipFile

    def lines(self, store: str, table: Table, lines: Iterator[bytes], each: Callable[[int], None]) -> TableKept:
        """Writes the lines of a table and adds them up; `each` hears now and then how many there were."""
        adding = Adding()
        with self.zip.open(_place(store, table), "w", force_zip64=True) as entry:
            for line in lines:
                adding.add(line)
                entry.write(line)
                if adding.rows % 1000 == 0:
                    each(adding.rows)
        each(adding.rows)
        return TableKept(table, adding.sum())

    def finish(self, manifest: Manifest) -> None:
        self.zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


@contextmanager
def writing(path: Path, keks: Keks) -> Iterator[Writer]:
    """A new file, for the hub's own user alone, whole or not there at all.

    Raises:
        FileExistsError: there is one already; it was left as it is.
    """
    if path.exists():
        raise FileExistsError(path)
    descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by us alone
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=LEVEL) as zip:
                zip.comment = bytes(SEAL)
                yield Writer(zip)
            _seal(file, keks)
            file.flush()
            os.fsync(file.fileno())
        _name(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _name(unfinished: Path, path: Path) -> None:
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # not every file system has links
        if path.exists():
            raise FileExistsError(path) from None
        unfinished.rename(path)
    with suppress(OSError):
        _settle(path.parent)


def _settle(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# The seal ----------------------------------------------------------------------------------------


def _sealed(digest: bytes, keks: Keks) -> bytes:
    present = keks.present()
    sealed = Cipher(present.cipher, _BOUND).seal(digest)
    return json.dumps({"kek": present.id, "sealed": b64encode(sealed).decode()}).encode()


SEAL = len(json.dumps({"kek": "-" * 16, "sealed": b64encode(bytes(12 + 2 * 32 + 16)).decode()}))
"""Bytes: of an id, a nonce, two SHA-256 (of the file, and of its manifest) and a tag, as they are written."""


def _seal(file: IO[bytes], keks: Keks) -> None:
    size = file.seek(0, os.SEEK_END) - SEAL
    with ZipFile(file) as zip:
        manifest = sha256(zip.read(MANIFEST)).digest()
    seal = _sealed(_digest(file, size) + manifest, keks)
    file.seek(size)
    file.write(seal)


def _digest(file: IO[bytes], size: int, each: Callable[[int], None] = lambda _: None) -> bytes:
    """The SHA-256 of the first so many bytes."""
    file.seek(0)
    found, left = sha256(), size
    while left > 0 and (block := file.read(min(left, _BLOCK))):
        found.update(block)
        left -= len(block)
        each(size - left)
    return found.digest()


# Reading -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup whose every byte is as it was made."""

    zip: ZipFile
    manifest: Manifest

    def lines(self, store: str, kept: TableKept) -> Iterator[bytes]:
        """The lines of a table; at their end they have to add up to what they were.

        Raises:
            Refused: they do not.
        """
        adding = Adding()
        try:
            with self.zip.open(_place(store, kept.table)) as entry, BufferedReader(entry, _BLOCK) as buffered:  # type: ignore[type-var]
                for line in buffered:
                    adding.add(line)
                    yield line
        except (BadZipFile, KeyError, EOFError, OSError, ValueError) as error:
            raise _not_whole() from error
        if adding.sum() != kept.sum:
            raise _not_whole()

    def rows(self, store: str, kept: TableKept) -> Iterator[tuple[Any, ...]]:
        """The same, read. Raises: Refused."""
        read = kept.table.reader()
        for line in self.lines(store, kept):
            yield read(line)


@contextmanager
def reading(path: Path, keks: Keks, progress: Progress = lambda _what, _done, _of: None) -> Iterator[Archive]:
    """A backup, after every byte of it was held against its seal.

    Raises:
        Refused: it is no backup, not whole, changed, or made by a newer hub.
        Unavailable: a key-encryption key that it needs was not given.
    """
    with path.open("rb") as file:
        sealed = _check_seal(file, path.stat().st_size - SEAL, keks, progress)
        try:
            with ZipFile(file) as zip:
                # held against the seal as it is now, and all else against it: somebody may be writing to the file
                if sha256(manifest := zip.read(MANIFEST)).digest() != sealed:
                    raise _not_whole()
                yield Archive(zip, _manifest(manifest, keks))
        except (BadZipFile, KeyError) as error:
            raise _not_whole() from error


def _check_seal(file: IO[bytes], size: int, keks: Keks, progress: Progress) -> bytes:
    """The digest of the manifest that was sealed. Raises: Refused, Unavailable."""
    file.seek(max(size, 0))
    kek, sealed = _read_seal(file.read())
    if (known := keks.find(kek)) is None:
        raise _no_kek([kek], keks)
    try:
        digests = Cipher(known.cipher, _BOUND).open(sealed)
    except DoesNotOpen:
        raise _not_whole() from None
    digest, manifest = digests[:32], digests[32:]
    if digest != _digest(file, size, lambda done: progress("reading the file", done, size)):
        raise _not_whole()
    return manifest


def _read_seal(seal: bytes) -> tuple[str, bytes]:
    try:
        said = json.loads(seal)
        kek, sealed = str(said["kek"]), b64decode(said["sealed"], validate=True)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _not_whole() from None
    if not _ID.fullmatch(kek) or seal != json.dumps({"kek": kek, "sealed": b64encode(sealed).decode()}).encode():
        raise _not_whole()
    return kek, sealed


def _manifest(text: bytes, keks: Keks) -> Manifest:
    if msgspec.json.decode(text, type=_Format).format != FORMAT:
        raise Refused("A newer hub made this backup, in a form that this one does not know.", code="newer-backup")
    manifest = msgspec.json.decode(text, type=Manifest)
    if missing := [kek for kek in manifest.keks if keks.find(kek) is None]:
        raise _no_kek(missing, keks)
    return manifest


class _Format(msgspec.Struct):
    format: int


def _place(store: str, table: Table) -> str:
    return f"{store}/{table.name}.jsonl"


def _not_whole() -> Refused:
    return Refused("This is not a whole backup of a hub: it was changed, cut short, or never was one.", code="not-a-backup")


def _no_kek(needed: Sequence[str], keks: Keks) -> Unavailable:
    words = (
        f"The key-encryption key that this backup was made under was not given: it needs {', '.join(needed)}, "
        f"and was given {keks.present().id}. Nothing of it can be read."
    )
    return Unavailable(words, code="no-kek")
