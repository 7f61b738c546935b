"""The plan of a family: how it stands and what was noted of it, writing or revising it, and two versions side by side."""

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Any

from hub.console.asking import Ask, Refused, Wrong
from hub.console.filling import day
from hub.console.parts import Both
from hub.console.plans import compared, former, standing, with_results
from hub.console.rooms import Form, Page
from hub.domain.callers import Capacity
from hub.domain.policy import Act
from hub.domain.trajectory.clocks import ENDED
from hub.domain.trajectory.planned import RESULTS
from hub.domain.words import Direction, LifeArea

_SMART = ("area", "specific", "measurable", "achievable", "relevant", "start", "due", "owner")
"""What is filled in for a goal, by the names that the hub gives it."""
_DATES = {"start": "startDate", "due": "dueDate"}
MOST_GOALS = 50


def _at(ask: Ask, more: str = "") -> str:
    return f"/families/{ask.at('id')}{more}"


async def _around(ask: Ask) -> dict[str, Any]:
    """The family, the versions of its plan, and who may decide on it."""
    family, plans = await ask.get(_at(ask)), await ask.get(_at(ask, "/plans"))
    return {
        "family": family,
        "plans": plans,
        "valid": next(iter(plans["items"]), None),
        "names": _names(family),
        "is_open": _is_open(family),
        "may_adopt": _is_open(family) and _is_own(ask, family),
        "may_note": _is_open(family) and _may_note(ask, family),
        "results": RESULTS,
    }


def _names(family: Mapping[str, Any]) -> Sequence[str]:
    called = (f"{person.get('prefix', '')} {person.get('familyName', '')}".strip() for person in family.get("people", ()))
    return sorted({name for name in called if name})


def _is_open(family: Mapping[str, Any]) -> bool:
    return not family["mergedInto"] and family.get("phase") not in ENDED


def _is_own(ask: Ask, family: Mapping[str, Any]) -> bool:
    return ask.session.caller.subject in {one["who"] for one in (family["director"], family["coach"]) if one}


def _may_note(ask: Ask, family: Mapping[str, Any]) -> bool:
    """Whether they are of its director's organisation, or of the administration where that directs; the hub decides anyhow."""
    caller = ask.session.caller
    if caller.role in (Capacity.COORDINATOR, Capacity.TEAM_LEAD):
        return _is_own(ask, family) or caller.organisation == family["director"]["organisation"]
    return caller.role is Capacity.ADMINISTRATIVE and family["direction"]["level"] == Direction.ADMINISTRATIVE


# The valid plan -------------------------------------------------------------------------------------


async def _show(ask: Ask) -> Mapping[str, Any]:
    around = await _around(ask)
    plans = around["plans"]
    return {**around, "areas": standing(plans), "former": former(plans), "noted_on": ask.form.get("goal", "")}


async def _note(ask: Ask) -> str:
    """Notes how a goal comes along, or what became of it."""
    goal, result = ask.form.get("goal", ""), ask.form.get(f"{ask.form.get('goal')}.result", "")
    body = {"words": ask.form.get(f"{goal}.words", "").strip(), **({"result": result} if result else {})}
    try:
        await ask.post(_at(ask, f"/goals/{goal}/{'results' if result else 'progress'}"), body, version=ask.form.get("version", ""))
    except Refused as error:
        error.violations = [Wrong(f"{goal}.{one.field}", one.what) for one in error.violations]
        raise
    return _at(ask, "/plan")


# Writing and revising ---------------------------------------------------------------------------------


async def _write(ask: Ask) -> Mapping[str, Any]:
    around = await _around(ask)
    valid, notes = around["valid"], around["plans"].get("notes", [])
    goals = _typed(ask.form) if ask.form else _begun(valid)
    now = with_results(valid, notes).get("goals", ()) if valid else ()
    return {
        **around,
        **_meanwhile(ask.form, around["plans"]["items"], notes),
        "goals": goals,
        "areas": [area.value for area in LifeArea],
        "typed": {goal["goal"] for goal in goals},
        "titles": {goal["goal"]: goal["specific"] for goal in now},
        "became": {goal["goal"]: goal["result"] for goal in now},
        "is_full": len(goals) >= MOST_GOALS,
    }


def _meanwhile(form: Mapping[str, str], versions: Sequence[Mapping[str, Any]], notes: Sequence[Any]) -> Mapping[str, Any]:
    """With what somebody began to write, and what others changed in the plan and noted of it since."""
    newest = str(versions[0]["version"]) if versions else ""
    base, begun_notes = form.get("base", newest), form.get("notes", str(len(notes)))
    begun = next((one for one in versions if str(one["version"]) == base), {})
    changes = compared(begun, versions[0]) if base != newest else ()
    fresh = len(notes) - int(begun_notes) if begun_notes.isdecimal() else 0
    return {
        "base": base,
        "begun_notes": begun_notes,
        "meanwhile": [one for one in changes if one.how != "same"],
        "noted": notes[: max(fresh, 0)],
    }


def _begun(valid: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    """What the form begins with: the goals of the valid plan, or an empty one."""
    goals = valid.get("goals", ()) if valid else ()
    return [{"number": number, **goal} for number, goal in enumerate(goals)] or [{"number": 0, "goal": _a_new_id()}]


def _typed(form: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    return [{"number": number, "goal": form[f"goals.{number}.goal"]} for number in _numbers(form)]


def _numbers(form: Mapping[str, str]) -> Sequence[int]:
    """The numbers of the goals on a form, in order."""
    parts = (name.split(".") for name in form)
    return sorted(int(part[1]) for part in parts if len(part) == 3 and part[::2] == ["goals", "goal"] and part[1].isdecimal())


def _a_new_id() -> str:
    return f"g-{token_hex(6)}"


async def _adopt(ask: Ask) -> str:
    """Adds a goal to the form, or takes one over from the newest version, or makes all of it the valid plan."""
    if "add" in ask.form:
        ask.form = {**ask.form, **_a_goal(ask.form, {"goal": _a_new_id()})}
        return ""
    if "take" in ask.form:
        ask.form = {**ask.form, **await _taken(ask, ask.form["take"])}
        return ""
    kept = [number for number in _numbers(ask.form) if _is_meant(ask.form, number)]
    body = {"goals": [_goal(ask.form, number) for number in kept], "motivation": ask.form.get("motivation", "").strip()}
    try:
        await ask.post(_at(ask, "/plans"), body, version=ask.form.get("version", ""))
    except Refused as error:
        error.violations = [Wrong(_placed(one.field, kept), one.what) for one in error.violations]
        raise
    return _at(ask, "/plan")


def _a_goal(form: Mapping[str, str], said: Mapping[str, str], number: int | None = None) -> Mapping[str, str]:
    """The fields of one goal more, or of one in the place of another."""
    place = max(_numbers(form), default=-1) + 1 if number is None else number
    return {f"goals.{place}.{name}": text for name, text in said.items()}


async def _taken(ask: Ask, id: str) -> Mapping[str, str]:
    """A goal as the valid plan has it, in the place that it has on the form."""
    newest = (await ask.get(_at(ask, "/plans")))["items"][:1]
    goal = next((goal for version in newest for goal in version.get("goals", ()) if goal["goal"] == id), None)
    if goal is None:
        return {}
    said = {"goal": id, "drop": "", **{name: goal[_DATES.get(name, name)] for name in _SMART}}
    number = next((number for number in _numbers(ask.form) if ask.form[f"goals.{number}.goal"] == id), None)
    return _a_goal(ask.form, said, number)


def _is_meant(form: Mapping[str, str], number: int) -> bool:
    """Whether a goal is to be in the plan: it was not taken out, and something of it was filled in."""
    has_words = any(form.get(f"goals.{number}.{name}", "").strip() for name in _SMART)
    return has_words and not form.get(f"goals.{number}.drop")


def _goal(form: Mapping[str, str], number: int) -> Mapping[str, str]:
    said = {name: form.get(f"goals.{number}.{name}", "").strip() for name in ("goal", *_SMART)}
    return {**said, "start": day(said["start"]), "due": day(said["due"])}


def _placed(field: str, kept: Sequence[int]) -> str:
    """The field of the form that the hub means: it counts only the goals that it was sent."""
    group, number, *rest = [*field.split("."), "", ""]
    return ".".join([group, str(kept[int(number)]), rest[0]]) if group == "goals" and number.isdecimal() else field


# Two versions -------------------------------------------------------------------------------------------


async def _compare(ask: Ask) -> Mapping[str, Any]:
    around = await _around(ask)
    versions = {str(one["version"]): one for one in around["plans"]["items"]}
    newest = around["valid"]["version"] if around["valid"] else 0
    a, b = ask.query.get("a", str(max(newest - 1, 1))), ask.query.get("b", str(newest))
    sides = [with_results(versions[one], around["plans"].get("notes", ())) for one in (a, b) if one in versions]
    return {**around, "a": a, "b": b, "sides": sides, "changes": compared(*sides) if len(sides) == 2 else ()}


PAGES = (
    Page("plan", "/families/{id:uuid}/plan", _show, Act.SEE_FAMILY, {"note": Form(_note, Both("Vastgelegd.", "Recorded."))}),
    Page(
        "plan-new",
        "/families/{id:uuid}/plan/new",
        _write,
        Act.DIRECT,
        {"adopt": Form(_adopt, Both("Dit is nu het geldende plan.", "This is the valid plan now."))},
    ),
    Page("plan-compare", "/families/{id:uuid}/plan/compare", _compare, Act.SEE_FAMILY),
)
