"""The interface as a whole: every route, and what it stands on."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from hub.api.decisions import ON_FAMILIES
from hub.api.document import answers_with, document
from hub.api.front import Front
from hub.api.live import Followers, Stream
from hub.api.lookups import LOOKUPS, of_view
from hub.api.operations import Operation
from hub.api.parts import Parts
from hub.api.placing import PROCESS_AGAIN, WHOSE_FAMILY
from hub.api.signals import PostSignals
from hub.ports import View

OPEN = frozenset({"/v1/signals", "/v1/jwks", "/v1/openapi.json"})
"""The paths that ask no token: a signal is signed, the others are for everybody."""
SERVER = "https://hub.example.org/v1"


def application(parts: Parts, server: str = SERVER) -> Front:
    """The interface as an ASGI application; `server` is where its document says that it is found (https, ending in /v1)."""
    followers = Followers(parts.feed)
    operations = operations_with(parts.views)
    routes: list[BaseRoute] = [
        Route("/v1/signals", PostSignals(parts), methods=["POST"], name="postSignals"),
        Route("/v1/escalations/stream", Stream(parts, followers), methods=["GET"], name="followEscalations"),
        *(operation.route(parts) for operation in operations),
        Route("/v1/jwks", _jwks(parts), name="getJwks"),
        Route("/v1/openapi.json", answers_with(document(operations, server)), name="getOpenapi"),
    ]
    return Front(routes, followers.stop)


def operations_with(views: Sequence[View]) -> tuple[Operation, ...]:
    """Every operation that asks a token; each view brings one."""
    return (*LOOKUPS, *ON_FAMILIES, *WHOSE_FAMILY, PROCESS_AGAIN, *(of_view(view) for view in views))


def openapi(views: Sequence[View], server: str = SERVER) -> dict[str, Any]:
    """The OpenAPI document of the hub with these views."""
    return document(operations_with(views), server)


def _jwks(parts: Parts) -> Any:
    async def jwks(_: Request) -> Response:
        return JSONResponse(parts.jwks(), media_type="application/jwk-set+json")

    return jwks
