"""message-db: its own functions in a schema of PostgreSQL, called through the driver."""

from collections.abc import Sequence
from itertools import count
from uuid import uuid4

import psycopg

from benchmarks.peers import MOST, chunks, together
from benchmarks.peers.npm import PACKAGES

DATABASE = PACKAGES / "@eventide" / "message-db" / "database"
# what its install.sh runs with psql, in its order; without the extension pgcrypto, whose gen_random_uuid() PostgreSQL has had
# itself since 13, and without views for people and rights for others
_ORDER = (
    "schema/message-store",
    "tables/messages",
    "types/message",
    "functions/message-store-version",
    "functions/hash-64",
    "functions/acquire-lock",
    "functions/category",
    "functions/is-category",
    "functions/id",
    "functions/cardinal-id",
    "functions/stream-version",
    "functions/write-message",
    "functions/get-stream-messages",
    "functions/get-category-messages",
    "functions/get-last-stream-message",
    "indexes/messages-id",
    "indexes/messages-stream",
    "indexes/messages-category",
)
_WRITE = "SELECT write_message(%s, %s, 'Signalled', %s::jsonb)"
_READ = "SELECT data FROM get_category_messages('signal', batch_size => -1)"


class MessageDb:
    """A message in a stream of its own for each body, as JSON; all streams in one category."""

    name = "message-db"

    def __init__(self, url: str) -> None:
        options = "-c search_path=message_store,public -c client_min_messages=warning"
        with psycopg.connect(url, autocommit=True, options=options) as connection:
            for script in _ORDER:
                connection.execute((DATABASE / f"{script}.sql").read_bytes())
        self._connections = [psycopg.connect(url, autocommit=True, prepare_threshold=0, options=options) for _ in range(MOST)]
        self._streams = count(1)

    def appends(self, bodies: Sequence[bytes], clients: int, in_one: int = 1) -> float:
        waiting = [
            [(str(uuid4()), f"signal-{next(self._streams)}", body.decode()) for body in some] for some in chunks(bodies, in_one)
        ]

        def client(nth: int) -> None:
            connection = self._connections[nth]
            for some in waiting[nth::clients]:
                _write(connection, some)

        return len(bodies) / together(clients, client)

    def kept(self) -> list[bytes]:
        return [data.encode() for (data,) in self._connections[0].execute(_READ)]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def _write(connection: "psycopg.Connection[tuple[str]]", messages: Sequence[tuple[str, str, str]]) -> None:
    if len(messages) == 1:
        connection.execute(_WRITE, messages[0])
        return
    with connection.transaction(), connection.pipeline():
        connection.cursor().executemany(_WRITE, messages)
