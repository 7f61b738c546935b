"""Escalations: which there are, and of one why, who leads, what the matrix advises, and what somebody decides on it."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any

from hub.console.asking import Ask
from hub.console.families import is_open, may
from hub.console.filling import said, whole
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import POLICY, Act, Reach
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis

_HEARD = Trajectory.SignalRecorded.TOPIC
STATES: Mapping[str, Both] = {
    "open": Both("wacht op kennisname", "waits for notice"),
    "acknowledged": Both("kennisgenomen", "acknowledged"),
    "": Both("alle", "all"),
}
_ANY = {"": Both("alle", "all")}
AXES: Mapping[str, Both] = {
    **_ANY,
    Axis.SAFETY: Both("veiligheid", "safety"),
    Axis.CARE: Both("zorg", "care"),
    Axis.HOUSING: Both("wonen", "housing"),
    Axis.INCOME: Both("inkomen", "income"),
}
LEVELS: Mapping[str, Both] = {**_ANY, **{level: Both(level, level) for level in ("4", "3", "2")}}


async def _list(ask: Ask) -> Mapping[str, Any]:
    # nothing waits for notice of whoever may not take it
    first = "open" if POLICY[Act.ACKNOWLEDGE, ask.session.caller.role] is not Reach.NOBODY else ""
    state, axis, level = (ask.query.get(name, chosen) for name, chosen in (("state", first), ("axis", ""), ("level", "")))
    chosen = {
        "state": state if state in STATES else "open",
        "axis": axis if axis in AXES else "",
        "level": level if level in LEVELS else "",
        "family": ask.query.get("family", ""),
    }
    found = await ask.get("/escalations", **chosen, after=ask.query.get("after", ""), limit=50)
    return {"found": found, "is_own": bool(first), **chosen, "states": STATES, "axes": AXES, "levels": LEVELS}


async def _show(ask: Ask) -> Mapping[str, Any]:
    escalation = await ask.get(f"/escalations/{ask.at('id')}")
    at = f"/families/{escalation['family']}"
    family, history = await gather(ask.maybe(at), ask.maybe(f"{at}/history"))
    known = _heard(history["events"] if history else ())
    return {
        "escalation": escalation,
        "family": family,
        "signals": [known.get(id, {}) for id in escalation.get("signals", ())],
        "lost": [known.get(id, {}) for id in (escalation.get("rectified") or {}).get("lost", ())],
        "terms": [one for one in (family or {}).get("clocks", ()) if one.get("about") == escalation["id"]],
        "may_note": family is not None and is_open(family) and may(Act.ACKNOWLEDGE, ask, family),
        "may_lower": family is not None and is_open(family) and may(Act.DIRECT, ask, family),
        "now_at": _level_of(family, escalation["axis"]),
    }


def _heard(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """What every signal said, by its id; also of those that were taken back since."""
    return {event["data"]["signal"]: event["data"] for event in events if event["event"] == _HEARD and "signal" in event["data"]}


def _level_of(family: Mapping[str, Any] | None, axis: str) -> int:
    axes = family["level"]["axes"] if family and "level" in family else []
    return next((one["level"] for one in axes if one["axis"] == axis), 0)


async def _acknowledge(ask: Ask) -> str:
    id = ask.at("id")
    await ask.post(f"/families/{ask.id('family')}/escalations/{id}/acknowledgements")
    return f"/escalations/{id}"


async def _lower(ask: Ask) -> str:
    body = {**said(ask.form, "axis", "motivation"), "level": whole(ask.form.get("level", ""))}
    await ask.decide(f"/families/{ask.id('family')}/steps-down", body)
    return f"/escalations/{ask.at('id')}"


PAGES = (
    Page("escalations", "/escalations", _list, Act.SEE_ESCALATIONS, menu=Both("Opschalingen", "Escalations"), place=20),
    Page(
        "escalation",
        "/escalations/{id:uuid}",
        _show,
        Act.SEE_ESCALATIONS,
        forms={
            "acknowledge": Form(_acknowledge, Both("Vastgelegd dat u kennis heeft genomen.", "Recorded that you took notice.")),
            "lower": Form(_lower, Both("De as is afgeschaald.", "The axis was stepped down.")),
        },
    ),
)
