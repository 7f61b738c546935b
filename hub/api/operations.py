"""One operation of the interface: its address, who may ask, what they send, what they get; and how it is done over HTTP."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hub.api.bodies import Headers, answer, headers_of, media_of, read
from hub.api.filling import filled_in
from hub.api.parts import Parts
from hub.api.queries import Parameter, ids_of, query_of, version_of
from hub.domain.callers import Caller, Capacity
from hub.errors import Malformed, NotAllowed, Unauthenticated, Violation

MOST = 65_536
"""Bytes in the body of a request by a person."""

Schema = Mapping[str, Any]
Roles = frozenset[Capacity]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: by whom, with which ids in the path, which query, which body, and on which version of the family."""

    caller: Caller
    ids: Mapping[str, Any]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, with its headers."""

    value: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path (after /v1), for callers in one of these `roles`.

    `do` runs in a thread of its own, so it may wait; `answer` is the JSON Schema of what it gives, `status` that of success;
    `takes_version` where If-Match guards against deciding on an older state.
    """

    method: str
    path: str
    name: str
    title: str
    tag: str
    roles: Roles
    do: Callable[[Parts, Question], Answer]
    answer: Schema
    status: int = 200
    form: type[BaseModel] | None = None
    query: tuple[Parameter, ...] = ()
    takes_version: bool = False
    refusals: tuple[int, ...] = ()

    def route(self, parts: Parts) -> Route:
        """The operation over HTTP."""
        return Route(f"/v1{self.path}", Endpoint(self, parts), methods=[self.method], name=self.name)


class Endpoint:
    """An operation as an ASGI application."""

    def __init__(self, operation: Operation, parts: Parts) -> None:
        self.operation, self._parts = operation, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        caller = admitted(headers, self.operation.roles, self._parts.caller_of)
        body = await self._body(headers, receive)
        question = self._question(caller, scope, headers, body)
        answered = await run_in_threadpool(self.operation.do, self._parts, question)
        more = [(name.lower().encode(), value.encode()) for name, value in answered.headers.items()]
        await answer(send, self.operation.status, answered.value, *more)

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        if self.operation.form is None:
            return b""
        media_of(headers, {"application/json": MOST})
        return await read(receive, headers, MOST)

    def _question(self, caller: Caller, scope: Scope, headers: Headers, body: bytes) -> Question:
        wrong: list[Violation] = []
        operation = self.operation
        ids = ids_of(scope["path_params"], wrong)
        query = query_of(scope["query_string"], operation.query, wrong)
        seen = version_of(headers, operation.takes_version, wrong)
        form = filled_in(operation.form, body, wrong) if operation.form else None
        if wrong:
            raise Malformed("The request is not what its contract asks.", dict.fromkeys(wrong))
        return Question(caller, ids, query, form, seen)


def admitted(headers: Headers, roles: Roles, caller_of: Callable[[str], Caller]) -> Caller:
    """Who calls, where that is somebody in one of these roles.

    Raises:
        Unauthenticated: no token, or none that is valid now.
        NotAllowed: in another role.
    """
    caller = caller_of(bearer(headers))
    if caller.role not in roles:
        raise NotAllowed("This is for callers in another role.", code="role-not-allowed")
    return caller


def bearer(headers: Headers) -> str:
    """The token of the Authorization header. Raises: Unauthenticated."""
    said: Sequence[str] = headers.get("authorization", ())
    scheme, _, token = said[0].partition(" ") if len(said) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Show who you are: Authorization: Bearer, and a token.", code="token-missing")
    return token.strip()


def id_of(question: Question, name: str) -> UUID:
    """An id of the path."""
    found: UUID = question.ids[name]
    return found
