"""Saying by whom a partner took notice of what it was told: a person by name, not only a system that answered 200."""

from dataclasses import replace
from uuid import UUID

from pydantic import Field

from hub.api import schemas
from hub.api.admission import Here, Hub, Known
from hub.api.forms import Form, Line
from hub.api.operations import Operation
from hub.api.parts import Parts
from hub.api.queries import Moment
from hub.api.visits import Visit, note
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.callers import Caller
from hub.domain.policy import Act
from hub.domain.tellings import Person


class Acknowledgement(Form):
    """Who took notice, as what, and when (by default: now)."""

    name: Line
    role: Line
    at: Moment | None = Field(None, description="when they did, with any offset; not later than now")


def _acknowledge(hub: Hub, visit: Here, caller: Known, id: UUID, body: Acknowledgement) -> Answer:
    keys, person = _keys(hub, caller), Person(body.name, body.role, body.at or hub.clock.now())
    family = hub.tellings.family_of(keys, id)
    if family is not None:
        _note_at(family, visit, hub)
    hub.tellings.acknowledge(keys, id, person, caller.subject)
    return Answer({"notice": str(id)}, 201)


def _keys(hub: Parts, caller: Caller) -> list[str]:
    return [caller.organisation, *(each.key for each in hub.subscriptions(caller.organisation))]


def _note_at(family: UUID, visit: Visit, hub: Parts) -> None:
    there = replace(visit, family=family, standing=hub.admittance.standing(family))
    if there.standing is not None:
        note(there, there.concerned, hub)


ACKNOWLEDGE_NOTICE = Operation(
    method="POST",
    path="/notices/{id}/acknowledgements",
    name="acknowledgeNotice",
    title="A person of yours, by name, took notice of what you were told; of an escalation that is yours to lead too",
    tag="subscriptions",
    act=Act.ACKNOWLEDGE_NOTICES,
    do=_acknowledge,
    answer=schemas.thing(notice=schemas.ID | of.REFERENCE),
    status=201,
    form=Acknowledgement,
    refusals=(404, 409),
)
