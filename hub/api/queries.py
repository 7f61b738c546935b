"""What stands in addresses and headers: ids, query parameters, and the version that a decision rests on."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from hub.errors import Violation

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r'"(\d{1,9})"', re.ASCII)
NAMES = ("goal",)
"""The ids in paths that are short names; all others are UUIDs."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A key of the query (camelCase), its schema, what it is for, and how its text is read.

    `read` raises `ValueError` with what is wrong, in words that repeat nothing of the text.
    """

    name: str
    schema: Mapping[str, Any]
    words: str
    read: Callable[[str], Any] = str
    unless: Any = None


def moment(text: str) -> datetime:
    """A moment in UTC; a + that a form turned into a space is taken for what it was. Raises: ValueError."""
    text = text.replace(" ", "+")
    if not _MOMENT.fullmatch(text):
        raise ValueError("is not a date and time with an offset (RFC 3339)")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a moment of the calendar") from None


def whole(least: int, most: int) -> Callable[[str], int]:
    """Reads whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or not least <= int(text) <= most:
            raise ValueError(f"is not a whole number from {least} to {most}")
        return int(text)

    return read


def ids_of(path: Mapping[str, str], wrong: list[Violation]) -> dict[str, Any]:
    """The ids of a path; those that are none are added to what is wrong."""
    return {name: _id(name, text, wrong) for name, text in path.items()}


def _id(name: str, text: str, wrong: list[Violation]) -> UUID | str | None:
    if name in NAMES and _CODE.fullmatch(text):
        return text
    if name not in NAMES and _UUID.fullmatch(text):
        return UUID(text)
    wrong.append(
        Violation(f"path/{name}", "is not a name of letters, digits and hyphens" if name in NAMES else "is not an id (UUID)")
    )
    return None


def query_of(query: bytes, parameters: Sequence[Parameter], wrong: list[Violation]) -> dict[str, Any]:
    """The query; keys that are unknown, there twice or not readable are added to what is wrong."""
    known = {parameter.name: parameter for parameter in parameters}
    found = {parameter.name: parameter.unless for parameter in parameters}
    seen: set[str] = set()
    for name, text in _pairs(query, wrong):
        if name not in known:
            # an unknown key is not repeated: it may be anything
            wrong.append(Violation("query", "has a key that is not known here"))
        elif name in seen:
            wrong.append(Violation(f"query/{name}", "is there more than once"))
        else:
            found[name] = _value(known[name], text, wrong)
        seen.add(name)
    return found


def _pairs(query: bytes, wrong: list[Violation]) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        wrong.append(Violation("query", "cannot be read"))
        return []


def _value(parameter: Parameter, text: str, wrong: list[Violation]) -> Any:
    try:
        return parameter.read(text)
    except ValueError as error:
        wrong.append(Violation(f"query/{parameter.name}", str(error)))
        return None


def version_of(headers: Mapping[str, Sequence[str]], is_taken: bool, wrong: list[Violation]) -> int | None:
    """The version in If-Match, where there is one."""
    said = headers.get("if-match", ())
    if not said:
        return None
    match = _VERSION.fullmatch(said[0]) if len(said) == 1 else None
    if not is_taken:
        wrong.append(Violation("header/if-match", "has no meaning here"))
    elif match is None:
        wrong.append(Violation("header/if-match", "is not one version between quotes"))
    return int(match[1]) if match else None
