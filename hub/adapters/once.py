"""What may count only once, or not any more: the ids of assertions and proofs that were used, and of tokens that were revoked."""

from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from hub.adapters.database import locked, promised

TABLES = MetaData()
_CLEARED_EVERY = timedelta(minutes=1)
_SAID = "the hub cannot remember what was used"

_taken = Table(
    "taken",
    TABLES,
    Column("digest", String(64), primary_key=True),
    Column("until", BigInteger().with_variant(Integer, "sqlite"), nullable=False, index=True),
    sqlite_with_rowid=False,
)


class Once:
    """Ids in a database, each kept until it could not count anyway; many processes may ask at the same moment."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, Lock()
        self._clear_from: datetime | None = None

    def take(self, kind: str, owner: str, id: str, until: datetime, now: datetime) -> bool:
        """Whether this is the first time for that id of that owner; it is remembered until then.

        Raises:
            Unavailable: it cannot be remembered, so nothing may count.
        """
        self._clear(now)
        try:
            with promised(_SAID), locked(self._engine) as connection:
                connection.execute(insert(_taken).values(digest=_digest(kind, owner, id), until=int(until.timestamp()) + 1))
        except IntegrityError:
            return False
        return True

    def is_taken(self, kind: str, owner: str, id: str) -> bool:
        """That it was taken, and is still remembered.

        Raises:
            Unavailable: nobody can tell.
        """
        with promised(_SAID), self._engine.connect() as connection:
            here = _taken.c.digest == _digest(kind, owner, id)
            return connection.scalar(select(_taken.c.until).where(here)) is not None

    def _clear(self, now: datetime) -> None:
        with self._lock:
            if self._clear_from is not None and now < self._clear_from:
                return
            self._clear_from = now + _CLEARED_EVERY
        with promised(_SAID), locked(self._engine) as connection:
            connection.execute(delete(_taken).where(_taken.c.until < int(now.timestamp())))


def _digest(*parts: str) -> str:
    # the lengths keep ("a", "bc") from being ("ab", "c")
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
