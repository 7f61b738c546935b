"""Whether what is kept can be proven now: the trees, what was signed last and by whom; and how to check that oneself."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.parts import Both
from hub.console.rooms import Page
from hub.domain.policy import POLICY, Act, Reach

_CALLED: Mapping[str, Both] = {
    "events": Both("Wat er is vastgelegd", "What was recorded"),
    "readings": Both("Wie wat inzag", "Who saw what"),
}
_ALARMS: Mapping[str, Both] = {
    "not-signed": Both(
        "Er is nieuws dat al langer dan drie minuten op een handtekening wacht.",
        "News waits for a signature for over three minutes.",
    ),
    "lacks-witnesses": Both("Er tekenden minder getuigen dan afgesproken.", "Fewer witnesses signed than was agreed."),
}


async def _show(ask: Ask) -> Mapping[str, Any]:
    trees = (await ask.get("/evidence"))["items"]
    may_make = POLICY[Act.MAKE_FILE, ask.session.caller.role] is not Reach.NOBODY
    base = str(ask.request.base_url).rstrip("/")
    return {"trees": trees, "called": _CALLED, "alarms": _ALARMS, "base": base, "may_make": may_make}


PAGES = (Page("proofs", "/proofs", _show, Act.SEE_EVIDENCE, menu=Both("Bewijs", "Proof"), place=70),)
