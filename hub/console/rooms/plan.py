"""The plan of a family: how it stands, what was noted of it and what the family says of it; and two versions side by side."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.console.asking import Ask, Refused
from hub.console.parts import Both
from hub.console.plans import around, at, former, standing, with_results
from hub.console.portions import portion
from hub.console.rooms import Form, Page
from hub.console.versions import compared
from hub.domain.policy import Act
from hub.domain.readability import is_hard
from hub.domain.trajectory.voice import Stance

STANCES: Mapping[str, Both] = {
    Stance.AGREE: Both("eens", "agrees"),
    Stance.DISAGREE: Both("oneens", "disagrees"),
    Stance.WISH: Both("wil het anders", "wants it otherwise"),
}
_NOTES, _CHANGES = 50, 15
"""How many are shown at once."""

# The valid plan -------------------------------------------------------------------------------------


async def _show(ask: Ask) -> Mapping[str, Any]:
    shown = await around(ask)
    plans = shown["plans"]
    return {**shown, "areas": standing(plans), "former": former(plans), "stances": STANCES}


# One goal -------------------------------------------------------------------------------------------------


async def _goal(ask: Ask) -> Mapping[str, Any]:
    shown = await around(ask)
    goals = (goal for _, some in standing(shown["plans"]) for goal in some)
    goal = next((goal for goal in goals if goal["goal"] == ask.at("goal")), None)
    if goal is None:
        raise Refused(404, {"code": "not-known"})
    told = [one for one in shown["voices"].get("told", ()) if one.get("goal") == goal["goal"]]
    hard = {one["person"] for one in told if is_hard(one.get("words", ""))}
    return {
        **shown,
        "goal": goal,
        "notes": portion(goal["notes"], _NOTES, ask.query),
        "stances": STANCES,
        "told": told,
        "hard": hard,
    }


async def _note(ask: Ask) -> str:
    """Notes how the goal comes along, or what became of it."""
    result = ask.form.get("result", "")
    body = {"words": ask.form.get("words", "").strip(), **({"result": result} if result else {})}
    kind = "results" if result else "progress"
    await ask.decide(at(ask, f"/goals/{ask.at('goal')}/{kind}"), body)
    return at(ask, "/plan")


async def _hear(ask: Ask) -> str:
    """Notes what somebody of the family thinks of the goal."""
    return await _of_family(ask, "voices", "heard", "person", "stance", "words")


async def _tell(ask: Ask) -> str:
    """Lets somebody of the family read of the goal."""
    return await _of_family(ask, "tellings", "told", "person", "words")


async def _keep_back(ask: Ask) -> str:
    """Lets somebody of the family read of the goal no longer."""
    return await _of_family(ask, "keepings-back", "kept", "person", "motivation")


async def _of_family(ask: Ask, where: str, form: str, *names: str) -> str:
    """The three forms stand on one page, so that each has names of its own for its fields."""
    body = {name: ask.form.get(f"{form}.{name}", "").strip() for name in names}
    try:
        await ask.decide(at(ask, f"/goals/{ask.at('goal')}/{where}"), body)
    except Refused as error:
        error.violations = [replace(wrong, field=f"{form}.{wrong.field}") for wrong in error.violations]
        raise
    return at(ask, f"/plan/goals/{ask.at('goal')}")


# Two versions -------------------------------------------------------------------------------------------


async def _compare(ask: Ask) -> Mapping[str, Any]:
    shown = await around(ask)
    versions = {str(one["version"]): one for one in shown["plans"]["items"]}
    newest = shown["valid"]["version"] if shown["valid"] else 0
    a, b = ask.query.get("a", str(max(newest - 1, 1))), ask.query.get("b", str(newest))
    sides = [with_results(versions[one], shown["plans"].get("notes", ())) for one in (a, b) if one in versions]
    changes = compared(*sides) if len(sides) == 2 else ()
    differing = portion([change for change in changes if change.how != "same"], _CHANGES, ask.query)
    return {**shown, "a": a, "b": b, "sides": sides, "changes": changes, "differing": differing}


PAGES = (
    Page("plan", "/families/{id:uuid}/plan", _show, Act.SEE_FAMILY),
    Page(
        "plan-goal",
        "/families/{id:uuid}/plan/goals/{goal}",
        _goal,
        Act.SEE_FAMILY,
        {
            "note": Form(_note, Both("Vastgelegd.", "Recorded.")),
            "hear": Form(_hear, Both("Vastgelegd, in hun eigen woorden.", "Recorded, in their own words.")),
            "tell": Form(_tell, Both("Dit doel staat nu in dat plan.", "This goal is in that plan now.")),
            "keep": Form(_keep_back, Both("Dit doel staat niet meer in dat plan.", "This goal is no longer in that plan.")),
        },
    ),
    Page("plan-compare", "/families/{id:uuid}/plan/compare", _compare, Act.SEE_FAMILY),
)
