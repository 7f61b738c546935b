"""The chain of an escalation: what partners signed, the rule and the matrix, who was told, and who took notice."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.rooms import Page
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory

_HEARD, _RAISED = Trajectory.SignalRecorded.TOPIC, Trajectory.LevelRaised.TOPIC


async def _show(ask: Ask) -> Mapping[str, Any]:
    escalation = await ask.get(f"/escalations/{ask.at('id')}")
    at = f"/families/{escalation['family']}"
    history = await ask.get(f"{at}/history")
    raised = next((one for one in history["events"] if _is_it(one, escalation["id"])), None)
    causes, told = await gather(
        ask.maybe(f"{at}/history/{raised['version']}/causes") if raised else _nothing(),
        ask.maybe("/tellings", fact=escalation["position"], limit=200),
    )
    heard = [one for one in history["events"] if one.get("event") == _HEARD]
    rests = set(escalation.get("signals", ()))
    return {
        "escalation": escalation,
        "raised": raised,
        "signals": [one for one in heard if one["data"].get("signal") in rests],
        "messages": {one["message"]: one for one in (causes or {}).get("messages", ())},
        "chain": [one for one in (causes or {}).get("chain", ()) if one.get("event") not in (_HEARD, _RAISED)],
        "told": told["items"] if told else None,
        "family": escalation["family"],
    }


async def _nothing() -> None:
    return None


def _is_it(event: Mapping[str, Any], escalation: str) -> bool:
    return event.get("event") == _RAISED and event["data"].get("escalation") == escalation


PAGES = (Page("chain", "/escalations/{id:uuid}/chain", _show, Act.SEE_ESCALATIONS),)
