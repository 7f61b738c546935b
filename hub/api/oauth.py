"""OAuth 2 over HTTP: where partners' systems get tokens, look into them and take them back, and what every request shows."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.api.bodies import headers_of, media_of, read
from hub.api.descriptions import answered
from hub.api.parts import AuthorizationServer
from hub.api.showing import shown_in

FORM = "application/x-www-form-urlencoded"
MOST = 32_768
"""Bytes of a form."""
_MOST_FIELDS = 20
_NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_ASSERTED = {
    "client_assertion_type": {"type": "string", "const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    "client_assertion": {"type": "string", "description": "a JWT signed with a key of the registration (RFC 7523)"},
    "client_id": {"type": "string", "description": "the name of the registration, if it is said at all"},
}
_TEXT = {"type": "string"}
_REFUSED = {
    "type": "object",
    "description": "RFC 6749, section 5.2",
    "properties": {"error": _TEXT, "error_description": _TEXT},
    "required": ["error"],
}


def routes() -> list[APIRoute]:
    """The endpoints, each of which finds the authorization server in the parts of the application."""
    return [
        _endpoint("/oauth/token", "getToken", "Get an access token (client_credentials with private_key_jwt)", _ASKED, _GIVEN),
        _endpoint("/oauth/introspect", "introspectToken", "Whether a token of your own still counts (RFC 7662)", _ABOUT, _STANDING),
        _endpoint("/oauth/revoke", "revokeToken", "Take a token of your own back (RFC 7009)", _ABOUT, {"type": "object"}),
        _metadata(),
    ]


_ASKED = {"grant_type": {"type": "string", "const": "client_credentials"}, "scope": _TEXT}
_ABOUT = {"token": _TEXT, "token_type_hint": _TEXT}
_GIVEN = {
    "type": "object",
    "properties": {
        "access_token": _TEXT,
        "token_type": {"enum": ["Bearer", "DPoP"]},
        "expires_in": {"type": "integer", "description": "seconds"},
        "scope": _TEXT,
    },
    "required": ["access_token", "token_type", "expires_in", "scope"],
}
_STANDING = {"type": "object", "properties": {"active": {"type": "boolean"}}, "required": ["active"]}


async def _post(request: Request) -> Response:
    server, proxies = _server(request), request.app.state.parts.proxies
    headers = headers_of(request.scope)
    media_of(headers, {FORM: MOST})
    form = _fields(await read(request.receive, headers, MOST))
    if form is None:
        return _said(400, {"error": "invalid_request", "error_description": "the form cannot be read, or has a name twice"})
    status, said = await run_in_threadpool(server.answer, request.url.path, form, shown_in(request.scope, headers, proxies))
    return _said(status, said)


async def _tell(request: Request) -> Response:
    return JSONResponse(_server(request).metadata())


def _server(request: Request) -> AuthorizationServer:
    server: AuthorizationServer | None = request.app.state.parts.authorization
    if server is None:
        # partners get their tokens elsewhere
        raise HTTPException(404)
    return server


def _fields(body: bytes) -> dict[str, str] | None:
    try:
        pairs = parse_qsl(body.decode("ascii"), True, True, errors="strict", max_num_fields=_MOST_FIELDS) if body else []
    except ValueError:
        return None
    form = dict(pairs)
    return form if len(form) == len(pairs) else None


def _said(status: int, said: Mapping[str, Any]) -> Response:
    return JSONResponse(said, status, _NEVER_KEPT)


def _endpoint(path: str, name: str, title: str, fields: Mapping[str, Any], given: dict[str, Any]) -> APIRoute:
    needed = [field for field in fields if field not in ("scope", "token_type_hint")]
    form = {
        "type": "object",
        "properties": {**fields, **_ASSERTED},
        "required": [*needed, "client_assertion_type", "client_assertion"],
    }
    body = {"required": True, "description": f"At most {MOST} bytes.", "content": {FORM: {"schema": form}}}
    refused = {"description": "Refused.", "content": {"application/json": {"schema": _REFUSED}}}
    responses = {**answered(200, given, "application/json", {404, 408, 413, 415, 429, 500, 503}), "400": refused}
    return _route(path, name, title, _post, "POST", {"requestBody": body, "responses": responses})


def _metadata() -> APIRoute:
    said = {"responses": answered(200, {"type": "object"}, "application/json", {404, 500})}
    path = "/.well-known/oauth-authorization-server"
    return _route(path, "getAuthorizationServer", "The authorization server for partners' systems (RFC 8414)", _tell, "GET", said)


def _route(path: str, name: str, title: str, do: Any, method: str, said: Any) -> APIRoute:
    return APIRoute(
        path, do, operation_id=name, summary=title, tags=["tokens"], response_model=None, openapi_extra=said, methods=[method]
    )
