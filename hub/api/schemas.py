"""The words of JSON Schema that answers are described in."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "string", "format": "uuid"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
VERSION: Schema = {"type": "integer", "minimum": 1}
TRUTH: Schema = {"type": "boolean"}
OUTCOME: Schema = {"type": "string", "enum": ["recorded", "match-question", "quarantined"]}


def thing(**properties: Schema) -> Schema:
    """An object with exactly these members."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def many(of: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": of}


REASONS = many(thing(where=TEXT, what=TEXT))
OUTCOMES = many(thing(signal=ID, outcome={"type": "string", "enum": ["recorded", "match-question"]}))
_RECEIPT: dict[str, Schema] = {
    "message": ID,
    "id": TEXT,
    "source": TEXT,
    "type": TEXT,
    "digest": {"type": "string", "pattern": "^sha-256=[0-9a-f]{64}$"},
    "position": VERSION,
    "recordedAt": MOMENT,
    "outcome": OUTCOME,
    "reasons": REASONS,
    "signals": OUTCOMES,
    "receipt": {"type": "string", "description": "a compact JWS by the hub over the other members in canonical JSON (RFC 8785)"},
}
RECEIPT = thing(**_RECEIPT)
STATUS = thing(**_RECEIPT, status=thing(outcome=OUTCOME, reasons=REASONS, signals=OUTCOMES))
KEYS: Schema = {"type": "object", "properties": {"keys": many({"type": "object"})}, "required": ["keys"]}
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457, with a code for machines and everything that is wrong at once",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "code": TEXT,
        "violations": many(thing(where=TEXT, what=TEXT)),
        "instance": {"type": "string", "format": "uri"},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
