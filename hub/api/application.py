"""The interface as a whole: every route, and what it stands on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from hub.api.access import BREAK_GLASS, BREAKINGS, STANDING
from hub.api.acknowledgements import ACKNOWLEDGE_NOTICE
from hub.api.assignments import ASSIGNMENTS
from hub.api.comparing import COMPARE
from hub.api.decisions import ON_FAMILIES
from hub.api.descriptions import answered
from hub.api.document import document
from hub.api.evidence import PROOF, STATUS, for_everybody
from hub.api.files import FILE
from hub.api.front import Front
from hub.api.live import STREAM, Followers
from hub.api.looking_back import LOOKING_BACK
from hub.api.lookups import LOOKUPS, of_view
from hub.api.measurements import MEASUREMENTS
from hub.api.network import NETWORK
from hub.api.oauth import PATHS
from hub.api.oauth import routes as of_authorization
from hub.api.parts import Leaving, Parts
from hub.api.people import PEOPLE, of_everybody
from hub.api.persons import PERSONS
from hub.api.placing import PROCESS_AGAIN, WHOSE_FAMILY
from hub.api.plans import PLANS
from hub.api.problems import problem_of, refusal
from hub.api.processing import PROCESSING_LOG
from hub.api.referral import REFERRAL
from hub.api.reports import REPORTS
from hub.api.retention import HOLD, RELEASE
from hub.api.schemas import KEYS
from hub.api.signals import PostSignals
from hub.api.subscriptions import SUBSCRIPTIONS
from hub.api.telling_document import document as telling_document
from hub.api.upkeep import UPKEEP
from hub.api.voices import VOICES
from hub.ports import View

OPEN = (
    frozenset({"/v1/calendars/{link}", "/v1/signals", "/v1/jwks", "/v1/openapi.json", "/v1/asyncapi"})
    | {route.path for route in for_everybody()}
    | PATHS
)
"""The paths that ask no token: a signal and what asks for a token are signed, the others are for everybody."""
_SILENT: Any = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)
SERVER = "https://hub.example.org/v1"


def application(parts: Parts, server: str = SERVER, pages: Sequence[BaseRoute] = ()) -> Front:
    """The interface as an ASGI application, and pages beside it; `server` is where its document says that it is found (…/v1)."""
    followers, routes, rest = Followers(), routes_with(parts.views), bare()
    rest.router.routes += [*routes, *of_authorization()]
    rest.state.parts, rest.state.followers = parts, followers
    # made when somebody asks, for most who start a hub never do; of routes of its own, for those here answer HEAD as well
    rest.state.document = cache(lambda: document(routes_with(parts.views), parts.reports.contract, server))
    rest.state.telling = cache(lambda: telling_document(parts.leaving, server))
    for methods in (route.methods or set() for route in routes):
        methods |= {"HEAD"} if "GET" in methods else set()
    hot = Route("/v1/signals", PostSignals(parts), methods=["POST"], name="postSignals")
    return Front([hot, *pages], rest, followers.stop, parts.strangers.failed, parts.watch)


def bare() -> FastAPI:
    """FastAPI that answers to nothing yet, adds nothing of its own, and says no as the hub does."""
    refused: Any = {HTTPException: _refuse, RequestValidationError: _refuse, Exception: _pass_on}
    nowhere: Any = dict.fromkeys(("openapi_url", "docs_url", "redoc_url"))
    return FastAPI(redirect_slashes=False, exception_handlers=refused, telemetry=_SILENT, **nowhere)


def routes_with(views: Sequence[View]) -> list[APIRoute]:
    """Every route of FastAPI; each view brings one."""
    operations = (
        STREAM,
        *LOOKUPS,
        *LOOKING_BACK,
        PLANS,
        REFERRAL,
        STANDING,
        BREAK_GLASS,
        BREAKINGS,
        *ASSIGNMENTS,
        FILE,
        *ON_FAMILIES,
        *NETWORK,
        *VOICES,
        *MEASUREMENTS,
        COMPARE,
        *WHOSE_FAMILY,
        PROCESS_AGAIN,
        *PROCESSING_LOG,
        *SUBSCRIPTIONS,
        ACKNOWLEDGE_NOTICE,
        *PEOPLE,
        *UPKEEP,
        *REPORTS,
        PROOF,
        STATUS,
        *PERSONS,
        HOLD,
        RELEASE,
        *(of_view(view) for view in views),
    )
    return [*(operation.route() for operation in operations), *_of_everybody(), of_everybody(), *for_everybody()]


def openapi(views: Sequence[View], report: Mapping[str, Any], server: str = SERVER) -> dict[str, Any]:
    """The OpenAPI document of the hub with these views, and that contract of what people report."""
    return document(routes_with(views), report, server)


def asyncapi(leaving: Leaving, server: str = SERVER) -> dict[str, Any]:
    """The AsyncAPI document of all that leaves the hub."""
    return telling_document(leaving, server)


async def _refuse(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    return refusal(replace(problem, headers={"Allow": _allowed(request)}) if problem.status == 405 else problem)


def _allowed(request: Request) -> str:
    """The methods of an address, of which its router tells only those of one route."""
    here, routes = request.scope["route"].path, request.app.routes
    return ", ".join(sorted({method for route in routes if route.path == here for method in route.methods}))


async def _pass_on(_: Request, error: Exception) -> Response:
    raise error  # to the front, which answers it once


class _Keys(JSONResponse):
    media_type = "application/jwk-set+json"


async def _jwks(request: Request) -> Response:
    return _Keys(request.app.state.parts.jwks())


async def _openapi(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(request.app.state.document), headers={"Access-Control-Allow-Origin": "*"})


async def _asyncapi(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(request.app.state.telling), headers={"Access-Control-Allow-Origin": "*"})


def _open(path: str, name: str, title: str, do: Any, kind: type[Response], schema: Any) -> APIRoute:
    said = {"responses": answered(200, schema, kind.media_type, {500})}
    return APIRoute(
        f"/v1/{path}",
        do,
        operation_id=name,
        summary=title,
        tags=["about"],
        response_class=kind,
        openapi_extra=said,
        methods=["GET"],
    )


def _of_everybody() -> list[APIRoute]:
    return [
        _open("jwks", "getJwks", "The hub's public keys (RFC 7517), to check receipts and notices with", _jwks, _Keys, KEYS),
        _open("openapi.json", "getOpenapi", "This document", _openapi, JSONResponse, {"type": "object"}),
        _open("asyncapi", "getAsyncapi", "What the hub tells (AsyncAPI)", _asyncapi, JSONResponse, {"type": "object"}),
    ]
