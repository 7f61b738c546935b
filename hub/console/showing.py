"""The way of a page: who looks, what it asks the hub, what is done with what they sent, and what they see where the hub says no."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from hub.console.asking import Ask, Refused
from hub.console.filling import form_of
from hub.console.pages import page, tongue_of
from hub.console.parts import Console, Session
from hub.console.rooms import Form, Page, found
from hub.console.words import ROLES, TROUBLES, Trouble, no_of, trouble_of
from hub.domain.policy import POLICY, Act, Reach
from hub.errors import HubError

Show = Callable[[Request], Awaitable[Response]]
FILLED_IN_AGAIN = frozenset({400, 409, 412, 413, 422})
"""Refusals that somebody can do something about on the same page."""
_OF_THE_INTERFACE = ("/v1/", "/health/", "/assets/", "/oauth/", "/.well-known/", "/live")
_DONE = "gedaan"
"""The field of an address that says what was just done."""


class Rooms:
    """The pages of one console."""

    def __init__(self, console: Console, welcome: Callable[[Request], Response]) -> None:
        self._console, self._welcome = console, welcome
        self._done = {f"{page.name}.{name}": form.done for page in found() for name, form in page.forms.items()}

    def routes(self) -> list[Route]:
        """Every page and every form, and last what is nowhere."""
        return [
            *(route for page in found() for route in self._of(page)),
            Nowhere("/{path:path}", self._as_page(self._nowhere), methods=["GET"]),
        ]

    async def _nowhere(self, request: Request) -> Response:
        return self.trouble(request, no_of(404, "not-known"), await self.session(request))

    def _as_page(self, answer: Show) -> Show:
        """The same, where whatever goes wrong is a page too."""

        async def give(request: Request) -> Response:
            try:
                return await answer(request)
            except HubError as error:
                return self.trouble(request, trouble_of(error))
            except ClientDisconnect:
                raise
            except Exception as error:
                refused = Refused(500, self._console.problem(error))
                return self.trouble(request, no_of(refused.status, refused.code), error=refused)

        return give

    def _of(self, page: Page) -> list[Route]:
        at = page.path.rstrip("/")
        sent = [Route(f"{at}/{name}", self._sent(page, name, form), methods=["POST"]) for name, form in page.forms.items()]
        back = [Route(f"{at}/{name}", _back, methods=["GET"]) for name in page.forms]
        return [Route(page.path, self._shown(page), methods=["GET"], name=f"console-{page.name}"), *sent, *back]

    def _shown(self, shown: Page) -> Show:
        async def show(request: Request) -> Response:
            session = await self.session(request)
            if session is None:
                return self.nobody(request)
            return await self._show(shown, self.ask(request, session))

        return self._as_page(show)

    def _sent(self, on: Page, name: str, form: Form) -> Show:
        async def send(request: Request) -> Response:
            session = await self.session(request)
            if session is None and not is_ours(request):
                return self.trouble(request, TROUBLES["session-over"])
            said = await form_of(request)
            if session is None:
                return self.trouble(request, TROUBLES["session-over"], entered=said)
            return await self._do(on, name, form, self.ask(request, session, said))

        return self._as_page(send)

    async def _do(self, on: Page, name: str, form: Form, ask: Ask) -> Response:
        try:
            to = await form.do(ask)
        except Refused as error:
            return await self._refused(on, name, ask, error)
        # whoever did something sees it on the next page
        await run_in_threadpool(self._console.let_read)
        if not to:
            return await self._show(on, ask, sent=name)
        return RedirectResponse(f"{to}{'&' if '?' in to else '?'}{urlencode({_DONE: f'{on.name}.{name}'})}", 303)

    async def _refused(self, on: Page, name: str, ask: Ask, error: Refused) -> Response:
        """The page once more, with what was filled in and what is wrong with it; nothing that somebody typed is lost."""
        if error.status not in FILLED_IN_AGAIN:
            return self._no(ask, error)
        return await self._show(on, ask, error.status, sent=name, refused=error)

    async def _show(self, shown: Page, ask: Ask, status: int = 200, **more: Any) -> Response:
        try:
            words = await shown.show(ask)
        except Refused as error:
            return self._no(ask, error)
        if isinstance(words, Response):
            return words
        # what is wrong with a form is more than what is wrong with an address
        said = {**self._around(ask), **words, **more}
        return self._page(ask.request, f"{shown.name}.html", status, here=shown, session=ask.session, **said)

    def _around(self, ask: Ask) -> Mapping[str, Any]:
        role = ask.session.caller.role
        menu = [page for page in found() if page.is_on_the_menu(ask.session.caller, self._console.duty)]
        # a link from elsewhere could say that something was done which was not
        done = self._done.get(ask.query.get(_DONE, "")) if is_ours(ask.request) else None
        return {"role": ROLES[role], "menu": menu, "done": done, "entered": ask.form}

    def _no(self, ask: Ask, error: Refused) -> Response:
        typed = ask.form if is_ours(ask.request) else None
        return self.trouble(ask.request, no_of(error.status, error.code), ask.session, error, typed)

    # What everybody here needs ----------------------------------------------------------------------

    async def session(self, request: Request) -> Session | None:
        """The session of the browser that asks, if it runs. Raises: Unavailable."""
        id = request.cookies.get(self._console.sessions.cookie, "")
        return await run_in_threadpool(self._console.sessions.look, id, self._console.now()) if id else None

    def ask(self, request: Request, session: Session, form: Mapping[str, str] | None = None) -> Ask:
        """The request of somebody, as something that can ask the hub."""
        return Ask(
            request, session, tongue_of(request), self._console.interface, self._console.word, self._console.now(), form or {}
        )

    def nobody(self, request: Request) -> Response:
        """Whoever is not logged in, and asks for a page: is welcome, or logs in and comes back to it."""
        if request.url.path == "/":
            return self._welcome(request)
        had = self._console.sessions.cookie in request.cookies
        return self.trouble(request, TROUBLES["session-over" if had else "log-in-first"])

    def trouble(
        self,
        request: Request,
        trouble: Trouble,
        session: Session | None = None,
        error: Refused | None = None,
        entered: Mapping[str, str] | None = None,
    ) -> Response:
        """A page that says what is wrong, and what to do; with what was filled in, so that it is not lost."""
        around = self._around(self.ask(request, session)) if session else {"menu": []}
        kept = {name: text for name, text in (entered or {}).items() if name not in ("csrf", "version") and text.strip()}
        words = {
            **around,
            "entered": kept,
            "session": session,
            "error": error,
            "contact": self._console.contact,
            "duty": self._console.duty,
        }
        to = urlencode({"to": f"{request.url.path}?{request.url.query}".rstrip("?")}) if request.method == "GET" else ""
        return self._page(request, "no.html", trouble.status, trouble=trouble, to=to, **words)

    def saying(self, request: Request, session: Session | None = None) -> Mapping[str, Any]:
        """What the words of a page depend on; everybody reads their own name, and those of colleagues who may know them."""
        staff = self._console.colleagues() if session else {}
        if session and POLICY[Act.SEE_COLLEAGUES, session.caller.role] is Reach.NOBODY:
            staff = {who: one for who, one in staff.items() if who == session.caller.subject}
        names = {"staff": staff, "is_organisation": self._console.is_organisation}
        return {"tongue": tongue_of(request), "word_of": self._console.word, "now": self._console.now(), **names}

    def _page(self, request: Request, template: str, status: int, **words: Any) -> Response:
        known = {"request": request, "is_demo": self._console.is_demo, "here": None, "done": None, "refused": None, "sent": ""}
        return page(template, status, **{**known, **self.saying(request, words.get("session")), **words})


def is_ours(request: Request) -> bool:
    """Whether a page of the hub asks, as far as the browser says where it comes from."""
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


class Nowhere(Route):
    """Every other address that a browser opens as a page: there is nothing, said as a page; programs are answered as ever."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Only what a browser asks for as a page, and no part of the interface."""
        asks_page = any(name == b"accept" and b"text/html" in value for name, value in scope.get("headers", ()))
        if not asks_page or scope["path"].startswith(_OF_THE_INTERFACE):
            return Match.NONE, {}
        return super().matches(scope)


async def _back(request: Request) -> Response:
    """The address of a form, opened as a page: on to the page that it stands on."""
    return RedirectResponse(request.url.path.rpartition("/")[0] or "/", 303)
