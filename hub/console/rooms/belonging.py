"""Who and what belongs to a family, where that turns out otherwise: moved, split off, merged, and a merger taken back."""

from asyncio import gather
from collections.abc import Iterable, Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory

DOES = {
    "move": Both("een signaal hoort hier niet", "a signal is not of this family"),
    "split": Both("iemand hoort hier niet", "somebody is not of this family"),
    "merge": Both("dit en een ander gezin zijn één", "this and another family are one"),
    "separate": Both("samenvoegen was een vergissing", "merging was a mistake"),
}
_MOST = 500
_PEOPLE = "people."


async def _show(ask: Ask) -> Mapping[str, Any]:
    what = ask.query.get("what", "")
    family = await ask.get(f"/families/{ask.at('id')}")
    history, today, brought = await gather(
        ask.get(f"/families/{family['id']}/history"),
        ask.maybe("/today", limit=_MOST),
        ask.get(f"/families/{family['id']}/timeline", kind=Trajectory.BroughtIn.TOPIC, limit=100),
    )
    merged = await _merged(ask, family["id"], {one["otherFamily"] for one in brought["items"]})
    others = [one for one in (today["items"] if today else ()) if one["family"] != family["id"]]
    return {
        "family": family,
        "signals": history["state"]["signals"],
        "merged": merged,
        "others": [(one["family"], _called(one["family"], one.get("names", ()))) for one in others],
        "does": DOES,
        "what": what if what in DOES else "move",
    }


async def _merged(ask: Ask, into: str, brought: set[str]) -> list[tuple[str, str]]:
    """The families that were merged into this one, and still are."""
    found = await gather(*(ask.maybe(f"/families/{other}") for other in sorted(brought)))
    here = [one for one in found if one is not None and one["mergedInto"] == into]
    return [(one["id"], _called(one["id"], _names(one["people"]))) for one in here]


def _names(people: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(one.get("familyName", "") for one in people)


def _called(family: str, names: Iterable[str]) -> str:
    return f"{', '.join(name for name in names if name)} ({family[:8]})".strip()


async def _move(ask: Ask) -> str:
    body = said(ask.form, "to", "motivation")
    await ask.post(f"/families/{ask.at('id')}/signals/{ask.form.get('signal') or 'none'}/moves", body)
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
            "move": Form(_move, Both("Het signaal staat nu bij dat gezin.", "The signal is of that family now.")),
            "split": Form(_split, Both("Dit is nu een eigen gezin.", "This is a family of its own now.")),
            "merge": Form(_merge, Both("De gezinnen zijn samengevoegd.", "The families are merged.")),
            "separate": Form(_separate, Both("De gezinnen staan weer apart.", "The families are apart again.")),
        },
    ),
)
