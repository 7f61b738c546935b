"""Proof for whoever wants it: what the log was at a moment, signed; and that it only ever grew."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Depends, Path, Query
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.api import schemas
from hub.api.admission import Hub, Known
from hub.api.bodies import headers_of, media_of, read
from hub.api.descriptions import answered
from hub.api.forms import Form
from hub.api.operations import Operation
from hub.api.parts import Evidence, HowSigned, Parts
from hub.api.queries import Once, keyless
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.errors import Malformed, NotKnown, Violation

MOST = 16_384
"""Bytes of signatures that a witness sends."""
_TEXT = {"text/plain": MOST}

Tree = Literal["events", "readings"]
Size = Annotated[int, Path(ge=1, le=2**53, description="how many leaves")]


class Between(Form):
    """Two sizes of a tree."""

    old: int = Field(ge=1, le=2**53, description="how many leaves it had")
    size: int = Field(ge=1, le=2**53, description="how many it had later")


class Leaf(Form):
    """One leaf, in a tree of one size."""

    index: int = Field(ge=0, le=2**53, description="which leaf, counted from 0: its position less one")
    size: int = Field(ge=1, le=2**53, description="how many leaves")


# For everybody --------------------------------------------------------------------------------------


def _log(hub: Hub) -> Response:
    return JSONResponse({"trees": [_tree(hub, name) for name in hub.evidence]})


def _tree(hub: Parts, name: str) -> dict[str, Any]:
    tree = hub.evidence[name]
    keys = [{"key": key, "validFrom": _moment(since)} for key, since in tree.signing_keys()]
    return {"tree": name, "origin": tree.origin, "keys": keys, "witnesses": [str(key) for key in tree.witnesses]}


def _checkpoint(hub: Hub, tree: Tree) -> Response:
    return PlainTextResponse(str(hub.evidence[tree].checkpoint().note))


def _checkpoint_of(hub: Hub, tree: Tree, size: Size) -> Response:
    return PlainTextResponse(str(hub.evidence[tree].checkpoint(size).note))


def _consistency(hub: Hub, tree: Tree, asked: Annotated[Between, Query()]) -> Response:
    proof = hub.evidence[tree].consistency(asked.old, asked.size)
    return JSONResponse({"old": asked.old, "size": asked.size, "proof": _all64(proof)})


def _inclusion(hub: Hub, tree: Tree, asked: Annotated[Leaf, Query()]) -> Response:
    leaf, proof = hub.evidence[tree].inclusion(asked.index, asked.size)
    return JSONResponse({"index": asked.index, "size": asked.size, "leaf": _64(leaf), "proof": _all64(proof)})


async def _cosign(request: Request, hub: Hub, tree: Tree, size: Size) -> Response:
    headers = headers_of(request.scope)
    media_of(headers, _TEXT)
    said = _text(await read(request.receive, headers, MOST))

    def keep() -> str:
        hub.evidence[tree].cosign(size, said)
        return str(hub.evidence[tree].checkpoint(size).note)

    return PlainTextResponse(await run_in_threadpool(keep), 201, {"Location": f"/v1/log/{tree}/checkpoints/{size}"})


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Malformed("The body is not text in UTF-8.", [Violation("body", "is text in UTF-8")]) from None


_HASH = {"type": "string", "description": "32 bytes in base64"}
_KEY = {"type": "string", "description": "a key as C2SP signed-note writes it: NAME+NUMBER+BASE64"}
_NOTE = {"type": "string", "description": "a signed note (C2SP tlog-checkpoint): what the tree was, and who signed that"}
_COUNT = {"type": "integer"}
_TREES = schemas.thing(
    trees=schemas.many(
        schemas.thing(
            tree={"type": "string", "enum": ["events", "readings"]},
            origin=schemas.TEXT,
            keys=schemas.many(schemas.thing(key=_KEY, validFrom=schemas.MOMENT)),
            witnesses=schemas.many(_KEY),
        )
    )
)
_PROOF = schemas.many(_HASH)
_BETWEEN = schemas.thing(old=_COUNT, size=_COUNT, proof=_PROOF)
_LEAF = schemas.thing(index=_COUNT, size=_COUNT, leaf=_HASH, proof=_PROOF)
_SIGNATURES = {
    "required": True,
    "description": "The lines of a witness: an em dash, its name, and what it signed in base64 (C2SP tlog-cosignature).",
    "content": {"text/plain": {"schema": {"type": "string", "maxLength": MOST}}},
}


def _open(
    path: str, name: str, title: str, do: Callable[..., Any], kind: type[Response], schema: Any, query: type[Form] | None = None
) -> APIRoute:
    refusals = {400, 500, 503} | ({404} if "{" in path else set())
    has_body = do is _cosign
    said: dict[str, Any] = {
        "responses": answered(
            201 if has_body else 200, schema, kind.media_type, refusals | ({408, 413, 415} if has_body else set())
        )
    }
    keys = tuple(query.model_fields) if query else ()
    return APIRoute(
        f"/v1/log{path}",
        do,
        operation_id=name,
        summary=title,
        tags=["evidence"],
        response_class=kind,
        response_model=None,
        dependencies=[Depends(Once(keys) if keys else keyless)],
        openapi_extra={**said, **({"requestBody": _SIGNATURES} if has_body else {})},
        methods=["POST" if has_body else "GET"],
        status_code=201 if has_body else 200,
    )


def for_everybody() -> list[APIRoute]:
    """What is open to everybody: it tells nothing but hashes, and how many there are."""
    # fmt: off
    return [
        _open("", "getLog", "The trees over what may not be changed, and the keys that sign them", _log, JSONResponse, _TREES),
        _open("/{tree}/checkpoint", "getCheckpoint", "The last that was signed of a tree", _checkpoint, PlainTextResponse, _NOTE),
        _open("/{tree}/checkpoints/{size}", "getCheckpointOf", "What was signed of a tree of that size", _checkpoint_of,
              PlainTextResponse, _NOTE),
        _open("/{tree}/checkpoints/{size}/cosignatures", "cosign", "Sign as a witness that you saw a checkpoint that goes on from "
              "the last that you signed", _cosign, PlainTextResponse, _NOTE),
        _open("/{tree}/consistency", "getConsistency", "Proof that a tree only grew (RFC 6962)", _consistency, JSONResponse,
              _BETWEEN, Between),
        _open("/{tree}/inclusion", "getInclusion", "Proof that a leaf is in a tree (RFC 6962)", _inclusion, JSONResponse,
              _LEAF, Leaf),
    ]
    # fmt: on


# For whoever watches over it --------------------------------------------------------------------------


def _status(hub: Hub) -> Answer:
    how = hub.how_signed()
    return Answer({"items": [{**_tree(hub, name), **_state(hub.evidence[name], how[name])} for name in hub.evidence]})


def _state(tree: Evidence, how: HowSigned) -> dict[str, Any]:
    alarms = [code for code, rings in (("not-signed", how.is_late), ("lacks-witnesses", how.lacks > 0)) if rings]
    return {"unsigned": how.unsigned, "waits": int(how.waits), "lacks": max(how.lacks, 0), "alarms": alarms, "last": _last(tree)}


def _last(tree: Evidence) -> dict[str, Any] | None:
    try:
        signed = tree.checkpoint()
    except NotKnown:
        return None
    text = str(signed.note)
    names = [line.split()[1] for line in text.partition("\n\n")[2].splitlines()]
    return {
        "size": signed.size,
        "signedAt": _moment(signed.signed_at),
        "witnesses": [name for name in names if name != tree.origin],
        "checkpoint": text,
    }


# For whoever sent a message -------------------------------------------------------------------------


def _proof(hub: Hub, caller: Known, id: UUID) -> Answer:
    receipt, _ = hub.intake.status(id, caller.organisation)
    tree, position = hub.evidence["events"], receipt.position
    signed = tree.covering(position)
    leaf, proof = tree.inclusion(position - 1, signed.size)
    said = {
        "message": receipt.message,
        "digest": f"sha-256={receipt.digest}",
        "position": position,
        "leaf": _64(leaf),
        "size": signed.size,
        "proof": _all64(proof),
        "checkpoint": str(signed.note),
    }
    return Answer({**said, "receipt": hub.sign(msgspec.json.encode(said, order="sorted"), signed.signed_at)})


_OPERATION = schemas.TEXT | of.OPERATION
_NUMBER = _COUNT | of.OPERATION
_SAID, _WHEN = schemas.TEXT | of.OPERATION, schemas.MOMENT | of.OPERATION
_LAST = schemas.thing(size=_NUMBER, signedAt=_WHEN, witnesses=schemas.many(_SAID), checkpoint=_SAID)
STATUS = Operation(
    method="GET",
    path="/evidence",
    name="getEvidence",
    title="How the trees over what may not be changed are signed now, and what is wrong with that",
    tag="evidence",
    act=Act.SEE_EVIDENCE,
    do=_status,
    answer=schemas.thing(
        items=schemas.many(
            schemas.thing(
                tree=_SAID,
                origin=_SAID,
                keys=schemas.many(schemas.thing(key=_SAID, validFrom=_WHEN)),
                witnesses=schemas.many(_SAID),
                unsigned=_NUMBER,
                waits=_NUMBER,
                lacks=_NUMBER,
                alarms=schemas.many(_SAID),
                last=schemas.maybe(_LAST),
            )
        )
    ),
)
PROOF = Operation(
    method="GET",
    path="/signals/{id}/proof",
    name="getSignalProof",
    title="Proof that a message stands in the log, for the partner that sent it; signed by the hub as its receipt is",
    tag="signals",
    act=Act.READ_RECEIPTS,
    do=_proof,
    answer=schemas.thing(
        message=schemas.ID,
        digest=_OPERATION,
        position=_NUMBER,
        leaf=_HASH | of.OPERATION,
        size=_NUMBER,
        proof=schemas.many(_HASH | of.OPERATION),
        checkpoint=_NOTE | of.OPERATION,
        receipt=_OPERATION,
    ),
    refusals=(404,),
)


def _64(hash: bytes) -> str:
    return b64encode(hash).decode()


def _all64(hashes: Sequence[bytes]) -> list[str]:
    return [_64(each) for each in hashes]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
