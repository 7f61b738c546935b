"""Everybody's turns: who has something waiting gets one, all side by side, and no more lines are open than a machine bears."""

from asyncio import Future, Semaphore, Task, create_task, gather, get_running_loop, sleep, to_thread
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, Self

import structlog

from hub.adapters.channels.webhook.exchange import Line, Verdict
from hub.adapters.channels.webhook.handshake import Handshakes
from hub.adapters.channels.webhook.queue import Waiting
from hub.adapters.channels.webhook.sending import Sending
from hub.adapters.channels.webhook.settling import Settling
from hub.adapters.channels.webhook.turns import LANES, Turn
from hub.adapters.registrations import Subscriber

AT_ONCE = 400
"""Exchanges at the same moment, over all receivers; each needs an open file, of which a process often has no more than 1,024."""
SHARE = 16
"""Exchanges at the same moment with one organisation, and so what it can make wait of those who look up names."""
LINES_KEPT = 100
"""Receivers without a turn to whom lines stay open."""
IDLE = 30.0
"""Seconds that they do."""
_log = structlog.get_logger()


class Rounds:
    """While the block lasts: everything on one loop, databases on threads; at its end it waits for what is under way."""

    def __init__(self, sending: Sending, handshakes: Handshakes, stop: Event, wake: Callable[[], None]) -> None:
        self.sending, self.stop = sending, stop
        self._handshakes, self._wake = handshakes, wake
        self._under_way: dict[str, Task[None]] = {}
        self._lines: dict[tuple[str, str], tuple[Line, float]] = {}
        self._not_before: dict[str, float] = {}
        self._shares: dict[str, Semaphore] = {}
        self._desk, self._shelf = ThreadPoolExecutor(1, "webhook-settles"), ThreadPoolExecutor(2, "webhook-loads")
        self.settling, self.at_once = Settling(sending.settle, self._desk), Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await gather(*self._under_way.values())
        for line, _idle in self._lines.values():
            await line.close()
        self._desk.shutdown()
        self._shelf.shutdown()

    async def look(self) -> None:
        """Gives a turn to who has something waiting and none yet, and asks the addresses that are to be asked."""
        await self._hang_up()
        due, to_ask = await to_thread(lambda: (self.sending.due(), list(self._handshakes.due())))
        for name in due:
            self._begin(name, self._served(name))
        for each in to_ask:
            self._begin(f"{each.key} asks", self._asked(each))

    async def _asked(self, each: Subscriber) -> int:
        async with self.share_of(each), self.at_once:
            return await self._handshakes.ask(each)

    def share_of(self, receiver: Subscriber) -> Semaphore:
        """What its organisation may have under way, over all its subscriptions: one that answers nobody leaves room for others."""
        return self._shares.setdefault(receiver.organisation.name, Semaphore(SHARE))

    def _begin(self, name: str, work: Coroutine[Any, Any, int]) -> None:
        if name in self._under_way:
            work.close()
        else:
            self._under_way[name] = create_task(self._done(name, work))

    async def _done(self, name: str, work: Coroutine[Any, Any, int]) -> None:
        attempts = 0
        try:
            attempts = await work
        except Exception as error:  # one that stumbles may not take the others along; it begins again at the next look
            _log.error("webhook-turn-stumbled", receiver=name, error=type(error).__name__)
        del self._under_way[name]
        if attempts:
            # what came in since the last look was not taken, for this turn was under way
            self._wake()

    async def _served(self, name: str) -> int:
        one = _Served(self, name)
        turn = Turn(one.load, one.attempt, one.pace)
        try:
            await turn.run()
        finally:
            await one.settled()
        return turn.attempts

    async def waiting(self, name: str, after: int) -> Sequence[Waiting]:
        """What waits for a receiver after a number."""
        return await get_running_loop().run_in_executor(self._shelf, self.sending.waiting, name, after)

    # Lines ------------------------------------------------------------------------------------------

    def line(self, receiver: Subscriber) -> Line:
        """The line to where a receiver is now."""
        place = receiver.key, receiver.callback
        line, _ = self._lines.pop(place, (None, 0.0))
        line = line or self.sending.dialled(receiver.callback, LANES)
        self._lines[place] = line, get_running_loop().time()
        return line

    async def _hang_up(self) -> None:
        """Closes the lines that nobody used for a while, and of the others the longest unused where there are too many."""
        idle = [place for place in self._lines if place[0] not in self._under_way]
        many, now = len(idle) - LINES_KEPT, get_running_loop().time()
        for nth, place in enumerate(idle):
            if nth < many or self._lines[place][1] < now - IDLE:
                await self._lines.pop(place)[0].close()

    # Pace -------------------------------------------------------------------------------------------

    async def pace(self, name: str, per_minute: int) -> None:
        """Waits as long as a receiver wants between two things that it is sent, over all its lanes and turns."""
        if not per_minute:
            return
        now = get_running_loop().time()
        mine = max(self._not_before.get(name, now), now)
        self._not_before[name] = mine + 60 / per_minute
        while (left := mine - get_running_loop().time()) > 0 and not self.stop.is_set():
            await sleep(min(left, 1.0))


class _Served:
    """One receiver in one turn."""

    def __init__(self, rounds: Rounds, name: str) -> None:
        self._rounds, self._name = rounds, name
        self._unsettled: list[Future[None]] = []
        self._is_kept = False

    async def load(self, after: int) -> Sequence[Waiting]:
        """What waits after that number; not before what was sent is kept, so that a kill repeats little."""
        await self.settled()
        return await self._rounds.waiting(self._name, after)

    async def settled(self) -> None:
        """All that was tried is kept."""
        unsettled, self._unsettled = self._unsettled, []
        for trouble in await gather(*unsettled, return_exceptions=True):
            if trouble is not None:
                raise trouble

    async def pace(self) -> None:
        """The receiver can take one more."""
        receiver = self._rounds.sending.registrations.subscriber(self._name)
        await self._rounds.pace(self._name, receiver.per_minute if receiver else 0)

    async def attempt(self, waiting: Waiting) -> Verdict | None:
        """Tries once, if the receiver is to be sent anything now."""
        rounds = self._rounds
        receiver = rounds.sending.registrations.subscriber(self._name)
        if receiver is not None and not receiver.callback:
            await to_thread(rounds.sending.put_aside, self._name)
        if rounds.stop.is_set() or receiver is None or not rounds.sending.is_wanted(receiver):
            return None
        async with rounds.share_of(receiver), rounds.at_once:
            tried = await rounds.sending.attempt(waiting, receiver, rounds.line(receiver))
        kept = rounds.settling.put(tried)
        if tried.outcome.verdict is Verdict.DELIVERED and self._is_kept:
            self._unsettled.append(kept)
        else:
            # the next of a family goes only when it is sure that one that was not taken will not come after it;
            # and where nothing can be kept, as on a full disk, no more than one is sent
            await kept
            self._is_kept = True
        return tried.outcome.verdict
