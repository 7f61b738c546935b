"""The way in for partners: signed messages, answered with a receipt once they are durable."""

from asyncio import gather, wrap_future
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from hub.api import receipts
from hub.api.bodies import Headers, answer, headers_of, media_of, read
from hub.api.parts import Parts
from hub.api.problems import problem_of
from hub.api.showing import shown_in
from hub.api.trace import caller_of
from hub.api.turns import Turns
from hub.errors import HubError
from hub.intake import Receipt
from hub.ports import Shown, Signer
from hub.steps import Steps, begun, under

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MOST = 65_536
MOST_IN_BATCH = 8_388_608
"""Bytes."""
ACCEPTED = {STRUCTURED: MOST, BATCH: MOST_IN_BATCH, "application/json": MOST, "application/xml": MOST}
"""What a body may be, and how large; the last two with the attributes of the event in ce- headers."""
WIDE, NARROW = 32, 8
"""Events that one partner may have in hand: by itself, and while another posts one by one."""
BATCHES, TOGETHER = 2, 32
"""Batches of one partner that are in memory at once, and how many of its events wait for their turn together."""

NOTHING = Shown("POST", "/v1/signals")
TakeIn = Callable[[], Future[Any] | HubError]


class PostSignals:
    """Takes in what a partner posts; the signature over it says who that is."""

    def __init__(self, parts: Parts) -> None:
        self._intake, self._limits, self._sign = parts.intake, parts.limits, parts.sign
        self._refuse_other, self._proxies, self._watch = parts.refuse_other, parts.proxies, parts.watch
        self._turns, self._batches = Turns(WIDE, NARROW), Turns(BATCHES, BATCHES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        steps = begun(caller_of(scope), self._watch) if self._watch.stepped else None
        if steps is None:
            await self._answer(scope, receive, send, None)
            return
        try:
            await self._answer(scope, receive, send, steps)
        except BaseException as error:
            steps.over(error)
            raise
        steps.over()

    async def _answer(self, scope: Scope, receive: Receive, send: Send, steps: Steps | None) -> None:
        headers = headers_of(scope)
        if media_of(headers, ACCEPTED) == BATCH:
            await answer(send, 200, await self._many(scope, headers, receive, steps))
            return
        receipt = await self._one(scope, headers, receive, steps)
        location = (b"location", f"/v1/signals/{receipt.message}".encode())
        await answer(send, _status(receipt), receipts.signed(receipt, self._sign), location)

    async def _one(self, scope: Scope, headers: Headers, receive: Receive, steps: Steps | None) -> Receipt:
        body = await read(receive, headers, MOST)
        with under(steps, "verify"):
            signer = self._intake.signatures.verify(body, headers, self._intake.clock.now())
        await self._admit(signer, scope, headers)
        self._limits.take(signer.partner)
        (take_in,) = self._intake.opened(signer, headers, body)
        return await self._in_turn(signer.partner, take_in, steps, is_one=True)

    async def _many(self, scope: Scope, headers: Headers, receive: Receive, steps: Steps | None) -> list[Mapping[str, Any]]:
        # so much is read of nobody who did not sign it, and of nobody much at once
        signer = self._intake.signatures.verify_headers(headers, self._intake.clock.now())
        await self._admit(signer, scope, headers)
        self._limits.take(signer.partner, 0)
        async with self._batches.turn(signer.partner, is_one=False):
            body = await read(receive, headers, MOST_IN_BATCH)
            with under(steps, "verify"):
                events = await run_in_threadpool(self._opened, headers, body)
            self._limits.take(signer.partner, max(1, len(events)))
            told: list[Mapping[str, Any]] = []
            while here := events[len(told) : len(told) + TOGETHER]:
                told += await gather(*(self._told(signer.partner, take_in, steps) for take_in in here))
            return told

    async def _admit(self, signer: Signer, scope: Scope, headers: Headers) -> None:
        """The signature says enough, unless the registration asks for a token; one that is shown has to be right."""
        if "authorization" in headers:
            await run_in_threadpool(self._refuse_other, shown_in(scope, headers, self._proxies), signer)
        else:
            self._refuse_other(NOTHING, signer)

    def _opened(self, headers: Headers, body: bytes) -> Sequence[TakeIn]:
        signer = self._intake.signatures.verify(body, headers, self._intake.clock.now())
        return self._intake.opened(signer, headers, body)

    async def _told(self, partner: str, take_in: TakeIn, steps: Steps | None) -> Mapping[str, Any]:
        try:
            receipt = await self._in_turn(partner, take_in, steps, is_one=False)
        except Exception as error:
            problem = problem_of(error)
            self._watch.refused("http", problem.code)
            return {"status": problem.status, "problem": problem.document()}
        return {"status": _status(receipt), "receipt": receipts.signed(receipt, self._sign)}

    async def _in_turn(self, partner: str, take_in: TakeIn, steps: Steps | None, *, is_one: bool) -> Receipt:
        async with self._turns.turn(partner, is_one=is_one):
            with under(steps, "translate"):
                one = take_in()
                if isinstance(one, HubError):
                    raise one
            with under(steps, "commit"):
                receipt: Receipt = (await wrap_future(one)).value
        if receipt.is_repeat:
            self._watch.repeated("http")
        elif steps:
            steps.recorded(receipt.signals, receipt.outcome)
        return receipt


def _status(receipt: Receipt) -> int:
    return 200 if receipt.is_repeat else 201
