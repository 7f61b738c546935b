"""A case through time: as the hub knew it at one moment, and as it was so at another; and what changed with each step."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from starlette.responses import Response

from hub.console import moments
from hub.console.asking import Ask, Refused
from hub.console.filling import whole
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import POLICY, Act, Reach
from hub.domain.trajectory import Trajectory

_CHANGED = (Trajectory.LevelRaised.TOPIC, Trajectory.SteppedDown.TOPIC)
_WIDE, _HIGH, _LEFT, _LOWEST, _STEP = 640, 96, 20, 84, 22
"""Of the picture, in units of its own: how wide and high, where its line begins, and from the lowest level up to the next."""
PARTS: Mapping[str, Both] = {
    "phase": Both("fase", "phase"),
    "level": Both("hoogste niveau", "highest level"),
    "levels": Both("niveau per as", "level on each axis"),
    "direction": Both("regieniveau", "level of direction"),
    "director": Both("regisseur", "director"),
    "coach": Both("gezinscoach", "family coach"),
    "people": Both("mensen", "people"),
    "signals": Both("signalen", "signals"),
    "plan": Both("plan", "plan"),
    "levers": Both("middelen", "levers"),
    "clocks": Both("termijnen", "terms"),
    "voices": Both("wat het gezin van de doelen vindt", "what the family thinks of the goals"),
    "told": Both("wat het gezin van het plan leest", "what the family reads of the plan"),
    "network": Both("netwerk", "network"),
    "ties": Both("banden in het netwerk", "ties in the network"),
    "meetings": Both("casusoverleggen", "case meetings"),
    "measurements": Both("metingen", "measurements"),
    "measuring": Both("wanneer er gemeten wordt", "when is measured"),
    "mergedInto": Both("samengevoegd met", "merged into"),
}


async def _show(ask: Ask) -> Mapping[str, Any] | Response:
    if isinstance(ask.found, Response):
        return ask.found
    at = f"/families/{ask.at('id')}"
    known, timeline = await gather(ask.get(f"{at}/history"), _sentences(ask, at))
    steps = sorted({datetime.fromisoformat(fact["recordedAt"]) for fact in known["events"]})
    asked, refused = moments.asked(ask, "known", "valid")
    until = _of_slider(ask, steps) or asked["known"]
    passed = [step for step in steps if until is None or step <= until]
    valid = moments.told(asked["valid"])
    before = passed[-2] if len(passed) > 1 else None
    then, changed = await gather(_stood(ask, at, until, valid), _changed(ask, at, before, until, valid))
    state = then["state"] if then else None
    return {
        "family": known["family"],
        "steps": steps,
        "number": len(passed),
        "until": until,
        "valid": asked["valid"],
        # what is wrong with a form that was sent is said already
        "refused": refused,
        "asked_known": _typed(ask.query.get("known", "")),
        "asked_valid": _typed(ask.query.get("valid", "")),
        "then": then,
        "state": state,
        "axes": [{"axis": axis, "level": level} for axis, level in ((state or {}).get("levels") or {}).items()],
        "changed": changed,
        "facts": [fact for fact in (then["events"] if then else ()) if passed and _at(fact) == passed[-1]],
        "sentences": timeline,
        "parts_of": PARTS,
        "may_make": POLICY[Act.MAKE_FILE, ask.session.caller.role] is not Reach.NOBODY,
        "languages": [("nl", "Nederlands"), ("en", "English")],
        "around": {"before": before, "after": next(iter(steps[len(passed) :]), None)},
        "course": _course(known["events"], until or ask.now, ask.now),
        "wide": _WIDE,
        "high": _HIGH,
        "left": _LEFT,
        "heights": [(level, _height(level)) for level in range(1, 5)],
    }


async def _make(ask: Ask) -> str:
    """The file is the answer to the form itself."""
    try:
        ask.found = await ask.file(f"/families/{ask.at('id')}/file", {"key": _key(ask), "language": ask.form.get("language", "")})
    except Refused:
        # what was pasted may be the half that nobody may see: no page shows it again
        ask.form = {**ask.form, "key": ""}
        raise
    return ""


def _key(ask: Ask) -> Any:
    """The key as it was pasted; what is no JSON stays what it is."""
    pasted = ask.form.get("key", "").strip()
    try:
        return msgspec.json.decode(pasted)
    except msgspec.DecodeError:
        return pasted


async def _stood(ask: Ask, at: str, until: datetime | None, valid: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = await ask.maybe(f"{at}/history", recordedAt=moments.told(until), validAt=valid)
    return found


async def _changed(ask: Ask, at: str, before: datetime | None, until: datetime | None, valid: str) -> Mapping[str, Any] | None:
    """What differs from the step before, or nothing where there is none."""
    if before is None:
        return None
    looks = {"recordedFrom": moments.told(before), "recordedUntil": moments.told(until), "validFrom": valid, "validUntil": valid}
    found: Mapping[str, Any] | None = await ask.maybe(f"{at}/history/differences", **looks)
    return found


async def _sentences(ask: Ask, at: str) -> Mapping[tuple[str, int], Mapping[str, str]]:
    """What each fact is in words, by its kind and version, as far as this person may read the timeline."""
    found: dict[tuple[str, int], Mapping[str, str]] = {}
    after = ""
    while told := await ask.maybe(f"{at}/timeline", after=after, limit=500):
        found |= {(one["kind"], one["version"]): one["words"] for one in told["items"] if "kind" in one and "words" in one}
        if not (after := told["next"]):
            break
    return found


def _typed(text: str) -> str:
    """What somebody typed, for the same field; a moment that the page made itself is not what they typed."""
    return "" if "T" in text else text


def _of_slider(ask: Ask, steps: Sequence[datetime]) -> datetime | None:
    number = whole(ask.query.get("step", ""))
    return steps[number - 1] if isinstance(number, int) and 1 <= number <= len(steps) else None


def _at(fact: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(fact["recordedAt"])


# The picture -----------------------------------------------------------------------------------------


def _course(events: Sequence[Mapping[str, Any]], until: datetime, now: datetime) -> Mapping[str, Any] | None:
    """How the highest level went, with a mark where somebody looks; nothing where they may not know of levels."""
    changed = [fact for fact in events if fact.get("event") in _CHANGED and "levelTo" in fact["data"] and "axis" in fact["data"]]
    if not changed:
        return None
    levels: dict[str, int] = {}
    rows = []
    for fact in changed:
        levels[fact["data"]["axis"]] = fact["data"]["levelTo"]
        rows.append({**fact["data"], "at": _at(fact), "valid": fact.get("validFrom"), "highest": max(levels.values())})
    first, last = _at(events[0]), max(now, rows[-1]["at"])
    points = [(first, 1), *((row["at"], row["highest"]) for row in rows)]
    ends = [*(at for at, _ in points[1:]), last]
    line = " ".join(
        f"{_place(at, first, last)},{_height(level)} {_place(end, first, last)},{_height(level)}"
        for (at, level), end in zip(points, ends, strict=True)
    )
    return {"line": line, "rows": rows, "mark": _place(min(max(until, first), last), first, last), "first": first, "last": last}


def _place(at: datetime, first: datetime, last: datetime) -> float:
    return round(_LEFT + (_WIDE - _LEFT) * ((at - first) / (last - first) if last > first else 1), 1)


def _height(level: int) -> int:
    return _LOWEST - (level - 1) * _STEP


PAGES = (
    Page(
        "case",
        "/families/{id:uuid}/case",
        _show,
        Act.SEE_HISTORY,
        forms={"file": Form(_make, Both("Het dossier is gemaakt.", "The file was made."))},
    ),
)
