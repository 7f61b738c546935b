"""The messages of the AsyncAPI document: each notice as a partner is sent it, fetches it, and as people follow it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.api.descriptions import Thing
from hub.api.parts import Leaving
from hub.api.schemas import ID, MOMENT, TEXT, Schema, maybe, perhaps, thing
from hub.domain.disclosure import heard

STRUCTURED = "application/cloudevents+json"
FOR_PEOPLE_ALONE = "x-for-people-alone"
"""The keyword of a notice's contract that says that no partner is told it."""
_PROVEN = {"type": "string", "pattern": "^(v1a?,[A-Za-z0-9+/]+=*)( v1a?,[A-Za-z0-9+/]+=*)*$"}


def _headers(**properties: Schema) -> Schema:
    """These headers, and whatever is added by who stands in between."""
    return {"type": "object", "properties": properties, "required": list(properties)}


SCHEMAS: Mapping[str, Schema] = {
    "Attributes": thing(
        specversion={"const": "1.0"},
        id={"type": "string", "format": "uuid", "description": "the same however often it comes: by it a repeat is known"},
        source={"type": "string", "pattern": "^urn:nld:oin:[0-9]{20}:systeem:vig-hub$"},
        type=TEXT,
        time=MOMENT | {"description": "when the hub recorded the fact, to the minute"},
        sequence={"type": "string", "pattern": "^[0-9]{12,}$", "description": "counts what this receiver is told, without gaps"},
        dataref={"type": "string", "format": "uri", "description": "where this receiver, and nobody else, fetches all of it"},
        datacontenttype={"const": "application/json"},
    ),
    "Delivery": _headers(
        **{
            "content-type": {"const": STRUCTURED},
            "digest": {"type": "string", "pattern": "^SHA-256=[A-Za-z0-9+/]{43}=$", "description": "of the body (RFC 3230)"},
            "payload-signature": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]+\\.\\.[A-Za-z0-9_-]+$",
                "description": "a detached JAdES signature (ETSI TS 119 182-1) with a key of GET /v1/jwks, over digest, "
                "content-type and webhook-id",
            },
            "webhook-id": {"type": "string", "format": "uuid", "description": "the id of the event"},
            "webhook-timestamp": {"type": "string", "pattern": "^[0-9]{10,}$", "description": "of this attempt, in seconds"},
            "webhook-signature": _PROVEN
            | {"description": "Standard Webhooks: v1a (Ed25519) with the same key, and v1 (HMAC) where a secret was asked for"},
            "traceparent": {
                "type": "string",
                "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
                "description": "W3C Trace Context; not signed, and of no meaning",
            },
        }
    ),
    "Streamed": _headers(
        id={"type": "string", "pattern": "^[0-9]+$", "description": "given back as Last-Event-ID to go on from here"},
        event={"type": "string", "description": "the type"},
    ),
}
_EVENT: Thing = {
    "specversion": "1.0",
    "id": "6f0c2a5e-7d1b-5c3e-9a4f-2b8d7e6c1a90",
    "source": "urn:nld:oin:00000099000000009000:systeem:vig-hub",
    "type": "",
    "time": "2026-03-02T09:30:00Z",
    "sequence": f"{1:012d}",
    "datacontenttype": "application/json",
}
_WHERE = {"hub-record": TEXT | {"description": "topic/partition/offset of what was sent: by it a repeat is known"}}
_KEY_OF_FAMILY = ID | {"description": "what this receiver calls the family: all of it in one partition, in order"}


def ref(*path: str) -> Thing:
    """What stands elsewhere in this document."""
    return {"$ref": f"#/{'/'.join(path)}"}


def _schema(name: str) -> Thing:
    return ref("components", "schemas", name)


def told(leaving: Leaving) -> list[str]:
    """The types that partners are told."""
    return sorted(type for type, contract in leaving.notices.items() if not contract.get(FOR_PEOPLE_ALONE))


# Of each notice -----------------------------------------------------------------------------------------


def schemas(leaving: Leaving) -> dict[str, Schema]:
    """What each notice says by its type, the events that carry it, full, lean and as people get it, and what all share."""
    said, types = {type: _said(contract) for type, contract in leaving.notices.items()}, told(leaving)
    lean = {f"{type}.lean-data": _only(said[type], leaving.lean) for type in types}
    full_events = {f"{type}.event": _event(type, _schema(type)) for type in types}
    lean_events = {f"{type}.lean-event": _event(type, _schema(f"{type}.lean-data"), "dataref") for type in types}
    shown = {f"{type}.shown": _shown(type) for type in leaving.notices}
    return {**SCHEMAS, "Family": _said(leaving.family), **said, **lean, **full_events, **lean_events, **shown}


def _said(contract: Mapping[str, Any]) -> Schema:
    # the keywords are the same in the JSON Schema that AsyncAPI has; the words stand with the message
    return {name: each for name, each in heard(contract).items() if name not in ("$schema", "words")}


def _only(said: Schema, names: Sequence[str]) -> Schema:
    properties = {name: each for name, each in said["properties"].items() if name in names}
    required = [name for name in said["required"] if name in names]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _event(type: str, data: Schema, *more: str) -> Schema:
    names = [*_EVENT, *more]
    attributes = {name: ref("components", "schemas", "Attributes", "properties", name) for name in names}
    return thing(**attributes | {"type": {"const": type}}, data=data)


def _shown(type: str) -> Schema:
    said = {"id": ID, "type": {"const": type}, "recordedAt": MOMENT, "family": ID}
    return thing(**said, data=_schema(type))


def messages(leaving: Leaving) -> dict[str, Thing]:
    """Every message by its name: that of a notice is its type, with how it comes after it."""
    found: dict[str, Thing] = {**_handshake(), **_on_kafka()}
    for type in told(leaving):
        contract = leaving.notices[type]
        found |= dict(_to_partners(type, contract, leaving.lean))
    for type, contract in leaving.notices.items():
        found[f"{type}.live"] = _worded(contract) | {
            "name": type,
            "contentType": "application/json",
            "headers": _schema("Streamed"),
            "payload": _schema(f"{type}.shown"),
        }
    return found


def _to_partners(type: str, contract: Mapping[str, Any], lean: Sequence[str]) -> Iterator[tuple[str, Thing]]:
    words = _worded(contract) | {"name": type, "contentType": STRUCTURED}
    known_by = {"correlationId": ref("components", "correlationIds", "notice")}
    sent = words | {"headers": _schema("Delivery"), **known_by}
    on_kafka = {"kafka": {"key": _KEY_OF_FAMILY, "bindingVersion": "0.5.0"}}
    full, less = (_schema(f"{type}.{kind}") for kind in ("event", "lean-event"))
    examples = [_EVENT | {"type": type, "data": data} for data in contract["examples"]]
    leaner = [_lean(each, lean) for each in examples]
    yield type, sent | {"payload": full, "bindings": on_kafka, "examples": _examples(examples)}
    yield f"{type}.lean", sent | {"payload": less, "examples": _examples(leaner)}
    streamed = {"headers": _schema("Streamed"), "payload": {"oneOf": [full, less]}}
    yield f"{type}.streamed", words | streamed | {"examples": _examples(examples + leaner)}


def _worded(contract: Mapping[str, Any]) -> Thing:
    dutch, english = contract["words"]["dutch"], contract["words"]["english"]
    return {
        "title": f"{dutch['title']} ({english['title']})",
        "summary": dutch["description"],
        "description": english["description"],
    }


def _lean(event: Thing, lean: Sequence[str]) -> Thing:
    data = {name: event["data"][name] for name in lean if name in event["data"]}
    return event | {"dataref": f"https://hub.example.org/v1/notices/{event['id']}", "data": data}


def _examples(payloads: Sequence[Any]) -> list[Thing]:
    return [{"payload": payload} for payload in payloads]


# Beside the notices -------------------------------------------------------------------------------------


def _handshake() -> dict[str, Thing]:
    asked = {"webhook-request-origin": TEXT, "webhook-request-rate": {"const": "*"}}
    allowed = _headers(**{"webhook-allowed-origin": TEXT | {"description": "that origin, or *"}})
    rate = TEXT | {"description": "how many a minute; * or none is any number"}
    return {
        "handshake": {
            "title": "Wilt u hier berichten krijgen? (Do you want to be told things here?)",
            "summary": "CloudEvents, HTTP webhooks 1.0, 4: er wordt niets gestuurd voor het adres ja zegt.",
            "headers": _headers(**asked),
            "payload": {"type": "null"},
        },
        "welcome": {
            "title": "Ja, van u, en zoveel per minuut (Yes, from you, and so many a minute)",
            "summary": "Het antwoord, met 200 of 204 (the answer, with 200 or 204).",
            "headers": perhaps(allowed, **{"webhook-allowed-rate": rate}),
            "payload": {},
        },
    }


def _on_kafka() -> dict[str, Thing]:
    json = {"content-type": {"const": "application/json"}}
    of_family = {"hub-merged-into": ID | {"description": "the family as which this one goes on; then there is no value"}}
    refused = {
        "hub-refused-code": TEXT,
        "hub-refused-title": TEXT,
        "hub-refused-at": MOMENT,
        "hub-refused-problems": TEXT | {"description": "problem documents (RFC 9457) as an array of JSON"},
    }
    return {
        "family": {
            "title": "Hoe een gezin ervoor staat (How a family stands)",
            "contentType": "application/json",
            "headers": perhaps(_headers(**json, **{"hub-position": TEXT}), **of_family),
            "payload": maybe(_schema("Family")),
            "bindings": {"kafka": {"key": ID, "bindingVersion": "0.5.0"}},
        },
        "receipt": {
            "title": "Ontvangstbevestiging, ondertekend (Signed receipt)",
            "contentType": "application/json",
            "headers": _headers(**json, **_WHERE),
            "payload": _schema("Receipt"),
            "bindings": {"kafka": {"key": TEXT | {"description": "the id of the event"}, "bindingVersion": "0.5.0"}},
        },
        "refusal": {
            "title": "Geweigerd, met elke reden (Refused, with every reason)",
            "summary": "De waarde en de headers zoals ze kwamen, met waarom (as it came, and why).",
            "headers": perhaps(_headers(**_WHERE, **refused), **{"hub-refused-value": {"const": "too-large"}}),
            "payload": {"description": "as it came"},
        },
    }
