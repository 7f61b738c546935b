"""How long families are kept: since when the term of each counts, and which are held whatever their term, by whom and why."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import POLICY, Act, Reach

_COUNTS: Mapping[str, Both] = {
    "": Both("het traject loopt: er telt nog geen termijn", "the trajectory is under way: no term counts yet"),
    "family-closed": Both("afgesloten na nazorg", "closed after aftercare"),
    "family-ended-otherwise": Both("eerder gestopt, of overgegaan in dwang", "ended early, or went on to compulsion"),
    "family-never-helped": Both("nooit geholpen", "never helped"),
}
"""What lets a term count, by the categories of the register."""


async def _show(ask: Ask) -> Mapping[str, Any]:
    held, counting = await gather(
        ask.get("/retention", state="held", limit=100), ask.get("/retention", after=ask.query.get("after", ""), limit=50)
    )
    return {
        "held": held["items"],
        "counting": counting["items"],
        "next": counting["next"],
        "counts": _COUNTS,
        "of_family": ask.query.get("family", ""),
        "may_hold": POLICY[Act.HOLD_RETENTION, ask.session.caller.role] is not Reach.NOBODY,
    }


def _decides(what: str) -> Any:
    async def do(ask: Ask) -> str:
        await ask.post(f"/families/{ask.id('family')}/{what}", said(ask.form, "motivation"))
        return "/retention"

    return do


PAGES = (
    Page(
        "retention",
        "/retention",
        _show,
        Act.SEE_REQUESTS,
        forms={
            "hold": Form(_decides("retention-holds"), Both("Dit gezin wordt langer bewaard.", "This family is held.")),
            "release": Form(_decides("retention-releases"), Both("De termijn telt weer.", "Its term counts again.")),
        },
        menu=Both("Bewaring", "Retention"),
        place=17,
    ),
)
