"""The databases of a hub, each made or brought up to date when it opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine, inspect, make_url

from hub.adapters.database import engine, promised
from hub.adapters.migrations import STORES, bring_up
from hub.errors import OutOfReach
from hub.settings import Settings

DURABLE = frozenset({"log", "reads", "door", "evidence"})
"""What has to be on disk before anybody is answered: the others keep their rows and their position in the log together, so
that after a power cut they take up again where both are whole."""
ALSO = frozenset({"outbox"})
"""And where several processes share a database that may crash without them: what Kafka took must not be forgotten here."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The databases: the log, the read models, what waits to leave, how much partners asked today, what was read, who is in,
    and what proves that nobody changed it."""

    log: Engine
    views: Engine
    outbox: Engine
    limits: Engine
    reads: Engine
    door: Engine
    evidence: Engine

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Opens them all, with their tables as this hub means them to be.

        Raises:
            Unavailable: one cannot be opened or written, or a newer hub made it.
        """
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        urls = {store: getattr(settings, f"{store}_url") for store in STORES}
        durable = DURABLE | ALSO if settings.is_shared else DURABLE
        stored = cls(**{store: engine(url, store, durable=store in durable) for store, url in urls.items()})
        try:
            with _saying_where(settings):
                for store in STORES:
                    bring_up(getattr(stored, store), store)
        except BaseException:
            stored.close()
            raise
        return stored

    def close(self) -> None:
        """Lets go of them."""
        for store in STORES:
            getattr(self, store).dispose()


def place_of(settings: Settings) -> str:
    """Where a hub of these settings keeps what it has, for whoever operates it; never a password."""
    if not settings.is_shared:
        return str(settings.data_dir.absolute())
    url = make_url(settings.database_url)
    server = f"{url.host or 'this machine'}, port {url.port or 5432}"
    return f"PostgreSQL at {server}, database {url.database or 'of the user'}, as {url.username or 'who runs this'}"


@contextmanager
def _saying_where(settings: Settings) -> Iterator[None]:
    """Only while it opens: whoever posts to a hub that runs hears nothing of where its data are."""
    try:
        yield
    except OutOfReach as away:
        if not settings.is_shared:
            raise
        raise OutOfReach(f"{away.detail}: {place_of(settings)}", code=away.code) from away


def has_hub(settings: Settings) -> bool:
    """Whether a hub was opened here before. Raises: Unavailable."""
    if not settings.is_shared:
        return settings.hub_keys.exists()
    log = engine(settings.log_url)
    try:
        with _saying_where(settings), promised("the database cannot be read"), log.connect() as connection:
            return inspect(connection).has_table("sealed_documents")
    finally:
        log.dispose()
