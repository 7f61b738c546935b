"""The way of every guarded request: who asks, may they, do it, tell no more than they may know, note it, answer."""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from hub.api.bodies import headers_of, media_of, read, refuse_ambiguous
from hub.api.parts import Parts
from hub.api.schemas import Schema
from hub.api.showing import shown_in
from hub.api.trace import header, trace_of
from hub.api.visits import Visit, at_family, note
from hub.api.writing import Answer
from hub.domain.callers import Caller, Capacity
from hub.domain.policy import POLICY, Act, Reach
from hub.domain.processing import Handling, Outcome
from hub.domain.traces import Trace
from hub.errors import HubError
from hub.ports import Shown

MOST = 65_536
"""Bytes in the body of a request by a person."""
ONE_FAMILY = "/v1/families/{id}"

BEARER = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="JWT",
    description="A short-lived access token: of the hub itself for partners' systems, of the login provider for people.",
    auto_error=False,
)


async def parts_of(request: Request) -> Parts:
    """What the application stands on."""
    parts: Parts = request.app.state.parts
    return parts


async def caller_of(request: Request) -> Caller:
    """Who asks, as the route found before it read anything else."""
    visit: Visit = request.state.visit
    return visit.caller


async def visit_of(request: Request) -> Visit:
    """This visit."""
    visit: Visit = request.state.visit
    return visit


async def reach_of(request: Request) -> Reach:
    """How far the one who asks reaches in this."""
    visit: Visit = request.state.visit
    return visit.reach


def shown_of(request: Request, parts: Parts) -> Shown:
    """What this request shows of who makes it."""
    return shown_in(request.scope, headers_of(request.scope), parts.proxies)


Hub = Annotated[Parts, Depends(parts_of)]
Known = Annotated[Caller, Depends(caller_of)]
Far = Annotated[Reach, Depends(reach_of)]
Here = Annotated[Visit, Depends(visit_of)]


class Guarded(APIRoute):
    """A route for callers whom the policy lets do this act: FastAPI reads nothing of anybody else.

    What is answered goes through `told`, the JSON Schema that says what each member is.
    """

    def __init__(self, *args: Any, act: Act, told: Schema, **more: Any) -> None:
        self.act, self.told = act, told
        super().__init__(*args, **more)

    @property
    def operation(self) -> str:
        """Its name."""
        return self.operation_id or ""

    @property
    def roles(self) -> frozenset[Capacity]:
        """Those that the policy lets do this at all."""
        return roles_for(self.act)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """That of FastAPI, between who may ask and what is told."""
        do = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            parts = await parts_of(request)
            trace = trace_of(request.scope)
            request.state.visit = visit = await run_in_threadpool(self._let_in, request, trace, parts)
            try:
                response = await do(await _read(request) if self.body_field else request)
                if isinstance(response, Answer):
                    response = await run_in_threadpool(self._tell, response, visit, parts)
            except HubError:
                await run_in_threadpool(note, visit, visit.concerned, parts, Outcome.REFUSED)
                raise
            response.raw_headers.append(header(trace))
            return response

        return guarded

    def _let_in(self, request: Request, trace: Trace, parts: Parts) -> Visit:
        """Raises: Unauthenticated, NotAllowed, NotKnown, TooMany."""
        began = parts.clock.now()
        caller = parts.caller_of(shown_of(request, parts))
        reach = parts.admittance.role(self.act, caller)
        if caller.role is Capacity.PARTNER:
            parts.limits.take(caller.organisation)
        family = _family(request) if self.path.startswith(ONE_FAMILY) else None
        visit = Visit(self.operation, caller, reach, None, None, began, trace)
        if family is not None:
            visit = at_family(visit, self.act, family, parts)
        if self._is_noted_first(visit, parts):
            # what cannot be noted is not decided; a line too many is better than one too few
            note(visit, visit.concerned, parts)
        return visit

    def _is_noted_first(self, visit: Visit, parts: Parts) -> bool:
        """Whether this changes anything, or takes a whole family out, which is noted before it is done."""
        handling = parts.activity(self.operation, visit.began.date()).handling
        return handling in (Handling.DECIDE, Handling.MAINTAIN) or (handling is Handling.EXPORT and visit.family is not None)

    def _tell(self, answer: Answer, visit: Visit, parts: Parts) -> Response:
        """Raises: Unavailable, where it cannot be noted that it is told."""
        if not self._is_noted_first(visit, parts):
            concerned = _concerned(answer, visit, parts)
            note(visit, concerned, parts, Outcome.GIVEN if concerned else Outcome.NOTHING, answer.sought)
        if visit.standing is not None and visit.family is not None and "GET" in (self.methods or ()):
            parts.admittance.note_look(self.act, visit.family, visit.caller, visit.standing)
        return answer.written(parts.disclose(answer.content, self.told, visit.caller, answer.purpose))


def roles_for(act: Act) -> frozenset[Capacity]:
    """The capacities that the policy lets do this at all."""
    return frozenset(role for role in Capacity if POLICY.get((act, role), Reach.NOBODY) is not Reach.NOBODY)


def _family(request: Request) -> UUID | None:
    """The family of the path, which FastAPI then reads as the same one, or refuses."""
    try:
        family = UUID(request.path_params["id"])
    except ValueError:
        request.path_params["id"] = ""
        return None
    request.path_params["id"] = str(family)
    return family


def _concerned(answer: Answer, visit: Visit, parts: Parts) -> Mapping[str, Sequence[str]]:
    if answer.concerned is not None:
        return answer.concerned
    return visit.concerned or parts.members(set(_families(answer.content)))


def _families(content: Any) -> Iterator[str]:
    """The families that an answer is about, wherever it names them."""
    if isinstance(content, Mapping):
        if isinstance(found := content.get("family"), str) and found:
            yield found
        for each in content.get("families", ()):
            yield each["id"]
        yield from content.get("candidates", ())
        for each in content.get("items", ()):
            yield from _families(each)


async def _read(request: Request) -> Request:
    """The same with its body, which FastAPI would read whatever it is and however large."""
    headers = headers_of(request.scope)
    media_of(headers, {"application/json": MOST})
    body = await read(request.receive, headers, MOST)
    refuse_ambiguous(body)

    async def again() -> Message:
        return {"type": "http.request", "body": body}

    return Request(request.scope, again)
