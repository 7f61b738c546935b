"""How a page is made: a template filled in, and the headers that keep it to itself."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from gzip import compress
from hashlib import sha256
from importlib.resources import files
from secrets import token_urlsafe
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.console import saying

_POLICY = "default-src 'none'; {}style-src 'self'; img-src 'self'; form-action {}; base-uri 'none'; frame-ancestors 'none'"
_SCRIPTS = "script-src 'self' 'nonce-{}'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types htmx; "
"""What a page may do: no script but htmx and none in the page itself, nothing of anybody else, forms to those named alone."""
ROOM = "hub.console"
TONGUES = ("nl", "en")
TONGUE = "taal"
"""The cookie with the language that somebody chose; it says nothing of who they are."""
_FILES = {
    "hub.css": ("text/css", ("utrecht/*.css", "hub.css")),
    "hub.js": ("text/javascript", ("htmx/htmx.js", "htmx/hx-sse.js", "htmx/hx-csp.js")),
    "hub.svg": ("image/svg+xml", ("hub.svg",)),
}
_WORTH_PRESSING = 1_000
"""Bytes."""


def page(template: str, status: int = 200, sends_to: str = "'self'", room: str = ROOM, **words: Any) -> Response:
    """A page; `sends_to` is where its forms may go, `room` the package with its template."""
    nonce = token_urlsafe(16)
    policy = _POLICY.format(_SCRIPTS.format(nonce) if words.get("session") else "", sends_to)
    tongue = words.setdefault("tongue", "nl")
    # without a referrer to itself a browser says of a form that it comes from nowhere (Origin: null), as of a stranger's
    headers = {"Content-Security-Policy": policy, "Content-Language": tongue, "Referrer-Policy": "same-origin"}
    text = _templates(room, tongue).get_template(template).render(words, nonce=nonce)
    return Response(text, status, headers, "text/html; charset=utf-8")


def fragment(template: str, **words: Any) -> str:
    """A piece of a page."""
    return _templates(ROOM, words["tongue"]).get_template(template).render(words)


def tongue_of(request: Request) -> str:
    """The language that somebody chose; Dutch where they chose none."""
    chosen = request.cookies.get(TONGUE, "")
    return chosen if chosen in TONGUES else TONGUES[0]


def fields_of(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    """Fields of a query or a form by their names; one that stands there twice is left out, for which of the two is meant?"""
    times = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if times[name] == 1}


def assets() -> list[Route]:
    """The routes of what pages look like, and do in a browser."""
    return [Route(f"/assets/{name}", _asset(name), methods=["GET"]) for name in _FILES]


def asset(name: str) -> str:
    """The address of a file, which changes with what is in it."""
    return f"/assets/{name}?{sha256(_bytes(name)).hexdigest()[:12]}"


def _asset(name: str) -> Any:
    media = f"{_FILES[name][0]}; charset=utf-8"

    async def give(request: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", "") and len(_bytes(name)) > _WORTH_PRESSING:
            return Response(_pressed(name), headers={**headers, "Content-Encoding": "gzip"}, media_type=media)
        return Response(_bytes(name), headers=headers, media_type=media)

    return give


@cache
def _bytes(name: str) -> bytes:
    place = files(ROOM) / "assets"
    found = [each for pattern in _FILES[name][1] for each in _matching(place, pattern)]
    return b"\n".join(each.read_bytes() for each in found)


def _matching(place: Any, pattern: str) -> list[Any]:
    directory, _, name = pattern.rpartition("/")
    within = place / directory if directory else place
    if not name.startswith("*"):
        return [within / name]
    return sorted((each for each in within.iterdir() if each.name.endswith(name[1:])), key=lambda each: str(each.name))


@cache
def _pressed(name: str) -> bytes:
    return compress(_bytes(name), mtime=0)


@cache
def _templates(room: str, tongue: str) -> Environment:
    found = _Templates(
        loader=ChoiceLoader([PackageLoader(room), PackageLoader(ROOM)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals |= {"asset": asset, **saying.GLOBALS}
    found.filters |= saying.FILTERS
    found.chosen = _Chosen(tongue)
    return found


class _Templates(Environment):
    """Templates of one language: what stands in them in both is chosen once, and not again for every page."""

    chosen: "_Chosen"

    def _generate(self, source: nodes.Template, *how: Any, **more: Any) -> str:
        return super()._generate(self.chosen.visit(source), *how, **more)


class _Chosen(NodeTransformer):
    def __init__(self, tongue: str) -> None:
        self._tongue = tongue

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802
        """The words themselves in the place of `_("…", "…")`."""
        match self.generic_visit(call):
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=nl), nodes.Const(value=en)]):
                return nodes.Const(en if self._tongue == "en" else nl, lineno=call.lineno)
        return call
