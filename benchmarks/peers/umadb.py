"""UmaDB: its server in a process of its own, which comes in the wheel with its client."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from shutil import which

from umadb import Client, Event

from benchmarks.peers import MOST, chunks, together
from benchmarks.running import free_port, process


class UmaDb:
    """One event for each body, tagged with a name of its own."""

    name = "UmaDB"

    def __init__(self, place: Path) -> None:
        port, server = free_port(), which("umadb", path=Path(sys.executable).parent)
        if server is None:
            raise FileNotFoundError("the server of UmaDB is not beside this Python")
        command = [server, "--listen", f"127.0.0.1:{port}", "--db-path", str(place / "uma.db")]
        self._closing = ExitStack()
        self._closing.enter_context(process(command, port))
        self._clients = [self._closing.enter_context(Client(f"http://127.0.0.1:{port}")) for _ in range(MOST)]
        self._names = count(1)

    def appends(self, bodies: Sequence[bytes], clients: int, in_one: int = 1) -> float:
        waiting = [[self._event(body) for body in some] for some in chunks(bodies, in_one)]

        def client(nth: int) -> None:
            append = self._clients[nth].append
            for some in waiting[nth::clients]:
                append(some)

        return len(bodies) / together(clients, client)

    def _event(self, body: bytes) -> Event:
        return Event("Signalled", body, [f"signal:{next(self._names)}"])

    def kept(self) -> list[bytes]:
        return [found.event.data for found in self._clients[0].read()]

    def close(self) -> None:
        self._closing.close()
