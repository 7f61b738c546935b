"""OAuth 2 over HTTP: where partners' systems get tokens, look into them and take them back.

These endpoints are as their RFCs say, and as their own metadata tell (RFC 8414); the OpenAPI document names them as what
its tokens come from.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.api.bodies import headers_of, media_of, read
from hub.api.parts import AuthorizationServer
from hub.api.places import place_of
from hub.api.showing import shown_in

TOKEN = "/oauth/token"  # noqa: S105  (an address)
FORMS = (TOKEN, "/oauth/introspect", "/oauth/revoke")
METADATA = "/.well-known/oauth-authorization-server"
PATHS = frozenset({*FORMS, METADATA})
FORM = "application/x-www-form-urlencoded"
MOST = 32_768
"""Bytes of a form."""
SCOPES = {
    "signals:write": "post signals",
    "signals:read": "see what became of one's own signals",
    "notices:read": "read the notices that one is told",
}
_MOST_FIELDS = 20
_UNREADABLE = {"error": "invalid_request", "error_description": "the form cannot be read, or has a name twice"}


def routes() -> list[APIRoute]:
    """The endpoints, each of which finds the authorization server in the parts of the application."""
    posts = [APIRoute(path, _post, methods=["POST"], response_model=None, include_in_schema=False) for path in FORMS]
    return [*posts, APIRoute(METADATA, _tell, methods=["GET"], response_model=None, include_in_schema=False)]


def scheme(server: str) -> dict[str, Any]:
    """How to get a token, as OpenAPI says it; `server` ends in /v1."""
    flow = {"tokenUrl": server.removesuffix("/v1") + TOKEN, "scopes": SCOPES}
    words = "For partners' systems: client_credentials with private_key_jwt (RFC 7523), bound by DPoP (RFC 9449) where it is asked."
    return {"type": "oauth2", "description": words, "flows": {"clientCredentials": flow}}


async def _post(request: Request) -> Response:
    server, proxies = _server(request), request.app.state.parts.proxies
    headers = headers_of(request.scope)
    media_of(headers, {FORM: MOST})
    form = _fields(await read(request.receive, headers, MOST))
    if form is None:
        return _said(400, _UNREADABLE)
    status, said = await run_in_threadpool(server.answer, request.scope["path"], form, shown_in(request.scope, headers, proxies))
    if said.get("error") == "invalid_client":
        # whoever guesses is counted here as anywhere
        request.app.state.parts.strangers.failed(place_of(request.client))
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
    # that it is not kept is said on every answer of the hub
    return JSONResponse(said, status, {"Pragma": "no-cache"})
