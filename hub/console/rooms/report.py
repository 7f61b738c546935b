"""Reporting a signal without a system of one's own: the form, the receipt of what was sent, and what became of it since."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from hub.console.asking import Ask, Refused, Wrong
from hub.console.families import NOT_TOLD, TOLD
from hub.console.filling import day, filled, said
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.concerns import CONCERNS
from hub.domain.policy import Act
from hub.domain.words import LifeArea, Role

WEIGHTS: Mapping[str, Both] = {
    "": Both("dat kan ik niet zeggen", "I cannot say"),
    "light": Both("licht: het is goed dat iemand dit weet", "light: it is good that somebody knows"),
    "serious": Both("serieus: er moet binnenkort iets gebeuren", "serious: something has to happen soon"),
    "grave": Both("ernstig: er moet nu iets gebeuren", "grave: something has to happen now"),
    "acute": Both("acuut: er is op dit moment gevaar", "acute: there is danger at this moment"),
}
"""How serious it is to who reports it; where they cannot say, the concern weighs as it does by itself."""
ANSWERS = ("feedback-taken-up", "feedback-no-follow-up")
"""What is no concern of one's own: an answer to the report of another."""
MOST_PEOPLE = 8
"""On this form; a signal can name twenty."""
_NAMES = ("givenNames", "prefix", "familyName", "role")
_PLACE = ("postcode", "number", "addition", "street", "town")
_FIELDS = (
    *("givenNames", "prefix", "familyName", "birthDate", "role", *(f"address.{name}" for name in _PLACE), "bsn"),
    *("concern", "weight", "happened", "informed", "informed.how", "informed.when", "informed.by", "informed.reasonNot"),
)
"""Of a person, and then of the worry, in their order."""
_MONTH = re.compile(r"\s*(\d{1,2})[-/. ](\d{4})\s*", re.ASCII)
_ANEW = "anew"


async def _show(ask: Ask) -> Mapping[str, Any]:
    await ask.get("/reports", limit=1)  # whoever may not report sees no form
    areas = {area.value: list(_of_area(area)) for area in LifeArea}
    return {
        "key": str(uuid4()) if ask.found == _ANEW else ask.form.get("key") or str(uuid4()),
        "people": _people(ask.form),
        "is_full": _people(ask.form) >= MOST_PEOPLE,
        "areas": {area: concerns for area, concerns in areas.items() if concerns},
        "weights": WEIGHTS,
        "roles": [role.value for role in Role],
        "told": TOLD,
        "not_told": NOT_TOLD,
    }


def _of_area(area: LifeArea) -> Iterator[str]:
    """The concerns that somebody finds under a life area, each once: under its first."""
    return (code for code, concern in CONCERNS.items() if concern.areas[0] is area and code not in ANSWERS)


def _people(form: Mapping[str, str]) -> int:
    """How many people the form has room for."""
    text = form.get("number-of-people", "")
    return min(int(text), MOST_PEOPLE) if re.fullmatch("[1-9]", text, re.ASCII) else 1


async def _send(ask: Ask) -> str:
    """Sends the report; the same press twice is one, and what was changed after it was sent is another."""
    if "add" in ask.form:
        number = _people(ask.form)
        ask.form = {**ask.form, "number-of-people": str(number + 1), f"people.{number}.same": "on"}
        return ""
    named = [number for number in range(_people(ask.form)) if number == 0 or _is_named(ask.form, number)]
    try:
        receipt = await ask.post("/reports", _signal(ask.form, named), idempotency_key=ask.form.get("key", ""))
    except Refused as error:
        ask.found = _ANEW if error.code == "id-reused" else None
        error.violations = _as_on_the_form(error.violations, named)
        raise
    return f"/reports/{receipt['message']}"


def _as_on_the_form(violations: Sequence[Wrong], named: Sequence[int]) -> list[Wrong]:
    """What is wrong, once for each field, in the order in which the form has them."""
    first: dict[str, Wrong] = {}
    for one in violations:
        field = _placed(one.field, named)
        first.setdefault(field, Wrong(field, one.what))
    return sorted(first.values(), key=lambda wrong: _place(wrong.field))


def _place(field: str) -> tuple[int, int]:
    """Whose it is, or after all of them; and where it stands among the fields there."""
    group, number, *_ = [*field.split("."), ""]
    is_somebodys = group == "people" and number.isdecimal()
    within = field.removeprefix(f"people.{number}.") if is_somebodys else field
    return int(number) if is_somebodys else MOST_PEOPLE, _FIELDS.index(within) if within in _FIELDS else len(_FIELDS)


def _placed(field: str, named: Sequence[int]) -> str:
    """The field of the form that the hub means: it counts only the people that it was told of."""
    group, number, *rest = [*field.split("."), ""]
    return ".".join([group, str(named[int(number)]), *rest[:-1]]) if group == "people" and number.isdecimal() else field


def _signal(form: Mapping[str, str], named: Sequence[int]) -> Mapping[str, Any]:
    """What was filled in, as the contract of a signal has it; what it has to have is there, empty or not."""
    return {
        "reference": f"formulier-{form.get('key', '')}",
        "concern": form.get("concern", ""),
        "happened": part_of_date(form.get("happened", "")),
        **filled({"weight": form.get("weight", "")}),
        "people": [_person(form, number) for number in named],
        "informed": _informed(form),
    }


def _is_named(form: Mapping[str, str], number: int) -> bool:
    """Whether anything was filled in of somebody further down."""
    return any(form.get(f"people.{number}.{name}", "").strip() for name in ("givenNames", "familyName", "birthDate", "bsn"))


def _person(form: Mapping[str, str], number: int) -> Mapping[str, Any]:
    at = f"people.{number}."
    own = {name: form.get(at + name, "").strip() for name in _NAMES}
    lives_with = form.get(f"{at}same", "") and number
    place = f"people.{0 if lives_with else number}.address."
    address = filled({name: form.get(place + name, "").strip() for name in _PLACE})
    born, bsn = part_of_date(form.get(f"{at}birthDate", "")), re.sub(r"[ .]", "", form.get(f"{at}bsn", ""))
    only_named = {"isSubject": False} if form.get(f"{at}mentioned") else {}
    return {**filled({**own, "birthDate": born, "bsn": bsn, "address": address}), "familyName": own["familyName"], **only_named}


def _informed(form: Mapping[str, str]) -> Mapping[str, str]:
    """How the family was told, or why not: the hub says so where it is neither, or both."""
    how = said(form, "informed.how", "informed.by", "informed.reasonNot")
    when = part_of_date(form.get("informed.when", ""))
    return filled({**{name.partition(".")[2]: text for name, text in how.items()}, "when": when})


def part_of_date(text: str) -> str:
    """As much of a date as somebody knows, as the hub asks it: 2026-03-01, 2026-03 (typed as 3-2026) or 2026."""
    found = _MONTH.fullmatch(text)
    return f"{found[2]}-{int(found[1]):02}" if found else day(text)


async def _receipt(ask: Ask) -> Mapping[str, Any]:
    report = await ask.get(f"/reports/{ask.at('id')}")
    return {"report": report, "state": state_of(report["status"]), "organisation": ask.session.caller.organisation}


def state_of(status: Mapping[str, Any]) -> str:
    """How far a report came, by the codes of the list of them."""
    if status["outcome"] in ("corrected", "withdrawn"):
        return "taken-back"
    heard: Sequence[Mapping[str, str]] = status["feedback"]
    return next((one["outcome"] for one in heard), "unread" if status["outcome"] == "quarantined" else "received")


async def _list(ask: Ask) -> Mapping[str, Any]:
    return {"reports": await ask.get("/reports", after=ask.query.get("after", ""), limit=25)}


PAGES = (
    Page(
        "report",
        "/report",
        _show,
        Act.REPORT,
        {"send": Form(_send, Both("Uw signaal is ontvangen.", "Your signal has been received."))},
        menu=Both("Signaal melden", "Report a signal"),
        place=60,
    ),
    Page("reports", "/reports", _list, Act.REPORT, menu=Both("Mijn signalen", "My signals"), place=61),
    Page("report-receipt", "/reports/{id:uuid}", _receipt, Act.REPORT),
)
