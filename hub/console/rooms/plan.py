"""The plan of a family: how it stands and what was noted of it, and two versions side by side."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask, Refused, Wrong
from hub.console.parts import Both
from hub.console.plans import around, at, former, standing, with_results
from hub.console.rooms import Form, Page
from hub.console.versions import compared
from hub.domain.policy import Act

# The valid plan -------------------------------------------------------------------------------------


async def _show(ask: Ask) -> Mapping[str, Any]:
    shown = await around(ask)
    plans = shown["plans"]
    return {**shown, "areas": standing(plans), "former": former(plans), "noted_on": ask.form.get("goal", "")}


async def _note(ask: Ask) -> str:
    """Notes how a goal comes along, or what became of it."""
    goal, result = ask.form.get("goal", ""), ask.form.get(f"{ask.form.get('goal')}.result", "")
    body = {"words": ask.form.get(f"{goal}.words", "").strip(), **({"result": result} if result else {})}
    try:
        await ask.post(at(ask, f"/goals/{goal}/{'results' if result else 'progress'}"), body, version=ask.form.get("version", ""))
    except Refused as error:
        error.violations = [Wrong(f"{goal}.{one.field}", one.what) for one in error.violations]
        raise
    return at(ask, "/plan")


# Two versions -------------------------------------------------------------------------------------------


async def _compare(ask: Ask) -> Mapping[str, Any]:
    shown = await around(ask)
    versions = {str(one["version"]): one for one in shown["plans"]["items"]}
    newest = shown["valid"]["version"] if shown["valid"] else 0
    a, b = ask.query.get("a", str(max(newest - 1, 1))), ask.query.get("b", str(newest))
    sides = [with_results(versions[one], shown["plans"].get("notes", ())) for one in (a, b) if one in versions]
    return {**shown, "a": a, "b": b, "sides": sides, "changes": compared(*sides) if len(sides) == 2 else ()}


PAGES = (
    Page("plan", "/families/{id:uuid}/plan", _show, Act.SEE_FAMILY, {"note": Form(_note, Both("Vastgelegd.", "Recorded."))}),
    Page("plan-compare", "/families/{id:uuid}/plan/compare", _compare, Act.SEE_FAMILY),
)
