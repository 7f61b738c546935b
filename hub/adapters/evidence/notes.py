"""Signed notes (C2SP signed-note), the checkpoints in them (tlog-checkpoint), and how witnesses sign those (tlog-cosignature).

A note is text, an empty line, and a line for every signature: an em dash, the name of a key, and base64 of the key's
number (4 bytes) and the signature.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE, COSIGNATURE = 0x01, 0x04
"""Kinds of keys: one that signs the text with Ed25519, and one that signs that it saw a checkpoint, and when."""
_DASH = "\u2014 "
_MOST = 1_000_000
"""Characters of a note; nobody needs as many."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with its name, of one kind; its text is `NAME+NUMBER+BASE64`, as others write it."""

    name: str
    public: bytes
    kind: int = SIGNATURE

    def __post_init__(self) -> None:
        if not self.name or any(each.isspace() or each == "+" for each in self.name):
            raise ValueError("the name of a key has no spaces and no +")
        if len(self.public) != 32 or self.kind not in (SIGNATURE, COSIGNATURE):
            raise ValueError("not a key that notes are signed with here")

    @property
    def number(self) -> bytes:
        """Four bytes by which a signature says by which key it is."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @classmethod
    def read(cls, text: str) -> Self:
        """A key as it is written.

        Raises:
            ValueError: it is not, or its number is that of another.
        """
        name, number, coded = text.split("+", 2)
        data = _bytes(coded)
        key = cls(name, data[1:], data[0] if data else 0)
        if key.number.hex() != number:
            raise ValueError("the number of this key is that of another")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.number.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note."""

    name: str
    number: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.number + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, with the signatures under it."""

    text: str
    signatures: tuple[Signature, ...] = ()

    @classmethod
    def read(cls, said: str) -> Self:
        """A note as it travels.

        Raises:
            ValueError: it is none.
        """
        text, parted, lines = said.rpartition("\n\n")
        if not parted or not lines.endswith("\n") or len(said) > _MOST or any(ord(each) < 32 and each != "\n" for each in said):
            raise ValueError("not a signed note")
        return cls(f"{text}\n", tuple(_signature(line) for line in lines[:-1].split("\n")))

    def by(self, key: Key) -> Signature | None:
        """The signature of that key, if it is under this note and right."""
        return next((each for each in self.signatures if _is_by(key, each, self.text)), None)

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a tree was: whose, of how many leaves, with which root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """A checkpoint out of the text of a note; lines after the third are others' business.

        Raises:
            ValueError: it is none.
        """
        origin, size, root, *_ = text.split("\n")
        if not origin or not (size.isascii() and size.isdecimal()) or str(int(size[:20])) != size:
            raise ValueError("not a checkpoint")
        found = cls(origin, int(size), _bytes(root))
        if len(found.root) != 32:
            raise ValueError("not a checkpoint")
        return found


def signed(text: str, name: str, private: Ed25519PrivateKey) -> Signature:
    """The signature of a key under a text."""
    return Signature(name, key_of(name, private).number, private.sign(text.encode()))


def cosigned(text: str, name: str, private: Ed25519PrivateKey, seconds: int) -> Signature:
    """The signature of a witness who saw this checkpoint at that second since 1970."""
    key = key_of(name, private, COSIGNATURE)
    return Signature(name, key.number, seconds.to_bytes(8) + private.sign(_seen(text, seconds)))


def seen_at(signature: Signature) -> int:
    """When a witness says that it saw a checkpoint, in seconds since 1970."""
    return int.from_bytes(signature.value[:8])


def key_of(name: str, private: Ed25519PrivateKey, kind: int = SIGNATURE) -> Key:
    """The public half of a key, under a name."""
    return Key(name, private.public_key().public_bytes_raw(), kind)


def _is_by(key: Key, signature: Signature, text: str) -> bool:
    if (signature.name, signature.number) != (key.name, key.number):
        return False
    value, said = signature.value, text.encode()
    if key.kind == COSIGNATURE:
        value, said = value[8:], _seen(text, seen_at(signature))
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, said)
    except (InvalidSignature, ValueError):
        return False
    return True


def _seen(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _signature(line: str) -> Signature:
    name, parted, coded = line.removeprefix(_DASH).partition(" ")
    data = _bytes(coded)
    if not line.startswith(_DASH) or not parted or not name or "+" in name or len(data) < 5:
        raise ValueError("not a signature of a note")
    return Signature(name, data[:4], data[4:])


def _bytes(coded: str) -> bytes:
    try:
        data = b64decode(coded, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    # two texts of one signature would be one too many
    if b64encode(data).decode() != coded:
        raise ValueError("not canonical base64")
    return data


def under(note: Note, keys: Sequence[Key]) -> list[Key]:
    """Which of these keys signed a note."""
    return [key for key in keys if note.by(key) is not None]
