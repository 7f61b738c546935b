"""JSON from outside, read without being led too deep, or into bytes that are no text."""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec

from hub.errors import Malformed, Violation

DEEPEST = 100
"""Deeper than any message of a partner, and what every reader bears."""

# a text that never ends counts as one too, or a hostile message would be searched again from each of its quotes
_NESTING = re.compile(rb'"(?:[^"\\]|\\.|\\\Z)*(?:"|\Z)|[\[\]{}]', re.DOTALL)
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_Read = TypeVar("_Read")


def is_too_deep(data: bytes) -> bool:
    """That this JSON is nested more than `DEEPEST` deep."""
    if data.count(b"[") + data.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for found in _NESTING.finditer(data):
        depth += _STEPS.get(found[0], 0)
        if depth > DEEPEST:
            return True
    return False


def first_of(array: bytes, most: int) -> list[bytes]:
    """The first of the items in this JSON array, byte for byte: further ones are passed over, and take no memory.

    Raises:
        Malformed: this is no JSON array.
    """
    items = msgspec.structs.astuple(decoded(_first(most).decode, array, "an array of events"))
    return [bytes(item) for item in items if item is not None]


@cache
def _first(most: int) -> msgspec.json.Decoder[msgspec.Struct]:
    # an array that is read as a struct may be longer than that, and what is beyond it is not kept
    places = [(f"place_{nth}", msgspec.Raw, None) for nth in range(most)]
    return msgspec.json.Decoder(msgspec.defstruct("First", places, array_like=True))


def refuse_twice(text: bytes) -> None:
    """Refuses a JSON object in which a name stands twice: two readers could each take another; looks at no object within.

    Raises:
        Malformed: it does, or is no JSON.
    """
    last: list[tuple[str, Any]] = []

    def seen(pairs: list[tuple[str, Any]]) -> None:
        nonlocal last
        last = pairs

    read = json.JSONDecoder(object_pairs_hook=seen, parse_int=len, parse_float=len, strict=False)
    decoded(lambda body: read.decode(body.decode()), text, "a JSON object")
    if len(dict(last)) < len(last):
        raise Malformed("the message cannot be read", [Violation("", "has a name that is given twice")])


def utf8(body: bytes) -> bytes:
    """The same bytes.

    Raises:
        Malformed: they are not UTF-8.
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Malformed("the message is not UTF-8") from None
    return body


def decoded(decode: Callable[[bytes], _Read], body: bytes, kind: str) -> _Read:
    """What a decoder reads in these bytes; `kind` says what they should be.

    Raises:
        Malformed: they are something else.
    """
    try:
        return decode(body)
    except RecursionError:
        raise Malformed(f"the message is nested more than {DEEPEST} deep") from None
    except ValueError:
        raise Malformed(f"the message is not {kind}") from None
