"""The console: the pages that people see, made here and sent whole; what a browser runs is htmx, and no more."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.console.live import live
from hub.console.login import LoginPages
from hub.console.pages import TONGUE, TONGUES, assets
from hub.console.parts import Console
from hub.console.showing import Rooms, is_ours

__all__ = ["Console", "routes"]

_A_YEAR = 365 * 24 * 60 * 60
"""Seconds."""


def routes(console: Console) -> list[Route]:
    """Every route of the console."""
    doors = LoginPages(console)
    rooms = Rooms(console, doors.welcome)
    language = Route("/language", _choose_language, methods=["GET"], name="console-language")
    return [*doors.routes(), live(rooms), language, *assets(), *rooms.routes()]


async def _choose_language(request: Request) -> Response:
    """From now on pages are in that language, and so is the one that somebody comes from."""
    to, back = (request.query_params.get(name, "") for name in ("to", "back"))
    answer = RedirectResponse(back if _is_here(back) else "/", 303)
    if to in TONGUES and is_ours(request):
        answer.set_cookie(TONGUE, to, max_age=_A_YEAR, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _is_here(path: str) -> bool:
    """Whether that is a page of the hub, and of nobody else."""
    parts = urlsplit(path)
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and not (parts.scheme or parts.netloc)
