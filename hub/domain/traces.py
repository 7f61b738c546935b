"""Traces: which work belongs together, across systems (W3C Trace Context, level 1)."""

import re
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

TRACEPARENT = "traceparent"
"""The header that a trace travels in; its companion `tracestate` may hold anything of anybody, and is neither read nor sent."""

_TRACE_ID, _SPAN_ID = "[0-9a-f]{32}", "[0-9a-f]{16}"
_FIRST = re.compile(f"00-({_TRACE_ID})-({_SPAN_ID})-([0-9a-f]{{2}})")
_LATER = re.compile(f"(?!00|ff)[0-9a-f]{{2}}-({_TRACE_ID})-({_SPAN_ID})-([0-9a-f]{{2}})(-.*)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """One step (span) within a trace, and the step that led to it, empty where this one is the first.

    The ids are lower-case hexadecimal digits: 32 for the trace, 16 for a span. `is_sampled` is whether the caller wants it
    collected; who may see whose data is noted all the same.
    """

    trace_id: str
    span_id: str
    parent_span_id: str = ""
    is_sampled: bool = field(default=True, compare=False)

    def then(self, span_id: str) -> "Trace":
        """The step that this one leads to."""
        return replace(self, span_id=span_id, parent_span_id=self.span_id)

    def __str__(self) -> str:
        """The value of `traceparent` for whoever this step calls or answers; always sampled, as every step is recorded."""
        return f"00-{self.trace_id}-{self.span_id}-01"


def read(text: str) -> Trace | None:
    """The step that a `traceparent` names, or nothing where it is not wholly as the standard has it."""
    found = _FIRST.fullmatch(text) or _LATER.fullmatch(text)
    if found is None or not (found[1].strip("0") and found[2].strip("0")):
        return None
    return Trace(found[1], found[2], is_sampled=bool(int(found[3], 16) & 1))


def of_signal(signal: UUID) -> Trace:
    """The step of recording a signal, in a trace of its own that follows from its id.

    Whatever comes of it names the signal as its cause, so that its trace is found again without being kept anywhere.
    """
    return Trace(signal.hex, uuid5(signal, "recorded").hex[:16])


def of_notice(notice: UUID, attempt: int = 0, way: str = "") -> Trace:
    """The step of telling somebody a notice: every attempt is a step of its own, in one trace, under that of the notice (0).

    `way` tells attempts apart of who is told in more ways than one.
    """
    told = Trace(notice.hex, uuid5(notice, "attempt 0").hex[:16])
    return told.then(uuid5(notice, f"attempt {attempt} {way}".strip()).hex[:16]) if attempt else told
