"""How a page is made: a template filled in, and the headers that keep it to itself."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.console.words import moment

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action {}; base-uri 'none'; frame-ancestors 'none'"
"""What a page may do: no script, nothing of anybody else, forms to those named alone."""
ROOM = "hub.console"
_ASSETS = {"hub.css": "text/css; charset=utf-8", "hub.svg": "image/svg+xml"}


def page(template: str, status: int = 200, sends_to: str = "'self'", room: str = ROOM, **words: Any) -> Response:
    """A page; `sends_to` is where its forms may go, `room` the package with its template."""
    # without a referrer to itself a browser says of a form that it comes from nowhere (Origin: null), as of a stranger's
    headers = {"Content-Security-Policy": POLICY.format(sends_to), "Content-Language": "nl, en", "Referrer-Policy": "same-origin"}
    return Response(_templates(room).get_template(template).render(words), status, headers, "text/html; charset=utf-8")


def fields_of(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    """Fields of a query or a form by their names; one that stands there twice is left out, for which of the two is meant?"""
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def assets() -> list[Route]:
    """The routes of what pages look like."""
    return [Route(f"/assets/{name}", _asset(name, media), methods=["GET"]) for name, media in _ASSETS.items()]


def _asset(name: str, media: str) -> Any:
    async def asset(_: Request) -> Response:
        return Response(_bytes(name), headers={"Cache-Control": "public, max-age=3600"}, media_type=media)

    return asset


@cache
def _bytes(name: str) -> bytes:
    return (files(ROOM) / "templates" / name).read_bytes()


@cache
def _templates(room: str) -> Environment:
    found = Environment(
        loader=ChoiceLoader([PackageLoader(room), PackageLoader(ROOM)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["moment"] = moment
    return found
