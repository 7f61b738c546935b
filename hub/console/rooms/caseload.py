"""Who has how many families: the coaches with theirs, families that have no coach, and giving one a coach."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any

from hub.console.asking import Ask
from hub.console.colleagues import chosen, to_choose
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.portions import portion
from hub.console.rooms import Form, Page
from hub.domain.policy import Act

_COACHES, _THEIRS, _ALL_OF_ONE, _WITHOUT = 10, 10, 100, 50
"""How many coaches are shown at once, families of each, families where one coach is looked at, and families without one."""


async def _show(ask: Ask) -> Mapping[str, Any]:
    coach, query = ask.query.get("coach", ""), ask.query
    many = _ALL_OF_ONE if coach else _THEIRS
    caseload, without = await gather(
        ask.get("/caseload", coach=coach, after=query.get("after", ""), limit=_COACHES),
        ask.maybe("/today", coached="no", after=query.get("further", ""), limit=_WITHOUT),
    )
    portions = [portion(one["families"], many, query if coach else {}, "from") for one in caseload["items"]]
    return {
        "names": await _names(ask, [family["id"] for shown in portions for family in shown.items]),
        "coach": coach,
        "coaches": list(zip(caseload["items"], portions, strict=True)),
        "next": caseload["next"],
        "without": without["items"] if without else [],
        "further": without["next"] if without else "",
        "may_assign": COACH.is_for(ask.session.caller.role),
    }


async def _names(ask: Ask, families: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """How these are called, as far as whoever asks may know it."""
    today = await ask.maybe("/today", families=",".join(families), limit=_ALL_OF_ONE) if families else None
    return {one["family"]: one.get("names", ()) for one in (today["items"] if today else ())}


async def _coach(ask: Ask) -> Mapping[str, Any]:
    family, caseload = await gather(ask.get(f"/families/{ask.at('id')}"), ask.maybe("/caseload", limit=100))
    colleagues = await to_choose(ask) if not family["coach"] else []
    return {"family": family, "coaches": caseload["items"] if caseload else [], "colleagues": colleagues}


async def _assign(ask: Ask) -> str:
    to = await chosen(ask, "to")
    body = {"to": to["who"], "organisation": to["organisation"], **said(ask.form, "contact")}
    return await _decided(ask, "coaches", body)


async def _release(ask: Ask) -> str:
    return await _decided(ask, "coach-releases", said(ask.form, "motivation"))


async def _decided(ask: Ask, path: str, body: Mapping[str, str]) -> str:
    at = f"/families/{ask.at('id')}"
    await ask.decide(f"{at}/{path}", body)
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
