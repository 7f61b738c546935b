"""What can be asked: every view of every projection, a family's history, who is known, and a message's receipt."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field, create_model

from hub.api import facts, forms, hearing, receipts, schemas
from hub.api.admission import Hub, Known
from hub.api.forms import Form
from hub.api.operations import Operation, question
from hub.api.parts import Parts
from hub.api.queries import Moment, Nothing
from hub.api.visits import at_family
from hub.api.writing import Answer
from hub.domain.dates import PartialDate
from hub.domain.policy import Act, Reach
from hub.domain.signals import Address, NamedPerson
from hub.errors import NotKnown
from hub.ports import Asked, View

# Views ---------------------------------------------------------------------------------------------


class Page(Form):
    """Which part of a list."""

    after: str = Field("", description="the cursor that came with the page before")
    limit: int = Field(100, ge=1, le=500, description="how many")


def of_view(view: View) -> Operation:
    """A read model over HTTP; a list takes a cursor and a limit."""
    words = [word for word in view.path.replace("{", "by-").replace("}", "").replace("/", "-").split("-") if word]
    base = Page if "next" in view.answer.get("properties", {}) else Nothing
    filters: dict[str, Any] = {name: (str, Field("", description=view.says.get(name, "only those"))) for name in view.filters}
    query = create_model("Narrowed", __base__=base, **filters)
    return Operation(
        method="GET",
        path=f"/{view.path}",
        name="get" + "".join(word.title() for word in words),
        title=view.title,
        tag=view.path.split("/")[0],
        act=view.act,
        do=_asked(view, question(view.path, query=query)),
        answer=dict(view.answer),
        query=query,
        refusals=(404,) if "{" in view.path else (),
    )


def _asked(view: View, asked: Any) -> Callable[..., Answer]:
    def ask(q: Any = asked) -> Answer:
        filters = {name: text for name in view.filters if (text := getattr(q.query, name))}
        page = q.query.model_dump(include={"after", "limit"})
        about = view.about if q.reach is Reach.OWN else ""
        only = q.hub.families_of(q.caller, view.act) if about == "families" else None
        organisation = q.caller.organisation if about == "organisations" else ""
        mine = {"only": only, "organisation": organisation, "who": q.caller.subject, "at": q.visit.began}
        with q.hub.connect() as connection:
            found = view.ask(connection, Asked(str(getattr(q, "id", "")), filters, **page, **mine))
        if found is None:
            raise NotKnown("There is nothing by that id.")
        if view.about == "its-family":
            there = at_family(q.visit, view.act, UUID(found["family"]), q.hub)
            q.hub.admittance.note_look(view.act, there.family, q.caller, there.standing)
        return Answer(found, headers={"ETag": f'"{found["version"]}"'} if "version" in found else {})

    return ask


# History -------------------------------------------------------------------------------------------


class Axes(Form):
    """As of when, on two axes."""

    recorded_at: Moment | None = Field(None, description="what the hub had recorded by then; any offset (default: now)")
    valid_at: Moment | None = Field(None, description="what was so by then; any offset (default: now)")


def _history(hub: Hub, id: UUID, axes: Annotated[Axes, Query()]) -> Answer:
    return Answer(hub.history(id, axes.recorded_at, axes.valid_at))


HISTORY = Operation(
    method="GET",
    path="/families/{id}/history",
    name="getHistory",
    title="How a family stood: as the hub knew it at one moment, and as it was so at another",
    tag="families",
    act=Act.SEE_HISTORY,
    do=_history,
    answer=facts.HISTORY,
    query=Axes,
    refusals=(404,),
)


# Who is known --------------------------------------------------------------------------------------


def _search(hub: Hub, caller: Known, body: forms.Wanted) -> Answer:
    whom = named(body)
    found = hub.search(whom)
    items = [
        {
            "family": str(one.family),
            "involved": True,
            "contact": one.contact,
            "isOpen": hub.admittance.may(Act.SEE_FAMILY, caller, one.family),
        }
        for one in found
    ]
    sought = hub.sought(whom)
    return Answer({"items": items}, sought=sought.keys, concerned=sought.found)


def named(said: forms.Wanted) -> NamedPerson:
    """Whoever is looked for, in the words of signals."""
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
    act=Act.SEARCH,
    do=_search,
    answer=schemas.FOUND,
    form=forms.Wanted,
)


# Receipts ------------------------------------------------------------------------------------------


def status_of(id: UUID, hub: Parts, organisation: str, typed_by: str = "") -> Answer:
    """The receipt of a message of that organisation (and that person), with what became of it since. Raises: NotKnown."""
    receipt, became = hub.intake.status(id, organisation, typed_by)
    heard = hub.reporters.of(id, [(one["signal"], one["family"]) for one in became.signals])
    said = receipts.status(receipt, became, hub.sign)
    said["status"]["feedback"] = [hearing.said(one) for one in heard]
    return Answer(said, concerned=hub.members({one.family for one in heard if one.family}))


def _status(hub: Hub, caller: Known, id: UUID) -> Answer:
    return status_of(id, hub, caller.organisation)


RECEIPT = Operation(
    method="GET",
    path="/signals/{id}",
    name="getSignal",
    title="The receipt of a message, what became of it and whom to contact, for the partner that sent it",
    tag="signals",
    act=Act.READ_RECEIPTS,
    do=_status,
    answer=hearing.SIGNAL,
    refusals=(404,),
)
LOOKUPS = (RECEIPT, SEARCH, HISTORY)
