"""Referral: the criteria one by one, the signals under each and what is missing; a person refers, and a person decides."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.families import family_of, is_open, may, names_of
from hub.console.filling import said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act
from hub.domain.trajectory.course import DECISIONS, REFERRABLE
from hub.domain.words import Phase


async def _show(ask: Ask) -> Mapping[str, Any]:
    family, weighed = await gather(family_of(ask), ask.get(f"/families/{ask.at('id')}/referral"))
    return {
        "family": family,
        "names": names_of(family),
        "weighed": weighed,
        "may_refer": is_open(family) and family.get("phase") in REFERRABLE and may(Act.DIRECT, ask, family),
        "may_decide": family.get("phase") == Phase.REFERRED and may(Act.ASSIGN, ask, family),
        "decisions": [each.value for each in DECISIONS],
    }


async def _refer(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}"
    await ask.decide(f"{at}/referrals", said(ask.form, "motivation"))
    return f"{at}/referral"


async def _decide(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}"
    await ask.decide(f"{at}/referral-decisions", said(ask.form, "decision", "motivation"))
    return f"{at}/referral"


PAGES = (
    Page(
        "referral",
        "/families/{id:uuid}/referral",
        _show,
        Act.SEE_FAMILY,
        forms={
            "refer": Form(_refer, Both("Het gezin is aangemeld.", "The family was referred.")),
            "decide": Form(_decide, Both("Het besluit is vastgelegd.", "The decision was recorded.")),
        },
    ),
)
