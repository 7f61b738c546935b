"""The OpenAPI document: what FastAPI says of its routes, with what it cannot know of."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from hub.api import VERSION, schemas
from hub.api.descriptions import HEADERS, Thing, answered, problems
from hub.api.oauth import scheme
from hub.api.reports import in_document
from hub.api.signals import ACCEPTED, BATCH

_TAGS = {
    "signals": "What partners send, and what became of it",
    "families": "One family, one plan, one director",
    "escalations": "What rose, and who took notice",
    "decisions": "What people decide, each for a reason in words",
    "matching": "Whose family a signal or a person belongs to",
    "reports": "What people of partners without a system type, and what became of it",
    "subscriptions": "What partners want to be told, and what they were",
    "people": "What people who work here settle for themselves, and who is on call",
    "operation": "For those who keep the hub running",
    "evidence": "Proof that nobody changed what was recorded, for everybody",
    "about": "The interface itself",
}
INFO: Thing = {
    "title": "VIG hub",
    "version": VERSION,
    "description": "One family, one plan, one director: signals of partners in, escalations and the state of families out. "
    "The words of the field stand beside their Dutch ones in the project's glossary.",
    "contact": {"name": "The maintainers of the hub", "email": "hub@example.org", "url": "https://hub.example.org"},
    "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
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


def _signed(name: str, words: str, *, is_required: bool = True) -> Thing:
    return {"name": name, "in": "header", "required": is_required, "description": words, "schema": schemas.TEXT}


_POST_SIGNALS = {
    "operationId": "postSignals",
    "summary": "Send a signal, or many",
    "description": "The signature over the body says who sends; a token is asked only where the registration says so. "
    "What is answered is durable. The same (source, id) again gives the same receipt. A batch is answered for each of its "
    "events, in their order. In binary mode the attributes of the event stand in ce- headers, which the signature covers too.",
    "tags": ["signals"],
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
        **answered(200, {"oneOf": [_RECEIPT, schemas.many(_EACH)], "description": "a repeat, or a batch"}, "application/json", ()),
        **answered(201, _RECEIPT, "application/json", (400, 401, 403, 408, 409, 413, 415, 429, 500, 503)),
    },
}


def document(routes: Sequence[BaseRoute], report: Mapping[str, Any], server: str) -> Thing:
    """The OpenAPI 3.1 document of these routes and of the one that goes past FastAPI; `server` ends in /v1.

    `report` is the contract of what people report.
    """
    said = get_openapi(title=INFO["title"], version=VERSION, routes=routes)
    root = {"servers": [{"url": server.removesuffix("/v1")}]}
    paths = {
        path.removeprefix("/v1"): methods if path.startswith("/v1/") else methods | root for path, methods in said["paths"].items()
    }
    paths["/signals"] = {"post": _POST_SIGNALS}
    for operation in (operation for methods in paths.values() for name, operation in methods.items() if name != "servers"):
        operation["responses"].pop("422", None)  # FastAPI's own refusal, which is a 400 here
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _there_or_not(parameter["schema"])
    used = {tag for path in paths.values() for name, method in path.items() if name != "servers" for tag in method["tags"]}
    tags = [{"name": tag, "description": _TAGS.get(tag, f"Views of {tag}")} for tag in sorted(used)]
    own = {"Problem": schemas.PROBLEM, "Receipt": schemas.RECEIPT, "CloudEvent": _CLOUD_EVENT}
    made = {name: schema for name, schema in said["components"]["schemas"].items() if "ValidationError" not in name}
    schemes = said["components"].get("securitySchemes", {}) | {"partners": scheme(server)}
    components = said["components"] | {
        "securitySchemes": schemes,
        "schemas": own | made | in_document(report),
        "headers": HEADERS,
        "responses": problems(),
    }
    return said | {"info": INFO, "servers": [{"url": server}], "paths": paths, "tags": tags, "components": components}


def _there_or_not(schema: Thing) -> Thing:
    """Without null, which nobody can send in an address or a header."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return {name: said for name, said in schema.items() if name != "anyOf"} | kinds[0] if len(kinds) == 1 else schema
