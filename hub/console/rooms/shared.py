"""What was shared with whom: what partners were told of a family, and who of them took notice."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.families import family_of, names_of
from hub.console.rooms import Page
from hub.domain.policy import Act


async def _show(ask: Ask) -> Mapping[str, Any]:
    family = await family_of(ask)
    told = await ask.get(f"/families/{family['id']}/tellings", after=ask.query.get("after", ""), limit=50)
    return {"family": family, "names": names_of(family), "told": told["items"], "next": told["next"]}


PAGES = (Page("shared", "/families/{id:uuid}/shared", _show, Act.SEE_FAMILY),)
