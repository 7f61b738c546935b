"""What was received, byte for byte, with the headers that its signature stands for."""

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, Text, bindparam, insert, select

from hub.intake import Posted

TABLES = MetaData()
RECEIVED = Table(
    "received",
    TABLES,
    Column("kept", Text, primary_key=True),
    Column("headers", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
_KNOWN = select(RECEIVED.c.kept).where(RECEIVED.c.kept == bindparam("kept"))
_FETCH = select(RECEIVED.c.headers, RECEIVED.c.body).where(RECEIVED.c.kept == bindparam("kept"))
_WORTH = ("payload-signature", "digest", "content-type")


def keep(connection: Connection, kept: str, posted: Posted) -> None:
    """Stores what was posted, once: the headers that matter to its signature and its content, nothing else."""
    if connection.execute(_KNOWN, {"kept": kept}).first() is None:
        headers = {name: list(values) for name, values in posted.headers.items() if name in _WORTH or name.startswith("ce-")}
        connection.execute(insert(RECEIVED), {"kept": kept, "headers": msgspec.json.encode(headers), "body": posted.body})


def fetch(connection: Connection, kept: str) -> Posted:
    """What was posted, as it was received."""
    headers, body = connection.execute(_FETCH, {"kept": kept}).one()
    return Posted(msgspec.json.decode(headers), body)
