"""The live feed: whoever follows it gets every notice once, in order, over any number of reconnections."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine
from sqlalchemy.event import listen

from hub.adapters import database
from hub.adapters.channels.feed import Feed, Shown
from hub.adapters.migrations import bring_up
from hub.ports import Notice
from tests.channels.telling import a_notice, family
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Engine]:
    opened = databases.opened(tmp_path / "outbox.db", durable=True)
    bring_up(opened, "outbox")
    yield opened
    opened.dispose()


@pytest.fixture
def feed(outbox: Engine) -> Feed:
    return Feed(outbox, poll=0.05)


@pytest.fixture
def tell(outbox: Engine, feed: Feed) -> Callable[..., None]:
    def hand_over(*notices: Notice) -> None:
        with database.locked(outbox) as connection:
            feed.channel.accept(notices, connection)
        feed.channel.committed()

    return hand_over


def positions(shown: list[Shown]) -> list[int]:
    return [each.position for each in shown]


def test_a_notice_is_shown_as_it_was_said(feed: Feed, tell: Callable[..., None]) -> None:
    tell(a_notice(7))
    (shown,) = feed.after(0)
    assert shown.position == feed.last_position() == 7
    assert shown.notice == {
        "id": str(a_notice(7).id),
        "type": a_notice().type,
        "recordedAt": "2026-03-02T09:30:00Z",
        "family": str(family("a")),
        "data": a_notice().data,
    }


def test_notices_for_no_partner_are_on_the_feed_too(feed: Feed, tell: Callable[..., None]) -> None:
    tell(a_notice(1, tell=()))
    assert positions(feed.after(0)) == [1]


def test_it_goes_on_after_a_position_page_by_page(feed: Feed, tell: Callable[..., None]) -> None:
    tell(*(a_notice(number) for number in (2, 3, 5, 8, 13)))
    assert positions(feed.after(0, limit=2)) == [2, 3]
    assert positions(feed.after(3, limit=2)) == [5, 8]
    assert positions(feed.after(4)) == [5, 8, 13]
    assert feed.after(13) == []


def test_it_can_be_narrowed_to_a_family_and_a_type(feed: Feed, tell: Callable[..., None]) -> None:
    acknowledged = "nl.vig.escalations.acknowledged.v1"
    tell(a_notice(1, "a"), a_notice(2, "b"), a_notice(3, "a", type=acknowledged))
    assert positions(feed.after(0, family=str(family("a")))) == [1, 3]
    assert positions(feed.after(0, type=acknowledged)) == [3]
    assert positions(feed.after(1, family=str(family("a")), type=a_notice().type)) == []


def test_a_repeat_is_silence(feed: Feed, tell: Callable[..., None]) -> None:
    tell(a_notice(1))
    tell(a_notice(1), a_notice(2))
    assert positions(feed.after(0)) == [1, 2]


def test_an_empty_feed_stands_at_nothing(feed: Feed) -> None:
    assert (feed.last_position(), feed.after(0)) == (0, [])


async def heard(feed: Feed, after: int, until: int, **narrowed: str) -> list[int]:
    """The positions that a follower gets after one position, up to and with another."""
    got: list[int] = []
    async with aclosing(feed.follow(after, **narrowed)) as batches:
        async for batch in batches:
            got += positions(batch)
            if got and got[-1] >= until:
                break
    return got


async def test_a_follower_is_woken_by_what_comes(outbox: Engine) -> None:
    feed, looked = Feed(outbox, poll=3600), asyncio.Event()
    loop = asyncio.get_running_loop()
    listen(outbox, "after_cursor_execute", lambda *_: loop.call_soon_threadsafe(looked.set))

    def hand_over() -> None:
        with database.locked(outbox) as connection:
            feed.channel.accept([a_notice(1)], connection)
        feed.channel.committed()

    async with aclosing(feed.follow(0, quiet=3600)) as batches:
        following = asyncio.ensure_future(anext(batches))
        await looked.wait()
        await asyncio.to_thread(hand_over)
        assert positions(await following) == [1]


async def test_what_another_process_wrote_is_seen_too(feed: Feed, outbox: Engine) -> None:
    following = asyncio.create_task(heard(feed, 0, until=1))
    elsewhere = Feed(outbox)
    with database.locked(outbox) as connection:
        elsewhere.channel.accept([a_notice(1)], connection)
    elsewhere.channel.committed()
    assert await following == [1]


async def test_a_silence_shows_that_the_connection_lives(feed: Feed) -> None:
    async with aclosing(feed.follow(0, quiet=0.01)) as batches:
        assert [await anext(batches) for _ in range(3)] == [[], [], []]


async def test_who_stops_following_is_forgotten(feed: Feed, tell: Callable[..., None]) -> None:
    tell(a_notice(1))
    assert await heard(feed, 0, until=1) == [1]
    assert feed.followers == 0
    tell(a_notice(2))


async def test_many_followers_that_come_and_go_miss_and_double_nothing(feed: Feed, tell: Callable[..., None]) -> None:
    last = 120

    def talk() -> None:
        for number in range(1, last + 1):
            tell(a_notice(number, str(number % 2)))

    async def reconnecting(step: int) -> list[int]:
        got: list[int] = []
        while not got or got[-1] < last:
            at = got[-1] if got else 0
            got += await heard(feed, at, until=min(at + step, last))
        return got

    talking = Thread(target=talk)
    talking.start()
    everything = await asyncio.gather(*(reconnecting(step) for step in (1, 7, 50, last)))
    of_one = await heard(feed, 0, until=last, family=str(family("0")))
    talking.join()
    assert everything == [list(range(1, last + 1))] * 4
    assert of_one == list(range(2, last + 1, 2))


def test_a_follower_whose_loop_is_gone_harms_nobody(feed: Feed, tell: Callable[..., None]) -> None:
    following = feed.follow(0)
    loop = asyncio.new_event_loop()
    try:
        tell(a_notice(1))
        loop.run_until_complete(anext(following))
    finally:
        loop.close()
    tell(a_notice(2))
    assert positions(feed.after(0)) == [1, 2]
