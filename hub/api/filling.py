"""Reading a form that somebody filled in: all that is wrong with it at once, in words that repeat nothing of it."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

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
    "list_type": "is not a list",
    "model_type": "is not an object",
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


def filled_in(form: type[BaseModel], body: bytes, wrong: list[Violation]) -> Any:
    """The form as it was filled in; whatever is wrong with it is added to what is wrong."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        wrong += [_violation(found) for found in error.errors(include_url=False, include_input=False)]
        return None


def _violation(found: ErrorDetails) -> Violation:
    kind, place = found["type"], found["loc"]
    if kind == "extra_forbidden":
        place = place[:-1]
    if kind == "hub":
        return Violation(_pointer(place), found["msg"])
    what = _WHAT.get(kind) or _WITH.get(kind, "is not what is asked here").format(**found.get("ctx", {}))
    return Violation(_pointer(place), what)


def _pointer(place: Sequence[str | int]) -> str:
    return "".join(f"/{step}" for step in place)
