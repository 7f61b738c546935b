"""Who somebody is here, until when, and the way out; how they want to be told, and a calendar of their terms."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import said, whole
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.contacting import Mail
from hub.domain.policy import Act

_HERE = "/account"
_HOURS = range(7, 19)
"""Of a working day: when somebody may want to be mailed what there is."""
_MAILS = {
    Mail.AT_ONCE: Both("meteen", "at once"),
    Mail.DAILY: Both("één keer per dag", "once a day"),
    Mail.NEVER: Both("nooit", "never"),
}


async def _show(ask: Ask) -> Mapping[str, Any]:
    contact = await ask.maybe("/me/contact")
    mails = [(mail.value, words.said(ask.tongue)) for mail, words in _MAILS.items()]
    return {
        "contact": contact,
        "mails": mails,
        "hours": [(hour, f"{hour}:00") for hour in sorted({*_HOURS, *({contact["hour"]} if contact else ())})],
        "link": ask.found,
    }


async def _choose(ask: Ask) -> str:
    await ask.put("/me/contact", {**said(ask.form, "email", "mail"), "hour": whole(ask.form.get("hour", ""))})
    return _HERE


async def _open(ask: Ask) -> str:
    """The link is a secret that is shown once: on the page that answers, and in no address."""
    ask.found = (await ask.post("/me/calendar"))["url"]
    return ""


async def _close(ask: Ask) -> str:
    await ask.delete("/me/calendar")
    return _HERE


PAGES = (
    Page(
        "account",
        _HERE,
        _show,
        Act.CHOOSE_CONTACT,
        {
            "contact": Form(_choose, Both("Zo krijgt u voortaan bericht.", "You are told like this from now on.")),
            "calendar": Form(_open, Both("Uw agendalink is gemaakt.", "Your calendar link is made.")),
            "no-calendar": Form(_close, Both("Uw agendalink werkt niet meer.", "Your calendar link no longer works.")),
        },
    ),
)
