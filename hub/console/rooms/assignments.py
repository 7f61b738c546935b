"""Which auditor may look into which family: given by the officer, on a ground and for a term, and ended by them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import day, said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import POLICY, Act, Reach


async def _show(ask: Ask) -> Mapping[str, Any]:
    found = await ask.get("/assignments", after=ask.query.get("after", ""), limit=50)
    items = [{**one, "state": _state(one, ask.now)} for one in found["items"]]
    may_assign = POLICY[Act.ASSIGN_AUDITOR, ask.session.caller.role] is not Reach.NOBODY
    of_family = ask.query.get("family", "")
    return {"assignments": items, "next": found["next"], "may_assign": may_assign, "states": _STATES, "of_family": of_family}


_STATES: Mapping[str, Both] = {
    "ended": Both("eerder beëindigd", "ended early"),
    "over": Both("voorbij", "over"),
    "coming": Both("begint nog", "still to begin"),
    "open": Both("loopt", "under way"),
}


def _state(one: Mapping[str, Any], now: datetime) -> str:
    if one.get("ended"):
        return "ended"
    begins, until = (datetime.fromisoformat(one[name]) for name in ("begins", "until"))
    return "over" if until <= now else "coming" if now < begins else "open"


async def _assign(ask: Ask) -> str:
    body = said(ask.form, "auditor", "ground")
    term = {name: day(ask.form.get(name, "")) for name in ("begins", "until")}
    await ask.post(f"/families/{ask.id('family')}/assignments", {**body, **term})
    return "/assignments"


async def _end(ask: Ask) -> str:
    path = f"/families/{ask.id('family')}/assignments/{ask.id('assignment')}/endings"
    await ask.post(path, said(ask.form, "motivation"))
    return "/assignments"


PAGES = (
    Page(
        "assignments",
        "/assignments",
        _show,
        Act.READ_PROCESSING_LOG,
        forms={
            "assign": Form(_assign, Both("De auditor heeft een opdracht.", "The auditor is assigned.")),
            "end": Form(_end, Both("De opdracht is beëindigd.", "The assignment was ended.")),
        },
        menu=Both("Opdrachten", "Assignments"),
        place=15,
    ),
)
