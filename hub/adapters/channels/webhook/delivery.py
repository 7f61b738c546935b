"""The worker that delivers: receivers side by side, each in its own time, and the notices of one family in order."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from random import Random
from threading import Event
from time import time_ns

import httpcore2
import structlog
from sqlalchemy import Connection, Engine

from hub.adapters.bells import Bells
from hub.adapters.channels import Ledger, Sieve, Wishes, told, told_step
from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.addresses import Network
from hub.adapters.channels.webhook.exchange import Line, Patience
from hub.adapters.channels.webhook.handshake import Handshakes
from hub.adapters.channels.webhook.queue import Endurance
from hub.adapters.channels.webhook.rounds import Rounds
from hub.adapters.channels.webhook.sending import Sending
from hub.adapters.hub_keys import HubKeys
from hub.adapters.notice_event import Sender
from hub.adapters.registrations import Registrations
from hub.domain.subscriptions import Sink
from hub.ports import UNWATCHED, Channel, Clock, Notice, Watch

BELL = "webhook"
_LOOP = import_module("uvloop").new_event_loop if find_spec("uvloop") else asyncio.new_event_loop
"""The faster loop, where there is one: not on Windows."""
_log = structlog.get_logger()


class Webhooks:
    """Tells partners at their callbacks: at least once, signed, until they have it or three days have gone by.

    `allow` are address ranges that may be called although they are not public, also without TLS; `endurance` is how much
    is borne of a receiver before it is given up.
    """

    def __init__(
        self,
        outbox: Engine,
        registrations: Registrations,
        keys: HubKeys,
        sender: Sender,
        clock: Clock,
        sieve: Sieve,
        wishes: Wishes,
        ledger: Ledger,
        *,
        origin: str,
        allow: tuple[Network, ...] = (),
        patience: Patience | None = None,
        endurance: Endurance | None = None,
        tls: ssl.SSLContext | None = None,
        random: Random | None = None,
        poll: float = 1.0,
        bells: Bells | None = None,
        watch: Watch = UNWATCHED,
    ) -> None:
        self._outbox, self._bells, self._sender, self._clock = outbox, bells or Bells(outbox), sender, clock
        self._registrations, self._sieve, self._watch, self._poll = registrations, sieve, watch, poll
        self._allow, self._patience = allow, patience or Patience()
        # one for all lines: reading the certificates that a machine trusts takes longer than an exchange
        self._tls = tls or httpcore2.default_ssl_context()
        # spreads retries; nobody gains by guessing it
        spread = random or Random()  # noqa: S311
        self._handshakes = Handshakes(registrations, wishes, clock, origin, self._dialled)
        self._sending = Sending(
            outbox, registrations, keys, clock, wishes, ledger, self._dialled, spread, endurance or Endurance(), watch
        )

    @property
    def channel(self) -> Channel:
        """The way in, for the relay."""
        return Channel("webhook", self.accept, lambda: self._bells.heard(BELL))

    def accept(self, notices: Sequence[Notice], connection: Connection) -> None:
        """Queues what these notices tell to whom, on the transaction of the caller."""
        now, began = self._clock.now(), time_ns()
        sharing = [one for one in self._registrations.subscribers() if self._registrations.is_sharing(one.organisation, now)]
        others = [one for one in sharing if one.wish.sink is not Sink.KAFKA]
        each = list(told(notices, others, self._sieve, partial(queue.held, connection)))
        queue.queue(each, self._sender, now, connection)
        if self._watch.stepped:
            for one in (notice for _, mine in each for notice in mine):
                self._watch.stepped(told_step(one, began))
        self._bells.ring(connection, BELL)

    def run(self, stop: Event) -> None:
        """Delivers until told to stop; then waits for the exchanges under way."""
        with asyncio.Runner(loop_factory=_LOOP) as runner:
            runner.run(self._run(stop))

    def deliver_due(self) -> None:
        """Delivers all that is due now, and comes back when that is done."""
        with asyncio.Runner(loop_factory=_LOOP) as runner:
            runner.run(self._deliver_due())

    async def _run(self, stop: Event) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake(_: str = "") -> None:
            # the loop may have closed under a bell that still rings
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)

        async with Rounds(self._sending, self._handshakes, stop, wake) as rounds:
            with self._bells.hearing(BELL, wake):
                while not stop.is_set():
                    woken.clear()
                    await self._looked(rounds)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(woken.wait(), self._poll)

    async def _looked(self, rounds: Rounds) -> None:
        try:
            await rounds.look()
        except Exception as error:  # the outbox is away: what waits there is looked for again
            _log.error("webhook-waits", error=type(error).__name__)

    async def _deliver_due(self) -> None:
        async with Rounds(self._sending, self._handshakes, Event(), lambda: None) as rounds:
            await rounds.look()

    def _dialled(self, callback: str, at_once: int = 1) -> Line:
        return Line(callback, self._allow, self._patience, self._tls, at_once)
