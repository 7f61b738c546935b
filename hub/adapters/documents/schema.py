"""JSON against its contract: every violation as a place and a rule, never with what was filled in."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from hub.adapters.contracts import contract_path
from hub.adapters.documents.json_document import read_json
from hub.domain.dates import PartialDate
from hub.domain.identifiers import passes_eleven_test
from hub.errors import Unreadable, Violation, most_of

_WORDS = {
    "required": "{property} is required",
    "type": "is of the wrong type",
    "enum": "must be one of {options}",
    "const": "must be {expected_value}",
    "format": "is not {format}",
    "pattern": "does not have the form that the contract asks",
    "additionalProperties": "has a field that the contract does not know",
    "unevaluatedProperties": "has a field that the contract does not know",
    "minLength": "is too short",
    "maxLength": "is too long",
    "minItems": "has too few items",
    "maxItems": "has too many items",
    "uniqueItems": "has an item twice",
    "minimum": "is too low",
    "maximum": "is too high",
    "anyOf": "fits none of the forms that the contract knows",
    "oneOf": "fits none, or more than one, of the forms that the contract knows",
    "falseSchema": "must not be given",
}
_FORMATS = {
    "bsn": "a person number: the eleven-test fails",
    "date": "a day of the calendar (YYYY-MM-DD)",
    "date-time": "a moment of the calendar (RFC 3339)",
    "partial-date": "a date of the calendar (YYYY, YYYY-MM or YYYY-MM-DD)",
}


def json_of(data: bytes, partner: str, message: str, further: Callable[[Any], Iterable[Violation]] = lambda _: ()) -> Any:
    """The JSON document, as the contract of that partner's message asks.

    `further` finds what a schema cannot say; it gets any JSON, also of the wrong shape.

    Raises:
        Unreadable: not JSON, or not what the contract asks (every violation at once).
    """
    document = read_json(data)
    schema = contract_path("partners", partner, message, "schema.json")
    found = (*violations_against(schema, document), *further(document))
    if found:
        raise Unreadable("The message is not what its contract asks.", found)
    return document


def violations_against(schema: Path, document: Any) -> tuple[Violation, ...]:
    """Everything in the document that this JSON Schema (2020-12) forbids, as far as anybody reads on."""
    contract = _contract(schema)
    if contract.is_valid(document):
        return ()
    known = _names(schema)
    return most_of(_violation(error, known) for error in contract.iter_errors(document))


@cache
def _contract(schema: Path) -> Draft202012Validator:
    own = {"bsn": passes_eleven_test, "date": _is_day, "partial-date": _is_date}
    return Draft202012Validator(json.loads(schema.read_text("utf-8")), formats=own, validate_formats=True, offline=True)


@cache
def _names(schema: Path) -> frozenset[str]:
    """The field names that the contract itself uses: only those may be repeated to a sender."""
    return frozenset(_properties(json.loads(schema.read_text("utf-8"))))


def _properties(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from part.get("properties", {})
    for child in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _properties(child)


def _violation(error: ValidationError, known: frozenset[str]) -> Violation:
    where = "".join(f"/{step}" if isinstance(step, int) or step in known else "/*" for step in error.instance_path)
    return Violation(where, _words(error))


def _words(error: ValidationError) -> str:
    said = {name: value for name, value in error.kind.as_dict().items() if name != "value"}
    if "format" in said:
        said["format"] = _FORMATS.get(said["format"], f"a {said['format']}")
    if "options" in said:
        said["options"] = ", ".join(str(option) for option in said["options"])
    return _WORDS.get(error.kind.name, "is not what the contract asks").format_map(said)


def _is_date(text: str) -> bool:
    try:
        return bool(PartialDate(text).text)
    except ValueError:
        return False


def _is_day(text: str) -> bool:
    return _is_date(text) and PartialDate(text).is_complete
