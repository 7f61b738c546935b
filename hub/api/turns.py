"""Whose turn it is: organisations that share the way in do not wait for each other's haste."""

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from hub.errors import TooMany

LONGEST = 256
"""Requests of one organisation that may wait for each other."""
A_WHILE = 1.0
"""Seconds for which somebody who posted one by one is expected to post again."""


@dataclass(slots=True)
class _Line:
    """One organisation's own line: how much it has in hand, and who waits behind that."""

    busy: int = 0
    waiting: deque[tuple[int, "Future[None]"]] = field(default_factory=deque)


class Turns:
    """Gives each organisation so much at once, in the order of its own requests; another's line is never in its way.

    As much as `wide` at once while nobody else posts one by one, `narrow` while somebody does: what is taken in together is
    committed together, so nobody waits for more of another than that. For one event loop.
    """

    def __init__(self, wide: int, narrow: int, seconds: Callable[[], float] = monotonic) -> None:
        self._wide, self._narrow, self._seconds = wide, narrow, seconds
        self._lines: dict[str, _Line] = {}
        self._last, self._last_at, self._other_at = "", float("-inf"), float("-inf")

    def most(self, organisation: str) -> int:
        """How much it may have in hand now."""
        at = self._other_at if organisation == self._last else self._last_at
        return self._narrow if self._seconds() < at + A_WHILE else self._wide

    @asynccontextmanager
    async def turn(self, organisation: str, many: int = 1) -> AsyncIterator[None]:
        """Waits until so many may be taken in hand, and holds them while the block lasts.

        Raises:
            TooMany: too many requests of this organisation wait already.
        """
        if many == 1:
            self._seen(organisation)
        line = self._lines.setdefault(organisation, _Line())
        await self._wait(organisation, line, many)
        try:
            yield
        finally:
            self._leave(organisation, line, many)

    def _seen(self, organisation: str) -> None:
        if organisation != self._last:
            self._last, self._other_at = organisation, self._last_at
        self._last_at = self._seconds()

    async def _wait(self, organisation: str, line: _Line, many: int) -> None:
        if not line.waiting and self._fits(organisation, line, many):
            line.busy += many
            return
        if len(line.waiting) >= LONGEST:
            raise TooMany("Too many requests of this organisation wait for each other.", 1, code="too-many-at-once")
        place = get_running_loop().create_future()
        line.waiting.append((many, place))
        try:
            await place
        except CancelledError:
            if place.done() and not place.cancelled():
                self._leave(organisation, line, many)
            raise

    def _fits(self, organisation: str, line: _Line, many: int) -> bool:
        return line.busy == 0 or line.busy + many <= self.most(organisation)

    def _leave(self, organisation: str, line: _Line, many: int) -> None:
        line.busy -= many
        while line.waiting and (line.waiting[0][1].done() or self._fits(organisation, line, line.waiting[0][0])):
            next_many, place = line.waiting.popleft()
            if not place.done():
                line.busy += next_many
                place.set_result(None)
        if not line.busy and not line.waiting:
            self._lines.pop(organisation, None)
