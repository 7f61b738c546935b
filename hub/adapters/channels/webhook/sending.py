"""One attempt to tell one receiver one thing, signed, and what is kept of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from time import time_ns
from uuid import UUID

import structlog
from sqlalchemy import Engine

from hub.adapters.channels import Ledger, Wishes
from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.exchange import Line, Outcome, Verdict
from hub.adapters.channels.webhook.queue import Endurance, Tried, Waiting
from hub.adapters.database import looking
from hub.adapters.hub_keys import HubKeys
from hub.adapters.notice_seal import sealed
from hub.adapters.registrations import Registrations, Subscriber
from hub.domain.subscriptions import ACTIVE
from hub.domain.traces import TRACEPARENT, Trace, of_notice
from hub.ports import Clock, Step, Watch

WORN_OUT = "failing-too-long"
"""Why somebody was given up who took nothing for too long; otherwise it is the outcome."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sending:
    """The parts that an attempt needs; only `attempt` is called on the loop, the rest on threads, for it asks databases."""

    outbox: Engine
    registrations: Registrations
    keys: HubKeys
    clock: Clock
    wishes: Wishes
    ledger: Ledger
    dialled: Callable[[str, int], Line]
    random: Random
    endurance: Endurance
    watch: Watch

    def due(self) -> list[str]:
        """The receivers that something waits for; who was given up and is at another address now, or asked again, is back."""
        now = self.clock.now()
        with looking(self.outbox) as connection:
            gone = queue.retired(connection)
        for name in (name for name, callback in gone.items() if self._is_back(name, callback)):
            with self.outbox.begin() as connection:
                queue.welcome_back(connection, name, now)
        with looking(self.outbox) as connection:
            due = queue.receivers_due(connection, now)
        ended = {name for name in due if self.registrations.subscriber(name) is None}
        for name in ended:
            self.put_aside(name, "subscription-ended")
        return [name for name in due if name not in ended]

    def _is_back(self, name: str, callback: str) -> bool:
        receiver = self.registrations.subscriber(name)
        if receiver is None or not receiver.callback:
            return False
        return receiver.callback != callback if receiver.is_standing else receiver.state == ACTIVE

    def waiting(self, name: str, after: int) -> list[Waiting]:
        """What waits for a receiver after a number."""
        with looking(self.outbox) as connection:
            return queue.due(connection, name, self.clock.now(), after)

    def put_aside(self, name: str, why: str = "no-callback") -> None:
        """Puts aside what waits for who gave up its address, or its subscription, itself."""
        with self.outbox.begin() as connection:
            queue.retire(connection, name, "", why)

    def is_wanted(self, receiver: Subscriber) -> bool:
        """Whether it may be sent anything now; what waits is kept for whoever is resumed, or whose covenant is renewed."""
        is_sharing = self.registrations.is_sharing(receiver.organisation, self.clock.now())
        return bool(receiver.callback) and receiver.state == ACTIVE and not receiver.organisation.is_suspended and is_sharing

    async def attempt(self, waiting: Waiting, receiver: Subscriber, line: Line) -> Tried:
        """Sends once."""
        at = self.clock.now()
        trace, began = of_notice(UUID(waiting.notice), waiting.attempts + 1), time_ns()
        # the trace is not signed, for whoever stands in between may note a step of their own in it
        secrets = [self.keys.webhook_secret(name) for name in receiver.secrets(at)]
        headers = {**sealed(waiting.notice, waiting.event, self.keys.at(at), at, secrets), TRACEPARENT: str(trace)}
        outcome = await line.post(waiting.event, headers, at)
        _log.info("webhook-attempt", receiver=receiver.key, notice=waiting.notice, outcome=outcome.code, trace=trace.trace_id)
        self._tell_watch(waiting, outcome, trace, began)
        return Tried(waiting, receiver, outcome, at, self.clock.now())

    def settle(self, batch: Sequence[Tried]) -> None:
        """Keeps what became of attempts: whom it makes the hub give up, in the ledger, and on the outbox."""
        now = self.clock.now()
        with looking(self.outbox) as connection:
            worn_out = queue.worn_out(connection, batch, self.endurance, now)
        given_up = {each.receiver.key: each for each in batch if self._is_last_straw(each, worn_out)}
        for each in given_up.values():
            # first of all: what the outbox puts aside may not come back because nobody said that it was given up
            self._give_up(each, worn_out)
        self.ledger([queue.attempt(each.waiting, each.receiver, each.outcome, each.began, each.ended) for each in batch])
        ended = [replace(each, outcome=replace(each.outcome, verdict=Verdict.RETIRE)) for each in given_up.values()]
        others = [each for each in batch if each is not given_up.get(each.receiver.key)]
        with self.outbox.begin() as connection:
            queue.settle(connection, others + ended, lambda: self.random.uniform(0.75, 1.25), now)

    def _is_last_straw(self, each: Tried, worn_out: set[str]) -> bool:
        is_failure = each.outcome.verdict is not Verdict.DELIVERED
        return each.outcome.verdict is Verdict.RETIRE or (is_failure and each.receiver.key in worn_out)

    def _give_up(self, each: Tried, worn_out: set[str]) -> None:
        receiver = each.receiver
        because = WORN_OUT if receiver.key in worn_out else each.outcome.code
        _log.warning("webhook-given-up", receiver=receiver.key, because=because)
        if receiver.is_standing:
            self.wishes.give_up(receiver.key, receiver.callback, because)
        else:
            self.wishes.disable(UUID(receiver.key), receiver.callback, because)

    def _tell_watch(self, waiting: Waiting, outcome: Outcome, trace: Trace, began: int) -> None:
        is_delivered = outcome.verdict is Verdict.DELIVERED
        self.watch.attempted("webhook", outcome.code)
        if is_delivered:
            self.watch.delivered("webhook", (self.clock.now() - waiting.accepted_at).total_seconds())
        if self.watch.stepped:
            said: dict[str, str | int] = {"hub.attempt": waiting.attempts + 1, "hub.outcome": outcome.code}
            failed = "" if is_delivered else outcome.code
            self.watch.stepped(Step("deliver", trace, began, time_ns(), "client", failed=failed, said=said))
