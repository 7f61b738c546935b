"""What can be asked: every view of every projection, a family's history, who is known, and a message's receipt."""

from functools import partial

from hub.api import forms, receipts, schemas
from hub.api.decisions import CASE
from hub.api.operations import Answer, Operation, Question, id_of
from hub.api.parts import Parts
from hub.api.queries import Parameter, moment, whole
from hub.domain.callers import Capacity
from hub.domain.dates import PartialDate
from hub.domain.signals import Address, NamedPerson
from hub.errors import NotKnown
from hub.ports import Asked, View

MOST_IN_PAGE = 500
_PAGE = (
    Parameter("after", schemas.TEXT, "the cursor that came with the page before", unless=""),
    Parameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": MOST_IN_PAGE, "default": 100}, "how many", whole(1, MOST_IN_PAGE), 100
    ),
)


# Views ---------------------------------------------------------------------------------------------


def of_view(view: View) -> Operation:
    """A read model over HTTP; a list takes a cursor and a limit."""
    words = [word for word in view.path.replace("{", "by-").replace("}", "").replace("/", "-").split("-") if word]
    pages = _PAGE if "next" in view.answer.get("properties", {}) else ()
    return Operation(
        method="GET",
        path=f"/{view.path}",
        name="get" + "".join(word.title() for word in words),
        title=view.title,
        tag=view.path.split("/")[0],
        roles=frozenset(Capacity(role) for role in view.roles),
        do=partial(_ask, view),
        answer=view.answer,
        query=(*(Parameter(name, schemas.TEXT, "only those", unless="") for name in view.filters), *pages),
        refusals=(404,) if "{" in view.path else (),
    )


def _ask(view: View, parts: Parts, q: Question) -> Answer:
    filters = {name: q.query[name] for name in view.filters if q.query[name]}
    key = str(next(iter(q.ids.values()), ""))
    with parts.connect() as connection:
        found = view.ask(connection, Asked(key, filters, q.query.get("after", ""), q.query.get("limit", 100)))
    if found is None:
        raise NotKnown("There is nothing by that id.")
    return Answer(found, {"ETag": f'"{found["version"]}"'} if "version" in found else {})


# History -------------------------------------------------------------------------------------------


def _history(parts: Parts, q: Question) -> Answer:
    return Answer(parts.history(id_of(q, "id"), q.query["recordedAt"], q.query["validAt"]))


_MAYBE_MOMENT = {"anyOf": [schemas.MOMENT, {"type": "null"}]}
_FACT = schemas.thing(
    event=schemas.TEXT,
    version=schemas.VERSION,
    recordedAt=schemas.MOMENT,
    validFrom=schemas.MOMENT,
    by=schemas.TEXT,
    cause=schemas.TEXT,
    basis=schemas.TEXT,
    data={"type": "object"},
)
HISTORY = Operation(
    method="GET",
    path="/families/{id}/history",
    name="getHistory",
    title="How a family stood: as the hub knew it at one moment, and as it was so at another",
    tag="families",
    roles=CASE | {Capacity.AUDITOR, Capacity.DATA_PROTECTION_OFFICER},
    do=_history,
    answer=schemas.thing(
        family=schemas.ID,
        recordedAt=_MAYBE_MOMENT,
        validAt=_MAYBE_MOMENT,
        state={"anyOf": [{"type": "object"}, {"type": "null"}]},
        events=schemas.many(_FACT),
    ),
    query=(
        Parameter("recordedAt", schemas.MOMENT, "what the hub had recorded by then; any offset (default: now)", moment),
        Parameter("validAt", schemas.MOMENT, "what was so by then; any offset (default: now)", moment),
    ),
    refusals=(404,),
)


# Who is known --------------------------------------------------------------------------------------


def _search(parts: Parts, q: Question) -> Answer:
    found = parts.search(_named(q.body))
    return Answer({"items": [{"family": str(one.family), "involved": True, "contact": one.contact} for one in found]})


def _named(said: forms.Wanted) -> NamedPerson:
    address = Address(postcode=said.postcode or "", number=said.number or "", addition=said.addition or "")
    return NamedPerson(
        bsn=said.bsn or "",
        family_name=said.family_name or "",
        prefix=said.prefix or "",
        given_names=said.given_names or "",
        birth_date=PartialDate.of(said.birth_date) if said.birth_date else PartialDate(""),
        address=address,
    )


SEARCH = Operation(
    method="POST",
    path="/families/_search",
    name="searchFamilies",
    title="Whether somebody is involved with a person, and whom to contact: no more than that",
    tag="families",
    roles=CASE,
    do=_search,
    answer=schemas.thing(items=schemas.many(schemas.thing(family=schemas.ID, involved=schemas.TRUTH, contact=schemas.TEXT))),
    form=forms.Wanted,
)


# Receipts ------------------------------------------------------------------------------------------


def _status(parts: Parts, q: Question) -> Answer:
    return Answer(receipts.status(*parts.intake.status(id_of(q, "id"), q.caller.organisation), parts.sign))


RECEIPT = Operation(
    method="GET",
    path="/signals/{id}",
    name="getSignal",
    title="The receipt of a message and what became of it, for the partner that sent it",
    tag="signals",
    roles=frozenset({Capacity.PARTNER}),
    do=_status,
    answer=schemas.STATUS,
    refusals=(404,),
)
LOOKUPS = (RECEIPT, SEARCH, HISTORY)
