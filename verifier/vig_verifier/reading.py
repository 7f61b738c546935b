"""Reading what somebody else wrote, who may mean harm: nothing is believed to be small, shallow, or said once."""

import json
import math
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

MOST = 64 << 20
"""Bytes of one JSON text, which a file of this format never comes near."""
_LONGEST_NUMBER = 20


class Unreadable(Exception):
    """This cannot be looked at as a file of this format; its text is the code of the reason."""


def json_of(said: bytes | str) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is none, too large, too deep, says a name twice, or a number that no computer keeps.
    """
    if len(said) > MOST:
        raise ValueError("too large")
    text = said.decode() if isinstance(said, bytes) else said
    try:
        return json.loads(text, object_pairs_hook=_once, parse_int=_integer, parse_float=_number, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None


def canonical(said: Any) -> str:
    """The one writing of this, by which two are compared: in Python 1, 1.0 and true are the same."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def members(said: Any, names: Sequence[str]) -> list[Any]:
    """The members of an object that has these and no others. Raises: ValueError."""
    if not isinstance(said, dict) or said.keys() != set(names):
        raise ValueError("other members than it has to have")
    return [said[name] for name in names]


def text(said: Any) -> str:
    """A text. Raises: ValueError."""
    if not isinstance(said, str):
        raise ValueError("no text")
    return said


def count(said: Any) -> int:
    """A whole number from 0. Raises: ValueError."""
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < 2**63:
        raise ValueError("no whole number")
    return said


def texts(said: Any) -> list[str]:
    """A list of texts. Raises: ValueError."""
    if not isinstance(said, list):
        raise ValueError("no list")
    return [text(each) for each in said]


def b64(said: Any) -> bytes:
    """Bytes in base64, in its one writing. Raises: ValueError."""
    data = b64decode(text(said), validate=True)
    if b64encode(data).decode() != said:
        raise ValueError("not canonical base64")
    return data


def b64url(said: str | bytes) -> bytes:
    """Bytes in base64url without padding, in its one writing. Raises: ValueError."""
    coded = said.encode("ascii") if isinstance(said, str) else said
    if len(coded) % 4 == 1 or b"+" in coded or b"/" in coded:
        raise ValueError("not base64url")
    data = b64decode(coded.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(coded) % 4), validate=True)
    if urlsafe_b64encode(data).rstrip(b"=") != coded:
        raise ValueError("not canonical base64url")
    return data


def moment(said: Any) -> datetime:
    """A moment with its offset. Raises: ValueError."""
    found = datetime.fromisoformat(text(said))
    if found.tzinfo is None:
        raise ValueError("a moment without offset")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("a name is said twice")
    return said


def _integer(said: str) -> int:
    if len(said) > _LONGEST_NUMBER:
        raise ValueError("a number that is too long")
    return int(said)


def _number(said: str) -> float:
    if len(said) > 2 * _LONGEST_NUMBER or not math.isfinite(float(said)):
        raise ValueError("a number that is too long")
    return float(said)


def _no_number(_: str) -> float:
    raise ValueError("no number")
