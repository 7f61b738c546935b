"""The databases of a hub, each made or brought up to date when it opens."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from hub.adapters import (
    event_store,
    limits,
    once,
    processing_log,
    received,
    vault,
)
from hub.adapters.database import create, engine
from hub.adapters.login import sessions
from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Stored:
    """The databases: the log, the read models, what waits to leave, how much partners asked today, what was read, who is in."""

    log: Engine
    views: Engine
    outbox: Engine
    limits: Engine
    reads: Engine
    door: Engine

    @classmethod
    def open(cls, settings: Settings) -> Self:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # only the log and what was read have to be on disk before anybody is answered: the others keep their rows and their
        # position in the log together, so that after a power cut they take up again where both are whole
        stored = cls(
            engine(settings.log_url),
            engine(settings.views_url, durable=False),
            engine(settings.outbox_url, durable=False),
            engine(settings.limits_url, durable=False),
            engine(settings.reads_url),
            engine(settings.door_url),
        )
        event_store.create(stored.log)
        create(stored.log, received.TABLES)
        create(stored.log, vault.TABLES)
        create(stored.limits, limits.TABLES)
        create(stored.reads, processing_log.TABLES)
        create(stored.door, once.TABLES)
        create(stored.door, sessions.TABLES)
        return stored

    def close(self) -> None:
        for each in (self.log, self.views, self.outbox, self.limits, self.reads, self.door):
            each.dispose()
