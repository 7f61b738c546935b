"""The demo's provider over HTTP: what it says of itself, where people choose who they are, and where codes become tokens."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.console.pages import assets, fields_of, page
from hub.console.parts import Both
from hub.demo.provider.granting import Provider, Refused

ROOM = "hub.demo"
_ASKED = ("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method")
_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def application(provider: Provider) -> Starlette:
    """The provider over HTTP."""
    home = next((each.home for each in provider.applications if each.home), "/")

    async def about(_: Request) -> Response:
        return JSONResponse(_about(provider.issuer))

    async def keys(_: Request) -> Response:
        return JSONResponse(provider.tokens.seal.jwks())

    async def choose(request: Request) -> Response:
        asked = fields_of(request.query_params.multi_items())
        try:
            to = provider.wanted(asked)
        except Refused:
            return _refused(home)
        back = "/".join(to.callback.split("/")[:3])
        shown = {name: asked[name] for name in _ASKED if name in asked}
        return page("choose.html", sends_to=f"'self' {back}", room=ROOM, asked=shown, people=provider.people, **_demo(home))

    async def chosen(request: Request) -> Response:
        form = await _form(request)
        try:
            return RedirectResponse(provider.let_in(form, form.get("who", "")), 303, _NO_STORE)
        except Refused:
            return _refused(home)

    async def token(request: Request) -> Response:
        form = await _form(request)
        try:
            to = provider.known(form, request.headers.get("authorization", ""))
            if form.get("grant_type") != "authorization_code":
                raise Refused("unsupported_grant_type")
            return JSONResponse(provider.exchange(form, to), headers=_NO_STORE)
        except Refused as error:
            return JSONResponse({"error": str(error)}, 401 if str(error) == "invalid_client" else 400, _NO_STORE)

    async def end(request: Request) -> Response:
        form = await _form(request) if request.method == "POST" else fields_of(request.query_params.multi_items())
        try:
            await run_in_threadpool(provider.end_hinted, form.get("id_token_hint", ""))
        except Refused:
            return _refused(home)
        said = Both("U bent uitgelogd bij de inlogdienst van de demo", "You are logged out of the demo's login service")
        return page("refused.html", room=ROOM, title=said, **_demo(home))

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", about),
            Route("/jwks", keys),
            Route("/authorize", choose),
            Route("/authorize", chosen, methods=["POST"]),
            Route("/token", token, methods=["POST"]),
            Route("/end-session", end, methods=["GET", "POST"]),
            *assets(),
        ]
    )


def _about(issuer: str) -> dict[str, Any]:
    places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
    places |= {"end_session_endpoint": "end-session"}
    return {
        "issuer": issuer,
        **{name: f"{issuer}/{path}" for name, path in places.items()},
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _demo(home: str) -> dict[str, Any]:
    return {"is_demo": True, "home": home}


def _refused(home: str) -> Response:
    said = Both("De inlogdienst van de demo kan hier niets mee", "The demo's login service can do nothing with this")
    return page("refused.html", 400, room=ROOM, title=said, **_demo(home))


async def _form(request: Request) -> Mapping[str, str]:
    return fields_of(parse_qsl((await request.body()).decode("ascii", "replace"), keep_blank_values=True))
