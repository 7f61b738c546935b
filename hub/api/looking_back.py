"""Looking back at a family: what differs between two moments, what led to a fact, and who knew what."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field

from hub.api import facts, schemas
from hub.api.admission import Hub
from hub.api.forms import Form
from hub.api.operations import Operation
from hub.api.queries import Moment
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act


class Between(Form):
    """Two looks at a family, each on two axes."""

    recorded_from: Moment | None = Field(None, description="the earlier look: what the hub had recorded by then (default: now)")
    valid_from: Moment | None = Field(None, description="the earlier look: what was so by then (default: now)")
    recorded_until: Moment | None = Field(None, description="the later look: what the hub had recorded by then (default: now)")
    valid_until: Moment | None = Field(None, description="the later look: what was so by then (default: now)")


class Known(Form):
    """Whose knowledge, and when."""

    at: Moment | None = Field(None, description="what they knew by then; any offset (default: now)")
    of: str = Field("", max_length=200, description="an organisation or a login name: them alone")


def _differences(hub: Hub, id: UUID, q: Annotated[Between, Query()]) -> Answer:
    return Answer(hub.history.differences(id, (q.recorded_from, q.valid_from), (q.recorded_until, q.valid_until)))


def _causes(hub: Hub, id: UUID, version: Annotated[int, Path(ge=1, le=999_999_999)]) -> Answer:
    return Answer(hub.history.causes(id, version))


def _knowledge(hub: Hub, id: UUID, q: Annotated[Known, Query()]) -> Answer:
    at = q.at or hub.clock.now()
    return Answer({"family": str(id), "at": at.isoformat().replace("+00:00", "Z"), "knowers": hub.knowledge(id, at, q.of)})


_TEXT, _MOMENT = schemas.TEXT, schemas.MOMENT
_ROLE = _TEXT | of.PROVENANCE
_AXES = schemas.thing(recordedAt=schemas.maybe(_MOMENT) | of.OPERATION, validAt=schemas.maybe(_MOMENT) | of.OPERATION)
_PARTLY = {**facts.STATE, "required": []}
_DIFFERENCES = schemas.thing(
    **{"from": _AXES},
    family=schemas.ID,
    until=_AXES,
    was=_PARTLY,
    now=_PARTLY,
    more=schemas.many(facts.FACT),
    fewer=schemas.many(facts.FACT),
)
_MESSAGE = schemas.thing(
    message=_TEXT | of.REFERENCE,
    partner=_TEXT | of.INVOLVEMENT,
    type=_TEXT | of.INVOLVEMENT,
    recordedAt=_MOMENT | of.OPERATION,
    position={"type": "integer"} | of.OPERATION,
    digest=_TEXT | of.REFERENCE,
    key=_TEXT | of.PROVENANCE,
    basis=_TEXT | of.PROVENANCE,
)
_CAUSES = schemas.thing(family=schemas.ID, version=schemas.VERSION, chain=schemas.many(facts.FACT), messages=schemas.many(_MESSAGE))
_TOLD = schemas.thing(
    type=_TEXT | of.INVOLVEMENT,
    notice=_TEXT | of.REFERENCE,
    fact={"type": "integer"} | of.REFERENCE,
    triedAt=_MOMENT | of.INVOLVEMENT,
    takenAt=schemas.maybe(_MOMENT | of.INVOLVEMENT),
    way=_TEXT | of.OPERATION,
    digest=_TEXT | of.REFERENCE,
)
_KNOWER = schemas.thing(
    organisation=_TEXT | of.PROVENANCE,
    who=_TEXT | of.PROVENANCE,
    told=schemas.many(_TOLD),
    looked=schemas.many(schemas.thing(at=_MOMENT | of.PROVENANCE, what=_TEXT | of.PROVENANCE, role=_ROLE, ground=_ROLE)),
    acknowledged=schemas.many(schemas.thing(type=_TEXT | of.INVOLVEMENT, name=_ROLE, role=_ROLE, at=_MOMENT | of.INVOLVEMENT)),
)
_KNOWLEDGE = schemas.thing(family=schemas.ID, at=_MOMENT | of.OPERATION, knowers=schemas.many(_KNOWER))


# fmt: off
LOOKING_BACK = (
    Operation("GET", "/families/{id}/history/differences", "getDifferences", "What of a family differs between two moments, on "
              "both axes", "families", Act.SEE_HISTORY, _differences, _DIFFERENCES, query=Between, refusals=(404,)),
    Operation("GET", "/families/{id}/history/{version}/causes", "getCauses", "What led to a fact of a family, back to the messages "
              "that partners signed", "families", Act.SEE_HISTORY, _causes, _CAUSES, refusals=(404,)),
    Operation("GET", "/families/{id}/knowledge", "getKnowledge", "Who had been told what of a family, had looked at it and had "
              "taken notice, at a moment", "families", Act.SEE_KNOWLEDGE, _knowledge, _KNOWLEDGE, query=Known, refusals=(404,)),
)
# fmt: on
