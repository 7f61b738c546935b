"""Writing a plan and revising it: nothing that somebody typed is lost, and nothing that another decided is passed over."""

import re
from collections.abc import Iterable, Mapping, Sequence
from secrets import token_hex
from typing import Any

from hub.console.asking import Ask, Refused, Wrong
from hub.console.filling import day
from hub.console.parts import Both
from hub.console.plans import around, at, with_results
from hub.console.rooms import Form, Page
from hub.console.versions import compared
from hub.domain.policy import Act
from hub.domain.words import LifeArea

_SMART = ("area", "specific", "measurable", "achievable", "relevant", "start", "due", "owner")
"""What is filled in for a goal, by the names that the hub gives it."""
_DATES = {"start": "startDate", "due": "dueDate"}
_A_GOAL = re.compile(r"goals\.(0|[1-9]\d{0,2})\.goal", re.ASCII)
_A_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
MOST_GOALS = 50
FEW = 12
"""Goals that stand open on one form; where there are more, only those that somebody is at."""


async def _write(ask: Ask) -> Mapping[str, Any]:
    shown = await around(ask)
    valid, notes = shown["valid"], shown["plans"].get("notes", [])
    goals = _typed(ask.form) if ask.form else _begun(valid)
    now = with_results(valid, notes).get("goals", ()) if valid else ()
    return {
        **shown,
        **_meanwhile(ask.form, shown["plans"]["items"], notes),
        "goals": [{**goal, "is_open": len(goals) <= FEW or _is_open(ask.form, goal["number"])} for goal in goals],
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
    changes = compared(begun, versions[0]) if versions and base != newest else ()
    fresh = len(notes) - int(begun_notes) if _A_NUMBER.fullmatch(begun_notes) else 0
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


def _is_open(form: Mapping[str, str], number: int | str) -> bool:
    return bool(form.get(f"goals.{number}.open"))


def _opened(form: Mapping[str, str], fields: Iterable[str]) -> Mapping[str, str]:
    """The same form, with the goals open of which these are fields."""
    parts = (field.split(".") for field in fields)
    return {**form, **{f"goals.{part[1]}.open": "1" for part in parts if part[0] == "goals" and len(part) > 1}}


def _typed(form: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    return [{"number": number, "goal": form[f"goals.{number}.goal"]} for number in _numbers(form)]


def _numbers(form: Mapping[str, str]) -> Sequence[int]:
    """The numbers of the goals on a form, in order."""
    found = (_A_GOAL.fullmatch(name) for name in form)
    return sorted(int(match[1]) for match in found if match)


def _a_new_id() -> str:
    return f"g-{token_hex(6)}"


async def _adopt(ask: Ask) -> str:
    """Adds a goal to the form, opens one, takes one over from the newest version, or makes all of it the valid plan."""
    if "add" in ask.form:
        ask.form = {**ask.form, **_a_goal(ask.form, {"goal": _a_new_id(), "open": "1"})}
        return ""
    if "change" in ask.form:
        ask.form = _opened(ask.form, [f"goals.{ask.form['change']}"])
        return ""
    if "take" in ask.form:
        ask.form = {**ask.form, **await _taken(ask, ask.form["take"])}
        return ""
    kept = [number for number in _numbers(ask.form) if _is_meant(ask.form, number)]
    body = {"goals": [_goal(ask.form, number) for number in kept], "motivation": ask.form.get("motivation", "").strip()}
    try:
        await ask.decide(at(ask, "/plans"), body)
    except Refused as error:
        error.violations = [Wrong(_placed(one.field, kept), one.what) for one in error.violations]
        ask.form = _opened(ask.form, (one.field for one in error.violations))
        raise
    return at(ask, "/plan")


def _a_goal(form: Mapping[str, str], said: Mapping[str, str], number: int | None = None) -> Mapping[str, str]:
    """The fields of one goal more, or of one in the place of another."""
    place = max(_numbers(form), default=-1) + 1 if number is None else number
    return {f"goals.{place}.{name}": text for name, text in said.items()}


async def _taken(ask: Ask, id: str) -> Mapping[str, str]:
    """A goal as the valid plan has it, in the place that it has on the form."""
    newest = (await ask.get(at(ask, "/plans")))["items"][:1]
    goal = next((goal for version in newest for goal in version.get("goals", ()) if goal["goal"] == id), None)
    if goal is None:
        return {}
    said = {"goal": id, "drop": "", "open": "1", **{name: goal[_DATES.get(name, name)] for name in _SMART}}
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


PAGES = (
    Page(
        "plan-new",
        "/families/{id:uuid}/plan/new",
        _write,
        Act.DIRECT,
        {"adopt": Form(_adopt, Both("Dit is nu het geldende plan.", "This is the valid plan now."))},
    ),
)
