"""Lines of the log: a JSON object each, with the kind of process and the trace that it belongs to; never anybody's data.

What the hub's own modules say is codes, kinds and ids. Of what libraries say only the place is kept and the words that stand
in their code, for what they fill in may be anybody's; and of an error nobody foresaw only its kind and its place.
"""

import logging
import threading
import warnings
from contextlib import suppress
from traceback import extract_tb
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from hub.domain.traces import read
from hub.steps import at_hand

_told = structlog.get_logger("hub.process")


def written(process: str, to: TextIO) -> None:
    """From now on the hub's modules write their lines there, as a process of that kind."""
    structlog.configure(
        processors=[
            _of(process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(_Unfailing(to)),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )


class _Unfailing:
    """Where lines go: one that cannot be written, for the disk is full or nobody reads any more, takes nobody along."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._to.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._to.flush()


def alone() -> None:
    """From now on libraries, warnings and errors that nobody foresaw become lines too, in this whole process."""
    logging.basicConfig(level=logging.WARNING, handlers=[Lines()], force=True)
    warnings.showwarning = _warned
    threading.excepthook = lambda stumbled: fell(stumbled.exc_type, stumbled.exc_traceback)


def fell(kind: type[BaseException], trace: TracebackType | None) -> None:
    """An error that nobody foresaw: its kind and the last places on its way, never its words."""
    places = [f"{frame.name}:{frame.lineno}" for frame in extract_tb(trace)[-3:]]
    if not issubclass(kind, SystemExit):
        _told.error("fell", because=kind.__name__, places=places)


class Lines(logging.Handler):
    """What libraries log, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record without what was filled in; where nothing was to be filled in, its words may be anything."""
        said: dict[str, Any] = {"logger": record.name, "place": f"{record.module}:{record.lineno}"}
        if record.args and isinstance(record.msg, str):
            said["words"] = record.msg
        if record.exc_info and record.exc_info[0]:
            said["because"] = record.exc_info[0].__name__
        _told.log(record.levelno, "library", **said)


def _of(process: str) -> Processor:
    def add(_: Any, __: str, line: EventDict) -> EventDict:
        trace = read(at_hand())
        return {**line, "process": process, **({"trace": trace.trace_id} if trace and "trace" not in line else {})}

    return add


def _warned(
    message: Warning | str,  # noqa: ARG001
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    _told.warning("warned", because=category.__name__, place=f"{filename.rpartition('/')[2]}:{lineno}")
