"""The words of the OpenAPI document on answers: what is given, and every way to say no."""

from collections.abc import Iterable
from typing import Any

from hub.api import schemas
from hub.api.problems import MEDIA
from hub.domain.disclosure import published

Thing = dict[str, Any]
_REFUSALS = {
    400: "The request is not what its contract asks; everything that is wrong is said at once.",
    401: "The caller did not show who it is, or what it showed is not accepted.",
    403: "The caller's role does not allow this, or there is no ground to share it.",
    404: "There is nothing by that id, or nothing that the caller may see.",
    405: "This address does not answer to that method.",
    408: "The body did not come within the time that the hub waits for it.",
    409: "What is there already, or a rule of the trajectory, forbids this.",
    412: "The family has changed since the version in If-Match.",
    413: "The body is larger than is read here.",
    415: "A content type that is not read here, or a packed body.",
    429: "More than the caller may ask for now; Retry-After says when to ask again.",
    500: "Something went wrong in the hub; it is found under `instance`.",
    503: "The hub cannot keep its promises right now; nothing was recorded.",
}
HEADERS = {"API-Version": {"description": "the full version of this interface", "required": True, "schema": schemas.TEXT}}
_ALWAYS = {"API-Version": {"$ref": "#/components/headers/API-Version"}}
_LOCATION = {"Location": {"description": "where to find it", "schema": {"type": "string", "format": "uri-reference"}}}
_ETAG = {"ETag": {"description": "the version of the family, for If-Match", "schema": schemas.TEXT}}


def answered(status: int, schema: schemas.Schema, media: str | None, refusals: Iterable[int], has_version: bool = False) -> Thing:
    """The answers of an operation: one schema, and the problem documents of these statuses."""
    headers = _ALWAYS | (_ETAG if has_version else {}) | (_LOCATION if status == 201 else {})
    given = {"description": "What was asked.", "headers": headers, "content": {media: {"schema": published(schema)}}}
    refused = {str(each): {"$ref": f"#/components/responses/{each}"} for each in sorted(refusals)}
    return {str(status): given, **refused}


def problems() -> Thing:
    """The problem documents, by their status."""
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": words, "headers": _ALWAYS, "content": content} for status, words in _REFUSALS.items()}
