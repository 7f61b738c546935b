"""Reading what was read: who saw whose data, when and why, for those who watch over it."""

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, StringConstraints, model_validator

from hub.api import forms, schemas
from hub.api.admission import Hub
from hub.api.lookups import Page, named
from hub.api.operations import Operation
from hub.api.queries import Moment
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.processing import Handling, Outcome, Processing, Status, SubjectKind, Wanted

Activity = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,80}$")]


class Narrowed(Page):
    """Which lines of the log: all that is given must hold."""

    since: Moment | None = Field(None, alias="from", description="what began then or later; any offset")
    until: Moment | None = Field(None, description="what began before; any offset")
    who: forms.Line | None = Field(None, description="what this person or system did")
    activity: Activity | None = Field(None, description="a code of the register of processing activities")
    family: UUID | None = Field(None, description="where people of this family were concerned")


class Whom(forms.Wanted):
    """Whose lines: somebody by their id in the hub, or named as in a search."""

    person: UUID | None = None
    after: str = ""
    limit: int = Field(100, ge=1, le=500, strict=True)

    @model_validator(mode="after")
    def _is_somebody(self) -> Self:
        return self if self.person else super()._is_somebody()  # type: ignore[operator]


def _log(hub: Hub, query: Annotated[Narrowed, Query()]) -> Answer:
    wanted = Wanted(
        family=str(query.family or ""), who=query.who or "", activity=query.activity or "", since=query.since, until=query.until
    )
    return _page(hub, wanted, query.after, query.limit)


def _log_of_family(hub: Hub, id: UUID, query: Annotated[Page, Query()]) -> Answer:
    return _page(hub, Wanted(family=str(id)), query.after, query.limit)


def _log_of_person(hub: Hub, body: Whom) -> Answer:
    subjects = frozenset({str(body.person)}) if body.person else hub.sought(named(body)).subjects
    return _page(hub, Wanted(subjects=subjects), body.after, body.limit)


def _page(hub: Hub, wanted: Wanted, after: str, limit: int) -> Answer:
    lines, cursor = hub.processings.page(wanted, after, limit)
    return Answer({"items": [_line(line) for line in lines], "next": cursor}, sought=tuple(sorted(wanted.subjects or ())))


def _line(line: Processing) -> dict[str, Any]:
    """A line as the reading extension of Logboek Dataverwerkingen names its members, and what NEN 7513 asks beside it."""
    about = line.concerned
    core = {
        "processing_activity_id": line.activity_uri,
        "data_subject_id": about.subject,
        "data_subject_id_type": about.kind.uri,
        "foreign_operation.processor": line.processor,
    }
    return {
        "traceId": line.trace.trace_id,
        "spanId": line.trace.span_id,
        "parentSpanId": line.trace.parent_span_id,
        "status": line.outcome.status,
        "name": line.name,
        "startTime": line.start,
        "endTime": line.end,
        "attributes": {f"dpl.core.{name}": value for name, value in core.items() if value},
        "resource": {"attributes": {"service.name": line.system}},
        "who": line.who.subject,
        "role": line.who.role,
        "organisation": line.who.organisation,
        "handling": line.handling,
        "outcome": line.outcome,
        "object": {"kind": line.object_kind, "reference": line.object_reference},
        "family": about.family,
        "purpose": line.purpose,
        "ground": line.ground,
    }


def _hex(digits: int) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^([0-9a-f]{{{digits}}})?$"}


def _one_of(kind: Any) -> dict[str, Any]:
    return {"type": "string", "enum": [each.value for each in kind]}


_SUBJECT_KIND = {"type": "string", "enum": [kind.uri for kind in SubjectKind if kind.uri]}
_ATTRIBUTES = {
    "dpl.core.processing_activity_id": {"type": "string", "format": "uri"} | of.PROVENANCE,
    "dpl.core.data_subject_id": dict(schemas.TEXT) | of.REFERENCE | {"description": "a pseudonym that only this log uses"},
    "dpl.core.data_subject_id_type": _SUBJECT_KIND | of.OPERATION,
    "dpl.core.foreign_operation.processor": dict(schemas.TEXT) | of.PROVENANCE,
}
_LINE = schemas.thing(
    traceId=_hex(32) | of.OPERATION,
    spanId=_hex(16) | of.OPERATION,
    parentSpanId=_hex(16) | of.OPERATION,
    status=_one_of(Status) | of.OPERATION,
    name=dict(schemas.TEXT) | of.PROVENANCE,
    startTime=dict(schemas.MOMENT) | of.PROVENANCE,
    endTime=dict(schemas.MOMENT) | of.PROVENANCE,
    attributes={**schemas.thing(**_ATTRIBUTES), "required": ["dpl.core.processing_activity_id"]},
    resource=schemas.thing(attributes=schemas.thing(**{"service.name": dict(schemas.TEXT) | of.OPERATION})),
    who=dict(schemas.TEXT) | of.PROVENANCE,
    role=dict(schemas.TEXT) | of.PROVENANCE,
    organisation=dict(schemas.TEXT) | of.PROVENANCE,
    handling=_one_of(Handling) | of.PROVENANCE,
    outcome=_one_of(Outcome) | of.OPERATION,
    object=schemas.thing(kind=dict(schemas.TEXT) | of.OPERATION, reference=dict(schemas.TEXT) | of.REFERENCE),
    family=dict(schemas.TEXT) | of.REFERENCE,
    purpose=dict(schemas.TEXT) | of.PROVENANCE,
    ground=dict(schemas.TEXT) | of.PROVENANCE,
)
_LINES = schemas.thing(items=schemas.many(_LINE), next=dict(schemas.TEXT) | of.REFERENCE)


def _operation(method: str, path: str, name: str, title: str, do: Any, **more: Any) -> Operation:
    return Operation(method, path, name, title, "processing-log", act=Act.READ_PROCESSING_LOG, do=do, answer=_LINES, **more)


# fmt: off
PROCESSING_LOG = (
    _operation("GET", "/processing-log", "getProcessingLog", "Who did what with people's data, the newest first", _log,
               query=Narrowed),
    _operation("POST", "/processing-log/_search", "searchProcessingLog", "Who saw or looked for one person", _log_of_person,
               form=Whom),
    _operation("GET", "/families/{id}/processing-log", "getProcessingLogOfFamily", "Who saw people of one family", _log_of_family,
               query=Page, refusals=(404,)),
)
# fmt: on
