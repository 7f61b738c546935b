"""The steps of taking in what a partner sent, as whoever collects traces is told of them; nothing where nobody does.

The step of the partner, where it named one, is above ours. What comes of a signal later, perhaps in another process, is in
other traces: each begins with an id that follows from the signal's, and a link leads there from here and back.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from secrets import token_hex
from time import time_ns
from typing import Any, Literal
from uuid import UUID

from hub.domain.traces import Trace, of_signal, read
from hub.errors import HubError
from hub.ports import Step, Watch

Kind = Literal["server", "consumer"]
_AT_HAND: ContextVar[Callable[[], str]] = ContextVar("at_hand")
_NOTHING: AbstractContextManager[None] = nullcontext()


@dataclass(slots=True)
class Steps:
    """What is going on for one message, or several that came together."""

    trace: Trace
    tell: Callable[[Step], None]
    kind: Kind
    began: int = field(default_factory=time_ns)
    links: list[Trace] = field(default_factory=list)

    @contextmanager
    def under(self, name: str) -> Iterator[None]:
        """A step within this one, as long as the block lasts."""
        began, failed = time_ns(), ""
        try:
            yield
        except BaseException as error:
            failed = _code(error)
            raise
        finally:
            self.tell(Step(name, self.trace.then(token_hex(8)), began, time_ns(), failed=failed))

    def recorded(self, signals: Sequence[Mapping[str, Any]], outcome: str) -> None:
        """Signals are recorded: for each the first step of its own trace."""
        for one in signals:
            trace = replace(of_signal(UUID(one["signal"])), is_sampled=self.trace.is_sampled)
            self.links.append(trace)
            self.tell(Step("signal", trace, self.began, time_ns(), links=(self.trace,), said={"hub.outcome": outcome}))

    def over(self, error: BaseException | None = None) -> None:
        """All of it is over."""
        failed = _code(error) if error else ""
        self.tell(Step("receive", self.trace, self.began, time_ns(), self.kind, tuple(self.links), failed))


def take_up(traceparent: Callable[[], str]) -> None:
    """From now on this thread (or task) works on what has that `traceparent`, which is asked for when something has to be told."""
    _AT_HAND.set(traceparent)


def at_hand() -> str:
    """The `traceparent` of what is worked on here; empty where it has none."""
    known = _AT_HAND.get(None)
    return known() if known else ""


def begun(caller: str, watch: Watch, kind: Kind = "server") -> Steps | None:
    """The steps under that of a caller (its `traceparent`, empty where it told none); `None` where nobody collects them."""
    if watch.stepped is None:
        return None
    above = read(caller)
    trace = above.then(token_hex(8)) if above else Trace(token_hex(16), token_hex(8))
    take_up(lambda: str(trace))
    return Steps(trace, watch.stepped, kind)


def under(steps: Steps | None, name: str) -> AbstractContextManager[None]:
    """A step within these, as long as the block lasts; nothing where nobody collects them."""
    return steps.under(name) if steps else _NOTHING


def _code(error: BaseException) -> str:
    return error.code if isinstance(error, HubError) else type(error).__name__
