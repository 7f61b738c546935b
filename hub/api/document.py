"""The OpenAPI document, put together from the operations themselves."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from hub.api import VERSION, live, schemas
from hub.api.operations import OPEN, Operation, Roles
from hub.api.problems import MEDIA
from hub.api.queries import NAMES, Parameter
from hub.api.signals import ACCEPTED, BATCH

Thing = dict[str, Any]
_REFUSALS = {
    400: "The request is not what its contract asks; everything that is wrong is said at once.",
    401: "The caller did not show who it is, or what it showed is not accepted.",
    403: "The caller's role does not allow this.",
    404: "There is nothing by that id, or nothing that the caller may see.",
    405: "This address does not answer to that method.",
    409: "What is there already, or a rule of the trajectory, forbids this.",
    412: "The family has changed since the version in If-Match.",
    413: "The body is larger than is read here.",
    415: "A content type that is not read here, or a packed body.",
    500: "Something went wrong in the hub; it is found under `instance`.",
    503: "The hub cannot keep its promises right now; nothing was recorded.",
}
_TAGS = {
    "signals": "What partners send, and what became of it",
    "families": "One family, one plan, one director",
    "escalations": "What rose, and who took notice",
    "decisions": "What people decide, each for a reason in words",
    "matching": "Whose family a signal or a person belongs to",
    "operation": "For those who keep the hub running",
    "about": "The interface itself",
}
_INFO = {
    "title": "VIG hub",
    "version": VERSION,
    "description": "One family, one plan, one director: signals of partners in, escalations and the state of families out. "
    "The words of the field stand beside their Dutch ones in the project's glossary.",
    "contact": {"name": "The maintainers of the hub", "email": "hub@example.org", "url": "https://hub.example.org"},
    "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
}
_API_VERSION = {"API-Version": {"$ref": "#/components/headers/API-Version"}}
_LOCATION = {"Location": {"description": "where to find it", "schema": {"type": "string", "format": "uri-reference"}}}
_ETAG = {"ETag": {"description": "the version of the family, for If-Match", "schema": schemas.TEXT}}


def document(operations: Sequence[Operation], server: str) -> Thing:
    """The OpenAPI 3.1 document of these operations and of the routes that are written by hand; `server` ends in /v1."""
    paths: dict[str, Thing] = {"/signals": {"post": _POST_SIGNALS}, "/escalations/stream": {"get": _STREAM}}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    paths |= {"/jwks": {"get": _JWKS}, "/openapi.json": {"get": _OPENAPI}}
    used = {tag for path in paths.values() for method in path.values() for tag in method["tags"]}
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": server}],
        "tags": [{"name": tag, "description": _TAGS.get(tag, f"Views of {tag}")} for tag in sorted(used)],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "headers": _HEADERS,
            "responses": _problems(),
            "securitySchemes": _SECURITY,
        },
    }


def _operation(operation: Operation) -> Thing:
    refusals = {400, 413, 415, *operation.refusals} if operation.form else {400, *operation.refusals}
    parameters = [*_ids(operation.path), *(_parameter(parameter) for parameter in operation.query)]
    headers = _API_VERSION | (_ETAG if operation.takes_version else {}) | (_LOCATION if operation.status == 201 else {})
    if operation.takes_version:
        parameters.append(_IF_MATCH)
    said: Thing = {
        "operationId": operation.name,
        "summary": operation.title,
        "description": _who_may(operation.roles),
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": {
            str(operation.status): _success(operation.answer, headers),
            **_refused(refusals | ({401, 403} if operation.roles else set()) | {500, 503}),
        },
    }
    if operation.form:
        form = {"schema": {"$ref": f"#/components/schemas/{operation.form.__name__}"}}
        said["requestBody"] = {"required": True, "content": {"application/json": form}}
    return said


def _who_may(roles: Roles) -> str:
    return f"For: {', '.join(sorted(roles))}." if roles != OPEN else "For everybody."


def _success(schema: Mapping[str, Any], headers: Thing, media: str = "application/json", words: str = "What was asked.") -> Thing:
    return {"description": words, "headers": headers, "content": {media: {"schema": dict(schema)}}}


def _refused(statuses: Iterable[int]) -> Thing:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}


def _ids(path: str) -> list[Thing]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"} if name in NAMES else schemas.ID,
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _parameter(parameter: Parameter) -> Thing:
    return {"name": parameter.name, "in": "query", "description": parameter.words, "schema": dict(parameter.schema)}


def _schemas(operations: Sequence[Operation]) -> Thing:
    forms = {operation.form for operation in operations if operation.form}
    named = sorted(forms, key=lambda form: form.__name__)
    _, made = models_json_schema([(form, "validation") for form in named], ref_template="#/components/schemas/{model}")
    return {"Problem": schemas.PROBLEM, "Receipt": schemas.RECEIPT, "CloudEvent": _CLOUD_EVENT, **made["$defs"]}


def _problems() -> Thing:
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": words, "headers": _API_VERSION, "content": content} for status, words in _REFUSALS.items()}


# What is written by hand -----------------------------------------------------------------------------

_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A short-lived token that says who calls, and in which role.",
    }
}
_HEADERS = {"API-Version": {"description": "the full version of this interface", "required": True, "schema": schemas.TEXT}}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": 'the version of the family that the decision rests on, as in its ETag: "7"',
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}
_CLOUD_EVENT: schemas.Schema = {
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
        "200": _success(
            {"oneOf": [_RECEIPT, _MANY]}, _API_VERSION | _LOCATION, words="A repeat: the same receipt. Or what became of a batch."
        ),
        "201": _success(_RECEIPT, _API_VERSION | _LOCATION, words="The receipt; what it says is durable."),
        **_refused((400, 401, 409, 413, 415, 500, 503)),
    },
}
_STREAM = {
    "operationId": "followEscalations",
    "summary": "Follow escalations live",
    "description": f"{_who_may(live.Stream.roles)} Server-sent events. After a break, send the id of the last one as "
    "Last-Event-ID: what was missed comes first, and nothing comes twice.",
    "tags": ["escalations"],
    "parameters": [
        _parameter(live.AFTER),
        {"name": "Last-Event-ID", "in": "header", "schema": {"type": "integer", "minimum": 0}},
    ],
    "responses": {
        "200": _success(schemas.TEXT, _API_VERSION, "text/event-stream", "Events as they come, each with an id."),
        **_refused((400, 401, 403, 500, 503)),
    },
}
_JWKS = {
    "operationId": "getJwks",
    "summary": "The hub's public keys (RFC 7517), to check receipts and notices with",
    "tags": ["about"],
    "security": [],
    "responses": {
        "200": _success(
            {"type": "object", "properties": {"keys": schemas.many({"type": "object"})}, "required": ["keys"]}, _API_VERSION
        ),
        **_refused((500,)),
    },
}
_OPENAPI = {
    "operationId": "getOpenapi",
    "summary": "This document",
    "tags": ["about"],
    "security": [],
    "responses": {"200": _success({"type": "object"}, _API_VERSION), **_refused((500,))},
}


def answers_with(said: Thing) -> Any:
    """An endpoint that gives the document to anybody, from anywhere."""

    content = msgspec.json.encode(said)

    async def openapi(_: Request) -> Response:
        return Response(content, media_type="application/json", headers={"Access-Control-Allow-Origin": "*"})

    return openapi
