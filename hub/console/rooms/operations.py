"""Operations: the messages that could not be read, with every reason, to be read again after a fix."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act

COMMANDS = ("hub partner show", "hub deliveries list", "hub deliveries again", "hub status")
"""What stands on the command line alone."""


async def _show(ask: Ask) -> Mapping[str, Any]:
    found = await ask.get("/quarantine", after=ask.query.get("after", ""), limit=50)
    return {"quarantine": found, "still": ask.found or "", "commands": COMMANDS}


async def _again(ask: Ask) -> str:
    became = await ask.post(f"/messages/{ask.form.get('message', '')}/processings")
    if became["outcome"] == "quarantined":
        ask.found = became["message"]
        return ""
    return "/operations"


PAGES = (
    Page(
        "operations",
        "/operations",
        _show,
        Act.SEE_QUARANTINE,
        forms={"again": Form(_again, Both("Het bericht is gelezen.", "The message was read."))},
        menu=Both("Beheer", "Operations"),
        place=90,
    ),
)
