"""Escalations as they happen, over a real connection: none lost and none twice, and an end when somebody wants one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from hub.api import live
from tests.api.running import Running, a_child, a_worry, an_event
from tests.api.serving import serving


@dataclass
class Listening:
    """What came over one connection, line by line."""

    lines: AsyncIterator[str]
    ids: list[int] = field(default_factory=list)
    data: list[Any] = field(default_factory=list)

    async def until(self, count: int) -> "Listening":
        """Listens until so many events came."""
        async with asyncio.timeout(20):
            while len(self.data) < count:
                await self.line()
        return self

    async def line(self) -> str:
        """The next line."""
        line = await anext(self.lines)
        if line.startswith("id: "):
            self.ids.append(int(line[4:]))
        if line.startswith("data: "):
            self.data.append(json.loads(line[6:]))
        return line


@asynccontextmanager
async def listening(hub: Running, base: str, query: str = "", **headers: str) -> AsyncIterator[Listening]:
    """Somebody who follows."""
    async with httpx2.AsyncClient(base_url=base, timeout=20) as client:
        sent = {**hub.token("coordinator"), **headers}
        async with client.stream("GET", f"/v1/escalations/stream{query}", headers=sent) as answer:
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
            assert answer.headers["api-version"]
            yield Listening(answer.aiter_lines())


async def escalate(hub: Running, *numbers: int) -> None:
    """As many families of which an axis rises at once."""
    for number in numbers:
        said = await hub.post(an_event(a_worry(concern="honour-violence", people=[a_child(number)]), id=f"escalating-{number}"))
        assert said.status_code == 201
    hub.hub.outbox.catch_up()


async def test_an_escalation_is_told_at_once(hub: Running) -> None:
    async with serving(hub) as base, listening(hub, base) as heard:
        await heard.line()
        await escalate(hub, 1)
        await heard.until(1)
    assert heard.data[0]["type"] == "nl.vig.escalations.level-raised.v1"
    assert heard.data[0]["data"]["axis"] == "safety"


async def test_over_many_breaks_nothing_is_lost_and_nothing_comes_twice(hub: Running) -> None:
    ids: list[int] = []
    async with serving(hub) as base:
        for number in range(20, 26):
            last = {"Last-Event-ID": str(ids[-1])} if ids else {}
            await escalate(hub, number)
            async with listening(hub, base, "" if ids else "?after=0", **last) as heard:
                await escalate(hub, number + 20)
                ids += (await heard.until(2)).ids[:1]
        async with listening(hub, base, **{"Last-Event-ID": str(ids[-1])}) as heard:
            ids += (await heard.until(6)).ids
        async with listening(hub, base, "?after=0") as heard:
            everything = (await heard.until(12)).ids
    assert ids == everything
    assert len(set(ids)) == 12


async def test_who_begins_now_hears_nothing_of_before(hub: Running) -> None:
    await escalate(hub, 1)
    async with serving(hub) as base, listening(hub, base) as heard:
        await heard.line()
        await escalate(hub, 2)
        await heard.until(1)
    first = hub.hub.ways["feed"].out.last_position()
    assert heard.ids == [first]


async def test_who_heard_more_than_there_is_hears_what_happens_now(hub: Running) -> None:
    """The hub was restored to an earlier moment, and positions are given out anew."""
    async with serving(hub) as base, listening(hub, base, **{"Last-Event-ID": "1000000"}) as heard:
        await escalate(hub, 7)
        assert (await heard.until(1)).ids[0] < 1_000_000


async def test_a_silent_line_says_that_it_is_open(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUIET", 0.05)
    async with serving(hub) as base, listening(hub, base) as heard:
        async with asyncio.timeout(20):
            while await heard.line() != ": still here":
                pass


async def test_a_server_that_stops_ends_its_streams(hub: Running) -> None:
    async with serving(hub) as base, listening(hub, base) as heard:
        await heard.line()
        hub.app.stop()
        async with asyncio.timeout(20):
            rest = [line async for line in heard.lines]
    assert [line for line in rest if line] == []


async def test_a_stream_outlives_no_token(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUIET", 0.05)
    async with serving(hub) as base, listening(hub, base) as heard:
        await heard.line()
        hub.clock.set(hub.clock.now().replace(hour=14))
        async with asyncio.timeout(20):
            assert [line async for line in heard.lines if line.startswith("data")] == []


async def test_a_listener_that_leaves_is_forgotten(hub: Running) -> None:
    followers = hub.app.rest.state.followers
    async with serving(hub) as base:
        async with listening(hub, base) as heard:
            await heard.line()
            assert len(followers._stops) == 1
        async with asyncio.timeout(20):
            while followers._stops:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(("query", "last"), [("?after=x", "1"), ("?after=1", "x"), ("?after=-1", "9" * 30)])
async def test_a_place_that_is_none_is_refused(hub: Running, query: str, last: str) -> None:
    said = await hub.ask(f"/v1/escalations/stream{query}", headers={"Last-Event-ID": last})
    assert said.status_code == 400
    assert said.json()["violations"]


async def test_asking_only_for_the_headers_of_the_stream_ends(hub: Running) -> None:
    said = await hub.ask("/v1/escalations/stream", method="HEAD")
    assert (said.status_code, said.content) == (200, b"")
