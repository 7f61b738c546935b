"""Coming in and going out: the pages before somebody is known, and those on the way to and from whoever knows them."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.console.filling import form_of
from hub.console.pages import fields_of, page
from hub.console.parts import Console, Login
from hub.console.words import TROUBLES, trouble_of
from hub.errors import HubError, Malformed, Unauthenticated, Unavailable

Page = Callable[[Request], Awaitable[Response]]


class LoginPages:
    """The pages of logging in and out."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[Route]:
        """Their routes."""
        return [
            self._route("/login", self.begin),
            self._route("/login/callback", self.finish),
            self._route("/logout", self.leave, "POST"),
            Route("/logout/back-channel", self.hear, methods=["POST"]),
        ]

    def _route(self, path: str, do: Page, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            try:
                return await do(request)
            except HubError as error:
                return self._trouble(error)

        return Route(path, answer, methods=[method], name=f"console-{do.__name__}")

    def welcome(self, request: Request) -> Response:
        """How to come in."""
        left = {"1": "everywhere", "here": "here"}.get(request.query_params.get("left", ""), "")
        return self._page("out.html", left=left, can_log_in=self._console.login is not None, trouble=TROUBLES["no-login"])

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
        form, session = await form_of(request), await run_in_threadpool(console.sessions.look, id, console.now())
        if session is None:
            raise Unauthenticated("You are not logged in, or not any more.", code="session-over")
        origin, site = (request.headers.get(name, "") for name in ("origin", "sec-fetch-site"))
        console.sessions.refuse_strangers(id, form.get("csrf", ""), "POST", origin, site)
        is_out = await run_in_threadpool(login.leave, id)
        return _without_cookie(_on_to("/?left=1" if is_out else "/?left=here"), console.sessions.cookie)

    async def hear(self, request: Request) -> Response:
        """The issuer says that somebody is out (Back-Channel Logout 1.0, section 2.8). Raises: Unavailable."""
        try:
            form = await form_of(request)
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
