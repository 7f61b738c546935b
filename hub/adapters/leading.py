"""Leading: of all processes that could do a piece of the work that only one may do, the one that does it now.

On PostgreSQL whoever leads holds a lock (an advisory one, by the name of the work) on a connection of its own. It goes with
the connection: when the process ends, is killed or cut off, and when it shows no life for a few seconds, for then the server
ends the connection. What it had begun meanwhile is ended by the server too, except in the middle of a COPY, where none of the
server's limits count; those who stand by end that. With SQLite there is one process, which leads everything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine

from hub.adapters.database import is_postgresql
from hub.adapters.database.postgresql import STALLED_AFTER

BEAT = 1.0
"""Seconds between signs of life, and between attempts of those who stand by."""
ENDED_AFTER = 5.0
"""Seconds without a sign of life after which the server lets somebody else lead."""
SURE_FOR = 3.0
"""Seconds after a sign of life in which whoever leads may rely on it: well before the server could give it to another."""

_LOOK = 0.2
"""Seconds between looks whether the work still is this process's own."""
_LIMIT = f"SET idle_session_timeout = '{int(ENDED_AFTER * 1000)}ms'"
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended('lead ' || %s, 0))"
_END_STALLED = """
WITH others AS (SELECT unnest(pg_blocking_pids(pid)) AS pid FROM pg_locks WHERE NOT granted AND waitstart < now() - %(limit)s)
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE pid IN (SELECT pid FROM others) AND usename = current_user AND datname = current_database()
AND state = 'active' AND wait_event_type = 'Client' AND query_start < now() - %(limit)s
"""
"""Ends whoever makes others wait, in the middle of a statement of which its client sends or reads no more."""
_STALLED = {"limit": timedelta(seconds=STALLED_AFTER)}
_told = structlog.get_logger("hub.leading")


class _Led(Event):
    """Set when somebody sets it, and whenever it is not sure that this process leads."""

    def __init__(self, is_sure: Callable[[], bool]) -> None:
        super().__init__()
        self._is_sure = is_sure

    def is_set(self) -> bool:
        return super().is_set() or not self._is_sure()


class Leading:
    """What this process leads; asked often, and answered from memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._is_shared = engine, is_postgresql(engine)
        self._wanted: dict[str, None] = {}
        self._held: frozenset[str] = frozenset()
        self._sure_until = 0.0
        self._changes = Lock()
        self._woken = Event()

    def leads(self, name: str) -> bool:
        """Whether this process leads that work now; whoever asks for the first time stands by for it from then on."""
        if name not in self._wanted:
            with self._changes:
                self._wanted[name] = None
            self._woken.set()
        return name in self.held

    @property
    def held(self) -> frozenset[str]:
        """The names of what this process leads."""
        if not self._is_shared:
            return frozenset(self._wanted)
        return self._held if monotonic() < self._sure_until else frozenset()

    def work(self, name: str, do: Callable[[Event], None], stop: Event) -> None:
        """Does a piece of work whenever this process leads it, until told to stop.

        `do` gets an event that says when it has to end: it is set from the very moment that somebody else may lead.
        """
        while not stop.is_set():
            if self.leads(name):
                self._work_while_leading(name, do, stop)
            stop.wait(_LOOK)

    def _work_while_leading(self, name: str, do: Callable[[Event], None], stop: Event) -> None:
        until = _Led(lambda: self.leads(name))
        worker = Thread(target=do, args=(until,), name=name, daemon=True)
        worker.start()
        while worker.is_alive() and not stop.is_set() and self.leads(name):
            worker.join(_LOOK)
        until.set()
        worker.join()

    def run(self, stop: Event) -> None:
        """Stands by, leads and shows life until told to stop; then lets the others lead at once."""
        while self._is_shared and not stop.is_set():
            try:
                with self._line() as line:
                    self._stand_by(line, stop)
            except Exception as error:
                _told.warning("leading-waits", because=type(error).__name__)
                self._lose()
                stop.wait(BEAT)

    @contextmanager
    def _line(self) -> Iterator["psycopg.Connection[Any]"]:
        with self._engine.connect() as pooled:
            pooled.detach()
            line: psycopg.Connection[Any] = pooled.connection.dbapi_connection  # type: ignore[assignment]
            line.rollback()
            line.autocommit = True
            line.execute(_LIMIT)
            try:
                yield line
            finally:
                self._lose()

    def _stand_by(self, line: "psycopg.Connection[Any]", stop: Event) -> None:
        while not stop.is_set():
            self._woken.clear()
            began = monotonic()
            free = [name for name in list(self._wanted) if name not in self._held]
            taken = [name for name in free if line.execute(_TAKE, (name,)).fetchone() == (True,)]
            self._end_stalled(line)
            self._sure_until = began + SURE_FOR
            if taken:
                self._held |= frozenset(taken)
                _told.info("leads", names=taken)
            self._woken.wait(BEAT)

    def _end_stalled(self, line: "psycopg.Connection[Any]") -> None:
        ended = line.execute(_END_STALLED, _STALLED).fetchone()
        if ended is not None and ended[0]:
            _told.warning("stalled-connections-ended", count=ended[0])

    def _lose(self) -> None:
        if self._held:
            _told.info("leads-no-more", names=sorted(self._held))
        self._held = frozenset()
