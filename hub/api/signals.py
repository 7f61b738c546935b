"""The way in for partners: signed messages, answered with a receipt once they are durable."""

from asyncio import wrap_future
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from hub.api import receipts
from hub.api.bodies import Headers, answer, headers_of, media_of, read
from hub.api.parts import Parts
from hub.api.problems import problem_of
from hub.errors import HubError
from hub.intake import Receipt

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MOST = 65_536
MOST_IN_BATCH = 8_388_608
"""Bytes."""
ACCEPTED = {STRUCTURED: MOST, BATCH: MOST_IN_BATCH, "application/json": MOST, "application/xml": MOST}
"""What a body may be, and how large; the last two with the attributes of the event in ce- headers."""


class PostSignals:
    """Takes in what a partner posts; the signature over it says who that is."""

    def __init__(self, parts: Parts) -> None:
        self._take_in, self._sign = parts.intake.receive, parts.sign
        self._verify, self._clock = parts.intake.signatures.verify_headers, parts.intake.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        media = media_of(headers, ACCEPTED)
        if media == BATCH:
            # so much is read of nobody who did not sign it
            self._verify(headers, self._clock.now())
        body = await read(receive, headers, ACCEPTED[media])
        if media == BATCH:
            # many events take long enough to let others go first meanwhile
            await answer(send, 200, await run_in_threadpool(self._all_of, headers, body))
            return
        (one,) = self._take_in(headers, body)
        if isinstance(one, HubError):
            raise one
        receipt = (await wrap_future(one)).value
        location = (b"location", f"/v1/signals/{receipt.message}".encode())
        await answer(send, _status(receipt), receipts.signed(receipt, self._sign), location)

    def _all_of(self, headers: Headers, body: bytes) -> list[Mapping[str, Any]]:
        return [self._told(one) for one in self._take_in(headers, body)]

    def _told(self, one: Future[Any] | HubError) -> Mapping[str, Any]:
        try:
            receipt = _done(one)
        except Exception as error:
            problem = problem_of(error)
            return {"status": problem.status, "problem": problem.document()}
        return {"status": _status(receipt), "receipt": receipts.signed(receipt, self._sign)}


def _done(one: Future[Any] | HubError) -> Receipt:
    if isinstance(one, HubError):
        raise one
    receipt: Receipt = one.result().value
    return receipt


def _status(receipt: Receipt) -> int:
    return 200 if receipt.is_repeat else 201
