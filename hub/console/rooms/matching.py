"""Whose family a signal is about: what waits for a person to say, the two side by side, and taking an answer back."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act

STATES = ("open", "answered", "lapsed", "erased")
_ADDRESS = "address"
"""What people can have in common who need not be the same."""
NEW = "new"
"""What stands in a form for a family that nobody knew."""
_CHOOSE = Both("kies…", "choose…")
_NEW = Both("een nieuw gezin, geen van deze", "a new family, none of these")
_ONE = "/match-questions/{id:uuid}"
_COMPARED = ("open", "answered")
"""The states in which there is a signal to compare."""


async def _list(ask: Ask) -> Mapping[str, Any]:
    state = ask.query.get("state", STATES[0])
    state = state if state in STATES else STATES[0]
    found = await ask.get("/match-questions", state=state, after=ask.query.get("after", ""), limit=50)
    return {"questions": found["items"], "next": found["next"], "state": state, "states": STATES}


async def _one(ask: Ask) -> Mapping[str, Any]:
    question = await ask.get(f"/match-questions/{ask.at('id')}")
    compared = await ask.maybe(f"/match-questions/{question['id']}/comparison") if question["state"] in _COMPARED else None
    candidates = [await _candidate(ask, one) for one in (compared["families"] if compared else ())]
    people = compared and compared["people"]
    choices = _choices(candidates, ask.tongue)
    return {
        "question": question,
        "people": people,
        "candidates": candidates,
        "choices": choices,
        "is_mine": question["state"] == "answered" and await ask.maybe(f"/families/{question['family']}/standing") is not None,
    }


def _choices(candidates: Sequence[Mapping[str, Any]], tongue: str) -> list[tuple[str, str]]:
    families = [(one["id"], Both(f"gezin {nth}", f"family {nth}")) for nth, one in enumerate(candidates, 1)]
    known = [("", _CHOOSE), *families, (NEW, _NEW)]
    return [(value, words.said(tongue)) for value, words in known]


async def _candidate(ask: Ask, one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A family that it may be about: as far as whoever looks may know it."""
    family = await ask.maybe(f"/families/{one['id']}") if one["isOpen"] else None
    people = {member["id"]: member for member in (family["people"] if family else ())}
    homes = {person: home["address"] for home in (family["households"] if family else ()) for person in home["people"]}
    return {**one, "family": family, "people": people, "homes": homes, "pairs": _pairs(one["alike"])}


def _pairs(alike: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """For each person of the signal whom they are most like; by an address alone, whoever lives there."""
    found: dict[int, dict[str, Any]] = {}
    for each in alike:  # of each person the surest first
        best = found.setdefault(each["nth"], {**each, "whom": [], "conflicts": each["conflicts"] and each["by"] != _ADDRESS})
        if not best["whom"] or each["by"] == best["by"] == _ADDRESS:
            best["whom"].append(each["person"])
    return list(found.values())


async def _answer(ask: Ask) -> str:
    path, form = f"/match-questions/{ask.at('id')}", said(ask.form, "family", "motivation")
    await ask.post(f"{path}/answers", {**form, "family": None if form["family"] == NEW else form["family"]})
    return path


async def _ask_more(ask: Ask) -> str:
    path = f"/match-questions/{ask.at('id')}"
    await ask.post(f"{path}/inquiries", said(ask.form, "words"))
    return path


async def _take_back(ask: Ask) -> str:
    path = f"/match-questions/{ask.at('id')}"
    await ask.post(f"{path}/retractions", said(ask.form, "motivation"))
    return path


PAGES = (
    Page(
        "match-questions",
        "/match-questions",
        _list,
        Act.SEE_QUESTIONS,
        menu=Both("Koppelvragen", "Match questions"),
        place=40,
    ),
    Page(
        "match-question",
        _ONE,
        _one,
        Act.SEE_QUESTIONS,
        {
            "answer": Form(_answer, Both("Vastgelegd: het signaal hoort nu bij dit gezin.", "Recorded: it is of this family.")),
            "ask": Form(_ask_more, Both("Genoteerd; de vraag blijft open.", "Noted; the question stays open.")),
            "take-back": Form(_take_back, Both("Teruggenomen: de vraag staat weer open.", "Taken back: the question is open.")),
        },
    ),
)
