"""The plan as one person of the family reads it: as a page to print, and as a PDF."""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.console.asking import Ask, Refused
from hub.console.family_plan import Readable, languages, on_paper, readable
from hub.console.plans import around, standing
from hub.console.rooms import Page
from hub.console.saying import DUTCH_TIME
from hub.domain.policy import Act


async def _show(ask: Ask) -> Mapping[str, Any]:
    shown = await around(ask)
    return {**shown, "plan": _plan(ask, shown), "read_in": _tongue(ask), "tongues": languages(), "person": ask.at("person")}


async def _paper(ask: Ask) -> Response:
    plan = _plan(ask, await around(ask))
    paper = await run_in_threadpool(on_paper, plan, _tongue(ask))
    return Response(paper, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="plan.pdf"'})


def _tongue(ask: Ask) -> str:
    asked = ask.query.get("tongue", "")
    return asked if asked in languages() else "nl"


def _plan(ask: Ask, shown: Mapping[str, Any]) -> Readable:
    """Raises: Refused, where there is nobody like that, or whoever asks may not know of them."""
    person = shown["people"].get(ask.at("person"))
    if person is None or "told" not in shown["voices"]:
        raise Refused(404, {"code": "not-known"})
    goals = [goal for _, some in standing(shown["plans"]) for goal in some]
    return readable(shown["family"], goals, shown["voices"], person, _tongue(ask), ask.now.astimezone(DUTCH_TIME).date())


PAGES = (
    Page("family-plan", "/families/{id:uuid}/plan/for/{person:uuid}", _show, Act.SEE_FAMILY),
    Page("family-plan-paper", "/families/{id:uuid}/plan/for/{person:uuid}/plan.pdf", _paper, Act.SEE_FAMILY),
)
