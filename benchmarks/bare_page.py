"""A page that knows nothing: one template filled with rows made up beforehand, on the same kind of server, and nothing asked."""

import sys
from collections.abc import Mapping
from functools import cache

import uvicorn
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_PAGE = """<!doctype html>
<html lang="nl">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body>
<h1>{{ title }}</h1>
<table>
{% for row in rows %}
<tr class="{{ row.kind }}"><th scope="row">{{ row.name }}</th><td>{{ row.words }}</td><td>{{ row.number }}</td></tr>
{% endfor %}
</table>
<p>{{ rest }}</p>
</body>
</html>
"""
_WORDS = "Een zin zoals die op een pagina van een gezin staat, met het een en ander erin."
_templates = Environment(loader=DictLoader({"page": _PAGE}), autoescape=True, auto_reload=False, trim_blocks=True)


async def page(request: Request) -> Response:
    """A page of as many bytes as the address asks for."""
    return HTMLResponse(_said(_filling(int(request.path_params["bytes"]))))


def _said(filling: Mapping[str, object]) -> str:
    return _templates.get_template("page").render(filling)


@cache
def _filling(size: int) -> Mapping[str, object]:
    """What makes a page of that size: as many rows as go into it, and the rest."""
    empty, one = (len(_said(_with(many))) for many in (0, 1))
    many = max((size - empty) // (one - empty), 0)
    return _with(many, size - empty - many * (one - empty))


def _with(rows: int, rest: int = 0) -> Mapping[str, object]:
    made = [{"kind": "row", "name": f"rij {nth:06}", "words": _WORDS, "number": f"{nth:06}"} for nth in range(rows)]
    return {"title": "Gezin", "rows": made, "rest": "." * rest}


if __name__ == "__main__":
    application = Starlette(routes=[Route("/{bytes:int}", page)])
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
