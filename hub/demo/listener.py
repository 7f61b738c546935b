"""Somebody who follows the live feed: server-sent events over HTTP, gone on with after every break where it stopped."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Thread
from time import perf_counter
from typing import Any

import httpx2

_RAISED = ".level-raised.v1"
_PATIENCE = 5.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A notice on the feed with its id there; `came` is the reading of the performance counter."""

    id: int
    type: str
    notice: Mapping[str, Any]
    came: float


class Listener:
    """Follows the feed of a hub; a stream lives no longer than its token, so it is taken up again with a fresh one."""

    def __init__(self, address: str) -> None:
        self.address, self.streams = address, 0
        self.heard: list[Heard] = []
        self._news, self._listening = Condition(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="demo-listener", daemon=True)
        self._thread.start()

    def follow(self, token: str) -> None:
        """Hangs up, opens a stream that goes on after the last notice heard, and comes back when it is open."""
        asyncio.run_coroutine_threadsafe(self._follow(token), self._loop).result(_PATIENCE)
        self.streams += 1

    def stop(self) -> None:
        """Hangs up for good."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(_PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def about(self, escalation: str) -> Heard | None:
        """The notice that this escalation was raised, as soon as it is there; nothing where it does not come."""
        with self._news:
            self._news.wait_for(lambda: self._of(escalation) is not None, _PATIENCE)
            return self._of(escalation)

    def raised(self) -> list[str]:
        """Every escalation that was heard of."""
        return [one.notice["data"]["escalation"] for one in self.heard if one.type.endswith(_RAISED)]

    def _of(self, escalation: str) -> Heard | None:
        raised = (one for one in self.heard if one.type.endswith(_RAISED))
        return next((one for one in raised if one.notice["data"]["escalation"] == escalation), None)

    async def _follow(self, token: str) -> None:
        await self._hang_up()
        last = self.heard[-1].id if self.heard else 0
        self._listening.clear()
        self._task = asyncio.create_task(self._listen({"Authorization": f"Bearer {token}", "Last-Event-ID": str(last)}))
        await self._listening.wait()

    async def _hang_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, httpx2.TransportError):
                await self._task

    async def _listen(self, headers: dict[str, str]) -> None:
        timeout = httpx2.Timeout(_PATIENCE, read=None)
        async with httpx2.AsyncClient(timeout=timeout) as client, client.stream("GET", self.address, headers=headers) as answer:
            self._listening.set()
            told: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, text = line.partition(": ")
                    told[name] = text
                else:
                    self._take(told)
                    told = {}

    def _take(self, told: Mapping[str, str]) -> None:
        if "data" in told:
            heard = Heard(int(told["id"]), told["event"], json.loads(told["data"]), perf_counter())
            with self._news:
                self.heard.append(heard)
                self._news.notify_all()
