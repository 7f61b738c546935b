"""Asking the hub: a page knows nothing by itself; it asks the same interface as everybody, in the name of whoever looks at it."""

import re
from asyncio import Event, Queue, Semaphore, create_task
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Scope

from hub.console.parts import Both, Session

PASSED_ON = ("cookie", "origin", "sec-fetch-site", "traceparent", "last-event-id")
"""The headers of a browser that say who asks, and from where."""
_PLAIN = re.compile(r"[A-Za-z0-9/_.:-]+", re.ASCII)
"""What a path of the interface is made of; a page puts ids in one that a browser sent."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)
_NO_STATE = "0"
"""The version that no family is in: whoever may decide, but saw no state, is refused as somebody who saw an old one."""
_JSON = (b"content-type", b"application/json")
_OF_A_FILE = (b"content-type", b"content-disposition", b"content-length")
"""The headers of the interface that say what a file is."""
_AHEAD = 4
"""Messages that the interface may be ahead of whoever reads: a file passes through, and does not gather here."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field: its name in the form, and why, in the words of the interface."""

    field: str
    what: str


class Refused(Exception):
    """The hub says no: with the status, the code and the words of its problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("code", ""))
        self.status, self.code, self.detail = status, str(problem.get("code", "")), str(problem.get("detail", ""))
        self.instance = str(problem.get("instance", ""))
        self.violations = [Wrong(_field(one["where"]), one["what"]) for one in problem.get("violations", ())]


def _field(where: str) -> str:
    """A place in a body (/body/goals/0/specific) as its field is called in a form (goals.0.specific)."""
    return ".".join(part for part in where.split("/") if part not in ("", "body"))


@dataclass(slots=True)
class Ask:
    """One request of somebody's browser, and what it asks of the hub.

    `form` is what was sent, by the names of its fields; `tongue` the language of the page, `nl` or `en`;
    `word` says what a code of a kind is called, and `now` when this is; `found` what a form
    found that leads nowhere else, for the page that is shown with it.
    """

    request: Request
    session: Session
    tongue: str
    interface: ASGIApp
    word: Callable[[str, str], Both]
    now: datetime
    form: Mapping[str, str] = field(default_factory=dict)
    found: Any = None

    @property
    def query(self) -> Mapping[str, str]:
        """What stands in the address after the question mark."""
        return self.request.query_params

    def at(self, name: str) -> str:
        """An id in the path."""
        return str(self.request.path_params[name])

    def id(self, name: str) -> str:
        """An id that a form names, as it may stand in a path. Raises: Refused, as the interface refuses what is none."""
        said = self.form.get(name, "")
        if not _ID.fullmatch(said):
            wrong = {"where": f"/body/{name}", "what": "is not an id (UUID)"}
            raise Refused(400, {"code": "malformed", "violations": [wrong]})
        return said

    async def get(self, path: str, **query: Any) -> Any:
        """What the hub answers. Raises: Refused."""
        return await self._answer("GET", path, query)

    async def maybe(self, path: str, **query: Any) -> Any:
        """The same, or nothing where this person may not see it, or it is not there. Raises: Refused."""
        try:
            return await self.get(path, **query)
        except Refused as error:
            if error.status in (403, 404):
                return None
            raise

    async def decide(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the hub answers to a decision on a family in the state that the form shows. Raises: Refused."""
        shown = self.form.get("version", "")
        return await self._answer("POST", path, {}, body, shown if _VERSION.fullmatch(shown) else _NO_STATE)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """What the hub answers to something that is done whatever the state of a family is. Raises: Refused."""
        return await self._answer("POST", path, {}, body, more=headers)

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """What the hub answers to something that is put in the place of what was there. Raises: Refused."""
        return await self._answer("PUT", path, {}, body)

    async def delete(self, path: str) -> Any:
        """What the hub answers to something that is taken away. Raises: Refused."""
        return await self._answer("DELETE", path, {})

    async def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
        version: str = "",
        more: Mapping[str, str] | None = None,
    ) -> Any:
        if not _PLAIN.fullmatch(path):
            raise Refused(404, {"code": "not-known", "detail": "There is nothing at this address."})
        sent = msgspec.json.encode(body) if body is not None else b""
        headers = [*self._own(), *([_JSON] if sent else []), *([(b"if-match", f'"{version}"'.encode())] if version else [])]
        headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in (more or {}).items()]
        async with aclosing(_run(self.interface, self._scope(method, path, query, headers), sent)) as answer:
            status = (await anext(answer))["status"]
            told = b"".join([message.get("body", b"") async for message in answer])
        said = msgspec.json.decode(told) if told else {}
        if status >= 400:
            raise Refused(status, said)
        return said

    async def follow(self, path: str) -> AsyncGenerator[bytes, None]:
        """What the hub tells there, as it tells it, until nobody listens any more. Raises: Refused."""
        async with aclosing(_run(self.interface, self._scope("GET", path, {}, self._own()), b"")) as answer:
            status = (await anext(answer))["status"]
            if status >= 400:
                raise Refused(status, {})
            async for message in answer:
                yield message.get("body", b"")

    async def file(self, path: str, body: Mapping[str, Any]) -> Response:
        """The file that the hub makes of what is sent there, passed on as it comes. Raises: Refused."""
        answer = _run(self.interface, self._scope("POST", path, {}, [*self._own(), _JSON]), msgspec.json.encode(body))
        start = await anext(answer)
        if start["status"] >= 400:
            async with aclosing(answer):
                raise Refused(start["status"], msgspec.json.decode(b"".join([each.get("body", b"") async for each in answer])))
        said = {name.decode(): value.decode() for name, value in start["headers"] if name in _OF_A_FILE}
        return StreamingResponse(_bodies(answer), headers=said)

    def _own(self) -> list[tuple[bytes, bytes]]:
        shown = [(name, value) for name, value in self.request.scope["headers"] if name.decode() in PASSED_ON]
        return [*shown, (b"x-csrf-token", self.form.get("csrf", "").encode())]

    def _scope(self, method: str, path: str, query: Mapping[str, Any], headers: Sequence[tuple[bytes, bytes]]) -> Scope:
        asked = urlencode({name: value for name, value in query.items() if value not in ("", None)})
        own = self.request.scope
        return {
            "type": "http",
            "asgi": own["asgi"],
            "http_version": "1.1",
            "method": method,
            "scheme": own["scheme"],
            "path": f"/v1{path}",
            "raw_path": f"/v1{path}".encode(),
            "root_path": "",
            "query_string": asked.encode(),
            "headers": list(headers),
            "client": own["client"],
            "server": own["server"],
            "state": {},
        }


async def _run(interface: ASGIApp, scope: Scope, body: bytes) -> AsyncGenerator[Message, None]:
    """What an application sends, message by message; it hears that its client left when nobody wants more."""
    said: Queue[Message | None] = Queue()
    room = Semaphore(_AHEAD)
    asked, left = iter([{"type": "http.request", "body": body}]), Event()

    async def receive() -> Message:
        for message in asked:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await room.acquire()
        said.put_nowait(message)

    async def work() -> None:
        await interface(scope, receive, send)

    working = create_task(work())
    working.add_done_callback(lambda _: said.put_nowait(None))
    try:
        while (message := await said.get()) is not None:
            room.release()
            yield message
        await working
    finally:
        left.set()
        working.cancel()


async def _bodies(answer: AsyncGenerator[Message, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(answer):
        async for message in answer:
            yield message.get("body", b"")
