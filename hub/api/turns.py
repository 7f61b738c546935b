"""Whose turn it is: organisations that share the way in do not wait for each other's haste."""

from asyncio import CancelledError, Future, TimerHandle, get_running_loop
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from hub.errors import TooMany

LONGEST = 256
"""Requests of one organisation that may wait for each other."""
A_WHILE, A_MOMENT = 60.0, 0.01
"""Seconds for which somebody who was answered is expected again: with some care, and at once."""
STEP = 0.04
"""Seconds in which a line moves at least one place, whoever else is there."""
LOOK = 0.005
"""Seconds between looks at a line that could not move."""


@dataclass(slots=True)
class _Line:
    """One organisation's own line: how much it has in hand, how much of that did not wait, and who waits behind that."""

    busy: int = 0
    light: int = 0
    moved: float = float("-inf")
    waiting: deque["Future[None]"] = field(default_factory=deque)
    look: TimerHandle | None = None


class Turns:
    """Gives each organisation its turns, in the order of its own requests; another's line is never in its way.

    Who posts one by one goes at once, up to `narrow` at a time. What is more waits in the organisation's own line, which
    moves as fast as the hub can go (`wide`) while nobody else posts one by one, with care while somebody does now and
    then, and a place in every `STEP` while somebody is being answered: what is taken in together is committed together,
    and all of it shares one processor. For one event loop.
    """

    def __init__(self, wide: int, narrow: int, seconds: Callable[[], float] = monotonic) -> None:
        self._wide, self._narrow, self._seconds = wide, narrow, seconds
        self._lines: dict[str, _Line] = {}
        self._light = 0
        self._last, self._last_at, self._other_at = "", float("-inf"), float("-inf")

    @asynccontextmanager
    async def turn(self, organisation: str, *, is_one: bool) -> AsyncIterator[None]:
        """Waits for a turn, and holds it while the block lasts; `is_one` where somebody waits for the answer to this alone.

        Raises:
            TooMany: too many requests of this organisation wait already.
        """
        line = self._lines.setdefault(organisation, _Line())
        is_light = is_one and not line.waiting and line.busy < self._narrow
        if is_light:
            self._seen(organisation)
        elif line.waiting or not self._may_go(organisation, line):
            await self._wait(organisation, line)
            line.busy -= 1
        self._hold(line, 1, is_light)
        try:
            yield
        finally:
            if is_light:
                self._seen(organisation)
            self._hold(line, -1, is_light)
            self._move(organisation, line)

    def _hold(self, line: _Line, many: int, is_light: bool) -> None:
        line.busy += many
        line.light += many * is_light
        self._light += many * is_light

    def _seen(self, organisation: str) -> None:
        if organisation != self._last:
            self._last, self._other_at = organisation, self._last_at
        self._last_at = self._seconds()

    def _may_go(self, organisation: str, line: _Line) -> bool:
        now = self._seconds()
        ago = now - (self._other_at if organisation == self._last else self._last_at)
        if self._light > line.light or ago < A_MOMENT:
            return line.busy == 0 and now >= line.moved + STEP
        return line.busy < (self._narrow if ago < A_WHILE else self._wide)

    async def _wait(self, organisation: str, line: _Line) -> None:
        if len(line.waiting) >= LONGEST:
            raise TooMany("Too many requests of this organisation wait for each other.", 1, code="too-many-at-once")
        place = get_running_loop().create_future()
        line.waiting.append(place)
        self._move(organisation, line)
        try:
            await place
        except CancelledError:
            if not place.cancelled():
                line.busy -= 1
                self._move(organisation, line)
            raise

    def _move(self, organisation: str, line: _Line) -> None:
        while line.waiting and (line.waiting[0].done() or self._may_go(organisation, line)):
            place = line.waiting.popleft()
            if not place.done():
                line.busy, line.moved = line.busy + 1, self._seconds()
                place.set_result(None)
        if line.waiting and line.look is None:
            line.look = get_running_loop().call_later(LOOK, self._look, organisation, line)
        if not line.busy and not line.waiting and self._lines.get(organisation) is line:
            del self._lines[organisation]

    def _look(self, organisation: str, line: _Line) -> None:
        line.look = None
        self._move(organisation, line)
