"""What clients and servers say to each other, cut into the messages of their protocols: PostgreSQL's, and Kafka's."""

import asyncio
from asyncio import StreamReader
from typing import Protocol

_ENCRYPTED = (80877103, 80877104)
"""How a client asks whether the server speaks TLS, or GSSAPI."""


class Talk(Protocol):
    """What one conversation says in either direction, cut into messages of its protocol."""

    async def from_client(self, reader: StreamReader) -> tuple[bytes, bool]:
        """The next message, and whether it asks to commit."""
        ...

    async def from_server(self, reader: StreamReader) -> tuple[bytes, bool]:
        """The next message as the client is to see it, and whether it is the last of an answer."""
        ...


class PostgreSQL:
    """PostgreSQL's protocol, version 3: simple queries, and statements that are parsed, bound and executed."""

    def __init__(self) -> None:
        self._has_begun, self._is_to_answer_in_a_byte = False, False
        self._greeted = asyncio.Event()
        self._statements: dict[bytes, bool] = {}
        self._portals: dict[bytes, bool] = {}
        """Whether the statement, or the portal, of that name is a COMMIT."""

    async def from_client(self, reader: StreamReader) -> tuple[bytes, bool]:
        if not self._has_begun:
            return await self._greeting(reader), False
        head = await reader.readexactly(5)
        body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
        return head + body, self._commits(head[:1], body)

    async def _greeting(self, reader: StreamReader) -> bytes:
        """A message without a kind: the beginning, or before it a question for encryption, which one byte answers."""
        head = await reader.readexactly(8)
        rest = await reader.readexactly(int.from_bytes(head[:4]) - 8)
        self._is_to_answer_in_a_byte = int.from_bytes(head[4:]) in _ENCRYPTED
        self._has_begun = not self._is_to_answer_in_a_byte
        self._greeted.set()
        return head + rest

    def _commits(self, kind: bytes, body: bytes) -> bool:
        match kind:
            case b"Q":
                return _is_commit(body.partition(b"\0")[0])
            case b"P":
                name, query, _ = body.split(b"\0", 2)
                self._statements[name] = _is_commit(query)
            case b"B":
                portal, statement, _ = body.split(b"\0", 2)
                self._portals[portal] = self._statements.get(statement, False)
            case b"E":
                return self._portals.get(body.partition(b"\0")[0], False)
        return False

    async def from_server(self, reader: StreamReader) -> tuple[bytes, bool]:
        await self._greeted.wait()
        if self._is_to_answer_in_a_byte:
            self._greeted.clear()
            return await reader.readexactly(1), True
        head = await reader.readexactly(5)
        return head + await reader.readexactly(int.from_bytes(head[1:]) - 4), head[:1] == b"Z"


def _is_commit(query: bytes) -> bool:
    return query.strip(b"; \n").upper() == b"COMMIT"


class Kafka:
    """Kafka's protocol, as far as that every frame tells its length; brokers are named by the proxy's own port."""

    def __init__(self, real: int, shown: int) -> None:
        self._real, self._shown = (b"127.0.0.1" + port.to_bytes(4) for port in (real, shown))

    async def from_client(self, reader: StreamReader) -> tuple[bytes, bool]:
        return await self._frame(reader), False

    async def from_server(self, reader: StreamReader) -> tuple[bytes, bool]:
        return (await self._frame(reader)).replace(self._real, self._shown), True

    async def _frame(self, reader: StreamReader) -> bytes:
        length = await reader.readexactly(4)
        return length + await reader.readexactly(int.from_bytes(length))
