"""Who has how many families: the coaches with theirs, families that have no coach, and giving one a coach."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act

_MOST = 500
"""Families whose names are looked up for the list."""


async def _show(ask: Ask) -> Mapping[str, Any]:
    caseload, today = await gather(
        ask.get("/caseload", after=ask.query.get("after", ""), limit=100), ask.maybe("/today", limit=_MOST)
    )
    families = {one["family"]: one for one in (today["items"] if today else ())}
    return {
        "coaches": caseload["items"],
        "next": caseload["next"],
        "families": families,
        "without": [one for one in families.values() if "coach" in one and one["coach"] is None],
        "may_assign": COACH.is_for(ask.session.caller.role),
    }


async def _coach(ask: Ask) -> Mapping[str, Any]:
    family, caseload = await gather(ask.get(f"/families/{ask.at('id')}"), ask.maybe("/caseload", limit=100))
    return {"family": family, "coaches": caseload["items"] if caseload else []}


async def _assign(ask: Ask) -> str:
    return await _decided(ask, "coaches", said(ask.form, "to", "organisation", "contact"))


async def _release(ask: Ask) -> str:
    return await _decided(ask, "coach-releases", said(ask.form, "motivation"))


async def _decided(ask: Ask, path: str, body: Mapping[str, str]) -> str:
    at = f"/families/{ask.at('id')}"
    await ask.post(f"{at}/{path}", body, version=ask.form.get("version", ""))
    return f"{at}/coach"


COACH = Page(
    "coach",
    "/families/{id:uuid}/coach",
    _coach,
    Act.ASSIGN,
    {
        "assign": Form(_assign, Both("Dit gezin heeft nu een coach.", "This family has a coach now.")),
        "release": Form(_release, Both("De coach heeft dit gezin losgelaten.", "The coach let this family go.")),
    },
)
PAGES = (
    Page("caseload", "/caseload", _show, Act.SEE_LISTS, menu=Both("Caseload", "Caseload"), place=60),
    COACH,
)
