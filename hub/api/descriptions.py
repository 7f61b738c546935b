"""The words of the OpenAPI document, and the routes that are described by hand because they are served by hand."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.api import live, schemas
from hub.api.operations import Roles
from hub.api.queries import Parameter
from hub.api.signals import ACCEPTED, BATCH

Thing = dict[str, Any]
API_VERSION = {"API-Version": {"$ref": "#/components/headers/API-Version"}}
LOCATION = {"Location": {"description": "where to find it", "schema": {"type": "string", "format": "uri-reference"}}}


def who_may(roles: Roles) -> str:
    """Which callers something is for."""
    return f"For: {', '.join(sorted(roles))}."


def success(schema: Mapping[str, Any], headers: Thing, media: str = "application/json", words: str = "What was asked.") -> Thing:
    """An answer of this schema."""
    return {"description": words, "headers": headers, "content": {media: {"schema": dict(schema)}}}


def refused(statuses: Iterable[int]) -> Thing:
    """The problem documents of these statuses."""
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}


def parameter(asked: Parameter) -> Thing:
    """A key of the query."""
    return {"name": asked.name, "in": "query", "description": asked.words, "schema": dict(asked.schema)}


SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A short-lived token that says who calls, and in which role.",
    }
}
HEADERS = {"API-Version": {"description": "the full version of this interface", "required": True, "schema": schemas.TEXT}}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": 'the version of the family that the decision rests on, as in its ETag: "7"',
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}
CLOUD_EVENT: schemas.Schema = {
    "type": "object",
    "description": "A CloudEvent 1.0 (NL GOV profile). Its data is the partner's own message, as the contract of its type says; "
    "XML goes in as text, with datacontenttype application/xml.",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "source": {"type": "string", "pattern": "^urn:nld:oin:[0-9]{20}:systeem:"},
        "type": {"type": "string"},
        "time": schemas.MOMENT,
        "datacontenttype": {"type": "string"},
        "data": {},
    },
    "required": ["specversion", "id", "source", "type", "time", "data"],
}
_RECEIPT = {"$ref": "#/components/schemas/Receipt"}
_EVENT = {"$ref": "#/components/schemas/CloudEvent"}
_EACH = {
    "type": "object",
    "properties": {"status": {"type": "integer"}, "receipt": _RECEIPT, "problem": {"$ref": "#/components/schemas/Problem"}},
    "required": ["status"],
}
_MANY = schemas.many(_EACH)


def _signed(name: str, words: str, *, is_required: bool = True) -> Thing:
    return {"name": name, "in": "header", "required": is_required, "description": words, "schema": schemas.TEXT}


_POST_SIGNALS = {
    "operationId": "postSignals",
    "summary": "Send a signal, or many",
    "description": "The signature over the body says who sends, so no token is asked. What is answered is durable. "
    "The same (source, id) again gives the same receipt. A batch is answered for each of its events, in their order. "
    "In binary mode the attributes of the event stand in ce- headers, which the signature covers too.",
    "tags": ["signals"],
    "security": [],
    "parameters": [
        _signed("Payload-Signature", "a detached JAdES JWS over Digest and the headers that it names, exactly once"),
        _signed("Digest", "SHA-256= and the digest of the body (RFC 3230)"),
        *(_signed(f"ce-{name}", "in binary mode", is_required=False) for name in ("specversion", "id", "source", "type", "time")),
    ],
    "requestBody": {
        "required": True,
        "description": f"At most {ACCEPTED['application/json']} bytes for one event, {ACCEPTED[BATCH]} for a batch; never packed.",
        "content": {
            "application/cloudevents+json": {"schema": _EVENT},
            "application/cloudevents-batch+json": {"schema": schemas.many(_EVENT)},
            "application/json": {"schema": {}},
            "application/xml": {"schema": {"type": "string"}},
        },
    },
    "responses": {
        "200": success(
            {"oneOf": [_RECEIPT, _MANY]}, API_VERSION | LOCATION, words="A repeat: the same receipt. Or what became of a batch."
        ),
        "201": success(_RECEIPT, API_VERSION | LOCATION, words="The receipt; what it says is durable."),
        **refused((400, 401, 409, 413, 415, 500, 503)),
    },
}
_STREAM = {
    "operationId": "followEscalations",
    "summary": "Follow escalations live",
    "description": f"{who_may(live.Stream.roles)} Server-sent events. After a break, send the id of the last one as "
    "Last-Event-ID: what was missed comes first, and nothing comes twice.",
    "tags": ["escalations"],
    "parameters": [
        parameter(live.AFTER),
        {"name": "Last-Event-ID", "in": "header", "schema": {"type": "integer", "minimum": 0}},
    ],
    "responses": {
        "200": success(schemas.TEXT, API_VERSION, "text/event-stream", "Events as they come, each with an id."),
        **refused((400, 401, 403, 500, 503)),
    },
}
_KEYS = schemas.thing(keys=schemas.many({"type": "object"}))
_JWKS = {
    "operationId": "getJwks",
    "summary": "The hub's public keys (RFC 7517), to check receipts and notices with",
    "tags": ["about"],
    "security": [],
    "responses": {
        "200": success(
            {"type": "object", "properties": {"keys": schemas.many({"type": "object"})}, "required": ["keys"]},
            API_VERSION,
            "application/jwk-set+json",
        ),
        **refused((500,)),
    },
}
_OPENAPI = {
    "operationId": "getOpenapi",
    "summary": "This document",
    "tags": ["about"],
    "security": [],
    "responses": {"200": success({"type": "object"}, API_VERSION), **refused((500,))},
}

PATHS: dict[str, Thing] = {
    "/signals": {"post": _POST_SIGNALS},
    "/escalations/stream": {"get": _STREAM},
    "/jwks": {"get": _JWKS},
    "/openapi.json": {"get": _OPENAPI},
}
