"""Looking whether anybody is involved with a person; and looking into a family that is not yours, because you must."""

from collections.abc import Mapping
from typing import Any

from hub.console.asking import Ask
from hub.console.filling import day, filled, said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.policy import Act

_NAMES = ("familyName", "prefix", "givenNames", "postcode", "number", "addition")


async def _show(ask: Ask) -> Mapping[str, Any]:
    return {"found": ask.found}


async def _search(ask: Ask) -> str:
    """Who is looked for never stands in an address: the page is the answer to the form itself."""
    bsn, born = ask.form.get("bsn", ""), day(ask.form.get("birthDate", ""))
    whom = {"bsn": bsn.replace(" ", "").replace(".", ""), "birthDate": born, **said(ask.form, *_NAMES)}
    ask.found = (await ask.post("/families/_search", filled(whom)))["items"]
    return ""


async def _before(ask: Ask) -> Mapping[str, Any]:
    return {"family": ask.at("id")}


async def _break(ask: Ask) -> str:
    path = f"/families/{ask.at('id')}"
    await ask.post(f"{path}/glass-breakings", said(ask.form, "motivation"))
    return path


async def _broken(ask: Ask) -> Mapping[str, Any]:
    found = await ask.get(f"/families/{ask.at('id')}/glass-breakings")
    return {"family": ask.at("id"), "breakings": found["items"][::-1]}


async def _all_broken(ask: Ask) -> Mapping[str, Any]:
    found = await ask.get("/broken-glass", after=ask.query.get("after", ""), limit=50)
    return {"breakings": found["items"], "next": found["next"]}


PAGES = (
    Page(
        "search",
        "/search",
        _show,
        Act.SEARCH,
        {"for": Form(_search, Both("Gezocht.", "Looked for."))},
        menu=Both("Zoeken", "Search"),
        place=50,
    ),
    Page(
        "glass",
        "/families/{id:uuid}/glass",
        _before,
        Act.BREAK_GLASS,
        {"break": Form(_break, Both("U kunt dit gezin vier uur inzien.", "You can look at this family for four hours."))},
    ),
    Page(
        "broken-glass",
        "/broken-glass",
        _all_broken,
        Act.SEE_BREAKINGS,
        menu=Both("Inzage door anderen", "Looks by others"),
        place=55,
    ),
    Page("glass-breakings", "/families/{id:uuid}/glass-breakings", _broken, Act.SEE_BREAKINGS),
)
