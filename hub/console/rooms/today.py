"""Today: what waits for whoever looks, the most urgent first; for those without families, what there is for them here."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

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
_QUESTIONS, _TERMS = 5, 3
"""How many are shown here; the others stand on pages of their own."""


async def _show(ask: Ask) -> Mapping[str, Any]:
    chosen = ask.query.get("waits", "")
    waits = chosen if chosen in WAITS and chosen != "families" else ""
    today, questions = await gather(
        ask.maybe("/today", waits=waits, after=ask.query.get("after", ""), limit=50),
        ask.maybe("/match-questions", state="open", limit=_QUESTIONS),
    )
    return {"today": today, "questions": questions, "waits": waits, "counted": WAITS, "pressing": PRESSING, "most": _TERMS}


PAGES = (Page("today", "/", _show, Act.SEE_TODAY, menu=Both("Vandaag", "Today"), place=10),)
