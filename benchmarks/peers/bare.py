"""Bare inserts: a table of one column of bytes on PostgreSQL, and the driver alone."""

from collections.abc import Sequence

import psycopg

from benchmarks.peers import MOST, chunks, together

_INSERT = "INSERT INTO kept (body) SELECT unnest(%b::bytea[])"


class Bare:
    """Statements that are prepared, one round trip and one commit for each append."""

    name = "bare inserts"

    def __init__(self, url: str) -> None:
        self._connections = [psycopg.connect(url, autocommit=True, prepare_threshold=0) for _ in range(MOST)]
        self._connections[0].execute("CREATE TABLE kept (position bigserial PRIMARY KEY, body bytea NOT NULL)")

    def appends(self, bodies: Sequence[bytes], clients: int, in_one: int = 1) -> float:
        waiting = chunks(bodies, in_one)

        def client(nth: int) -> None:
            execute = self._connections[nth].execute
            for some in waiting[nth::clients]:
                execute(_INSERT, (some,))

        return len(bodies) / together(clients, client)

    def kept(self) -> list[bytes]:
        return [body for (body,) in self._connections[0].execute("SELECT body FROM kept")]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
