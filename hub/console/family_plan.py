"""The plan as somebody of the family reads it: the goals they are told of and what they said of those, in plain words.

Nothing of anybody else is in it: not what another parent says, not another household, and not who reported anything.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from hub.domain.dates import PartialDate
from hub.domain.words import Role
from hub.errors import RuleBroken

_OF_AGE = 18
_WORDS = files("hub.console") / "plan_words"
_FORM = files("hub.console") / "templates" / "family-plan.typ"


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as it is told, with what the reader thinks of it; `stance` is empty where they were not heard."""

    words: str
    until: str
    result: str
    stance: str
    own: str


@dataclass(frozen=True, slots=True)
class Readable:
    """What one person may read of the plan, in one language; `around` are the texts that are the same in every plan."""

    name: str
    is_child: bool
    around: Mapping[str, Any]
    goals: Sequence[Goal]
    director: str
    coach: str
    made: str


@cache
def languages() -> Mapping[str, Mapping[str, Any]]:
    """The texts around a plan by language, each a file of its own (BCP 47), Dutch first."""
    found = {each.name.removesuffix(".json"): json.loads(each.read_text("utf-8")) for each in _WORDS.iterdir()}
    return {tongue: found[tongue] for tongue in sorted(found, key=lambda tongue: (tongue != "nl", tongue))}


def is_child(person: Mapping[str, Any], today: date) -> bool:
    """Whether somebody gets a plan in the words for children: by their role, and not of age as far as is known."""
    age = PartialDate(person.get("born") or "").age_at_most(today)
    return person.get("role") == Role.CHILD and (age is None or age < _OF_AGE)


def readable(
    family: Mapping[str, Any],
    goals: Sequence[Mapping[str, Any]],
    voices: Mapping[str, Any],
    person: Mapping[str, Any],
    tongue: str,
    today: date,
) -> Readable:
    """The plan of one person, from the goals of the valid version with what became of them."""
    around = languages()[tongue]
    told = {one["goal"]: one["words"] for one in voices["told"] if one["person"] == person["id"] and one.get("words")}
    heard = {one["goal"]: one for one in voices["voices"] if one["person"] == person["id"]}

    def day(said: date) -> str:
        return f"{said.day} {around['months'][said.month - 1]} {said.year}"

    def goal(one: Mapping[str, Any]) -> Goal:
        voice = heard.get(one["goal"], {})
        said = voice.get("stance", ""), _line(voice.get("words", ""))
        return Goal(_line(told[one["goal"]]), day(date.fromisoformat(one["dueDate"])), one["result"], *said)

    director, coach = ((family.get(one) or {}).get("contact", "") for one in ("director", "coach"))
    child = is_child(person, today)
    return Readable(
        name=person.get("givenNames") or person.get("familyName") or "",
        is_child=child,
        around=around["child" if child else "parent"],
        goals=[goal(one) for one in goals if one["goal"] in told],
        director=director,
        coach=coach if coach != director else "",
        made=day(today),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def on_paper(plan: Readable, tongue: str) -> bytes:
    """The plan as a PDF on A4, with the structure that a screen reader asks for (PDF/UA-1, ISO 14289-1).

    Raises:
        RuleBroken: it has letters that are not in the type that comes with the hub.
    """
    said = {
        "tongue": tongue,
        "name": plan.name,
        "around": plan.around,
        "goals": [{name: getattr(goal, name) for name in Goal.__slots__} for goal in plan.goals],
        "director": plan.director,
        "coach": plan.coach,
        "made": plan.made,
    }
    inputs = {"said": json.dumps(said)}
    try:
        return bytes(
            typst.compile(_FORM.read_bytes(), format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"], ignore_system_fonts=True)
        )
    except typst.TypstError:
        raise RuleBroken(
            "The plan has letters that are not in the type of the hub; print its page instead.", code="letters-missing"
        ) from None
