"""Looking into a family that is not yours, because you must: said aloud, for a while, and told to its director."""

from uuid import UUID

from hub.api import forms, schemas
from hub.api.admission import Here, Hub, Known
from hub.api.operations import Operation
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.access import Access
from hub.domain.policy import Act, Relation, may
from hub.errors import NotKnown


def _break(hub: Hub, caller: Known, id: UUID, body: forms.Motivated) -> Answer:
    until = hub.admittance.break_glass(id, caller, body.motivation)
    return Answer({"family": str(id), "until": until}, 201, {"Location": f"/v1/families/{id}"})


def _breakings(hub: Hub, id: UUID) -> Answer:
    return Answer({"items": [_breaking(event) for event in hub.admittance.breakings(id)]})


def _breaking(event: Access.GlassBroken) -> dict[str, object]:
    who = {"who": event.by, "role": event.role, "organisation": event.organisation}
    return {**who, "reason": event.reason, "at": event.timestamp, "until": event.until}


def _standing(hub: Hub, caller: Known, visit: Here, id: UUID) -> Answer:
    family, now = visit.standing, hub.clock.now()
    if family is None:
        raise NotKnown("There is nothing by that id.")
    relation = family.relation(caller, now)
    seen_until = family.glass.get(caller.subject)
    until = {Relation.GLASS: seen_until, Relation.INVOLVED: seen_until, Relation.OFFERED: family.offered_until}.get(relation)
    acts = [act.value for act in Act if may(act, caller, family, now)]
    return Answer({"family": str(id), "relation": relation.value, "until": until, "may": acts})


_MOMENT = {"type": "string", "format": "date-time"} | of.PROVENANCE
_BREAKING = schemas.thing(
    **dict.fromkeys(("who", "role", "organisation"), schemas.TEXT | of.PROVENANCE),
    reason=schemas.TEXT | of.WORDS,
    at=_MOMENT,
    until=_MOMENT,
)
BREAKINGS = Operation(
    method="GET",
    path="/families/{id}/glass-breakings",
    name="getGlassBreakings",
    title="Who looked into this family although it is not theirs, and why they had to",
    tag="families",
    act=Act.SEE_BREAKINGS,
    do=_breakings,
    answer=schemas.thing(items=schemas.many(_BREAKING)),
    refusals=(404,),
)
_CODE = schemas.TEXT | of.OPERATION
STANDING = Operation(
    method="GET",
    path="/families/{id}/standing",
    name="getStanding",
    title="What you are to this family, until when, and what you may do with it",
    tag="families",
    act=Act.SEE_FAMILY,
    do=_standing,
    answer=schemas.thing(
        family=schemas.ID, relation=_CODE, until=schemas.maybe(schemas.MOMENT | of.OPERATION), may=schemas.many(_CODE)
    ),
    refusals=(404,),
)
BREAK_GLASS = Operation(
    method="POST",
    path="/families/{id}/glass-breakings",
    name="breakGlass",
    title="Look into a family that is not yours, for four hours; its director and the data protection officer are told",
    tag="families",
    act=Act.BREAK_GLASS,
    do=_break,
    answer=schemas.thing(family=schemas.ID, until=schemas.MOMENT | of.OPERATION),
    status=201,
    form=forms.Motivated,
    refusals=(404, 409),
)
