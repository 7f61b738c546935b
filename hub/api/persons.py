"""What people ask about their own data, over HTTP: who asks, what was decided, what is kept of them, and that they were erased."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from hub.api import forms, schemas
from hub.api.admission import Far, Here, Hub, Known
from hub.api.forms import Form
from hub.api.lookups import named
from hub.api.operations import Operation
from hub.api.parts import Parts
from hub.api.visits import Visit, note
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act, Reach
from hub.domain.requests import Asks, Decision
from hub.errors import NotKnown

PURPOSE = "rights-of-the-person"
"""What the file of a person is for, and nothing else that an officer may ask."""
Maybe = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class NewRequest(Form):
    """What somebody asks about the data that is kept of them, and on which day that was received."""

    person: UUID
    asks: Asks
    received: forms.Date
    words: Maybe = ""


class IdentityCheck(Form):
    """How it was checked who asks: a code of the register."""

    identity: forms.Code


class RequestDecision(forms.Motivated):
    """What was decided, on which ground of the register; a request that was withdrawn needs none."""

    decision: Decision
    ground: forms.Code | Literal[""] = ""


class Told(Form):
    """How the person was told; of a correction also the messages that are not right, by their ids."""

    words: Maybe = ""
    messages: list[UUID] = Field(default=[], max_length=100)


class Lifting(Form):
    """How the person was told before that what is kept of them will be used again."""

    words: forms.Words


class Statement(Form):
    """What somebody says themselves of what is kept of them."""

    words: forms.Words


class Language(Form):
    """In which language."""

    language: Literal["nl", "en"] = Field("nl", description="nl or en")


class Readable(Answer):
    """The file of a person as a page that anybody can open."""

    media_type = "text/html"

    def __init__(self, hub: Parts, language: str, **more: Any) -> None:
        self._readable: Callable[[Any], str] = lambda told: hub.persons.readable(told, language)
        super().__init__(purpose=PURPOSE, **more)

    def written(self, told: Any) -> Response:
        """The page of what may be told."""
        return Response(self._readable(told), headers=self._said, media_type=self.media_type)


# Requests -------------------------------------------------------------------------------------------


def _note(hub: Hub, visit: Here, reach: Far, caller: Known, body: NewRequest) -> Answer:
    families = hub.persons.families(body.person)
    if reach is Reach.OWN and not any(hub.admittance.may(Act.NOTE_REQUEST, caller, family) for family in families):
        raise NotKnown("There is nothing by that id.")
    _concerning(visit, hub, body.person)
    id = hub.requests.note(body.person, body.asks, body.received, body.words, caller.subject)
    return _of(id)


def _check(hub: Hub, visit: Here, caller: Known, id: UUID, body: IdentityCheck) -> Answer:
    _concerning(visit, hub, UUID(hub.requests.of(id).person))
    hub.requests.check_identity(id, body.identity, caller.subject)
    return _of(id)


def _extend(hub: Hub, visit: Here, caller: Known, id: UUID, body: forms.Motivated) -> Answer:
    _concerning(visit, hub, UUID(hub.requests.of(id).person))
    hub.requests.extend(id, body.motivation, caller.subject)
    return _of(id)


def _decide(hub: Hub, visit: Here, caller: Known, id: UUID, body: RequestDecision) -> Answer:
    _concerning(visit, hub, UUID(hub.requests.of(id).person))
    hub.requests.decide(id, body.decision, body.ground, body.motivation, caller.subject)
    return _of(id)


def _carry_out(hub: Hub, visit: Here, caller: Known, id: UUID, body: Told) -> Answer:
    _concerning(visit, hub, UUID(hub.requests.of(id).person))
    hub.requests.carry_out(id, body.words, caller.subject, body.messages)
    return _of(id)


def _of(id: UUID) -> Answer:
    return Answer({"request": str(id)}, 201, {"Location": f"/v1/person-requests/{id}"})


def _concerning(visit: Visit, hub: Parts, person: UUID) -> None:
    """Notes whom this is about, before it is done."""
    note(visit, hub.persons.concerned(person), hub)


def _grounds(hub: Hub) -> Answer:
    return Answer({"grounds": list(hub.persons.grounds()), "identity": list(hub.persons.identity())})


def _state(hub: Hub, visit: Here, caller: Known, id: UUID, body: Statement) -> Answer:
    _concerning(visit, hub, id)
    hub.requests.state(id, body.words, caller.subject)
    return Answer({"person": str(id)}, 201)


def _lift(hub: Hub, visit: Here, caller: Known, id: UUID, body: Lifting) -> Answer:
    _concerning(visit, hub, id)
    hub.requests.lift(id, body.words, caller.subject)
    return Answer({"person": str(id)}, 201)


# People ---------------------------------------------------------------------------------------------


def _search(hub: Hub, body: forms.Wanted) -> Answer:
    sought = hub.sought(named(body))
    items = [{"person": person, "family": family} for family, people in sought.found.items() for person in people]
    return Answer({"items": items}, sought=sought.keys, concerned=sought.found)


def _file(hub: Hub, id: UUID) -> Answer:
    return Answer(hub.persons.file(id), concerned=hub.persons.concerned(id), purpose=PURPOSE)


def _readable(hub: Hub, id: UUID, query: Annotated[Language, Query()]) -> Answer:
    return Readable(hub, query.language, content=hub.persons.file(id), concerned=hub.persons.concerned(id))


def _certificate(hub: Hub, id: UUID) -> Answer:
    return Answer({"person": str(id), "certificate": hub.persons.certificate(id)}, concerned={"": [str(id)]})


# What is answered -----------------------------------------------------------------------------------

_T = schemas.TEXT
_AT = schemas.MOMENT | of.PROVENANCE
_WHY = _T | of.PROVENANCE
_IDENTITY = schemas.thing(
    **{"from": _WHY, "recordedAt": _AT, "ground": _WHY},
    **dict.fromkeys(("familyName", "prefix", "givenNames"), _T | of.IDENTITY),
    born=_T | of.BIRTH_DATE,
    number=_T | of.NUMBER,
    address=schemas.thing(**dict.fromkeys(("street", "number", "addition", "postcode", "town", "municipality"), _T)) | of.ADDRESS,
)
_SIGNAL = schemas.thing(
    **{"from": _WHY, "message": schemas.ID, "reference": _T | of.REFERENCE},
    concern=_T | of.A_CONCERN,
    areas=schemas.many(_T | of.AN_AREA),
    axis=_T | of.CONCERN,
    weight={"type": "integer"} | of.CONCERN,
    happened=_T | of.CONCERN,
    recordedAt=_AT,
    purpose=_WHY,
    ground=_WHY,
    isAboutOthersToo=schemas.TRUTH | of.CONCERN,
    takenBackAt=schemas.maybe(_AT),
)
_LEVEL = schemas.thing(
    axis=_T | of.LEVEL,
    level={"type": "integer"} | of.LEVEL,
    rule=_T | of.A_RULE,
    matrix=_WHY,
    at=_AT,
    told=schemas.many(_WHY),
)
_FAMILY = schemas.thing(
    family=schemas.ID,
    role=_T | of.INVOLVEMENT,
    since=schemas.maybe(schemas.MOMENT | of.INVOLVEMENT),
    phase=_T | of.A_PHASE,
    director=schemas.thing(organisation=_T, contact=_T) | of.CONTACT,
    planVersion={"type": "integer"} | of.DECISION,
    signals=schemas.many(_SIGNAL),
    levels=schemas.many(_LEVEL),
    levers=schemas.many(schemas.thing(lever=_T | of.DECISION, authority=_WHY, ground=_WHY, at=_AT)),
    voices=schemas.many(schemas.thing(stance=_T, words=_T, at=schemas.MOMENT) | of.WORDS),
    told=schemas.many(schemas.thing(words=_T) | of.WORDS),
    shared=schemas.many(schemas.thing(organisation=_T, type=_T, takenAt=schemas.maybe(schemas.MOMENT)) | of.PROVENANCE),
)
_LOOK = schemas.thing(at=_AT, **dict.fromkeys(("role", "organisation", "what", "purpose", "ground"), _WHY))
_ASKED = schemas.thing(
    **dict.fromkeys(("asks", "received", "due", "outcome", "ground"), _T | of.DECISION),
    words=_T | of.WORDS,
    motivation=_T | of.WORDS,
)
FILE = schemas.thing(
    person=schemas.ID,
    isRestricted=schemas.TRUTH | of.INVOLVEMENT,
    madeAt=schemas.MOMENT | of.OPERATION,
    identity=schemas.many(_IDENTITY),
    families=schemas.many(_FAMILY),
    stated=schemas.many(schemas.thing(words=_T, at=schemas.MOMENT) | of.WORDS),
    looks=schemas.many(_LOOK),
    requests=schemas.many(_ASKED),
    leftOut=schemas.many(schemas.thing(what=_T, count={"type": "integer"}) | of.OPERATION),
)
"""The file of one person."""
_FOUND = schemas.thing(items=schemas.many(schemas.thing(person=schemas.ID, family=_T | of.REFERENCE)))
_CERTIFICATE = schemas.thing(person=schemas.ID, certificate=_T | of.OPERATION)
_REQUEST = schemas.thing(request=schemas.ID)
_WORDS = {"nl": _T | of.OPERATION, "en": _T | of.OPERATION}
_CODE = {"code": _T | of.OPERATION, **_WORDS}
_REGISTER = schemas.thing(
    grounds=schemas.many(
        schemas.thing(
            **_CODE,
            **dict.fromkeys(("article", "outcome", "assumed"), _T | of.OPERATION),
            asks=schemas.many(_T | of.OPERATION),
        )
    ),
    identity=schemas.many(schemas.thing(**_CODE)),
)


def _deed(path: str, name: str, title: str, act: Act, form: type[Form], do: Callable[..., Answer]) -> Operation:
    return Operation("POST", path, name, title, "persons", act, do, _REQUEST, status=201, form=form, refusals=(404, 409))


def _look(path: str, name: str, title: str, act: Act, do: Callable[..., Answer], answer: Any, **more: Any) -> Operation:
    return Operation("GET", path, name, title, "persons", act, do, answer, **more)


# fmt: off
PERSONS = (
    _deed("/person-requests", "noteRequest", "Note what somebody asks about their own data", Act.NOTE_REQUEST, NewRequest, _note),
    _deed("/person-requests/{id}/identity-checks", "checkIdentity", "Note how it was checked who asks", Act.HANDLE_REQUESTS,
          IdentityCheck, _check),
    _deed("/person-requests/{id}/extensions", "extendRequest", "Note that the person was told that it takes longer, and why",
          Act.HANDLE_REQUESTS, forms.Motivated, _extend),
    _deed("/person-requests/{id}/decisions", "decideRequest", "Grant or refuse a request on a ground, or note its withdrawal",
          Act.HANDLE_REQUESTS, RequestDecision, _decide),
    _deed("/person-requests/{id}/executions", "carryOutRequest", "Do what was granted, and note that the person was told",
          Act.HANDLE_REQUESTS, Told, _carry_out),
    Operation("POST", "/persons/{id}/restriction-liftings", "liftRestriction", "Use again what is kept of somebody who was told",
              "persons", Act.HANDLE_REQUESTS, _lift, schemas.thing(person=schemas.ID), status=201, form=Lifting,
              refusals=(404, 409)),
    Operation("POST", "/persons/{id}/statements", "addStatement", "Put somebody's own words beside what is kept of them", "persons",
              Act.HANDLE_REQUESTS, _state, schemas.thing(person=schemas.ID), status=201, form=Statement, refusals=(404, 409)),
    _look("/request-grounds", "getRequestGrounds", "On which grounds a request is decided, and how it is checked who asks",
          Act.SEE_REQUESTS, _grounds, _REGISTER),
    Operation("POST", "/persons/_search", "searchPersons", "Who somebody is to the hub who asks about their own data", "persons",
              Act.HANDLE_REQUESTS, _search, _FOUND,
              form=forms.Wanted),
    _look("/persons/{id}/file", "getFile", "What is kept of one person, and who saw it, without anybody else", Act.HANDLE_REQUESTS,
          _file, FILE, refusals=(404,)),
    _look("/persons/{id}/readable-file", "getReadableFile", "The same as a page to print or send", Act.HANDLE_REQUESTS, _readable,
          FILE, refusals=(404,), query=Language, kind=Readable),
    _look("/persons/{id}/erasure-certificate", "getErasureCertificate", "What the hub signed of somebody's erasure (a compact JWS)",
          Act.SEE_REQUESTS, _certificate, _CERTIFICATE, refusals=(404,)),
)
# fmt: on
