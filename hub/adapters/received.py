"""What was received, byte for byte, with the headers that its signature stands for: sealed, each message with its own key."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, Text, bindparam, select

from hub.adapters.database import quickly_each
from hub.adapters.sealing import Vault
from hub.domain.messages import bytes_of
from hub.errors import NotKnown
from hub.intake import Posted

TABLES = MetaData()
RECEIVED = Table(
    "received",
    TABLES,
    Column("kept", Text, primary_key=True),
    Column("headers", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""`headers` is empty where both stand sealed in `body`; rows from before the vault hold either as it came."""
_KEEP = "INSERT INTO received (kept, headers, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_FETCH = select(RECEIVED.c.headers, RECEIVED.c.body).where(RECEIVED.c.kept == bindparam("kept"))
_WORTH = frozenset({"payload-signature", "digest", "content-type"})


@dataclass(frozen=True, slots=True)
class Received:
    """The bytes as received, sealed by a vault."""

    vault: Vault

    def keep(self, connection: Connection, posted: Posted) -> None:
        """Stores what was posted, once: the headers that its signature covers and that say what it is, nothing else."""
        worth = _WORTH | posted.covered
        headers = {name: values for name, values in posted.headers.items() if name in worth or name.startswith("ce-")}
        sealed = self.vault.seal(bytes_of(posted.key), _joined(headers, posted.body), posted.key.encode())
        if sealed is not None:
            quickly_each(connection, _KEEP, [(posted.key, b"", sealed)])

    def fetch(self, connection: Connection, kept: str) -> Posted:
        """What was posted, as it was received.

        Raises:
            sqlalchemy.exc.NoResultFound: nothing was kept under that key.
            NotKnown: it named somebody who was erased, and is unreadable.
            ValueError: what is kept was changed.
        """
        headers, body = connection.execute(_FETCH, {"kept": kept}).one()
        if not headers:
            opened = self.vault.open(bytes_of(kept), body, kept.encode())
            if opened is None:
                raise NotKnown("What was received is unreadable: it named somebody who was erased.", code="erased")
            headers, body = _parted(opened)
        return Posted(msgspec.json.decode(headers), body, kept, frozenset())


def _joined(headers: Any, body: bytes) -> bytes:
    return msgspec.json.encode(headers) + b"\n" + body


def _parted(joined: bytes) -> tuple[bytes, bytes]:
    headers, _, body = joined.partition(b"\n")
    return headers, body
