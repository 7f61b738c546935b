"""Who somebody is here, until when, and the way out."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.rooms import Page
from hub.domain.policy import Act


async def _show(_: Ask) -> Mapping[str, Any]:
    return {}


PAGES = (Page("account", "/account", _show, Act.CHOOSE_CONTACT),)
