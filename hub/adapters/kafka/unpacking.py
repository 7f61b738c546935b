"""Taking apart what was sent together, within bounds: aiokafka itself unpacks whatever a broker took, however large it becomes.

A broker counts compressed bytes. A hundred kilobytes may hold gigabytes, and a decompressor that gets no memory ends the
process; so nothing here grows beyond `MOST`, and what cannot be taken apart says where it ends, so that it is passed over.
"""

import gzip
import io
import struct
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import cramjam

MOST = 4_194_304
"""Bytes that records sent together may have when they are unpacked; as many headers in them take a hundred times that."""
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER = 16
_DECODERS = ("aiokafka.record.default_records", "aiokafka.record.legacy_records")
_COMPILED = tuple(name.replace(".record.", ".record._crecords.") for name in _DECODERS)


class NotTakenApart(ValueError):
    """Records that were sent together cannot be read from the one after `last_read` on; `goes_on` is what follows them."""

    def __init__(self, last_read: int, goes_on: int) -> None:
        super().__init__("records that were sent together cannot be taken apart")
        self.last_read, self.goes_on = last_read, goes_on


class TooMuch(ValueError):
    """More than `MOST` bytes, unpacked."""


def bound(fetcher: Any) -> None:
    """Lets aiokafka's fetcher unpack within these bounds."""
    if not issubclass(fetcher.PartitionRecords, _Bounded):
        fetcher.PartitionRecords = type("PartitionRecords", (_Bounded, fetcher.PartitionRecords), {})
    for name in (*_DECODERS, *_COMPILED):
        try:
            module = import_module(name)
        except ImportError:  # where the library was not compiled, there is only the other
            continue
        for codec, decode in _BOUNDED.items():
            if hasattr(module, f"{codec}_decode"):
                setattr(module, f"{codec}_decode", decode)


class _Bounded:
    """The records of a partition, whose batches say where they end when they cannot be read."""

    def __init__(self, tp: Any, records: Any, *more: Any) -> None:
        super().__init__(tp, _Batches(records), *more)  # type: ignore[call-arg]


class _Batches:
    """Batches one after another, as aiokafka reads them."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def has_next(self) -> bool:
        return bool(self._inner.has_next())

    def next_batch(self) -> "_Batch":
        return _Batch(self._inner.next_batch())


class _Batch:
    """One batch, with all that aiokafka asks of it."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._last_read = inner, inner.base_offset - 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __iter__(self) -> Iterator[Any]:
        self._tried(lambda: iter(self._inner))
        return self

    def __next__(self) -> Any:
        record = self._tried(lambda: next(self._inner))
        self._last_read = record.offset
        return record

    def _tried(self, do: Callable[[], Any]) -> Any:
        try:
            return do()
        except StopIteration:
            raise
        except Exception as error:  # of a library or a decompressor, each has its own
            raise NotTakenApart(self._last_read, self._inner.next_offset) from error


# Decompressing --------------------------------------------------------------------------------------


def _gzip(packed: Any) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(packed), mode="r") as file:
        return _not_too_much(file.read(MOST + 1))


def _zstd(packed: Any) -> bytes:
    return _into(cramjam.zstd.decompress_into, packed)


def _lz4(packed: Any) -> bytes:
    return _into(cramjam.lz4.decompress_into, packed)


def _into(decompress: Callable[[bytes, bytearray], int], packed: Any) -> bytes:
    room = bytearray(MOST)
    return bytes(memoryview(room)[: decompress(bytes(packed), room)])


def _snappy(packed: Any) -> bytes:
    """Raw, or in the blocks of the Java library, whose header begins again where streams were put one after another."""
    rest, unpacked = bytes(packed), bytearray()
    if not rest.startswith(_XERIAL):
        return _raw_snappy(rest, MOST)
    at = 0
    while at < len(rest):
        if rest.startswith(_XERIAL, at):
            at += _XERIAL_HEADER
            continue
        (size,) = struct.unpack_from("!I", rest, at)
        at += 4 + size
        unpacked += _raw_snappy(rest[at - size : at], MOST - len(unpacked))
    return bytes(unpacked)


def _raw_snappy(packed: bytes, most: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(packed) > most:
        raise TooMuch
    return bytes(cramjam.snappy.decompress_raw(packed))


def _not_too_much(unpacked: bytes) -> bytes:
    if len(unpacked) > MOST:
        raise TooMuch
    return unpacked


_BOUNDED = {"gzip": _gzip, "zstd": _zstd, "lz4": _lz4, "snappy": _snappy}
