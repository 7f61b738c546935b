"""Where that what is told to whoever watches goes: counters always, a collector of traces where one is named."""

from dataclasses import dataclass, replace
from typing import Protocol, Self

from hub.adapters.watching.counters import Counters
from hub.ports import Step, Watch


class Sent(Protocol):
    """Steps on their way to a collector."""

    def stepped(self, step: Step) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Collected:
    """What one hub of this process tells, and who keeps it."""

    counters: Counters
    sent: Sent | None
    watch: Watch

    @classmethod
    def to(cls, endpoint: str, version: str) -> Self:
        """With traces sent to that address; where there is none, what sends them is not even loaded."""
        counters = Counters()
        if not endpoint:
            return cls(counters, None, counters.watch)
        from hub.adapters.watching.spans import Spans

        sent = Spans(endpoint, version)
        return cls(counters, sent, replace(counters.watch, stepped=sent.stepped))

    def close(self) -> None:
        """Sends what is left."""
        if self.sent is not None:
            self.sent.close()
