"""JSON as partners send it: I-JSON (RFC 7493), so that every reader reads the same in it, and bounded in depth."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from hub.errors import Unreadable, Violation, most_of

LARGEST = 1_048_576
"""Bytes; the way in sets its own, lower limit."""
DEEPEST = 64
"""Arrays and objects within each other."""

_EXACT = 2**53
# A surrogate that is left after decoding has lost its other half.
_WRONG_CHARACTERS = re.compile("[\0\ud800-\udfff]")
# What a NUL, half a character, or a number that not every reader keeps cannot be written without.
_DOUBTFUL = re.compile(rb"\\u|\d{16}|\d[eE]|NaN|Infinity")
_PLAIN_KEY = re.compile(r"[a-z$][A-Za-z0-9_-]{0,39}", re.ASCII)


class _Twice(dict[str, Any]):
    """An object in which a name stands more than once."""


def read_json(data: bytes) -> Any:
    """The value of a JSON text; a UTF-8 byte order mark is passed over.

    Raises:
        Unreadable: not JSON, not UTF-8, too large or too deep, a name given twice, a number no reader can keep,
            a NUL or half a character: all of it at once.
    """
    if len(data) > LARGEST:
        raise _unreadable([Violation("", f"is larger than {LARGEST} bytes")])
    value, has_twice = _parsed(data)
    # most messages hold nothing that could be wrong: a look at their bytes spares the walk through their values
    if has_twice or _DOUBTFUL.search(data) or data.count(b"{") + data.count(b"[") > DEEPEST:
        found = most_of(_wrong(value))
        if found:
            raise _unreadable(found)
    return value


def pointer(where: str, key: str | int) -> str:
    """One step further (RFC 6901); a name that is no plain word is masked, for it may be somebody's data."""
    if isinstance(key, str) and not _PLAIN_KEY.fullmatch(key):
        return f"{where}/*"
    return f"{where}/{key}"


def _parsed(data: bytes) -> tuple[Any, bool]:
    """The value, and whether a name stands in it twice."""
    twice: list[_Twice] = []

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(pairs)
        if len(plain) == len(pairs):
            return plain
        twice.append(_Twice(pairs))
        return twice[-1]

    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=object_of), bool(twice)
    except UnicodeDecodeError:
        what, where = "is not UTF-8", ""
    except json.JSONDecodeError as error:
        what, where = "is not JSON", f"line {error.lineno}, column {error.colno}"
    except RecursionError:
        what, where = f"is nested more than {DEEPEST} deep", ""
    except ValueError:
        what, where = "holds a number with more digits than can be kept", ""
    raise _unreadable([Violation(where, what)])


def _wrong(value: Any) -> Iterator[Violation]:
    """Without recursion: the depth is what is being checked."""
    waiting: list[tuple[str, int, Any]] = [("", 0, value)]
    while waiting:
        where, depth, here = waiting.pop()
        yield from _wrong_here(where, here)
        if not isinstance(here, dict | list):
            continue
        if depth == DEEPEST:
            yield Violation("", f"is nested more than {DEEPEST} deep")
            return
        children = here.items() if isinstance(here, dict) else enumerate(here)
        waiting.extend(reversed([(pointer(where, key), depth + 1, child) for key, child in children]))


def _wrong_here(where: str, here: Any) -> Iterator[Violation]:
    if isinstance(here, str):
        yield from _wrong_text(where, here)
    elif isinstance(here, float | int) and not isinstance(here, bool) and not _is_exact(here):
        yield Violation(where, "is not a number that every reader keeps")
    elif isinstance(here, dict):
        if isinstance(here, _Twice):
            yield Violation(where, "has a name that is given twice")
        for key in here:
            yield from _wrong_text(f"{where}/*", key)


def _wrong_text(where: str, text: str) -> Iterator[Violation]:
    found = set(_WRONG_CHARACTERS.findall(text))
    if "\0" in found:
        yield Violation(where, "holds a NUL character")
    if found - {"\0"}:
        yield Violation(where, "holds half a character (a lone surrogate)")


def _is_exact(number: float) -> bool:
    return math.isfinite(number) if isinstance(number, float) else abs(number) < _EXACT


def _unreadable(found: Iterable[Violation]) -> Unreadable:
    return Unreadable("The message is not JSON that the hub reads.", found)
