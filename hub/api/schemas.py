"""The words of JSON Schema that answers are described in."""

from typing import Any

from hub.domain import field_classes as of

Schema = dict[str, Any]
"""With the class of what it describes: a schema and a mark of `hub.domain.field_classes` join with `|`."""
TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "string", "format": "uuid"} | of.REFERENCE
MOMENT: Schema = {"type": "string", "format": "date-time"}
VERSION: Schema = {"type": "integer", "minimum": 1} | of.OPERATION
TRUTH: Schema = {"type": "boolean"}
OUTCOME: Schema = {"type": "string", "enum": ["recorded", "match-question", "quarantined"]} | of.OPERATION
NOW: Schema = {"type": "string", "enum": [*OUTCOME["enum"], "corrected", "withdrawn"]} | of.OPERATION
"""What became of a message or a signal since."""


def thing(**properties: Schema) -> Schema:
    """An object with exactly these members."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def perhaps(what: Schema, **properties: Schema) -> Schema:
    """An object that may have these members too."""
    return {**what, "properties": {**what["properties"], **properties}}


def many(each: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": each}


def maybe(what: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [what, {"type": "null"}]}


REASONS = many(thing(where=TEXT, what=TEXT) | of.OPERATION)
OUTCOMES = many(thing(signal=ID, outcome={"type": "string", "enum": ["recorded", "match-question"]} | of.OPERATION))
IS_OPEN = TRUTH | {"description": "whether you may look at this family"} | of.OPERATION
FOUND = thing(items=many(thing(family=ID, involved=TRUTH | of.INVOLVEMENT, contact=TEXT | of.CONTACT, isOpen=IS_OPEN)))
"""The least that can be told: that somebody is involved, whom to contact, and whether it is open to who asks anyhow."""
_RECEIPT: dict[str, Schema] = {
    "message": ID,
    "id": TEXT | of.REFERENCE,
    "source": TEXT | of.REFERENCE,
    "type": TEXT | of.OPERATION,
    "digest": {"type": "string", "pattern": "^sha-256=[0-9a-f]{64}$"} | of.OPERATION,
    "position": VERSION,
    "recordedAt": MOMENT | of.OPERATION,
    "outcome": OUTCOME,
    "reasons": REASONS,
    "signals": OUTCOMES,
    "receipt": {"type": "string", "description": "a compact JWS by the hub over the other members in canonical JSON (RFC 8785)"}
    | of.OPERATION,
}
_EARLIER = {
    "corrects": ID | {"description": "the message that this one corrects; only there where it does"},
    "withdraws": ID | {"description": "the message that this one withdraws; only there where it does"},
    "ending": perhaps(thing(lastDay={"type": "string", "format": "date"}), instead=TEXT)
    | {"description": "the last day that messages of this type are taken in, and what to send instead; only there where it ends"}
    | of.OPERATION,
}
_LATER = {
    "correctedBy": ID | {"description": "the message that corrected this one; only there where one did"},
    "withdrawnBy": ID | {"description": "the message that withdrew this one; only there where one did"},
}
RECEIPT = perhaps(thing(**_RECEIPT), **_EARLIER)
_SINCE = many(thing(signal=ID, outcome=NOW))
STATUS = perhaps(thing(**_RECEIPT, status=perhaps(thing(outcome=NOW, reasons=REASONS, signals=_SINCE), **_LATER)), **_EARLIER)
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
