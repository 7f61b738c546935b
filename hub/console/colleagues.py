"""Colleagues to choose from by name and organisation: those who logged in here, as the hub tells of them."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask, Refused
from hub.console.parts import Both
from hub.console.saying import readable

_CHOOSE = Both("kies…", "choose…")


async def to_choose(ask: Ask, organisation: str = "", but: str = "") -> list[tuple[str, str]]:
    """Everybody (of an organisation), but one: login names with what they are called. None are told to whoever may not know."""
    found = [one for one in await _all(ask) if one["who"] != but and organisation in ("", one["organisation"])]
    named = sorted((_house(one), one["name"] or one["who"], one["who"]) for one in found)
    return [("", _CHOOSE.said(ask.tongue)), *((who, f"{name} ({house})") for house, name, who in named)] if named else []


async def chosen(ask: Ask, field: str) -> Mapping[str, Any]:
    """Who was chosen in that field of a form. Raises: Refused, where it is nobody who works here."""
    wanted = ask.form.get(field, "").strip()
    found = next((one for one in await _all(ask) if one["who"] == wanted), None)
    if found is None:
        violation = {"where": f"/body/{field}", "what": "is nobody who works here"}
        raise Refused(400, {"code": "malformed", "detail": "There is no such colleague.", "violations": [violation]})
    return found


async def _all(ask: Ask) -> list[Mapping[str, Any]]:
    told = await ask.maybe("/colleagues")
    return told["items"] if told else []


def _house(one: Mapping[str, Any]) -> str:
    return str(one["organisationName"] or readable(one["organisation"]))
