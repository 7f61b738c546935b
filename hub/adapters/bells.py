"""Bells: what one process rings when it committed something, and all who listen for it hear, in whichever process they are.

PostgreSQL carries them (LISTEN, NOTIFY) with the commit itself. With SQLite there is one process, which hears its own.
Nothing depends on a bell: whoever listens looks now and then anyway, and again when the line was down.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from threading import Event, Lock, Thread
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, Engine

from hub.adapters.database import is_postgresql, quickly

AGAIN = 1.0
"""Seconds between attempts to listen, and how soon a listener that goes is noticed."""
_CHANNEL = "hub"
_LONGEST = 7_000
"""Bytes that go with a bell: PostgreSQL takes just under 8,000."""
_RING = "SELECT pg_notify(?, ?)"
_told = structlog.get_logger("hub.bells")

Hear = Callable[[str], None]
"""Called with the words that went with the bell; without any where it is not known what was rung."""


class Bells:
    """The bells of one hub, on a connection of their own in each process, for as long as anybody there listens."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._is_shared = engine, is_postgresql(engine)
        self._mine = token_hex(8)
        self._listeners: frozenset[tuple[str, Hear]] = frozenset()
        self._changes = Lock()
        self._stop = Event()
        self._thread: Thread | None = None

    def ring(self, connection: Connection, name: str, words: str = "") -> None:
        """Lets the others hear it when this transaction commits; this process is told by `heard`."""
        if self._is_shared:
            said = words if len(words) <= _LONGEST else ""
            quickly(connection, _RING, _CHANNEL, f"{self._mine} {name} {said}")

    def heard(self, name: str, words: str = "") -> None:
        """It was committed: whoever listens in this process is told at once."""
        for wanted, hear in self._listeners:
            if wanted == name:
                hear(words)

    @contextmanager
    def hearing(self, name: str, hear: Hear) -> Iterator[None]:
        """Calls back whenever that bell is rung, while the block lasts; from any thread."""
        mine = (name, hear)
        with self._changes:
            self._listeners |= {mine}
            if self._is_shared and self._thread is None and not self._stop.is_set():
                self._thread = Thread(target=self._listen, name="bells", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changes:
                self._listeners -= {mine}

    def close(self) -> None:
        """Hangs up."""
        self._stop.set()
        if (listening := self._thread) is not None:
            listening.join(2 * AGAIN)

    def _listen(self) -> None:
        while self._is_wanted():
            try:
                self._listen_on()
            except Exception as error:
                _told.warning("bells-out-of-hearing", because=type(error).__name__)
                self._stop.wait(AGAIN)

    def _is_wanted(self) -> bool:
        with self._changes:
            if self._listeners and not self._stop.is_set():
                return True
            self._thread = None
            return False

    def _listen_on(self) -> None:
        with self._engine.connect() as pooled:
            pooled.detach()  # it listens for good, and nobody else gets it
            line: psycopg.Connection[Any] = pooled.connection.dbapi_connection  # type: ignore[assignment]
            line.rollback()
            line.autocommit = True
            line.execute(f"LISTEN {_CHANNEL}")
            self._all_heard()
            while self._listeners and not self._stop.is_set():
                for rung in line.notifies(timeout=AGAIN):
                    self._pass_on(rung.payload)
                    if self._stop.is_set():
                        return
                with suppress(psycopg.errors.QueryCanceled):
                    line.execute("SELECT 1")  # a line that was cut without a word is noticed

    def _pass_on(self, payload: str) -> None:
        sender, _, rest = payload.partition(" ")
        name, _, words = rest.partition(" ")
        if sender != self._mine:
            self.heard(name, words)

    def _all_heard(self) -> None:
        """What was rung while nobody here listened may have been any of them."""
        for _, hear in self._listeners:
            hear("")
