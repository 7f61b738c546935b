"""What people ask about their own data: what is open and until when, one of them, and noting one of somebody in a family."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any

from hub.console.asking import Ask
from hub.console.families import family_of, names_of
from hub.console.filling import day, filled, said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.callers import Capacity
from hub.domain.policy import Act
from hub.domain.requests import Asks

_NAMES = ("familyName", "prefix", "givenNames", "postcode", "number", "addition")
_ASKS = [asks.value for asks in Asks]


async def _list(ask: Ask) -> Mapping[str, Any]:
    found = await ask.get("/person-requests", state=ask.query.get("state", ""), after=ask.query.get("after", ""), limit=50)
    return {"requests": found["items"], "next": found["next"], "found": ask.found, "asks": _ASKS, "may_handle": _may_handle(ask)}


async def _search(ask: Ask) -> str:
    """Who asks never stands in an address: the page is the answer to the form itself."""
    bsn, born = ask.form.get("bsn", ""), day(ask.form.get("birthDate", ""))
    whom = {"bsn": bsn.replace(" ", "").replace(".", ""), "birthDate": born, **said(ask.form, *_NAMES)}
    ask.found = (await ask.post("/persons/_search", filled(whom)))["items"]
    return ""


async def _note(ask: Ask) -> str:
    return f"/person-requests/{await _noted(ask)}"


async def _noted(ask: Ask) -> str:
    body = {"received": day(ask.form.get("received", "")), **said(ask.form, "person", "asks", "words")}
    id: str = (await ask.post("/person-requests", body))["request"]
    return id


async def _one(ask: Ask) -> Mapping[str, Any]:
    request, register = await gather(ask.get(f"/person-requests/{ask.at('id')}"), ask.get("/request-grounds"))
    certificate = None
    if request["asks"] == Asks.ERASURE and request.get("carriedOut"):
        certificate = await ask.maybe(f"/persons/{request['person']}/erasure-certificate")
    fitting = [ground for ground in register["grounds"] if request["asks"] in ground["asks"]]
    called = {ground["code"]: Both(ground["nl"], ground["en"]) for ground in register["grounds"]}
    return {
        "asked": request,
        "grant": _options(ask, fitting, "granted"),
        "refuse": _options(ask, fitting, "refused"),
        "identity": [(one["code"], Both(one["nl"], one["en"]).said(ask.tongue)) for one in register["identity"]],
        "called": called,
        "certificate": certificate,
        "may_handle": _may_handle(ask),
    }


def _options(ask: Ask, grounds: Sequence[Mapping[str, Any]], outcome: str) -> list[tuple[str, str]]:
    chosen = [ground for ground in grounds if ground["outcome"] == outcome]
    return [(one["code"], f"{Both(one['nl'], one['en']).said(ask.tongue)} ({one['article']})") for one in chosen]


def _on_request(what: str, *fields: str, **always: str) -> Any:
    async def do(ask: Ask) -> str:
        at = f"/person-requests/{ask.at('id')}"
        await ask.post(f"{at}/{what}", {**said(ask.form, *fields), **always})
        return at

    return do


async def _carry_out(ask: Ask) -> str:
    at = f"/person-requests/{ask.at('id')}"
    messages = ask.form.get("messages", "").split()
    await ask.post(f"{at}/executions", {**said(ask.form, "words"), **({"messages": messages} if messages else {})})
    return at


async def _on_person(ask: Ask, what: str) -> str:
    at = f"/person-requests/{ask.at('id')}"
    person = (await ask.get(at))["person"]
    await ask.post(f"/persons/{person}/{what}", said(ask.form, "words"))
    return at


async def _state(ask: Ask) -> str:
    return await _on_person(ask, "statements")


async def _lift(ask: Ask) -> str:
    return await _on_person(ask, "restriction-liftings")


async def _of_family(ask: Ask) -> Mapping[str, Any]:
    family = await family_of(ask)
    return {"family": family, "names": names_of(family), "asks": _ASKS}


async def _note_here(ask: Ask) -> str:
    await _noted(ask)
    return f"/families/{ask.at('id')}/note-request"


def _may_handle(ask: Ask) -> bool:
    return ask.session.caller.role is Capacity.DATA_PROTECTION_OFFICER


_DECIDED = Both("Het besluit is vastgelegd.", "The decision was recorded.")
PAGES = (
    Page(
        "requests",
        "/person-requests",
        _list,
        Act.SEE_REQUESTS,
        forms={
            "search": Form(_search, Both("Gezocht.", "Looked for.")),
            "note": Form(_note, Both("Het verzoek is vastgelegd; de termijn loopt.", "The request was noted; its term runs.")),
        },
        menu=Both("Verzoeken", "Requests"),
        place=15,
    ),
    Page(
        "request",
        "/person-requests/{id:uuid}",
        _one,
        Act.SEE_REQUESTS,
        forms={
            "check": Form(_on_request("identity-checks", "identity"), Both("De identiteit is vastgesteld.", "It is known who.")),
            "extend": Form(_on_request("extensions", "motivation"), Both("De termijn is verlengd.", "The term was extended.")),
            "grant": Form(_on_request("decisions", "ground", "motivation", decision="granted"), _DECIDED),
            "refuse": Form(_on_request("decisions", "ground", "motivation", decision="refused"), _DECIDED),
            "withdraw": Form(_on_request("decisions", "motivation", decision="withdrawn"), _DECIDED),
            "carry-out": Form(_carry_out, Both("Uitgevoerd.", "Carried out.")),
            "state": Form(_state, Both("De eigen woorden staan erbij.", "Their own words stand beside it.")),
            "lift": Form(_lift, Both("De beperking is opgeheven.", "The restriction was lifted.")),
        },
    ),
    Page(
        "note-request",
        "/families/{id:uuid}/note-request",
        _of_family,
        Act.NOTE_REQUEST,
        forms={
            "note": Form(
                _note_here,
                Both(
                    "Het verzoek is vastgelegd; de functionaris gegevensbescherming beantwoordt het.",
                    "The request was noted; the data protection officer answers it.",
                ),
            )
        },
    ),
)
