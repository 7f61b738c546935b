"""The network of a family, drawn with it, beside how it was on an earlier day; and the case meetings about it."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.console import moments
from hub.console.asking import Ask
from hub.console.families import family_of, is_open, may, names_of
from hub.console.filling import day, filled, said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.console.saying import DUTCH_TIME
from hub.console.sociogram import RADIUS, SIDE, drawn, numbered
from hub.domain.policy import Act
from hub.domain.trajectory.network import Became, Quality, Side
from hub.domain.words import LifeArea

SIDES: Mapping[str, Both] = {
    Side.INFORMAL: Both("eigen netwerk: familie, buren, vrienden", "own network: relatives, neighbours, friends"),
    Side.FORMAL: Both("professional", "professional"),
}
QUALITIES: Mapping[str, Both] = {
    Quality.SUPPORTIVE: Both("steunend", "supportive"),
    Quality.CHANGING: Both("wisselend", "changing"),
    Quality.STRAINED: Both("gespannen", "strained"),
    Quality.BROKEN: Both("verbroken", "broken"),
}
OUTCOMES: Mapping[str, Both] = {
    Became.GOAL: Both("het is een doel in het plan geworden", "it became a goal of the plan"),
    Became.LEVER: Both("het is een drangmiddel geworden", "it became a lever"),
    Became.DONE: Both("het is gedaan", "it was done"),
    Became.DROPPED: Both("het gaat niet door", "it was dropped"),
}
_ROWS = 4
"""Of what a meeting decided, on the page at once."""


async def _around(ask: Ask) -> dict[str, Any]:
    family, network = await gather(family_of(ask), ask.get(f"/families/{ask.at('id')}/network"))
    return {
        "family": family,
        "names": names_of(family),
        "network": network,
        "numbers": numbered(network),
        "may_decide": is_open(family) and may(Act.DIRECT, ask, family),
        "persons": {one["id"]: one for one in family.get("people", ())},
        "involved": {one["id"]: one for one in network["network"]},
    }


# The sociogram --------------------------------------------------------------------------------------


async def _show(ask: Ask) -> Mapping[str, Any]:
    shown = await _around(ask)
    asked, refused = moments.asked(ask, "then")
    then = asked["then"]
    earlier = await ask.maybe(f"/families/{ask.at('id')}/network", recordedAt=moments.told(then)) if then else None
    now = shown["network"]
    numbers = numbered(earlier, now) if earlier else numbered(now)
    pictures = [(then, drawn(earlier, numbers))] if earlier else []
    return {
        **shown,
        "refused": refused,
        "asked_then": ask.query.get("then", ""),
        "then": then,
        "is_unknown": then is not None and earlier is None,
        "numbers": numbers,
        "pictures": [*pictures, (None, drawn(now, numbers))],
        "changes": _changes(earlier, now) if earlier else None,
        "involved": {**{one["id"]: one for one in (earlier or {}).get("network", ())}, **shown["involved"]},
        "side": SIDE,
        "radius": RADIUS,
        "sides": SIDES,
        "qualities": QUALITIES,
        "areas": list(LifeArea),
    }


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who came, who left, and between whom it is otherwise: pairs with how it was and how it is."""
    here, before = ({one["id"] for one in each["network"]} for each in (now, then))
    ties, were = ({(tie["one"], tie["other"]): tie.get("quality", "") for tie in each["ties"]} for each in (now, then))
    other = [(pair, were.get(pair, ""), ties.get(pair, "")) for pair in sorted(ties.keys() | were.keys())]
    return {"came": sorted(here - before), "left": sorted(before - here), "ties": [one for one in other if one[1] != one[2]]}


def _who(ask: Ask) -> dict[str, Any]:
    body: dict[str, Any] = said(ask.form, "side", "name", "what", "onBehalfOf", "howToReach", "askedBy", "permittedBy")
    days = {name: day(ask.form.get(name, "")) for name in ("since", "permittedOn")}
    return {**filled({**body, **days}), "areas": [area for area in LifeArea if ask.form.get(f"area.{area.value}")]}


async def _join(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/network"
    await ask.decide(at, _who(ask))
    return at


async def _change(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/network"
    await ask.decide(f"{at}/{ask.id('member')}/changes", _who(ask))
    return at


async def _leave(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/network"
    body = {**said(ask.form, "motivation"), "leftOn": day(ask.form.get("leftOn", ""))}
    await ask.decide(f"{at}/{ask.id('member')}/departures", body)
    return at


async def _draw(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}"
    await ask.decide(f"{at}/ties", said(ask.form, "one", "other", "quality", "words"))
    return f"{at}/network"


# Case meetings --------------------------------------------------------------------------------------


async def _meet(ask: Ask) -> Mapping[str, Any]:
    shown = await _around(ask)
    meetings = sorted(shown["network"]["meetings"], key=lambda one: str(one.get("begins", "")), reverse=True)
    goals = (shown["family"].get("plan") or {}).get("goals", ())
    return {
        **shown,
        "meetings": meetings,
        "goals": goals,
        "specific": {goal["goal"]: goal.get("specific", "") for goal in goals},
        "levers": shown["family"].get("levers", ()),
        "outcomes": OUTCOMES,
        "rows": range(_ROWS),
        "has_begun": {one["id"]: datetime.fromisoformat(one["begins"]) <= ask.now for one in meetings if one.get("begins")},
    }


async def _call(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/meetings"
    agenda = [line.strip() for line in ask.form.get("agenda", "").splitlines() if line.strip()]
    begins = _moment(ask.form.get("day", ""), ask.form.get("time", ""))
    await ask.decide(at, {**said(ask.form, "place"), "begins": begins, "invited": _ticked(ask, "invited"), "agenda": agenda})
    return at


def _moment(on: str, at: str) -> str:
    """The moment that is meant by a day and a time of here, as the hub asks it; what is none stays what it is."""
    try:
        here = datetime.fromisoformat(f"{day(on)}T{at.strip().replace('.', ':').zfill(5)}")
    except ValueError:
        return f"{on} {at}".strip()
    return here.replace(tzinfo=DUTCH_TIME).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _ticked(ask: Ask, name: str) -> Sequence[str]:
    return [field.removeprefix(f"{name}.") for field, value in ask.form.items() if value and field.startswith(f"{name}.")]


async def _hold(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/meetings"
    rows = [said(ask.form, *(f"resolutions.{row}.{name}" for name in ("words", "owner", "dueDate"))) for row in range(_ROWS)]
    decided = [{name.rpartition(".")[2]: text for name, text in row.items()} for row in rows if any(row.values())]
    resolutions = [{**one, "dueDate": day(one["dueDate"])} for one in decided]
    body = {**said(ask.form, "words"), "present": _ticked(ask, "present"), "resolutions": resolutions}
    await ask.decide(f"{at}/{ask.id('meeting')}/minutes", body)
    return at


async def _cancel(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/meetings"
    await ask.decide(f"{at}/{ask.id('meeting')}/cancellations", said(ask.form, "motivation"))
    return at


async def _follow(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/meetings"
    became, _, came_of = ask.form.get("outcome", "").partition(":")
    body = {**said(ask.form, "words"), "became": became, "cameOf": came_of}
    await ask.decide(f"{at}/{ask.id('meeting')}/resolutions/{ask.form.get('resolution', '0')}/outcomes", body)
    return at


PAGES = (
    Page(
        "network",
        "/families/{id:uuid}/network",
        _show,
        Act.SEE_FAMILY,
        forms={
            "join": Form(_join, Both("Het netwerk is aangevuld.", "The network was added to.")),
            "change": Form(_change, Both("Het netwerk is bijgewerkt.", "The network was changed.")),
            "leave": Form(_leave, Both("Vastgelegd.", "Recorded.")),
            "draw": Form(_draw, Both("De band is getekend.", "The tie was drawn.")),
        },
    ),
    Page(
        "meetings",
        "/families/{id:uuid}/meetings",
        _meet,
        Act.SEE_FAMILY,
        forms={
            "call": Form(_call, Both("Het overleg is belegd.", "The meeting was called.")),
            "hold": Form(_hold, Both("Het verslag is vastgelegd.", "The minutes were recorded.")),
            "cancel": Form(_cancel, Both("Vastgelegd dat het overleg niet doorgaat.", "Recorded that the meeting is cancelled.")),
            "follow": Form(_follow, Both("Vastgelegd.", "Recorded.")),
        },
    ),
)
