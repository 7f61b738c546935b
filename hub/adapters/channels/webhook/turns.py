"""One receiver's turn: its families side by side, each in order, a few at once, and no more as soon as it is in trouble."""

from asyncio import FIRST_COMPLETED, Task, create_task, gather, wait
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from hub.adapters.channels.webhook.exchange import Verdict
from hub.adapters.channels.webhook.queue import Waiting

LANES = 4
"""Exchanges with one receiver at the same moment."""
AT_HAND = 1_000
"""Deliveries that a turn looks ahead at most, for families that need not wait."""

Load = Callable[[int], Awaitable[Sequence[Waiting]]]
"""What waits after that number, in order; nothing where that is all."""
Attempt = Callable[[Waiting], Awaitable[Verdict | None]]
"""Tries once. The verdict; none where the receiver is not to be sent anything now."""


class Turn:
    """Begins with one exchange, and with one more at once for each that went well: who is in trouble is asked but once.

    `pace` is waited for before each exchange.
    """

    def __init__(self, load: Load, attempt: Attempt, pace: Callable[[], Awaitable[None]]) -> None:
        self._load, self._attempt, self._pace = load, attempt, pace
        self._families: dict[str, deque[Waiting]] = {}
        self._ready: deque[str] = deque()
        self._last, self._at_hand, self._is_all_loaded = 0, 0, False
        self._lanes, self._is_over = 1, False
        self.attempts = 0
        """How many there were."""

    async def run(self) -> None:
        """Delivers until nothing is left that can go now."""
        flying: set[Task[tuple[Waiting, Verdict | None]]] = set()
        try:
            while await self._fill(flying):
                landed, flying = await wait(flying, return_when=FIRST_COMPLETED)
                for each in landed:
                    self._landed(*each.result())
        finally:
            # what is under way ends in time, and may not be begun again before it did
            await gather(*flying, return_exceptions=True)

    async def _fill(self, flying: set[Task[tuple[Waiting, Verdict | None]]]) -> bool:
        while len(flying) < self._lanes and await self._is_any_ready():
            await self._pace()
            if self._is_over:
                break
            flying.add(create_task(self._fly(self._families[self._ready.popleft()].popleft())))
        return bool(flying)

    async def _is_any_ready(self) -> bool:
        while not (self._ready or self._is_all_loaded or self._is_over or self._at_hand >= AT_HAND):
            self._take_up(await self._load(self._last))
        return bool(self._ready) and not self._is_over

    def _take_up(self, loaded: Sequence[Waiting]) -> None:
        self._is_all_loaded = not loaded
        for waiting in loaded:
            self._last, self._at_hand = waiting.sequence, self._at_hand + 1
            queue = self._families.get(waiting.family)
            if queue is None:
                self._families[waiting.family] = deque([waiting])
                self._ready.append(waiting.family)
            else:
                queue.append(waiting)

    async def _fly(self, waiting: Waiting) -> tuple[Waiting, Verdict | None]:
        return waiting, await self._attempt(waiting)

    def _landed(self, waiting: Waiting, verdict: Verdict | None) -> None:
        self._at_hand -= 1
        self.attempts += verdict is not None
        match verdict:
            case Verdict.DELIVERED:
                self._lanes = min(self._lanes + 1, LANES)
                self._go_on(waiting.family)
            case Verdict.DEAD:
                self._go_on(waiting.family)
            case Verdict.LATER:
                # what comes after it in its family waits for it, in this turn and the next
                pass
            case _:
                self._is_over = True

    def _go_on(self, family: str) -> None:
        if self._families[family]:
            self._ready.append(family)
        else:
            del self._families[family]
