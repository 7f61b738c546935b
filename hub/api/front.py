"""The front door: what holds for every request and every answer, whichever route it takes."""

from asyncio import sleep
from collections.abc import Callable, Sequence
from time import perf_counter

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Router
from starlette.types import Message, Receive, Scope, Send

from hub.api import VERSION
from hub.api.places import place_of
from hub.api.problems import problem_of, refusal
from hub.api.trace import caller_of
from hub.errors import SignatureRefused, TooMany, Unauthenticated
from hub.ports import UNWATCHED, Watch
from hub.steps import take_up

MOST_IN_HEADERS = 32_768
MOST_IN_ADDRESS = 8_192
"""Bytes."""
PAUSE = 1.0
"""Seconds that somebody waits for the answer that it was too much."""

ALWAYS = (
    (b"api-version", VERSION.encode()),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""On every answer, errors too; a page brings its own policy, and what never changes may be kept."""
SIGNALS = "signals"
INTERFACE = "/v1/"
_LAST = (b"connection", b"close")
_NAMES = frozenset(name for name, _ in ALWAYS)


class Front:
    """The whole of the interface as one ASGI application: the headers of every answer, and every error in one form.

    What is `hot` goes past FastAPI, which answers the `rest`; `failed` counts by place who did not show who they are.
    `stop` ends the streams that would otherwise keep a server from stopping; call it before the server waits for them.
    """

    def __init__(
        self,
        hot: Sequence[BaseRoute],
        rest: FastAPI,
        stop: Callable[[], None],
        failed: Callable[[str], None] = lambda _: None,
        watch: Watch = UNWATCHED,
    ) -> None:
        self.routes, self.rest, self.stop, self._failed = [*hot, *rest.routes], rest, stop, failed
        self._watch = watch
        of_interface = [route for route in hot if getattr(route, "path", "").startswith(INTERFACE)]
        self._pages, self._interface = (Router(some, redirect_slashes=False, default=rest) for some in (hot, of_interface))
        self.is_stopping = False

    def drain(self) -> None:
        """From now on every answer ends its connection, so that nobody sends another question into one that goes."""
        self.is_stopping = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        has_begun, since = False, perf_counter()
        take_up(lambda: caller_of(scope))

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                self._watch.answered(_what(scope), message["status"], perf_counter() - since)
                message["headers"] = _with_always(message["headers"])
                if self.is_stopping:
                    message["headers"].append(_LAST)
            await send(message)

        scope["app"] = self
        try:
            _refuse_oversized(scope)
            _refuse_crooked(scope)
            # no page is under the interface, so nobody who asks there has to be compared with every page first
            router = self._interface if scope["path"].startswith(INTERFACE) else self._pages
            await router(scope, receive, send_with_headers)
        except ClientDisconnect:
            return
        except Exception as error:
            counted = self._counted(error, scope)
            problem = problem_of(counted)
            answer = refusal(problem)
            if _what(scope) == SIGNALS:
                self._watch.refused("http", problem.code)
            if isinstance(counted, TooMany):
                # whoever asks again at once is answered once in a while: a flood of refusals is a flood too
                await sleep(PAUSE)
            # an answer that has begun is left unfinished, which the server tells the client by closing the connection
            if not has_begun:
                await answer(scope, receive, send_with_headers)

    def _counted(self, error: Exception, scope: Scope) -> Exception:
        """The same, or that there were too many from there; who showed nothing guessed nothing."""
        has_shown = any(name in (b"authorization", b"payload-signature") for name, _ in scope["headers"])
        if not has_shown or not isinstance(error, Unauthenticated | SignatureRefused):
            return error
        try:
            self._failed(place_of(scope.get("client")))
        except TooMany as too_many:
            return too_many
        return error


def _what(scope: Scope) -> str:
    return SIGNALS if scope["path"] == "/v1/signals" else "other"


def _with_always(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = {name for name, _ in headers}
    # two policies would both hold, so what an answer says itself is not said again
    return [*headers, *(ALWAYS if own.isdisjoint(_NAMES) else (each for each in ALWAYS if each[0] not in own))]


def _refuse_crooked(scope: Scope) -> None:
    """Each thing has one address: a slash or a control character that is hidden in one leads nowhere."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%" in raw and (b"%2f" in raw.lower() or not scope["path"].isprintable()):
        raise HTTPException(404)


def _refuse_oversized(scope: Scope) -> None:
    if len(scope["path"]) + len(scope["query_string"]) > MOST_IN_ADDRESS:
        raise HTTPException(414)
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_IN_HEADERS:
        raise HTTPException(431, headers={"Connection": "close"})
