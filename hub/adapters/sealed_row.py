"""A small secret document of the hub in the database, where the processes of several machines share it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.adapters.database import looking, promised, quickly
from hub.adapters.kek import Keks
from hub.adapters.sealed_file import opened, sealed
from hub.errors import RuleBroken, Unavailable

NOTICED_WITHIN = 1.0
"""Seconds after which somebody looks whether another process replaced it."""
_SAID = "the hub's keys cannot be reached"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0))"

TABLES = MetaData()
DOCUMENTS = Table(
    "sealed_documents",
    TABLES,
    Column("name", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", Text, nullable=False),
)
_D = DOCUMENTS.c


class SealedRow:
    """A document that PostgreSQL keeps; only who has the key-encryption key can read it."""

    def __init__(self, engine: Engine, name: str, keks: Keks) -> None:
        self.name, self._engine, self._keks = name, engine, keks
        self._lock = Lock()
        self._looked = -NOTICED_WITHIN
        self._stamp = 0

    def exists(self) -> bool:
        """Whether it was made."""
        return self._row() is not None

    def stamp(self) -> object:
        """Its revision as it was at most a second ago."""
        with self._lock:
            if monotonic() - self._looked > NOTICED_WITHIN:
                self._stamp = self._kept()[0]
                self._looked = monotonic()
            return self._stamp

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts nobody else changes it. Raises: RuleBroken, where somebody else is at it."""
        with promised(_SAID), self._engine.begin() as connection:
            if not quickly(connection, _TRY_LOCK, self.name)[0][0]:
                raise RuleBroken(f"somebody is changing {self.name}: try again", code="busy")
            self._look_again()  # who changes it goes by what it is now, not a second ago
            yield

    def read(self) -> dict[str, Any]:
        """What it holds. Raises: Unavailable."""
        return opened(self._kept()[1], self.name, self._keks)

    def make(self, content: dict[str, Any]) -> None:
        """Raises: FileExistsError, where it is there already; it was left as it is."""
        row = {"name": self.name, "revision": 1, "document": sealed(content, self.name, self._keks)}
        try:
            with promised(_SAID), self._engine.begin() as connection:
                connection.execute(insert(DOCUMENTS), row)
        except IntegrityError:
            raise FileExistsError(self.name) from None

    def replace(self, content: dict[str, Any]) -> None:
        """Puts this in the place of what it held; only within `alone`."""
        values = {"revision": _D.revision + 1, "document": sealed(content, self.name, self._keks)}
        with promised(_SAID), self._engine.begin() as connection:
            connection.execute(update(DOCUMENTS).where(_D.name == self.name).values(values))
        self._look_again()

    def take_in(self) -> None:
        """It was never in the clear."""

    def _look_again(self) -> None:
        with self._lock:
            self._looked = -NOTICED_WITHIN

    def _row(self) -> Any:
        with promised(_SAID), looking(self._engine) as connection:
            return connection.execute(select(_D.revision, _D.document).where(_D.name == self.name)).first()

    def _kept(self) -> tuple[int, str]:
        row = self._row()
        if row is None:
            raise Unavailable(f"{self.name} is gone", code="no-hub-key")
        return row.revision, row.document
