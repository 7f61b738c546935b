"""Merkle trees (RFC 6962), and the signed notes that say what one was (C2SP signed-note, tlog-checkpoint, tlog-cosignature)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vig_verifier.reading import b64

_BY_HUB, _BY_WITNESS = 1, 4
_MOST = 1_000_000


def leaf_of(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + data).digest()


def _over(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_with(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of a tree of that size in which this leaf stands there, if the proof is right (RFC 9162, section 2.1.3.2).

    Raises:
        ValueError: no proof for that place, whatever its hashes are.
    """
    if not 0 <= index < size:
        raise ValueError("no leaf of this tree")
    at, last, found = index, size - 1, leaf
    for hash in proof:
        if not last:
            raise ValueError("too long")
        if at & 1 or at == last:
            found = _over(hash, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = _over(found, hash)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("too short")
    return found


def is_grown(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """That a tree only grew between two roots (RFC 9162, section 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for hash in path[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            before, after = _over(hash, before), _over(hash, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = _over(after, hash)
        at, last = at >> 1, last >> 1
    return not last and (before, after) == (old_root, root)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that notes are signed with: its name, its 32 bytes of Ed25519, and whether it is that of a witness."""

    name: str
    public: bytes
    is_witness: bool = False

    @classmethod
    def read(cls, said: str) -> Self:
        """A key as it is written, NAME+NUMBER+BASE64. Raises: ValueError."""
        name, number, data = said.strip().split("+", 2)
        kind, public = b64(data)[:1], b64(data)[1:]
        if kind not in (bytes([_BY_HUB]), bytes([_BY_WITNESS])) or len(public) != 32:
            raise ValueError("not a key that notes are signed with")
        found = cls(name, public, kind[0] == _BY_WITNESS)
        if found.number.hex() != number:
            raise ValueError("its number is that of another key")
        return found

    @property
    def number(self) -> bytes:
        """Four bytes by which a signature says by which key it is."""
        kind = _BY_WITNESS if self.is_witness else _BY_HUB
        return sha256(self.name.encode() + b"\n" + bytes([kind]) + self.public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What somebody signed of a tree: whose it is, how many leaves it had, and its root."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, note: str) -> Self:
        """A checkpoint as it travels. Raises: ValueError."""
        if len(note) > _MOST or not note.endswith("\n"):
            raise ValueError("no signed note")
        text, parted, lines = note.rpartition("\n\n")
        origin, size, root, *_ = text.split("\n")
        if not parted or not origin or not size.isascii() or not size.isdecimal() or len(size) > 18 or str(int(size)) != size:
            raise ValueError("no checkpoint")
        if len(b64(root)) != 32:
            raise ValueError("no root")
        return cls(text + "\n", origin, int(size), b64(root), tuple(map(_signature, lines[:-1].split("\n"))))

    def is_by(self, key: Key) -> bool:
        """Whether that key signed it."""
        return any(name == key.name and data[:4] == key.number and self._is_right(key, data[4:]) for name, data in self.signatures)

    def _is_right(self, key: Key, value: bytes) -> bool:
        said = self.text
        if key.is_witness:
            said, value = f"cosignature/v1\ntime {int.from_bytes(value[:8])}\n{said}", value[8:]
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(value, said.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def _signature(line: str) -> tuple[str, bytes]:
    dash, name, data = line.split(" ")
    if dash != "\u2014" or not name or len(b64(data)) < 5:
        raise ValueError("no signature")
    return name, b64(data)
