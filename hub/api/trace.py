"""Which trace a request is of: what its caller says in `traceparent`, or a new one (W3C Trace Context, level 1)."""

from secrets import token_hex

from starlette.types import Scope

from hub.domain.traces import TRACEPARENT, Trace, read

_NAME = TRACEPARENT.encode()


def caller_of(scope: Scope) -> str:
    """What the caller says in `traceparent`; empty where it does not say it exactly once."""
    told = [value for name, value in scope["headers"] if name.lower() == _NAME]
    return told[0].decode("latin-1").strip(" \t") if len(told) == 1 else ""


def trace_of(scope: Scope) -> Trace:
    """The step that answering this request is: under that of the caller, where it names exactly one, else the first of a trace."""
    caller = read(caller_of(scope))
    return caller.then(token_hex(8)) if caller else Trace(token_hex(16), token_hex(8))


def header(trace: Trace) -> tuple[bytes, bytes]:
    """The header of an answer, by which its caller finds this step again."""
    return _NAME, str(trace).encode()
