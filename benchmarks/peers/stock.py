"""The stock event store: eventsourcing's own application on its own PostgreSQL recorder."""

from collections.abc import Iterator, Sequence
from time import perf_counter
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol, event
from psycopg.conninfo import conninfo_to_dict

from benchmarks.peers import MOST, chunks, together

AT_ONCE = 1_000
"""Notifications read in one go."""


class Kept(Aggregate):
    """An aggregate of one event that holds a text."""

    @event("Began")
    def __init__(self, body: str) -> None:
        self.body = body


class Stock:
    """One aggregate of one event for each body; aggregates that are kept in one go share a transaction."""

    name = "stock saves"

    def __init__(self, url: str) -> None:
        said = conninfo_to_dict(url)
        self._application: Application[UUID] = Application(
            {
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": str(said["dbname"]),
                "POSTGRES_HOST": str(said["host"]),
                "POSTGRES_PORT": str(said.get("port", 5432)),
                "POSTGRES_USER": str(said["user"]),
                "POSTGRES_PASSWORD": str(said.get("password") or "none"),
                "POSTGRES_POOL_SIZE": str(MOST),
                "POSTGRES_MAX_OVERFLOW": str(MOST),
            }
        )

    def appends(self, bodies: Sequence[bytes], clients: int, in_one: int = 1) -> float:
        waiting = [[Kept(body.decode()) for body in some] for some in chunks(bodies, in_one)]

        def client(nth: int) -> None:
            for some in waiting[nth::clients]:
                self._application.save(*some)

        return len(bodies) / together(clients, client)

    def kept(self) -> list[bytes]:
        return [event.body.encode() for event in self._events() if isinstance(event, Kept.Began)]  # type: ignore[attr-defined]

    def record(self, events: Sequence[DomainEventProtocol[UUID]]) -> None:
        """Keeps these events as the library does, in the order given."""
        to_stored, insert = self._application.mapper.to_stored_event, self._application.recorder.insert_events
        for start in range(0, len(events), AT_ONCE):
            insert([to_stored(event) for event in events[start : start + AT_ONCE]])

    def replay(self) -> float:
        """Events a second, read in order and mapped to what they were."""
        began = perf_counter()
        many = sum(1 for _ in self._events())
        return many / (perf_counter() - began)

    def _events(self) -> Iterator[object]:
        recorder, to_event, last = self._application.recorder, self._application.mapper.to_domain_event, None
        while found := recorder.select_notifications(start=last, limit=AT_ONCE, inclusive_of_start=False):
            yield from map(to_event, found)
            last = found[-1].id

    def close(self) -> None:
        self._application.close()
