"""The OpenAPI document, put together from the operations themselves."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from hub.api import VERSION, schemas
from hub.api import descriptions as said_of
from hub.api.descriptions import Thing, parameter, refused, success, who_may
from hub.api.operations import Operation
from hub.api.problems import MEDIA
from hub.api.queries import NAMES

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
_ETAG = {"ETag": {"description": "the version of the family, for If-Match", "schema": schemas.TEXT}}


def document(operations: Sequence[Operation], server: str) -> Thing:
    """The OpenAPI 3.1 document of these operations and of the routes that are written by hand; `server` ends in /v1."""
    paths = {path: dict(methods) for path, methods in said_of.PATHS.items()}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
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
            "headers": said_of.HEADERS,
            "responses": _problems(),
            "securitySchemes": said_of.SECURITY,
        },
    }


def _operation(operation: Operation) -> Thing:
    return {
        "operationId": operation.name,
        "summary": operation.title,
        "description": who_may(operation.roles),
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        **({"requestBody": _form(operation.form.__name__)} if operation.form else {}),
        "responses": _responses(operation),
    }


def _parameters(operation: Operation) -> list[Thing]:
    found = [*_ids(operation.path), *(parameter(each) for each in operation.query)]
    return [*found, said_of.IF_MATCH] if operation.takes_version else found


def _form(name: str) -> Thing:
    return {"required": True, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def _responses(operation: Operation) -> Thing:
    headers = {
        **said_of.API_VERSION,
        **(_ETAG if operation.takes_version else {}),
        **(said_of.LOCATION if operation.status == 201 else {}),
    }
    refusals = {400, 401, 403, 500, 503, *operation.refusals, *((413, 415) if operation.form else ())}
    return {
        str(operation.status): success(operation.answer, headers | (said_of.LOCATION if operation.status == 201 else {})),
        **refused(refusals),
    }


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


def _schemas(operations: Sequence[Operation]) -> Thing:
    forms = {operation.form for operation in operations if operation.form}
    named = sorted(forms, key=lambda form: form.__name__)
    _, made = models_json_schema([(form, "validation") for form in named], ref_template="#/components/schemas/{model}")
    return {"Problem": schemas.PROBLEM, "Receipt": schemas.RECEIPT, "CloudEvent": said_of.CLOUD_EVENT, **made["$defs"]}


def _problems() -> Thing:
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {"description": words, "headers": said_of.API_VERSION, "content": content}
        for status, words in _REFUSALS.items()
    }


def answers_with(said: Thing) -> Any:
    """An endpoint that gives the document to anybody, from anywhere."""
    content = msgspec.json.encode(said)

    async def openapi(_: Request) -> Response:
        return Response(content, media_type="application/json", headers={"Access-Control-Allow-Origin": "*"})

    return openapi
