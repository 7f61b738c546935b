"""Today: what waits for whoever looks, the most urgent first; for those without families, what there is for them here."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from hub.console import deeds
from hub.console.asking import Ask
from hub.console.parts import Both
from hub.console.rooms import Page
from hub.domain.policy import Act

WAITS: Mapping[str, Both] = {
    "families": Both("gezinnen", "families"),
    "escalations": Both("opschaling wacht", "escalation waits"),
    "overdue": Both("te laat", "overdue"),
    "soon": Both("deze week", "this week"),
    "handovers": Both("regie aangeboden", "direction offered"),
    "progress": Both("zonder voortgang", "without progress"),
}
"""For what a family can wait, as it is counted and chosen."""
PRESSING = frozenset({"escalations", "overdue", "handovers", "progress"})
_FAMILIES, _DEEDS, _LATER = 20, 10, 5
"""How many families are shown at once, and of each what is to be done soon and later; the rest stands with the family."""
_QUESTIONS, _MEASURED, _MANY = 5, 10, 500
"""How many are shown here, and counted at most; the others stand on a page of their own."""


async def _show(ask: Ask) -> Mapping[str, Any]:
    chosen = ask.query.get("waits", "")
    waits = chosen if chosen in WAITS and chosen != "families" else ""
    today, questions, measuring = await gather(
        ask.maybe("/today", waits=waits, after=ask.query.get("after", ""), limit=_FAMILIES),
        ask.maybe("/match-questions", state="open", limit=_QUESTIONS),
        ask.maybe("/measuring", limit=_MEASURED),
    )
    if today is None:
        return await _without_families(ask)
    shown = {"deeds": deeds, "most_near": _DEEDS, "most_later": _LATER, "measuring": measuring}
    return {"today": today, "questions": questions, "waits": waits, "counted": WAITS, "pressing": PRESSING, **shown}


async def _without_families(ask: Ask) -> Mapping[str, Any]:
    """What there is for whoever has no families: how the hub runs, who looked into whose, what people ask about themselves."""
    quarantine, deliveries, followers, broken, asked = await gather(
        ask.maybe("/quarantine", limit=_MANY),
        ask.maybe("/deliveries", state="dead", limit=_MANY),
        ask.maybe("/followers"),
        ask.maybe("/broken-glass", limit=_QUESTIONS),
        ask.maybe("/person-requests", state="open", limit=_QUESTIONS),
    )
    found = {"quarantine": quarantine, "deliveries": deliveries, "followers": followers, "broken": broken, "asked": asked}
    return {"today": None, **found}


PAGES = (Page("today", "/", _show, Act.SEE_TODAY, menu=Both("Vandaag", "Today"), place=10),)
