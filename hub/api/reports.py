"""The way in for partners without a system: what somebody of theirs types is checked at once, and taken in like any message."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Header
from pydantic import RootModel
from starlette.requests import Request

from hub.api import hearing, receipts, schemas
from hub.api.admission import Hub, Known
from hub.api.lookups import status_of
from hub.api.operations import Operation
from hub.api.parts import Parts
from hub.api.writing import Answer
from hub.domain.dates import PartialDate
from hub.domain.policy import Act
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.errors import HubError, Malformed, Violation
from hub.intake import Receipt
from hub.ports import Signer

_OF_SIGNAL = "/signals/0"
"""Where the hub looks for person numbers; what is typed is one signal, whose people stand in the same order."""


class Report(RootModel[dict[str, Any]]):
    """A signal as the hub's own contract has it; that contract says what is wrong with it, so nothing does before."""


async def _typed(request: Request) -> bytes:
    """The bytes as they came: these are kept, and signed."""
    return await request.body()


Key = Annotated[
    UUID,
    Header(alias="Idempotency-Key", description="an id of your own for this report, the same whenever it is sent again"),
]


def _report(hub: Hub, caller: Known, key: Key, body: Report, typed: Annotated[bytes, Depends(_typed)]) -> Answer:
    hub.limits.take(caller.organisation)
    headers, signer = hub.reports.sealed(typed, key, caller)
    _refuse_wrong(typed, body.root, signer, hub)
    receipt = _taken_in(hub, signer, headers, typed)
    told, location = receipts.signed(receipt, hub.sign), {"Location": f"/v1/reports/{receipt.message}"}
    return Answer(told, 201, location, concerned=_concerned(receipt, hub))


def _concerned(receipt: Receipt, hub: Parts) -> Mapping[str, Sequence[str]]:
    """The people of the family that it went to, as the log has them: what is shown of families comes later."""
    families = [one["family"] for one in receipt.signals if one["family"]]
    standings = {family: hub.admittance.standing(UUID(family)) for family in families}
    return {family: standing.people for family, standing in standings.items() if standing is not None}


def _refuse_wrong(typed: bytes, said: Mapping[str, Any], signer: Signer, hub: Parts) -> None:
    """Who types can mend at once what a system is told of later: it is refused, and nothing of it is kept.

    Raises:
        NotAllowed: the organisation has no ground to share this now.
        Malformed: with every reason.
    """
    found = hub.intake.wrong_with(typed, hub.reports.type, signer)
    wrong = [Violation(one.where.removeprefix(_OF_SIGNAL), one.what) for one in found]
    wrong += _to_come(said, hub.clock.now().astimezone(DUTCH_TIME).date())
    if wrong:
        raise Malformed("The report is not what its contract asks.", wrong)


def _to_come(said: Mapping[str, Any], today: date) -> Iterator[Violation]:
    """Nobody saw what is still to come: which days of a report are later than today."""
    people, told = said.get("people"), said.get("informed")
    days = {"/happened": said.get("happened"), "/informed/when": told.get("when") if isinstance(told, dict) else None}
    for place, person in enumerate(people if isinstance(people, list) else ()):
        days[f"/people/{place}/birthDate"] = person.get("birthDate") if isinstance(person, dict) else None
    for where, day in days.items():
        if isinstance(day, str) and _is_after(day, today):
            yield Violation(where, "has not come yet")


def _is_after(day: str, today: date) -> bool:
    try:
        first = PartialDate(day).earliest
    except ValueError:
        return False
    return first is not None and first > today


def _taken_in(hub: Parts, signer: Signer, headers: Mapping[str, Any], typed: bytes) -> Receipt:
    """Raises: HubError, as for any other message."""
    (take_in,) = hub.intake.opened(signer, headers, typed)
    one = take_in()
    if isinstance(one, HubError):
        raise one
    return one.result().value


def _became(hub: Hub, caller: Known, id: UUID) -> Answer:
    return status_of(id, hub, caller.organisation, caller.subject)


def in_document(contract: Mapping[str, Any]) -> dict[str, Any]:
    """The contract of a report as schemas of the OpenAPI document, which has one place for all of them."""
    plain = {name: each for name, each in contract.items() if name not in ("$schema", "$defs")}
    named = {Report.__name__: plain} | {f"Reported-{name}": each for name, each in contract["$defs"].items()}
    text = msgspec.json.encode(named).replace(b'"#/$defs/', b'"#/components/schemas/Reported-')
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


REPORTS = (
    Operation(
        method="POST",
        path="/reports",
        name="reportSignal",
        title="Report a signal for an organisation without a system: checked at once, and taken in like any other",
        tag="reports",
        act=Act.REPORT,
        do=_report,
        answer=schemas.RECEIPT,
        status=201,
        form=Report,
        refusals=(409,),
    ),
    Operation(
        method="GET",
        path="/reports/{id}",
        name="getReport",
        title="The receipt of a report, what became of it and whom to contact, for whoever typed it",
        tag="reports",
        act=Act.REPORT,
        do=_became,
        answer=hearing.SIGNAL,
        refusals=(404,),
    ),
)
