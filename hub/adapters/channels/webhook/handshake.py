"""Asking an address whether it wants to be told things, before anything is sent there (CloudEvents HTTP webhooks 1.0, 4)."""

from asyncio import to_thread
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from hub.adapters.channels import Wishes
from hub.adapters.channels.webhook.exchange import Line
from hub.adapters.channels.webhook.queue import delay
from hub.adapters.registrations import Registrations, Subscriber
from hub.domain.subscriptions import PENDING
from hub.ports import Clock

GIVE_UP = timedelta(days=3)
MOVED = timedelta(seconds=20)
"""Between two addresses of one subscription that are asked."""
MOST_A_MINUTE = 1_000_000
ALLOWED = "allowed"
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Again:
    """Where one was asked last, how often in vain, when, and when again."""

    callback: str
    failures: int
    asked: datetime
    at: datetime


class Handshakes:
    """Asks every address that has not said yet that it wants to be told things; again and again, for three days.

    `origin` is the name under which the hub sends, which the other side allows or not.
    """

    def __init__(
        self, registrations: Registrations, wishes: Wishes, clock: Clock, origin: str, line: Callable[[str], Line]
    ) -> None:
        self._registrations, self._wishes, self._clock = registrations, wishes, clock
        self._origin, self._line = origin, line
        self._again: dict[str, _Again] = {}

    def due(self) -> Iterator[Subscriber]:
        """The subscriptions whose address is to be asked now."""
        now, pending = self._clock.now(), {each.key for each in self._registrations.subscribers() if each.state == PENDING}
        self._again = {key: again for key, again in self._again.items() if key in pending}
        for each in self._registrations.subscribers():
            is_welcome = not each.organisation.is_suspended and self._registrations.is_sharing(each.organisation, now)
            if each.state == PENDING and is_welcome and self._not_before(each) <= now:
                yield each

    async def ask(self, subscriber: Subscriber) -> int:
        """Asks once, and says what came of it; gives how often it asked."""
        now, id = self._clock.now(), UUID(subscriber.key)
        line = self._line(subscriber.callback)
        try:
            outcome, per_minute = await _allowed(line, self._origin, now)
        finally:
            await line.close()
        _log.info("webhook-handshake", receiver=subscriber.key, outcome=outcome)
        if outcome == ALLOWED:
            self._again.pop(subscriber.key, None)
            await to_thread(self._wishes.confirm, id, subscriber.callback, per_minute)
        elif subscriber.since is not None and now > subscriber.since + GIVE_UP:
            await to_thread(self._wishes.disable, id, subscriber.callback, outcome)
        else:
            before = self._again.get(subscriber.key)
            failures = before.failures + 1 if before else 1
            self._again[subscriber.key] = _Again(subscriber.callback, failures, now, now + delay(failures))
        return 1

    def _not_before(self, subscriber: Subscriber) -> datetime:
        """When it is asked again; a little sooner at another address, but who moves on and on asks nobody on and on."""
        again = self._again.get(subscriber.key)
        if again is None:
            return _AT_ONCE
        return again.at if again.callback == subscriber.callback else min(again.at, again.asked + MOVED)


async def _allowed(line: Line, origin: str, now: datetime) -> tuple[str, int]:
    answer = await line.options({"WebHook-Request-Origin": origin, "WebHook-Request-Rate": "*"}, now)
    if answer.outcome.code not in ("http-200", "http-204"):
        return answer.outcome.code, 0
    if answer.header("webhook-allowed-origin") not in ("*", origin):
        return "origin-not-allowed", 0
    return ALLOWED, _rate(answer.header("webhook-allowed-rate"))


def _rate(text: str) -> int:
    """So many a minute; none or `*` is no limit, and what is no number above nothing is the least."""
    if text in ("", "*"):
        return 0
    is_number = text.isascii() and text.isdigit() and len(text) <= 9
    return max(1, min(int(text), MOST_A_MINUTE)) if is_number else 1
