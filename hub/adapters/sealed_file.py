"""A small file of the hub that tells nothing without the key-encryption key."""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

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


@dataclass(frozen=True, slots=True)
class SealedFile:
    """On disk it is the id of a key-encryption key and what that sealed; one from before it was sealed is read as it stands."""

    path: Path
    keks: Keks

    def read(self) -> dict[str, Any]:
        """What it holds.

        Raises:
            Unavailable: it was sealed with a key that was not given, or is not as the hub wrote it.
        """
        kept = _object(self.path.read_text(), self.path.name)
        return _object(self._opened(kept), self.path.name) if "sealed" in kept else kept

    def make(self, content: dict[str, Any]) -> None:
        """Raises: FileExistsError, where it is there already; it was left as it is."""
        write_new(self.path, self._sealed(content))

    def replace(self, content: dict[str, Any]) -> None:
        """Puts this in the place of what it held, in one step; only within `alone`."""
        replace(self.path, self._sealed(content))

    def seal_anew(self) -> None:
        """Seals it with the present key-encryption key. Raises: RuleBroken, where somebody else is changing it."""
        with alone(self.path):
            self.replace(self.read())

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
                self.seal_anew()
            except RuleBroken:
                if monotonic() > until:
                    raise
                sleep(_POLL)

    def _sealed(self, content: dict[str, Any]) -> str:
        present = self.keks.present()
        sealed = Cipher(present.cipher, self._bound).seal(json.dumps(content).encode())
        return json.dumps({"kek": present.id, "sealed": b64encode(sealed).decode()})

    def _opened(self, kept: dict[str, Any]) -> bytes:
        known = self.keks.find(str(kept.get("kek")))
        if known is None:
            raise Unavailable(f"the key-encryption key is not the one that {self.path.name} was sealed with", code="no-kek")
        try:
            return Cipher(known.cipher, self._bound).open(b64decode(kept["sealed"], validate=True))
        except (DoesNotOpen, ValueError, TypeError):
            raise _damaged(self.path.name) from None

    @property
    def _bound(self) -> bytes:
        # the same key wraps those of subjects, bound to their ids: neither may pass for the other
        return b"file\x1f" + self.path.name.encode()


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
