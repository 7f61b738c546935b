"""What several pages of one family need to know of it: how it is called, and who may decide what; the hub decides that anyhow."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.console.asking import Ask
from hub.console.parts import Both
from hub.domain.callers import Capacity
from hub.domain.policy import POLICY, Act, Reach
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Direction

Family = Mapping[str, Any]
TOLD: Mapping[str, Both] = {
    "spoken": Both("in een gesprek", "in person"),
    "phone": Both("door de telefoon", "by telephone"),
    "letter": Both("met een brief", "by letter"),
    "e-mail": Both("met een e-mail", "by e-mail"),
    "unnamed": Both("anders", "otherwise"),
}
"""How a family can be told what is known of it."""
NOT_TOLD: Mapping[str, Both] = {
    "danger-to-child": Both("gevaar voor een kind", "danger to a child"),
    "danger-to-other": Both("gevaar voor iemand anders", "danger to somebody else"),
    "investigation": Both("een onderzoek loopt", "an investigation is going on"),
    "not-reachable": Both("het gezin is niet bereikt", "the family was not reached"),
    "other": Both("een andere reden", "another reason"),
}
"""Why it is not told yet."""


async def family_of(ask: Ask) -> Family:
    """The family that a page is about. Raises: Refused."""
    family: Family = await ask.get(f"/families/{ask.at('id')}")
    return family


def names_of(family: Family) -> Sequence[str]:
    """The family names in it, as far as whoever asks may know them."""
    called = (f"{person.get('prefix', '')} {person.get('familyName', '')}".strip() for person in family.get("people", ()))
    return sorted({name for name in called if name})


def is_open(family: Family) -> bool:
    """Whether anything can still be decided here."""
    return not family["mergedInto"] and family.get("phase") not in ENDED


def may(act: Act, ask: Ask, family: Family) -> bool:
    """Whether it is worth showing somebody the form for this: their role may, and the family is theirs or their team's."""
    caller = ask.session.caller
    if POLICY.get((act, caller.role), Reach.NOBODY) is Reach.NOBODY:
        return False
    theirs = {one["who"] for one in (family["director"], family.get("coach")) if one}
    if caller.role is Capacity.ADMINISTRATIVE:
        return bool(family.get("direction", {}).get("level") == Direction.ADMINISTRATIVE)
    return caller.subject in theirs or caller.organisation == family["director"].get("organisation")
