"""Who knew what of a case at a moment: what they had been told, had looked at, and had taken notice of."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from hub.console import moments
from hub.console.asking import Ask
from hub.console.rooms import Page
from hub.domain.policy import Act


async def _show(ask: Ask) -> Mapping[str, Any]:
    family = ask.at("id")
    asked, refused = moments.asked(ask, "at")
    told = await ask.get(f"/families/{family}/knowledge", at=moments.told(asked["at"]))
    knowers = [
        {**one, "looked": _together(one.get("looked", ())), "told": _of_kinds(one.get("told", ()))} for one in told["knowers"]
    ]
    return {
        "family": family,
        "at": told.get("at", ""),
        "asked": ask.query.get("at", ""),
        "refused": refused,
        "partners": [one for one in knowers if not one.get("who")],
        "people": [one for one in knowers if one.get("who")],
    }


def _together(looked: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Looks of one kind together: how many, the first and the last."""
    named = sorted((one for one in looked if "what" in one), key=lambda one: (one["what"], one["at"]))
    kinds = ((what, list(some)) for what, some in groupby(named, key=lambda one: one["what"]))
    return [{"what": what, "times": len(some), "first": some[0]["at"], "last": some[-1]["at"]} for what, some in kinds]


def _of_kinds(told: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What somebody was told of one kind together: how often, when last, and how often it did not come."""
    named = sorted((one for one in told if "type" in one), key=lambda one: (one["type"], one["triedAt"]))
    kinds = ((what, list(some)) for what, some in groupby(named, key=lambda one: one["type"]))
    return [
        {"what": what, "times": len(some), "last": some[-1]["takenAt"] or some[-1]["triedAt"], "missed": _missed(some)}
        for what, some in kinds
    ]


def _missed(told: Sequence[Mapping[str, Any]]) -> int:
    return sum(not one["takenAt"] for one in told)


PAGES = (Page("knowledge", "/families/{id:uuid}/knowledge", _show, Act.SEE_KNOWLEDGE),)
