"""Who and what belongs to a family, where that turns out otherwise: moved, split off, merged, and a merger taken back."""

from asyncio import gather
from collections.abc import Iterable, Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.portions import portion
from hub.console.rooms import Form, Page
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory

DOES = {
    "move": Both("een signaal hoort hier niet", "a signal is not of this family"),
    "split": Both("iemand hoort hier niet", "somebody is not of this family"),
    "merge": Both("dit en een ander gezin zijn één", "this and another family are one"),
    "separate": Both("samenvoegen was een vergissing", "merging was a mistake"),
}
SUGGESTED = Both("genoemd bij dezelfde koppelvraag", "named with the same match question")
OTHERS = Both("van u en uw team", "yours and your team's")
_ASKED = ("open", "answered")
_MOST, _SIGNALS, _PORTIONS = 500, 50, 20
"""Families to choose from, and signals shown at once; and how many times so many families are looked through for a name."""
_PEOPLE = "people."


async def _show(ask: Ask) -> Mapping[str, Any]:
    what = ask.form.get("what") or ask.query.get("what", "")
    family = await ask.get(f"/families/{ask.at('id')}")
    history, (others, are_many), suggested, brought = await gather(
        ask.get(f"/families/{family['id']}/history"),
        _others(ask, family["id"]),
        _suggested(ask, family["id"]),
        ask.get(f"/families/{family['id']}/timeline", kind=Trajectory.BroughtIn.TOPIC, limit=100),
    )
    merged = await _merged(ask, family["id"], {one["otherFamily"] for one in brought["items"]})
    return {
        "family": family,
        # what came last is most likely what somebody comes to move
        "signals": portion(history["state"]["signals"][::-1], _SIGNALS, ask.query),
        "merged": merged,
        "others": _grouped(others, suggested),
        "are_many": are_many,
        "does": DOES,
        "what": what if what in DOES else "move",
    }


async def _others(ask: Ask, but: str) -> tuple[dict[str, str], bool]:
    """The families to choose from, as they are called; and whether they are too many, so that only those of a name are."""
    today = await ask.maybe("/today", limit=_MOST) or {"items": [], "next": ""}
    found, are_many = list(today["items"]), bool(today["next"])
    if are_many:
        wanted = ask.form.get("name", "").strip().casefold()
        for _ in range(_PORTIONS if wanted else 0):
            if not today["next"]:
                break
            today = await ask.get("/today", after=today["next"], limit=_MOST)
            found += today["items"]
        found = [one for one in found if wanted and any(wanted in name.casefold() for name in one.get("names", ()))]
    return {one["family"]: _called(one["family"], one.get("names", ())) for one in found if one["family"] != but}, are_many


async def _suggested(ask: Ask, family: str) -> set[str]:
    """The families that a match question named beside this one, as far as whoever asks may see questions."""
    lists = await gather(*(ask.maybe("/match-questions", state=state, limit=_MOST) for state in _ASKED))
    named = [{one["family"], *one["candidates"]} for found in lists if found for one in found["items"]]
    return {other for each in named if family in each for other in each}


def _grouped(families: Mapping[str, str], suggested: set[str]) -> list[tuple[Both, list[tuple[str, str]]]]:
    """To choose from by name, those first that may well be the one."""
    named = sorted(families.items(), key=lambda one: one[1])
    first, rest = ([one for one in named if (one[0] in suggested) is is_first] for is_first in (True, False))
    return [(group, some) for group, some in ((SUGGESTED, first), (OTHERS, rest)) if some]


async def _merged(ask: Ask, into: str, brought: set[str]) -> list[tuple[str, str]]:
    """The families that were merged into this one, and still are."""
    found = await gather(*(ask.maybe(f"/families/{other}") for other in sorted(brought)))
    here = [one for one in found if one is not None and one["mergedInto"] == into]
    return [(one["id"], _called(one["id"], _names(one["people"]))) for one in here]


def _names(people: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(one.get("familyName", "") for one in people)


def _called(family: str, names: Iterable[str]) -> str:
    return f"{', '.join(name for name in names if name)} ({family[:8]})".strip()


async def _find(_: Ask) -> str:
    """A name goes in no address: the page that answers has the families of it to choose from."""
    return ""


async def _move(ask: Ask) -> str:
    body = said(ask.form, "to", "motivation")
    await ask.post(f"/families/{ask.at('id')}/signals/{ask.id('signal')}/moves", body)
    return _here(ask, "move")


async def _split(ask: Ask) -> str:
    people = [person for name, person in ask.form.items() if name.startswith(_PEOPLE)]
    new = await ask.post(f"/families/{ask.at('id')}/splits", {"people": people, **said(ask.form, "motivation")})
    return f"/families/{new['family']}"


async def _merge(ask: Ask) -> str:
    await ask.post(f"/families/{ask.at('id')}/merges", said(ask.form, "family", "motivation"))
    return _here(ask, "merge")


async def _separate(ask: Ask) -> str:
    await ask.post(f"/families/{ask.at('id')}/separations", said(ask.form, "family", "motivation"))
    return _here(ask, "separate")


def _here(ask: Ask, what: str) -> str:
    return f"/families/{ask.at('id')}/belonging?what={what}"


PAGES = (
    Page(
        "belonging",
        "/families/{id:uuid}/belonging",
        _show,
        Act.PLACE,
        {
            "find": Form(_find, Both("Gevonden.", "Found.")),
            "move": Form(_move, Both("Het signaal staat nu bij dat gezin.", "The signal is of that family now.")),
            "split": Form(_split, Both("Dit is nu een eigen gezin.", "This is a family of its own now.")),
            "merge": Form(_merge, Both("De gezinnen zijn samengevoegd.", "The families are merged.")),
            "separate": Form(_separate, Both("De gezinnen staan weer apart.", "The families are apart again.")),
        },
    ),
)
