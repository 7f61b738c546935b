"""A chaos proxy on loopback: it stands before a real server, and cuts, refuses, delays, and loses the answer to a COMMIT."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from tests.faults.talks import Kafka, PostgreSQL, Talk

_TROUBLE = (OSError, EOFError, asyncio.IncompleteReadError)


class Hung(Exception):
    """This conversation ends here."""


@dataclass(eq=False)
class Line:
    """One client, the server, and what they say to each other."""

    talk: Talk
    client: tuple[StreamReader, StreamWriter]
    server: tuple[StreamReader, StreamWriter]
    is_losing: bool = False
    """That a COMMIT was passed on whose answer must not come back."""
    is_cut: bool = False

    def cut(self) -> None:
        """Both ends see the connection break off."""
        self.is_cut = True
        for _, writer in (self.client, self.server):
            writer.transport.abort()


@dataclass
class Proxy:
    """Passes on what clients and one server on loopback say, as well as it is told to."""

    server_port: int
    talk: Callable[[int, int], Talk]
    port: int = 0
    seconds: float = 0.0
    """How long every answer is held back."""
    is_refusing: bool = False
    is_silent: bool = False
    """Nothing comes through in either direction, and nobody is told."""
    cuts: int = 0
    """Connections that were cut."""
    lost_answers: int = 0
    """Commits that were carried out, of which nobody heard."""
    lost_questions: int = 0
    """Commits that never reached the server."""
    _lines: set[Line] = field(default_factory=set)
    _answers_to_lose: int = 0
    _questions_to_lose: int = 0

    # Told from any thread ---------------------------------------------------------------------------

    def cut(self) -> int:
        """Cuts every connection that is open now, and gives how many."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    async def _cut(self) -> int:
        lines = list(self._lines)
        for line in lines:
            line.cut()
        self.cuts += len(lines)
        return len(lines)

    def lose_answers(self, count: int = 1) -> None:
        """The next COMMITs are carried out by the server, and their clients never hear of it."""
        self._answers_to_lose += count

    def lose_questions(self, count: int = 1) -> None:
        """The next COMMITs never reach the server, and their clients cannot tell that from the other case."""
        self._questions_to_lose += count

    def well(self) -> None:
        """Passes everything on again."""
        self.seconds, self.is_refusing, self.is_silent = 0.0, False, False
        self._answers_to_lose, self._questions_to_lose = 0, 0

    # In its own thread ------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Listens while the block lasts."""
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        listens = Event()
        thread = Thread(target=lambda: self._loop.run_until_complete(self._listen(listens)), name="proxy", daemon=True)
        thread.start()
        assert listens.wait(30)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(30)
            self._loop.close()

    async def _listen(self, listens: Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        listens.set()
        await self._stop.wait()
        server.close()
        await self._cut()
        # the pumps see that their connections are gone
        own = asyncio.current_task()
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not own), return_exceptions=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        line: Line | None = None
        try:
            if self.is_refusing:
                raise Hung
            server = await asyncio.open_connection("127.0.0.1", self.server_port)
            line = Line(self.talk(self.server_port, self.port), (reader, writer), server)
            await self._pass_on(line)
        except (Hung, *_TROUBLE):
            writer.transport.abort()
        finally:
            if line is not None:
                self._lines.discard(line)
                line.cut()

    async def _pass_on(self, line: Line) -> None:
        self._lines.add(line)
        pumps: list[Coroutine[Any, Any, None]] = [self._ask(line), self._answer(line)]
        tasks = [asyncio.ensure_future(pump) for pump in pumps]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # what the other end said last is still worth passing on, and nothing after that
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.gather(*tasks, return_exceptions=True)), 0.2)
        line.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, line: Line) -> None:
        (reader, _), (_, writer) = line.client, line.server
        while True:
            said, commits = await line.talk.from_client(reader)
            await self._hear_again(line)
            if commits and self._questions_to_lose > 0:
                self._questions_to_lose, self.lost_questions = self._questions_to_lose - 1, self.lost_questions + 1
                line.cut()
                return
            if commits and self._answers_to_lose > 0:
                self._answers_to_lose, line.is_losing = self._answers_to_lose - 1, True
            writer.write(said)
            await writer.drain()

    async def _hear_again(self, line: Line) -> None:
        while self.is_silent and not line.is_cut:
            await asyncio.sleep(0.02)

    async def _answer(self, line: Line) -> None:
        (_, writer), (reader, _) = line.client, line.server
        while True:
            said, is_whole = await line.talk.from_server(reader)
            if line.is_losing:
                if is_whole:
                    self.lost_answers += 1
                    line.cut()
                    return
                continue
            await self._hear_again(line)
            if self.seconds and is_whole:
                await asyncio.sleep(self.seconds)
            writer.write(said)
            await writer.drain()


def before_postgresql(port: int) -> Proxy:
    """A proxy before a PostgreSQL on loopback."""
    return Proxy(port, lambda _real, _shown: PostgreSQL())


def before_kafka(port: int) -> Proxy:
    """A proxy before a Kafka broker on loopback."""
    return Proxy(port, Kafka)
