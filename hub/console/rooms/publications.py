"""Reports over all families together: whether it helped, what it cost and spared, what might have been."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from hub.console.asking import Ask
from hub.console.rooms import Page
from hub.domain.policy import Act

_ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'; base-uri 'none'"
"""What somebody else wrote is shown by itself, and may do nothing."""


async def _show(ask: Ask) -> Mapping[str, Any]:
    return {"reports": await ask.get("/publications", after=ask.query.get("after", ""))}


async def _page(ask: Ask) -> Response:
    found = await ask.get(f"/publications/{ask.at('id')}")
    return Response(found["page"], media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _ALONE})


PAGES = (
    Page("publications", "/publications", _show, Act.SEE_INSIGHT),
    Page("publication", "/publications/{id:uuid}", _page, Act.SEE_INSIGHT),
)
