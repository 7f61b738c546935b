"""Direction over a family: offered to somebody else, and accepted or refused by them; until then it stays where it is."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.colleagues import chosen, to_choose
from hub.console.families import family_of, is_open, names_of
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act


async def _show(ask: Ask) -> Mapping[str, Any]:
    family, subject = await family_of(ask), ask.session.caller.subject
    offer = family.get("handover")
    may_offer = is_open(family) and not offer and family["director"]["who"] == subject
    return {
        "family": family,
        "names": names_of(family),
        "may_offer": may_offer,
        "colleagues": await to_choose(ask, but=subject) if may_offer else [],
        "may_answer": offer is not None and offer["to"] == subject,
    }


async def _offer(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}"
    to = await chosen(ask, "to")
    body = {"to": to["who"], "organisation": to["organisation"], **said(ask.form, "contact", "motivation")}
    await ask.decide(f"{at}/handovers", body)
    return f"{at}/handover"


async def _accept(ask: Ask) -> str:
    return await _answer(ask, is_accepted=True)


async def _refuse(ask: Ask) -> str:
    await _answer(ask, is_accepted=False)
    return "/"  # whoever refuses does not see the family any more


async def _answer(ask: Ask, is_accepted: bool) -> str:
    at = f"/families/{ask.at('id')}"
    body = {"accepted": is_accepted, **said(ask.form, "motivation")}
    await ask.post(f"{at}/handovers/{ask.id('handover')}/answers", body)
    return at


PAGES = (
    Page(
        "handover",
        "/families/{id:uuid}/handover",
        _show,
        Act.ANSWER_HANDOVER,
        forms={
            "offer": Form(
                _offer,
                Both(
                    "De regie is aangeboden. U blijft regisseur tot die is aanvaard.",
                    "Direction is offered. You stay director until it is accepted.",
                ),
            ),
            "accept": Form(_accept, Both("U bent nu de regisseur van dit gezin.", "You are the director of this family now.")),
            "refuse": Form(_refuse, Both("U heeft de regie niet aangenomen.", "You did not accept direction.")),
        },
    ),
)
