"""Following what is added to a list, as it is added: woken by its bell, and looking by itself where a bell was not heard."""

from asyncio import Event, get_running_loop, to_thread, wait_for
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Protocol, TypeVar

from hub.adapters.bells import Bells


class Placed(Protocol):
    """Something that stands on a list at a position."""

    @property
    def position(self) -> int: ...


One = TypeVar("One", bound=Placed)


@dataclass(slots=True)
class Following:
    """Whoever follows in this process what that bell rings for; they look every `poll` seconds besides."""

    bells: Bells
    bell: str
    poll: float = 1.0
    followers: int = 0
    """How many follow at this moment."""
    _counting: Lock = field(default_factory=Lock, repr=False)

    async def follow(self, read: Callable[[int], Sequence[One]], position: int, quiet: float) -> AsyncIterator[Sequence[One]]:
        """What `read` gives after a position and whatever comes, as it comes, without end.

        Something empty comes after `quiet` seconds of silence, so that a connection can show that it lives.
        """
        with self._waking() as woken:
            heard = monotonic()
            while True:
                woken.clear()
                batch = await to_thread(read, position)
                if batch or monotonic() - heard >= quiet:
                    position, heard = batch[-1].position if batch else position, monotonic()
                    yield batch
                if not batch:
                    await _either(woken, min(self.poll, quiet))

    @contextmanager
    def _waking(self) -> Iterator[Event]:
        loop, woken = get_running_loop(), Event()

        def wake(_: str) -> None:
            # the loop may have closed under a follower that nobody finished
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)

        with self.bells.hearing(self.bell, wake):
            self._count(1)
            try:
                yield woken
            finally:
                self._count(-1)

    def _count(self, more: int) -> None:
        with self._counting:
            self.followers += more


async def _either(woken: Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await wait_for(woken.wait(), seconds)
