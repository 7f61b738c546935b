"""Auditors and the families that they may look into: assigned by a named person, on a ground, for a term; ended when it is over."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from hub.api import forms, schemas
from hub.api.admission import Hub, Known
from hub.api.operations import Operation
from hub.api.writing import Answer
from hub.domain.policy import Act
from hub.domain.terms import AMSTERDAM


class NewAssignment(forms.Form):
    """Which auditor (a staff identity), on what ground, and from which day until which, both included, by the Dutch calendar."""

    auditor: forms.Line
    ground: forms.Words
    begins: forms.Date
    until: forms.Date


def _assign(hub: Hub, caller: Known, id: UUID, body: NewAssignment) -> Answer:
    begins, until = _start_of(body.begins), _start_of(body.until, 1)
    given = hub.admittance.assign(id, body.auditor, body.ground, begins, until, caller.subject)
    return Answer({"family": str(id), "assignment": given}, 201, {"Location": f"/v1/assignments?family={id}"})


def _end(hub: Hub, caller: Known, id: UUID, assignment: UUID, body: forms.Motivated) -> Answer:
    hub.admittance.end_assignment(id, assignment, body.motivation, caller.subject)
    return Answer({"family": str(id), "assignment": str(assignment)}, 201, {"Location": f"/v1/assignments?family={id}"})


def _start_of(day: date, later: int = 0) -> datetime:
    """When that day begins, or one so many days later; the ends of the calendar are a day nearer, for clocks elsewhere."""
    first, last = date.min + timedelta(days=1), date.max - timedelta(days=2)
    return datetime.combine(max(first, min(day, last)) + timedelta(days=later), time(), AMSTERDAM).astimezone(UTC)


_ANSWER = schemas.thing(family=schemas.ID, assignment=schemas.ID)
# fmt: off
ASSIGNMENTS = (
    Operation("POST", "/families/{id}/assignments", "assignAuditor",
              "Let an auditor look into a family for a term: its director sees so, and every look names the assignment",
              "families", Act.ASSIGN_AUDITOR, _assign, _ANSWER, status=201, form=NewAssignment, refusals=(404, 409)),
    Operation("POST", "/families/{id}/assignments/{assignment}/endings", "endAssignment",
              "End an assignment before its term is over", "families", Act.ASSIGN_AUDITOR, _end, _ANSWER, status=201,
              form=forms.Motivated, refusals=(404, 409)),
)
# fmt: on
