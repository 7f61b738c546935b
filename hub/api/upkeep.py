"""What an operator looks after: who takes part, what was not delivered, who lags behind; and telling something once more."""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Field

from hub.api import schemas
from hub.api.admission import Hub
from hub.api.forms import Form
from hub.api.operations import Operation
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act

_NAME = schemas.TEXT | of.PROVENANCE
_CODE = schemas.TEXT | of.OPERATION
_MOMENT = {"type": ["string", "null"], "format": "date-time"} | of.OPERATION
_NUMBER = {"type": "integer"} | of.OPERATION
_WHICH = {"type": "integer"} | of.REFERENCE


class Wanted(Form):
    """Which deliveries."""

    state: Literal["dead", "retired", "waiting"] = Field(
        "dead", description="refused for good or for too long, given up, or waiting"
    )
    after: int = Field(0, ge=0, le=2**53, description="begin after the delivery of this id")
    limit: int = Field(100, ge=1, le=500, description="how many")


def _organisations(hub: Hub) -> Answer:
    return Answer({"items": list(hub.upkeep.organisations())})


def _deliveries(hub: Hub, wanted: Annotated[Wanted, Query()]) -> Answer:
    found = hub.upkeep.deliveries(wanted.state, wanted.after, wanted.limit + 1)
    shown = found[: wanted.limit]
    return Answer({"items": list(shown), "next": str(shown[-1]["id"]) if len(found) > len(shown) else ""})


def _again(hub: Hub, delivery: Annotated[int, Path(ge=1, le=2**53)]) -> Answer:
    hub.upkeep.tell_again(delivery)
    return Answer({"id": delivery, "state": "waiting"}, 201)


def _followers(hub: Hub) -> Answer:
    return Answer({"items": list(hub.upkeep.followers())})


ORGANISATIONS = Operation(
    method="GET",
    path="/organisations",
    name="getOrganisations",
    title="Who takes part: on what terms, with which keys by name, and what they subscribed to",
    tag="operation",
    act=Act.SEE_UPKEEP,
    do=_organisations,
    answer=schemas.thing(
        items=schemas.many(
            schemas.thing(
                name=_NAME,
                kind=_NAME,
                oin=_NAME,
                state=_CODE,
                isSharing={"type": "boolean"} | of.OPERATION,
                covenantUntil=_MOMENT,
                keys=schemas.many(schemas.thing(kid=_NAME, validFrom=_MOMENT, validUntil=_MOMENT, revokedFrom=_MOMENT)),
                subscriptions=schemas.many(schemas.thing(id=schemas.TEXT | of.REFERENCE, sink=_CODE, state=_CODE, because=_CODE)),
            )
        )
    ),
)
DELIVERIES = Operation(
    method="GET",
    path="/deliveries",
    name="getDeliveries",
    title="What was not delivered, or waits: to whom, how often it was tried and what came of it; nothing of what it says",
    tag="operation",
    act=Act.SEE_UPKEEP,
    do=_deliveries,
    answer=schemas.thing(
        items=schemas.many(
            schemas.thing(
                id=_WHICH,
                receiver=_NAME,
                type=_CODE,
                state=_CODE,
                acceptedAt=_MOMENT,
                attempts=_NUMBER,
                lastOutcome=_CODE,
            )
        ),
        next=schemas.TEXT | of.REFERENCE,
    ),
    query=Wanted,
)
TELL_AGAIN = Operation(
    method="POST",
    path="/deliveries/{delivery}/redrives",
    name="tellAgain",
    title="Tell something once more that was put aside, after its receiver mended what was wrong",
    tag="operation",
    act=Act.TELL_AGAIN,
    do=_again,
    answer=schemas.thing(id=_WHICH, state=_CODE),
    status=201,
    refusals=(404,),
)
FOLLOWERS = Operation(
    method="GET",
    path="/followers",
    name="getFollowers",
    title="Who follows the log, how far they came, since when they wait, and why they stopped, if they did",
    tag="operation",
    act=Act.SEE_UPKEEP,
    do=_followers,
    answer=schemas.thing(
        items=schemas.many(schemas.thing(name=_CODE, position=_NUMBER, lag=_NUMBER, waitingSince=_MOMENT, because=_CODE))
    ),
)
UPKEEP = (ORGANISATIONS, DELIVERIES, TELL_AGAIN, FOLLOWERS)
