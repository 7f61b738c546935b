"""The key-encryption key, which stands around every other key: from a file, from the environment or from a command."""

import json
import os
import shlex
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.adapters.secret_files import alone, replace, said, stamp, write_new
from hub.errors import RuleBroken, Unavailable

BYTES = 32
"""A key of AES-256."""
_ANSWERS_WITHIN = 30.0
"""Seconds that a command gets to print the key."""


@dataclass(frozen=True, slots=True)
class Kek:
    """One key-encryption key; its id follows from it and tells nothing of it."""

    id: str
    cipher: AESGCM

    @classmethod
    def of(cls, key: bytes) -> "Kek":
        return cls(sha256(b"key-encryption key\x1f" + key).hexdigest()[:16], AESGCM(key))


class Source(Protocol):
    """Where the keys come from: the present one, which wraps, and after it those before it, which still unwrap."""

    def stamp(self) -> object:
        """What changes whenever the keys may have."""
        ...

    def read(self) -> Sequence[bytes]: ...

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """While this lasts there is a new present key; when it ended well, the ones before it are gone.

        Raises:
            RuleBroken: somebody else has to give the new key, or is renewing it.
        """
        ...


class Keks:
    """The keys of a source as they are now; another process may renew them meanwhile."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._known: dict[str, Kek] = {}
        self._load()

    def _load(self) -> None:
        self._stamp = self.source.stamp()
        keks = [Kek.of(key) for key in self.source.read()]
        # those from before stay in memory, for somebody may be reading what was wrapped with them a moment ago
        self._present, self._known = keks[0], self._known | {kek.id: kek for kek in keks}

    def present(self) -> Kek:
        """The one that wraps now."""
        if self.source.stamp() != self._stamp:
            self._load()
        return self._present

    def find(self, id: str) -> Kek | None:
        """The one by that id, also where another process made it just now."""
        if id not in self._known:
            self._load()
        return self._known.get(id)


@dataclass(frozen=True, slots=True)
class FromFile:
    """Keys in a file of the hub's own, which may renew them."""

    path: Path
    setting: str = ""
    """What named it, where something did."""

    @classmethod
    def made(cls, path: Path) -> "FromFile":
        """The file, with a first key where it was not there."""
        if not path.exists():
            # whoever of several processes comes first makes the key of all
            with suppress(FileExistsError):
                write_new(path, _text([token_bytes(BYTES)]))
        return cls(path)

    def stamp(self) -> object:
        return stamp(self.path, self.setting)

    def read(self) -> Sequence[bytes]:
        name = said(self.path, self.setting)
        try:
            text = self.path.read_text()
        except PermissionError:
            raise Unavailable(f"{name} cannot be read by this user", code="no-kek") from None
        except UnicodeDecodeError:
            text = ""
        return keys_in(text, name)

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Adds a key in front, and drops the others when nothing is wrapped by them any more; unless others write that file."""
        if not os.access(self.path.parent, os.W_OK):
            with Given(self.path.read_text, self.path.name).renewing():
                yield
            return
        with alone(self.path):
            new = token_bytes(BYTES)
            replace(self.path, _text([new, *self.read()]))
            yield
            replace(self.path, _text([new]))


@dataclass(frozen=True, slots=True)
class Given:
    """Keys that somebody else keeps: they put a new one in front of the old, and drop the old after renewing."""

    text: Callable[[], str]
    name: str

    def stamp(self) -> object:
        return self.name

    def read(self) -> Sequence[bytes]:
        return keys_in(self.text(), self.name)

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """The new key has to be there already, in front of the old one."""
        if len(self.read()) < 2:
            raise RuleBroken(
                f"Put a new key in front of the old one in {self.name} first, with a comma between.", code="no-new-key"
            )
        yield


def printed(command: str) -> str:
    """What a command prints; no shell reads it.

    Raises:
        Unavailable: it failed or took too long; what it said may hold a key and is not repeated.
    """
    try:
        ran = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True, timeout=_ANSWERS_WITHIN)  # noqa: S603
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        raise Unavailable(f"HUB_KEK_COMMAND gave no key: {type(error).__name__}", code="no-kek") from None
    return ran.stdout


def keys_in(text: str, name: str) -> list[bytes]:
    """The keys in a text: base64, with commas or spaces between, or as a JSON list.

    Raises:
        Unavailable: there is none, or one is not of 32 bytes; `name` says where it came from.
    """
    try:
        written = json.loads(text) if text.lstrip().startswith("[") else text.replace(",", " ").split()
        keys = [b64decode(each, validate=True) for each in written]
    except (ValueError, TypeError):
        keys = []
    if not keys or any(len(key) != BYTES for key in keys):
        raise Unavailable(f"{name} does not hold keys of {BYTES} bytes in base64", code="no-kek")
    return keys


def _text(keys: Sequence[bytes]) -> str:
    return json.dumps([b64encode(key).decode() for key in keys])
