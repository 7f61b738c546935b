"""Operations: who takes part, what was not delivered, what could not be read, and who lags behind."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act

_STATES: Mapping[str, Both] = {
    "dead": Both("niet bezorgd", "not delivered"),
    "retired": Both("opgegeven adres", "address given up"),
    "waiting": Both("wacht", "waits"),
}


async def _show(ask: Ask) -> Mapping[str, Any]:
    state = ask.query.get("state", "dead")
    state = state if state in _STATES else "dead"
    quarantine, organisations, deliveries, followers = await gather(
        ask.get("/quarantine", after=ask.query.get("after", ""), limit=50),
        ask.get("/organisations"),
        ask.get("/deliveries", state=state, after=_number(ask.query.get("from", "")), limit=50),
        ask.get("/followers"),
    )
    return {
        "quarantine": quarantine,
        "organisations": organisations["items"],
        "deliveries": deliveries,
        "followers": followers["items"],
        "states": _STATES,
        "state": state,
        "still": ask.found or "",
    }


def _number(text: str) -> str:
    return text if text.isdecimal() else ""


async def _again(ask: Ask) -> str:
    became = await ask.post(f"/messages/{ask.id('message')}/processings")
    if became["outcome"] == "quarantined":
        ask.found = became["message"]
        return ""
    return "/operations"


async def _tell_again(ask: Ask) -> str:
    await ask.post(f"/deliveries/{ask.id('delivery')}/redrives")
    return "/operations"


PAGES = (
    Page(
        "operations",
        "/operations",
        _show,
        Act.SEE_UPKEEP,
        forms={
            "again": Form(_again, Both("Het bericht is gelezen.", "The message was read.")),
            "tell": Form(_tell_again, Both("Het wordt opnieuw bezorgd.", "It is delivered once more.")),
        },
        menu=Both("Beheer", "Operations"),
        place=68,
    ),
)
