"""The parts in a file: a ZIP in the one form that the format allows, so that every byte of it is accounted for.

Nothing is compressed, no entry overlaps or hides another, nothing stands between or behind them. Reading takes no more memory
than one part or one line, and nothing is ever written by a name that stands in the file but below a new directory.
"""

import re
from binascii import crc32
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from struct import Struct, error
from typing import IO

from vig_verifier.reading import MOST, Unreadable

MANIFEST = ("manifest.json", "manifest.jws")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}(/[a-z0-9][a-z0-9.-]{0,99})?", re.ASCII)
_LOCAL, _CENTRAL, _END = Struct("<4s5H3I2H"), Struct("<4s6H3I5H2I"), Struct("<4s4H2IH")
_DAY = 33
"""The first of January 1980, as a ZIP writes it."""
_VERSION, _MADE_BY, _MODE = 20, 3 << 8 | 20, 0o600 << 16
_MOST_PARTS = 1_000
_BLOCK = 1 << 20


class Archive:
    """The parts of a file, by name."""

    def __init__(self, file: IO[bytes]) -> None:
        """Raises: Unreadable, where the file is not in that form."""
        self._file = file
        try:
            self.places = self._read()
        except (ValueError, error):
            raise Unreadable("not-a-bundle") from None

    def _read(self) -> dict[str, tuple[int, int]]:
        size = self._file.seek(0, 2)
        mark, *rest = _END.unpack(self._at(size - _END.size, _END.size))
        many, length, begin = rest[2], rest[4], rest[5]
        if (mark, *rest) != (b"PK\5\6", 0, 0, many, many, length, begin, 0) or begin + length + _END.size != size:
            raise ValueError("does not end as a bundle does")
        if many > _MOST_PARTS or length > _MOST_PARTS * 300:
            raise ValueError("too many parts")
        return self._entries(self._at(begin, length), many, begin)

    def _entries(self, central: bytes, many: int, end: int) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        read, at = 0, 0
        for _ in range(many):
            crc, size, length = _CENTRAL.unpack_from(central, read)[7], *_CENTRAL.unpack_from(central, read)[9:11]
            raw = central[read + _CENTRAL.size : read + _CENTRAL.size + length]
            own = (_VERSION, 0, 0, 0, _DAY, crc, size, size, length, 0)
            local = _LOCAL.pack(b"PK\3\4", *own) + raw
            entry = _CENTRAL.pack(b"PK\1\2", _MADE_BY, *own, 0, 0, 0, _MODE, at) + raw
            if central[read : read + len(entry)] != entry or self._at(at, len(local)) != local:
                raise ValueError("an entry is not as the format has it")
            name = raw.decode("ascii")
            self._refuse_name(name, found)
            found[name] = at + len(local), size
            self._refuse_sum(found[name], crc)
            read, at = read + len(entry), at + len(local) + size
        if read != len(central) or at != end or tuple(found)[-2:] != MANIFEST:
            raise ValueError("there is something between the parts, or no manifest behind them")
        return found

    def _refuse_name(self, name: str, found: dict[str, tuple[int, int]]) -> None:
        before = next(reversed(found), "")
        is_in_order = (
            before == MANIFEST[0] if name == MANIFEST[1] else before not in MANIFEST and (name == MANIFEST[0] or before < name)
        )
        if not _NAME.fullmatch(name) or name in found or not is_in_order:
            raise ValueError("a part has a name that it may not have there")

    def _refuse_sum(self, place: tuple[int, int], wanted: int) -> None:
        found = 0
        for piece in self._pieces(place):
            found = crc32(piece, found)
        if found != wanted:
            raise ValueError("a part is not what its sum says")

    def names(self) -> list[str]:
        """The parts that the manifest has to name, in order."""
        return [name for name in self.places if name not in MANIFEST]

    def read(self, name: str) -> bytes:
        """A whole part. Raises: ValueError, where it is not there, or too large to be one that is read whole."""
        if name not in self.places or self.places[name][1] > MOST:
            raise ValueError("no such part, or too large")
        return self._at(*self.places[name])

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a part, each of which ends in a newline. Raises: ValueError."""
        rest = b""
        if name not in self.places:
            raise ValueError("no such part")
        for piece in self._pieces(self.places[name]):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > MOST:
                raise ValueError("a line is too long")
        if rest:
            raise ValueError("the last line has no end")

    def digest(self, name: str) -> tuple[int, str]:
        """How many bytes a part has, and its SHA-256 in hexadecimal."""
        found = sha256()
        for piece in self._pieces(self.places[name]):
            found.update(piece)
        return self.places[name][1], found.hexdigest()

    def unpack(self, directory: Path) -> None:
        """Writes the parts into a new directory. Raises: FileExistsError."""
        directory.mkdir(mode=0o700)
        for name, place in self.places.items():
            path = directory / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with path.open("xb") as file:
                path.chmod(0o600)
                for piece in self._pieces(place):
                    file.write(piece)

    def _pieces(self, place: tuple[int, int]) -> Iterator[bytes]:
        begin, size = place
        for at in range(begin, begin + size, _BLOCK):
            yield self._at(at, min(_BLOCK, begin + size - at))

    def _at(self, begin: int, size: int) -> bytes:
        if begin < 0 or size < 0:
            raise ValueError("no place in a file")
        self._file.seek(begin)
        data = self._file.read(size)
        if len(data) < size:
            raise ValueError("the file ends too early")
        return data
