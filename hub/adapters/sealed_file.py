"""A small file of the hub that tells nothing without the key-encryption key."""

import json
from base64 import b64decode, b64encode
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

from hub.adapters.kek import Keks
from hub.adapters.secret_files import alone, replace, stamp, write_new
from hub.adapters.vault import Cipher, DoesNotOpen
from hub.errors import RuleBroken, Unavailable

_PATIENCE = 5.0
"""Seconds that whoever finds the file in the clear waits for another process that is at it."""
_POLL = 0.02


def is_sealed(path: Path) -> bool:
    """Whether there is such a file that only the key-encryption key of then opens. Raises: Unavailable, where it is damaged."""
    return path.exists() and "sealed" in _object(path.read_text(), path.name)


class Sealed(Protocol):
    """Where a small secret document of the hub is kept: a file, or a row of a database that several machines share."""

    @property
    def name(self) -> str: ...

    def exists(self) -> bool: ...

    def stamp(self) -> object:
        """What changes whenever the document is replaced. Raises: Unavailable, where it is gone."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """While this lasts nobody else changes the document. Raises: RuleBroken, where somebody else is at it."""
        ...

    def read(self) -> dict[str, Any]: ...

    def make(self, content: dict[str, Any]) -> None: ...

    def replace(self, content: dict[str, Any]) -> None: ...

    def take_in(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SealedFile:
    """On disk it is the id of a key-encryption key and what that sealed; one from before it was sealed is read as it stands."""

    path: Path
    keks: Keks

    @property
    def name(self) -> str:
        return self.path.name

    def exists(self) -> bool:
        return self.path.exists()

    def stamp(self) -> object:
        return stamp(self.path)

    def alone(self) -> AbstractContextManager[None]:
        return alone(self.path)

    def read(self) -> dict[str, Any]:
        """What it holds.

        Raises:
            Unavailable: it was sealed with a key that was not given, or is not as the hub wrote it.
        """
        text = self.path.read_text()
        while True:
            try:
                return opened(text, self.name, self.keks)
            except Unavailable:
                # the key around it may have been renewed, and the old one put away, since it was read
                text, before = self.path.read_text(), text
                if text == before:
                    raise

    def make(self, content: dict[str, Any]) -> None:
        """Raises: FileExistsError, where it is there already; it was left as it is."""
        write_new(self.path, sealed(content, self.name, self.keks))

    def replace(self, content: dict[str, Any]) -> None:
        """Puts this in the place of what it held, in one step; only within `alone`."""
        replace(self.path, sealed(content, self.name, self.keks))

    def take_in(self) -> None:
        """Seals it where it is still in the clear.

        Raises:
            RuleBroken: somebody else was changing it for too long, or broke off and left their lock.
            Unavailable: others may read it.
        """
        stamp(self.path)
        until = monotonic() + _PATIENCE
        while not is_sealed(self.path):
            try:
                with self.alone():
                    self.replace(self.read())
            except RuleBroken:
                if monotonic() > until:
                    raise
                sleep(_POLL)


def sealed(content: dict[str, Any], name: str, keks: Keks) -> str:
    """The text of a document under the present key-encryption key, bound to its name."""
    present = keks.present()
    told = Cipher(present.cipher, _bound(name)).seal(json.dumps(content).encode())
    return json.dumps({"kek": present.id, "sealed": b64encode(told).decode()})


def opened(text: str, name: str, keks: Keks) -> dict[str, Any]:
    """The document in a text; one from before it was sealed is read as it stands. Raises: Unavailable."""
    kept = _object(text, name)
    return _object(_opened(kept, name, keks), name) if "sealed" in kept else kept


def _opened(kept: dict[str, Any], name: str, keks: Keks) -> bytes:
    known = keks.find(str(kept.get("kek")))
    if known is None:
        raise Unavailable(f"the key-encryption key is not the one that {name} was sealed with", code="no-kek")
    try:
        return Cipher(known.cipher, _bound(name)).open(b64decode(kept["sealed"], validate=True))
    except (DoesNotOpen, ValueError, TypeError):
        raise _damaged(name) from None


def _bound(name: str) -> bytes:
    # the same key wraps those of subjects, bound to their ids: neither may pass for the other
    return b"file\x1f" + name.encode()


def _object(text: str | bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _damaged(name)
    return found


def _damaged(name: str) -> Unavailable:
    return Unavailable(f"{name} is not as the hub wrote it: put back a copy", code="no-hub-key")
