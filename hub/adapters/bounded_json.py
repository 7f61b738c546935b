"""JSON from outside, read without being led too deep, or into bytes that are no text."""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from hub.errors import Malformed

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
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Malformed(f"the message is not {kind}") from None
