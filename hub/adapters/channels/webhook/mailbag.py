"""What each subscriber was told, for whoever fetches it: exactly what the webhook has, in the same order, by the same numbers."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from hub.adapters.bells import Bells
from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.delivery import BELL
from hub.adapters.channels.webhook.queue import Told
from hub.adapters.database import looking
from hub.adapters.following import Following


@dataclass(frozen=True, slots=True)
class Mailbag:
    """The notices of the outbox by whom they are for; `bells` ring when there are more."""

    outbox: Engine
    bells: Bells
    _following: Following = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_following", Following(self.bells, BELL))

    def after(self, position: int, receiver: str, limit: int = 100) -> Sequence[Told]:
        """What a receiver was told after that number, in order."""
        with looking(self.outbox) as connection:
            return queue.told(connection, receiver, position, limit)

    def follow(self, position: int, receiver: str, quiet: float) -> AsyncIterator[Sequence[Told]]:
        """What a receiver was told after that number, and is from now on; something empty after so many seconds of silence."""
        return self._following.follow(partial(self.after, receiver=receiver), position, quiet)

    def position(self, receiver: str, before: datetime | None = None) -> int:
        """The number of the last thing that a receiver was told (before that moment), or 0."""
        with looking(self.outbox) as connection:
            return queue.position(connection, receiver, before)

    def whole(self, notice: str, receivers: Collection[str]) -> Told | None:
        """A notice that one of these receivers was told, at full length."""
        with looking(self.outbox) as connection:
            return queue.whole(connection, receivers, notice)
