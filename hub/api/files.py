"""The file of a case: all of it with what proves it, sealed for one key, for an auditor under a running assignment."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.api import schemas
from hub.api.admission import Here, Hub, Known
from hub.api.forms import Form
from hub.api.operations import Operation
from hub.api.parts import Made
from hub.api.writing import Answer
from hub.domain.field_classes import CLASS, FieldClass
from hub.domain.policy import Act
from hub.errors import HubError, NotAllowed, NotKnown

NAME = "case.vig"
"""What the file is called; it says nothing of whose case it is."""
_BLOCK = 1 << 20
"""Bytes at a time."""
_HOLDS = {kind.value: "" for kind in FieldClass}
_HELD = schemas.thing(**{kind.value: schemas.TEXT | {CLASS: kind.value} for kind in FieldClass})
"""A file holds something of every class: messages stand in it as they were signed, and nothing can be left out of those."""


class FileWanted(Form):
    """Whose key opens the file, and in which language its report is."""

    key: dict[str, Any] = Field(
        description="the public half of the auditor's own key, a JWK on P-256 or X25519; never the other half"
    )
    language: Literal["nl", "en"] = "nl"


class Sealed(Answer):
    """The file on its way out, a JWE in its compact form (RFC 7516, section 3.1)."""

    media_type = "application/jose"

    def __init__(self, made: Made) -> None:
        self._made = made
        super().__init__()

    def written(self, told: Any) -> Response:  # noqa: ARG002
        """The file, whole: the matrix was asked before it was made."""
        return _Sent(self._made)


class _Sent(Response):
    """A file that is sent piece by piece."""

    media_type = Sealed.media_type

    def __init__(self, made: Made) -> None:
        self._file = made.file
        said = {"Content-Length": str(made.size), "Content-Disposition": f'attachment; filename="{NAME}"'}
        super().__init__(headers=said)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        with self._file:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while piece := await run_in_threadpool(self._file.read, _BLOCK):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


def _make(hub: Hub, visit: Here, caller: Known, id: UUID, body: FileWanted) -> Answer:
    assignment = visit.standing.assignment(caller, visit.began) if visit.standing else None
    if visit.standing is None or assignment is None:
        raise NotKnown("There is nothing by that id.")
    activity = hub.activity(visit.operation, visit.began.date())
    if hub.disclose(_HOLDS, _HELD, caller, activity.purpose) != _HOLDS:
        raise NotAllowed("By the disclosure matrix you may not see all that a file holds.", code="not-disclosed")
    made = hub.files.make(id, body.key, body.language, caller.subject, activity.legal_basis)
    try:
        hub.admittance.note_look(Act.MAKE_FILE, id, caller, visit.standing)
        hub.admittance.note_file(id, assignment.id, made.digest, made.kid, caller.subject)
    except HubError:
        made.file.close()
        raise
    return Sealed(made)


FILE = Operation(
    method="POST",
    path="/families/{id}/file",
    name="makeFile",
    title="The whole case as one file that only the key in the body opens, for whoever is assigned to it",
    tag="families",
    act=Act.MAKE_FILE,
    do=_make,
    answer={"type": "string", "description": "a JWE in its compact form; in it a ZIP (docs/bundle.md)"},
    form=FileWanted,
    refusals=(404, 409),
    kind=Sealed,
)
