"""Who asks: the token that is shown, and the roles that something is for."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from hub.api.bodies import headers_of, media_of, read
from hub.api.parts import Parts
from hub.domain.callers import Caller, Capacity
from hub.errors import NotAllowed, Unauthenticated

MOST = 65_536
"""Bytes in the body of a request by a person."""

Roles = frozenset[Capacity]
BEARER = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="JWT",
    description="A short-lived token that says who calls, and in which role.",
    auto_error=False,
)


async def parts_of(request: Request) -> Parts:
    """What the application stands on."""
    parts: Parts = request.app.state.parts
    return parts


async def token_of(request: Request) -> str:
    """The token of the Authorization header. Raises: Unauthenticated."""
    shown = await BEARER(request)
    if shown is None or len(request.headers.getlist("authorization")) != 1:
        raise Unauthenticated("Show who you are: Authorization: Bearer, and a token.", code="token-missing")
    return shown.credentials


async def caller_of(request: Request) -> Caller:
    """Who asks, as the route found before it read anything else."""
    caller: Caller = request.state.caller
    return caller


Hub = Annotated[Parts, Depends(parts_of)]
Known = Annotated[Caller, Depends(caller_of)]


class Guarded(APIRoute):
    """A route for callers in these roles: FastAPI reads nothing of anybody else, and nothing but JSON of a fair size."""

    def __init__(self, *args: Any, roles: Roles, **more: Any) -> None:
        self.roles = roles
        super().__init__(*args, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """That of FastAPI, after who asks and what is sent."""
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            parts = await parts_of(request)
            request.state.caller = caller = parts.caller_of(await token_of(request))
            if caller.role not in self.roles:
                raise NotAllowed("This is for callers in another role.", code="role-not-allowed")
            return await answer(await _read(request) if self.body_field else request)

        return guarded


async def _read(request: Request) -> Request:
    """The same with its body, which FastAPI would read whatever it is and however large."""
    headers = headers_of(request.scope)
    media_of(headers, {"application/json": MOST})
    body = await read(request.receive, headers, MOST)

    async def again() -> Message:
        return {"type": "http.request", "body": body}

    return Request(request.scope, again)
