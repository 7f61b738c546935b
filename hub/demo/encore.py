"""Once the story is told: one more household each time, so that whoever looks at a page sees something arrive on it."""

from datetime import date, timedelta

from hub.client import Receipt
from hub.demo.cast import COORDINATOR, HOUSING
from hub.demo.letters import written
from hub.demo.stage import Stage
from hub.demo.story import DUTCH_TIME, VERA_COLLECTION

ASKED = f"Enter: a landlord reports that one more household is to be evicted; {COORDINATOR.who} sees it arrive, on whatever page."
_NAMES = ("Robin", "Sacha", "Kim", "Noa", "Chris", "Dani", "Jip", "Bo")


def another(stage: Stage, nth: int) -> bool:
    """Lets the landlord post about the nth household; gives whether the hub took it in."""
    at = stage.clock.now().astimezone(DUTCH_TIME)
    born = date(1980, 1, 1) + timedelta(days=37 * nth)
    reference = f"INC-2026-{900 + nth}"
    tenant = {"mother_given": _NAMES[nth % len(_NAMES)], "mother_name": f"Verzonnen{nth}", "mother_born": born.isoformat()}
    body = written("eviction.json", HOUSING, at, {**tenant, "reference": reference, "number": str(100 + nth)})
    return isinstance(stage.senders[HOUSING.name].post(VERA_COLLECTION, reference, body, at).answer, Receipt)
