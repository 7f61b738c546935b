"""Keeping a family whatever its term, and letting the term count again: decided by whoever watches over what is kept."""

from uuid import UUID

from hub.api import forms, schemas
from hub.api.admission import Hub, Known
from hub.api.operations import Operation
from hub.api.writing import Answer
from hub.domain.policy import Act


def _hold(hub: Hub, caller: Known, id: UUID, body: forms.Motivated) -> Answer:
    hub.retention.hold(id, body.motivation, caller.subject)
    return _kept(id)


def _release(hub: Hub, caller: Known, id: UUID, body: forms.Motivated) -> Answer:
    hub.retention.release(id, body.motivation, caller.subject)
    return _kept(id)


def _kept(id: UUID) -> Answer:
    return Answer({"family": str(id)}, 201, {"Location": f"/v1/families/{id}/retention"})


HOLD = Operation(
    method="POST",
    path="/families/{id}/retention-holds",
    name="holdFamily",
    title="Keep a family whatever its term, until it is released: an inquiry, a complaint, a court",
    tag="families",
    act=Act.HOLD_RETENTION,
    do=_hold,
    answer=schemas.thing(family=schemas.ID),
    status=201,
    form=forms.Motivated,
    refusals=(404, 409),
)
RELEASE = Operation(
    method="POST",
    path="/families/{id}/retention-releases",
    name="releaseFamily",
    title="Let the term of a family count again",
    tag="families",
    act=Act.HOLD_RETENTION,
    do=_release,
    answer=schemas.thing(family=schemas.ID),
    status=201,
    form=forms.Motivated,
    refusals=(404, 409),
)
