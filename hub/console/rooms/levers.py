"""Pressure and compulsion: what the matrix advises, what is in force, and what a person of the authority decides."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.families import family_of, is_open, may, names_of
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act


async def _show(ask: Ask) -> Mapping[str, Any]:
    family, escalations, here = await gather(
        family_of(ask), ask.maybe("/escalations", family=ask.at("id"), limit=100), ask.get(f"/families/{ask.at('id')}/standing")
    )
    raised, caller = escalations["items"] if escalations else [], ask.session.caller
    standing = {(axis["axis"], axis["level"]) for axis in family.get("level", {}).get("axes", ())}
    # what an authority is, is what the organisation of somebody is registered as
    own = (caller.kind or caller.organisation) if is_open(family) and Act.DECIDE_LEVER in here["may"] else ""
    advised = [one for one in raised if one.get("levers") and (one["axis"], one["level"]) in standing]
    return {
        "family": family,
        "names": names_of(family),
        # what one can decide on comes first
        "advised": sorted(advised, key=lambda one: own not in {lever["by"] for lever in one["levers"]}),
        "own": own,
        "may_direct": is_open(family) and may(Act.DIRECT, ask, family),
    }


async def _decide(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}"
    body = {**said(ask.form, "lever", "ground", "motivation"), "escalations": [ask.form.get("escalation", "")]}
    await ask.decide(f"{at}/levers", body)
    return f"{at}/levers"


async def _decline(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}"
    body = {**said(ask.form, "lever", "motivation"), "escalations": [ask.form.get("escalation", "")]}
    await ask.decide(f"{at}/lever-refusals", body)
    return f"{at}/levers"


def _on_lever(what: str) -> Any:
    async def do(ask: Ask) -> str:
        at = f"/families/{ask.at('id')}"
        await ask.decide(f"{at}/levers/{ask.id('lever')}/{what}", said(ask.form, "motivation"))
        return f"{at}/levers"

    return do


PAGES = (
    Page(
        "levers",
        "/families/{id:uuid}/levers",
        _show,
        Act.DECIDE_LEVER,
        forms={
            "decide": Form(_decide, Both("Uw besluit is vastgelegd.", "Your decision was recorded.")),
            "decline": Form(
                _decline, Both("Vastgelegd dat dit advies niet wordt gevolgd.", "Recorded that this advice is not followed.")
            ),
            "reconsider": Form(
                _on_lever("reconsiderations"), Both("Heroverwogen: het middel blijft.", "Reconsidered: the lever stands.")
            ),
            "end": Form(_on_lever("endings"), Both("Het middel is beëindigd.", "The lever was ended.")),
        },
    ),
)
