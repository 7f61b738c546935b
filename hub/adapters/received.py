"""What was received, byte for byte, with the headers that its signature stands for."""

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, Text, bindparam, select

from hub.adapters.database import quickly
from hub.intake import Posted

TABLES = MetaData()
RECEIVED = Table(
    "received",
    TABLES,
    Column("kept", Text, primary_key=True),
    Column("headers", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
_KEEP = "INSERT INTO received (kept, headers, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_FETCH = select(RECEIVED.c.headers, RECEIVED.c.body).where(RECEIVED.c.kept == bindparam("kept"))
_WORTH = frozenset({"payload-signature", "digest", "content-type"})


def keep(connection: Connection, posted: Posted) -> None:
    """Stores what was posted, once: the headers that its signature covers and that say what it is, nothing else."""
    worth = _WORTH | posted.covered
    headers = {name: values for name, values in posted.headers.items() if name in worth or name.startswith("ce-")}
    quickly(connection, _KEEP, posted.key, msgspec.json.encode(headers), posted.body)


def fetch(connection: Connection, kept: str) -> Posted:
    """What was posted, as it was received."""
    headers, body = connection.execute(_FETCH, {"kept": kept}).one()
    return Posted(msgspec.json.decode(headers), body, kept, frozenset())
