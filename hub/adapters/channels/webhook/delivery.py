"""The worker that delivers: receivers side by side, each in its own time, and the notices of one family in order."""

import ssl
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from threading import Event, Lock, Thread
from time import time_ns
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine

from hub.adapters.bells import Bells
from hub.adapters.channels import Ledger, Sieve, Wishes, told, told_step
from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.addresses import Network
from hub.adapters.channels.webhook.exchange import Line, Outcome, Patience, Verdict
from hub.adapters.channels.webhook.handshake import Handshakes
from hub.adapters.channels.webhook.queue import Waiting
from hub.adapters.database import looking
from hub.adapters.hub_keys import HubKeys
from hub.adapters.notice_event import Sender
from hub.adapters.notice_seal import sealed
from hub.adapters.registrations import Registrations, Subscriber
from hub.domain.subscriptions import ACTIVE, Sink
from hub.domain.traces import TRACEPARENT, Trace, of_notice
from hub.ports import UNWATCHED, Channel, Clock, Notice, Step, Watch

BELL = "webhook"
_log = structlog.get_logger()


class Webhooks:
    """Tells partners at their callbacks: at least once, signed, until they have it or three days have gone by.

    `allow` are address ranges that may be called although they are not public, also without TLS.
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
        tls: ssl.SSLContext | None = None,
        random: Random | None = None,
        poll: float = 1.0,
        bells: Bells | None = None,
        watch: Watch = UNWATCHED,
    ) -> None:
        self._outbox, self._write, self._bells = outbox, Lock(), bells or Bells(outbox)
        self._registrations, self._keys, self._sender, self._clock = registrations, keys, sender, clock
        self._sieve, self._watch, self._wishes, self._ledger = sieve, watch, wishes, ledger
        self._allow, self._patience, self._tls = allow, patience or Patience(), tls
        # spreads retries; nobody gains by guessing it
        self._random = random or Random()  # noqa: S311
        self._poll, self._woken = poll, Event()
        self._lines: dict[str, Line] = {}
        self._handshakes = Handshakes(registrations, wishes, clock, origin, self._dialled)
        self._busy: set[str] = set()
        self._busy_changes = Lock()

    @property
    def channel(self) -> Channel:
        """The way in, for the relay."""
        return Channel("webhook", self.accept, lambda: self._bells.heard(BELL))

    def accept(self, notices: Sequence[Notice], connection: Connection) -> None:
        """Queues what these notices tell to whom, on the transaction of the caller."""
        now, began = self._clock.now(), time_ns()
        sharing = [one for one in self._registrations.subscribers() if self._registrations.is_sharing(one.organisation, now)]
        each = list(told(notices, [one for one in sharing if one.wish.sink is not Sink.KAFKA], self._sieve))
        queue.queue(each, self._sender, now, connection)
        if self._watch.stepped:
            for one in (notice for _, mine in each for notice in mine):
                self._watch.stepped(told_step(one, began))
        self._bells.ring(connection, BELL)

    def run(self, stop: Event) -> None:
        """Delivers until told to stop; then waits for the exchanges under way."""
        lanes: list[Thread] = []
        with self._bells.hearing(BELL, lambda _: self._woken.set()):
            while not stop.is_set():
                self._woken.clear()
                lanes = [lane for lane in lanes if lane.is_alive()] + self._looked(stop)
                self._woken.wait(self._poll)
        for lane in lanes:
            lane.join()
        self.close()

    def _looked(self, stop: Event) -> list[Thread]:
        try:
            return self._start(stop)
        except Exception as error:  # the outbox is away: what waits there is looked for again
            _log.error("webhook-waits", error=type(error).__name__)
            return []

    def deliver_due(self) -> None:
        """Delivers all that is due now, and comes back when that is done."""
        for lane in self._start(Event()):
            lane.join()

    def _start(self, stop: Event) -> list[Thread]:
        doing = {name: partial(self._serve, name, stop) for name in self._take()}
        doing |= {f"{name} asks": partial(self._handshakes.ask, each) for name, each in self._to_ask()}
        lanes = [Thread(target=self._lane, args=(name, do), name=f"webhook-{name}", daemon=True) for name, do in doing.items()]
        for lane in lanes:
            lane.start()
        return lanes

    def _take(self) -> list[str]:
        with looking(self._outbox) as connection:
            due = queue.receivers_due(connection, self._clock.now())
        with self._busy_changes:
            free = [name for name in due if name not in self._busy]
            self._busy.update(free)
        return free

    def _to_ask(self) -> list[tuple[str, Subscriber]]:
        due = [(each.key, each) for each in self._handshakes.due()]
        with self._busy_changes:
            free = [(name, each) for name, each in due if f"{name} asks" not in self._busy]
            self._busy.update(f"{name} asks" for name, _ in free)
        return free

    def _lane(self, name: str, do: Callable[[], int]) -> None:
        attempts = 0
        try:
            attempts = do()
        except Exception as error:  # a lane that stumbles may not take the others along; it begins again at the next look
            _log.error("webhook-lane-stumbled", receiver=name, error=type(error).__name__)
        with self._busy_changes:
            self._busy.discard(name)
        if attempts:
            # what came in since the last look was not taken, for this lane was busy
            self._woken.set()

    def _serve(self, name: str, stop: Event) -> int:
        attempts = 0
        while batch := self._due(name):
            for waiting in batch:
                receiver = self._registrations.subscriber(name)
                if stop.is_set() or receiver is None or not self._wants(receiver):
                    return attempts
                attempts += 1
                if not self._attempt(waiting, receiver):
                    return attempts
                if receiver.per_minute:
                    stop.wait(60 / receiver.per_minute)
        return attempts

    def _due(self, name: str) -> list[Waiting]:
        with looking(self._outbox) as connection:
            return queue.due(connection, name, self._clock.now())

    def _wants(self, receiver: Subscriber) -> bool:
        if not receiver.callback:
            with self._write, self._outbox.begin() as connection:
                queue.retire(connection, receiver.key, "", "no-callback")
        # what waits is kept for whoever is resumed, or whose covenant is renewed
        is_sharing = self._registrations.is_sharing(receiver.organisation, self._clock.now())
        is_on = receiver.state == ACTIVE and not receiver.organisation.is_suspended
        return bool(receiver.callback) and is_on and is_sharing

    def _attempt(self, waiting: Waiting, receiver: Subscriber) -> bool:
        at = self._clock.now()
        trace, began = of_notice(UUID(waiting.notice), waiting.attempts + 1), time_ns()
        # the trace is not signed, for whoever stands in between may note a step of their own in it
        headers = {**sealed(waiting.notice, waiting.event, self._keys.at(at), at), TRACEPARENT: str(trace)}
        outcome = self._line(receiver).post(waiting.event, headers, at)
        _log.info("webhook-attempt", receiver=receiver.key, notice=waiting.notice, outcome=outcome.code, trace=trace.trace_id)
        self._tell_watch(waiting, outcome, trace, began)
        self._ledger([queue.attempt(waiting, receiver, outcome, at, self._clock.now())])
        with self._write, self._outbox.begin() as connection:
            jitter = self._random.uniform(0.75, 1.25)
            goes_on = queue.settle(connection, waiting, outcome, jitter, receiver.callback, self._clock.now())
        if outcome.verdict is Verdict.RETIRE and not receiver.is_standing:
            self._wishes.disable(UUID(receiver.key), receiver.callback, outcome.code)
        return goes_on

    def _tell_watch(self, waiting: Waiting, outcome: Outcome, trace: Trace, began: int) -> None:
        is_delivered = outcome.verdict is Verdict.DELIVERED
        self._watch.attempted("webhook", outcome.code)
        if is_delivered:
            self._watch.delivered("webhook", (self._clock.now() - waiting.accepted_at).total_seconds())
        if self._watch.stepped:
            said: dict[str, str | int] = {"hub.attempt": waiting.attempts + 1, "hub.outcome": outcome.code}
            failed = "" if is_delivered else outcome.code
            self._watch.stepped(Step("deliver", trace, began, time_ns(), "client", failed=failed, said=said))

    def _line(self, receiver: Subscriber) -> Line:
        line = self._lines.get(receiver.key)
        if line is None or line.callback != receiver.callback:
            if line is not None:
                line.close()
            line = self._lines[receiver.key] = self._dialled(receiver.callback)
        return line

    def _dialled(self, callback: str) -> Line:
        return Line(callback, self._allow, self._patience, self._tls)

    def close(self) -> None:
        """Hangs up; the next delivery dials again."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()
