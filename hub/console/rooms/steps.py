"""The smaller decisions on a family: terms met, phases, the family told, cooperation refused, the ways out of a trajectory."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.console.asking import Ask
from hub.console.families import NOT_TOLD, TOLD, Family, family_of, is_open, may, names_of
from hub.console.filling import day, said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act
from hub.domain.trajectory.clocks import ENDED, SEEN_BY_THE_HUB, is_acknowledgement
from hub.domain.trajectory.course import AFTER, UNDER_WAY
from hub.domain.words import Direction, Phase

_DIRECTIONS = tuple(Direction)
_MEETING = "case-meeting-"


async def _show(ask: Ask) -> Mapping[str, Any]:
    family = await family_of(ask)
    phase = Phase(family["phase"]) if "phase" in family else None
    return {
        "family": family,
        "names": names_of(family),
        "terms": (terms := _terms(family)),
        "also": {each["clock"]: _also(each, terms) for each in terms},
        "is_open": is_open(family),
        "may_direct": may(Act.DIRECT, ask, family),
        "may_compel": may(Act.COMPEL, ask, family),
        "after": [each.value for each in AFTER.get(phase, ())] if phase else [],
        "is_under_way": phase in UNDER_WAY,
        "is_ended": phase in ENDED,
        "lower": _lower(family),
        "how": TOLD,
        "chosen": ask.query.get("term", ""),
        "opened": ask.query.get("open", ""),
        "reasons": NOT_TOLD,
    }


def _terms(family: Family) -> list[Mapping[str, Any]]:
    """The terms of which somebody says that it was done, those that passed first."""
    return [each for each in (*family.get("missed", ()), *family.get("clocks", ())) if _is_for_people(each["term"])]


def _also(term: Mapping[str, Any], terms: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The other terms that the same deed may be for: one case meeting can be about several escalations."""
    if not term["term"].startswith(_MEETING):
        return []
    return [each for each in terms if each["term"].startswith(_MEETING) and each["clock"] != term["clock"]]


def _is_for_people(term: str) -> bool:
    """Whether a person says that it was done; of the others the hub sees that by itself."""
    return term not in SEEN_BY_THE_HUB and not is_acknowledgement(term)


def _lower(family: Family) -> list[str]:
    """The levels of direction below the present one."""
    held = family.get("direction", {}).get("level", Direction.FAMILY)
    return [level.value for level in _DIRECTIONS[: _DIRECTIONS.index(Direction(held))]]


async def _post(ask: Ask, path: str, body: Mapping[str, Any]) -> str:
    at = f"/families/{ask.at('id')}"
    await ask.decide(f"{at}/{path}", body)
    return f"{at}/steps"


async def _met(ask: Ask) -> str:
    also = [clock for name, clock in ask.form.items() if name.startswith("also.")]
    return await _post(ask, "terms-met", {**said(ask.form, "clock", "words"), **({"also": also} if also else {})})


async def _informed(ask: Ask) -> str:
    told = said(ask.form, "how", "reasonNot")
    return await _post(ask, "family-informations", {**told, "when": day(ask.form.get("when", "")) if told["how"] else ""})


async def _phase(ask: Ask) -> str:
    return await _post(ask, "phases", said(ask.form, "phase", "motivation"))


async def _direction(ask: Ask) -> str:
    return await _post(ask, "direction-steps-down", said(ask.form, "direction", "motivation"))


async def _compel(ask: Ask) -> str:
    return await _post(ask, "compulsions", said(ask.form, "ground", "motivation"))


async def _correct(ask: Ask) -> str:
    return await _post(ask, "corrections", said(ask.form, "about", "words"))


def _motivated(path: str) -> Any:
    async def do(ask: Ask) -> str:
        return await _post(ask, path, said(ask.form, "motivation"))

    return do


_NOTED = Both("Vastgelegd.", "Recorded.")
PAGES = (
    Page(
        "steps",
        "/families/{id:uuid}/steps",
        _show,
        Act.SEE_FAMILY,
        forms={
            "met": Form(_met, Both("Vastgelegd dat het is gedaan.", "Recorded that it was done.")),
            "informed": Form(_informed, _NOTED),
            "correct": Form(_correct, Both("De correctie is vastgelegd.", "The correction was noted.")),
            "phase": Form(_phase, Both("De volgende fase is ingegaan.", "The next phase was entered.")),
            "direction": Form(_direction, Both("De regie is teruggebracht.", "Direction was brought back.")),
            "refused": Form(_motivated("cooperation-refusals"), _NOTED),
            "extend": Form(_motivated("extensions"), Both("Het traject is verlengd.", "The trajectory was extended.")),
            "end": Form(
                _motivated("early-endings"), Both("Het traject is voortijdig beëindigd.", "The trajectory was ended early.")
            ),
            "reopen": Form(_motivated("reopenings"), Both("Het traject is heropend.", "The trajectory was reopened.")),
            "compel": Form(_compel, Both("Vastgelegd: van drang naar dwang.", "Recorded: from pressure to compulsion.")),
        },
    ),
)
