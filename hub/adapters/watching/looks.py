"""Looking at what may be away: never twice at a time, never more often than needed, and nobody waits for long."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

FRESH = 1.0
"""Seconds for which a look counts, so that nobody burdens the hub by asking whether it is well."""
WITHIN = 3.0
"""Seconds after which something that does not answer is away."""

T = TypeVar("T")


class Look(Generic[T]):
    """One thing to look at, in a thread of its own; a look that hangs is waited for by nobody, and not begun anew."""

    def __init__(self, look: Callable[[], T], fresh: float = FRESH, within: float = WITHIN) -> None:
        self._look, self._fresh, self._within = look, fresh, within
        self._alone = Lock()
        self._begun: Future[T] = Future()
        self._begun_at = float("-inf")

    def begin(self) -> None:
        """Begins to look, unless that is under way or was done a moment ago."""
        with self._alone:
            is_over = self._begun.done() or self._begun_at == float("-inf")
            if is_over and monotonic() - self._begun_at >= self._fresh:
                self._begun, self._begun_at = Future(), monotonic()
                Thread(target=self._do, args=(self._begun,), name="look", daemon=True).start()

    def _do(self, future: "Future[T]") -> None:
        try:
            future.set_result(self._look())
        except Exception as error:
            future.set_exception(error)

    def seen(self) -> T | None:
        """What was seen when it was begun, or nothing where it failed or took too long."""
        future, until = self._begun, self._begun_at + self._within
        with suppress(Exception):
            return future.result(max(until - monotonic(), 0))
        return None
