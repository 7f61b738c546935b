"""The file of a case: a ZIP without compression, the same bytes for the same content, with a manifest that the hub signs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec

FORMAT = "vig-case-1"
MANIFEST, SIGNED = "manifest.json", "manifest.jws"
TYPE = "vig-case"
"""The `typ` of the signature under a manifest: nothing else that the hub signs can be taken for one."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_encoder = msgspec.json.Encoder(order="sorted")


def canonical(said: Any) -> bytes:
    """The one writing of this as JSON: names in order, no spaces."""
    return _encoder.encode(said)


class BundleFile:
    """A bundle that is being written; its parts have to come in the order of their names."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_STORED)
        self._parts: dict[str, dict[str, Any]] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """A part of that name, to be written piece by piece."""
        if self._parts and name <= max(self._parts):
            raise ValueError("the parts of a bundle stand in the order of their names")
        digest, size = sha256(), 0
        with self._zip.open(_entry(name), "w", force_zip64=False) as entry:

            def write(piece: bytes) -> None:
                nonlocal size
                digest.update(piece)
                entry.write(piece)
                size += len(piece)

            yield write
        self._parts[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def put(self, name: str, content: bytes) -> None:
        """A whole part."""
        with self.part(name) as write:
            write(content)

    def lines(self, name: str, said: Iterable[Mapping[str, Any]]) -> int:
        """A part with a JSON object on each line; gives how many."""
        count = 0
        with self.part(name) as write:
            for each in said:
                write(canonical(each) + b"\n")
                count += 1
        return count

    def finish(self, manifest: Mapping[str, Any], sign: Callable[[bytes], str]) -> None:
        """Ends it with the manifest, which names every part, and the signature that `sign` gives under that."""
        said = canonical({"format": FORMAT, **manifest, "parts": self._parts})
        signed = sign(canonical({"sha256": sha256(said).hexdigest()}))
        for name, content in ((MANIFEST, said), (SIGNED, signed.encode())):
            with self._zip.open(_entry(name), "w") as entry:
                entry.write(content)
        self._zip.close()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _LONG_AGO)
    entry.create_system, entry.external_attr, entry.compress_type = 3, 0o600 << 16, ZIP_STORED
    return entry
