"""What pydantic and FastAPI say of a request, in words that repeat nothing of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.errors import Violation

_WHAT = {
    "missing": "is missing",
    "json_invalid": "is not JSON",
    "extra_forbidden": "has a member that is not known here",
    "string_type": "is not text",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "is not of the form that is asked",
    "bool_type": "is not true or false",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "list_type": "is not a list",
    "dict_type": "is not an object",
    "model_attributes_type": "is not an object",
    "uuid_type": "is not an id (UUID)",
    "uuid_parsing": "is not an id (UUID)",
    "date_type": "is not a date (YYYY-MM-DD)",
    "date_parsing": "is not a date of the calendar (YYYY-MM-DD)",
    "date_from_datetime_parsing": "is not a date of the calendar (YYYY-MM-DD)",
}
_WITH = {
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "holds fewer than {min_length}",
    "too_long": "holds more than {max_length}",
    "enum": "is not one of {expected}",
    "literal_error": "is not one of {expected}",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
}
"""With what the form itself says of its limits, never with what was sent."""


def violations_of(errors: Iterable[Mapping[str, Any]]) -> list[Violation]:
    """Everything that is wrong, each thing once."""
    return list(dict.fromkeys(_violation(error["type"], error["loc"], error) for error in errors))


def _violation(kind: str, place: Sequence[str | int], error: Mapping[str, Any]) -> Violation:
    if kind == "extra_forbidden" and place[0] == "query":
        return Violation("query", "has a key that is not known here")
    if kind == "hub":
        return Violation(_pointer(place), error["msg"])
    # what is unknown is not named: it may be anything; what is no JSON has no place
    where = {"extra_forbidden": place[:-1], "json_invalid": place[:1]}.get(kind, place)
    return Violation(
        _pointer(where), _WHAT.get(kind) or _WITH.get(kind, "is not what is asked here").format(**error.get("ctx", {}))
    )


def _pointer(place: Sequence[str | int]) -> str:
    if place[0] == "body":
        return "".join(f"/{step}" for step in place[1:])
    where = "/".join(str(step) for step in place)
    return where.lower() if place[0] == "header" else where
