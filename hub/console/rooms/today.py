"""Today: what waits for whoever looks, the most urgent first."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.parts import Both
from hub.console.rooms import Page
from hub.domain.policy import Act


async def _show(ask: Ask) -> Mapping[str, Any]:
    return {"families": await ask.maybe("/clocks")}


PAGES = (Page("today", "/", _show, Act.SEE_LISTS, menu=Both("Vandaag", "Today"), place=10),)
