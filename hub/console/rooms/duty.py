"""Who is on call for an organisation when the office is closed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.console.asking import Ask
from hub.console.colleagues import chosen, to_choose
from hub.console.filling import day, whole
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.console.saying import DUTCH_TIME
from hub.domain.policy import POLICY, Act, Reach

_HERE = "/duty"


async def _show(ask: Ask) -> Mapping[str, Any]:
    shifts = (await ask.get("/duty-shifts"))["items"]
    caller = ask.session.caller
    may_plan = POLICY.get((Act.PLAN_DUTY, caller.role), Reach.NOBODY) is not Reach.NOBODY
    colleagues = await to_choose(ask, caller.organisation) if may_plan else []
    return {"shifts": shifts, "may_plan": may_plan, "me": caller.subject, "colleagues": colleagues}


async def _plan(ask: Ask) -> str:
    when = {name: _moment(ask, name) for name in ("begins", "ends")}
    # an operator is told of no names, and types a login name
    who = (
        (await chosen(ask, "who"))["who"]
        if POLICY[Act.SEE_COLLEAGUES, ask.session.caller.role] is Reach.ALL
        else ask.form.get("who", "")
    )
    await ask.post("/duty-shifts", {"who": who, **when, "rank": whole(ask.form.get("rank", ""))})
    return _HERE


def _moment(ask: Ask, name: str) -> str:
    """A day and a time by the Dutch clock as a moment; what is neither stays what it is, and is refused as such."""
    on, at = day(ask.form.get(name, "")), ask.form.get(f"{name}At", "").strip().replace(".", ":")
    try:
        return datetime.fromisoformat(f"{on}T{at.zfill(5)}").replace(tzinfo=DUTCH_TIME).isoformat()
    except ValueError:
        return f"{on} {at}"


async def _cancel(ask: Ask) -> str:
    await ask.delete(f"/duty-shifts/{ask.id('shift')}")
    return _HERE


PAGES = (
    Page(
        "duty",
        _HERE,
        _show,
        Act.SEE_DUTY,
        {
            "plan": Form(_plan, Both("De dienst staat in het rooster.", "The shift is in the roster.")),
            "cancel": Form(_cancel, Both("De dienst is geschrapt.", "The shift is taken away.")),
        },
        menu=Both("Dienstrooster", "Duty roster"),
        place=70,
    ),
)
