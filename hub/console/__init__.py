"""The console: the pages that people see, made here and sent whole; a browser runs nothing of ours."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.console.pages import assets, fields_of, page
from hub.console.parts import Console, Login
from hub.console.words import ROLES, TROUBLES, trouble_of
from hub.errors import HubError, Malformed, TooLarge, Unauthenticated, Unavailable, WrongMediaType

__all__ = ["Console", "routes"]

Page = Callable[[Request], Awaitable[Response]]
MOST = 65_536
"""Bytes in a form."""
PATIENCE = 10.0
"""Seconds in which a form has to come."""


def routes(console: Console) -> list[Route]:
    """Every route of the console."""
    pages = _Pages(console)
    return [
        pages.route("/", pages.start),
        pages.route("/login", pages.begin),
        pages.route("/login/callback", pages.finish),
        pages.route("/logout", pages.leave, "POST"),
        Route("/logout/back-channel", pages.hear, methods=["POST"]),
        *assets(),
    ]


class _Pages:
    def __init__(self, console: Console) -> None:
        self._console = console

    def route(self, path: str, do: Page, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            try:
                return await do(request)
            except HubError as error:
                return self._trouble(error)

        return Route(path, answer, methods=[method], name=f"console-{do.__name__}")

    async def start(self, request: Request) -> Response:
        """Who somebody is, or how to come in."""
        console, id = self._console, self._session_of(request)
        session = await run_in_threadpool(console.sessions.look, id, console.now()) if id else None
        if session is not None:
            return self._page("in.html", session=session, role=ROLES[session.caller.role])
        left = {"1": "everywhere", "here": "here"}.get(request.query_params.get("left", ""), "")
        return self._page("out.html", left=left, can_log_in=console.login is not None, trouble=TROUBLES["no-login"])

    async def begin(self, request: Request) -> Response:
        """On to the issuer."""
        login, to = self._login(), _one(request.query_params.getlist("to"), "/")
        begun = await run_in_threadpool(login.begin, to, self._console.now())
        return _with_cookie(_on_to(begun.address), login.attempt_cookie, begun.cookie)

    async def finish(self, request: Request) -> Response:
        """Back from the issuer, and in."""
        login, said = self._login(), fields_of(request.query_params.multi_items())
        cookie, before = request.cookies.get(login.attempt_cookie, ""), self._session_of(request)
        try:
            entered = await run_in_threadpool(login.finish, said, cookie, before, self._console.now())
            answer = _with_cookie(_on_to(entered.to), self._console.sessions.cookie, entered.session)
        except HubError as error:
            answer = self._trouble(error)
        return _without_cookie(answer, login.attempt_cookie)

    async def leave(self, request: Request) -> Response:
        """Out, here and at the issuer."""
        console, id, login = self._console, self._session_of(request), self._login()
        form, session = await _form(request), await run_in_threadpool(console.sessions.look, id, console.now())
        if session is None:
            raise Unauthenticated("You are not logged in, or not any more.", code="session-over")
        origin, site = (request.headers.get(name, "") for name in ("origin", "sec-fetch-site"))
        console.sessions.refuse_strangers(id, form.get("csrf", ""), "POST", origin, site)
        is_out = await run_in_threadpool(login.leave, id)
        return _without_cookie(_on_to("/?left=1" if is_out else "/?left=here"), console.sessions.cookie)

    async def hear(self, request: Request) -> Response:
        """The issuer says that somebody is out (Back-Channel Logout 1.0, section 2.8). Raises: Unavailable."""
        try:
            form = await _form(request)
            await run_in_threadpool(self._login().hear, form.get("logout_token", ""), self._console.now())
        except Unavailable:
            raise
        except HubError as error:
            return JSONResponse({"error": "invalid_request", "error_description": error.detail}, 400)
        return Response(status_code=200)

    def _login(self) -> Login:
        if self._console.login is None:
            raise Unavailable("Nobody can log in here: no issuer is named.", code="no-login")
        return self._console.login

    def _session_of(self, request: Request) -> str:
        return request.cookies.get(self._console.sessions.cookie, "")

    def _trouble(self, error: HubError) -> Response:
        trouble, asks = trouble_of(error), error.code == "role-unknown"
        return self._page("trouble.html", trouble.status, trouble=trouble, contact=self._console.contact, asks_for_role=asks)

    def _page(self, template: str, status: int = 200, **words: Any) -> Response:
        return page(template, status, is_demo=self._console.is_demo, **words)


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form. Raises: WrongMediaType, TooLarge, Malformed."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise WrongMediaType("Send application/x-www-form-urlencoded.")
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST:
                    raise TooLarge(f"The form is larger than {MOST} bytes.")
        return fields_of(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50))
    except (TimeoutError, ValueError):
        raise Malformed("The form cannot be read.") from None


def _one(values: list[str], otherwise: str) -> str:
    if len(values) > 1:
        raise Malformed("More than one place to go to.")
    return values[0] if values else otherwise


def _on_to(address: str) -> Response:
    return RedirectResponse(address, 303)


def _with_cookie(answer: Response, name: str, value: str) -> Response:
    answer.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _without_cookie(answer: Response, name: str) -> Response:
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
    return answer
