"""A partner may ask so much, and no partner makes another wait; whoever cannot show who they are is answered late."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.adapters import limits as the_limits
from hub.adapters import outgoing_events
from hub.adapters.limits import BLOCK, Allowed, Limits, Strangers
from hub.adapters.migrations import bring_up
from hub.api import front
from hub.api.places import place_of
from hub.api.turns import A_MOMENT, A_WHILE, LONGEST, LOOK, STEP, Turns
from hub.errors import TooMany
from hub.ports import SetClock
from tests.api.running import Running, a_child, a_worry, an_event
from tests.given import NOON
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")

BATCH = "application/cloudevents-batch+json"


class Seconds:
    """A stopwatch that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """Limits on a database of their own, which many may open."""

    def __init__(self, place: Path, per_minute: int = 60, per_day: int = 1_000) -> None:
        self.place, self.allowed = place, Allowed(per_minute, per_day)
        self.seconds, self.clock = Seconds(), SetClock(NOON)
        self._opened = ExitStack()

    def open(self) -> Limits:
        store = databases.opened(self.place / "limits.db")
        self._opened.callback(store.dispose)
        bring_up(store, "limits")
        return Limits(store, lambda _: self.allowed, self.clock, self.seconds)

    def close(self) -> None:
        self._opened.close()


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    """Sixty a minute, a thousand a day."""
    opened = Counted(tmp_path)
    yield opened
    opened.close()


def taken(limits: Limits, organisation: str, most: int, many: int = 1) -> int:
    """How often so many could be taken, of so many tries."""
    return sum(_is_taken(limits, organisation, many) for _ in range(most))


def _is_taken(limits: Limits, organisation: str, many: int) -> bool:
    try:
        limits.take(organisation, many)
    except TooMany:
        return False
    return True


# The minute ------------------------------------------------------------------------------------------


def test_a_partner_may_ask_so_much_in_a_minute_and_evenly_after_that(counted: Counted) -> None:
    limits = counted.open()
    assert taken(limits, "police", 100) == 60
    counted.seconds.now += 0.9
    assert taken(limits, "police", 5) == 0
    counted.seconds.now += 0.1
    assert taken(limits, "police", 5) == 1
    counted.seconds.now += 3_600
    assert taken(limits, "police", 100) == 60


def test_what_one_asks_is_not_counted_against_another(counted: Counted) -> None:
    limits = counted.open()
    assert (taken(limits, "police", 61), taken(limits, "housing", 61)) == (60, 60)


def test_all_of_a_batch_is_counted_or_none_of_it(counted: Counted) -> None:
    limits = counted.open()
    assert taken(limits, "police", 1, many=50) == 1
    assert taken(limits, "police", 1, many=11) == 0
    assert taken(limits, "police", 1, many=10) == 1


def test_a_batch_of_more_than_a_minute_passes_once_and_is_paid_off(counted: Counted) -> None:
    limits = counted.open()
    limits.take("police", 180)
    counted.seconds.now += 179
    with pytest.raises(TooMany) as refused:
        limits.take("police", 60)
    assert refused.value.wait == pytest.approx(1 + 0)
    counted.seconds.now += 1
    limits.take("police", 60)


def test_to_look_costs_nothing(counted: Counted) -> None:
    limits = counted.open()
    for _ in range(100):
        limits.take("police", 0)
    assert taken(limits, "police", 100) == 60
    with pytest.raises(TooMany):
        limits.take("police", 0)


def test_many_threads_together_get_exactly_what_was_agreed(counted: Counted) -> None:
    counted.allowed = Allowed(5_000, 777)
    limits = counted.open()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: taken(limits, "police", 200), range(8))) == 777


def test_another_limit_in_the_registration_counts_from_then_on(counted: Counted) -> None:
    limits = counted.open()
    assert taken(limits, "police", 10) == 10
    counted.allowed = Allowed(5, 1_000)
    assert taken(limits, "police", 10) == 5


# The day ---------------------------------------------------------------------------------------------


def test_the_day_is_counted_on_through_a_restart(counted: Counted) -> None:
    counted.allowed = Allowed(5_000, 150)
    first = counted.open()
    assert taken(first, "police", 120) == 120
    first.close()
    assert taken(counted.open(), "police", 100) == 30


def test_a_process_that_was_killed_lets_nothing_more_through_and_loses_a_block_at_most(counted: Counted) -> None:
    counted.allowed = Allowed(5_000, 1_000)
    assert taken(counted.open(), "police", 250) == 250
    after = taken(counted.open(), "police", 1_000)
    assert 750 - BLOCK <= after <= 750


def test_two_processes_share_the_day(counted: Counted) -> None:
    counted.allowed = Allowed(5_000, 300)
    one, other = counted.open(), counted.open()
    assert taken(one, "police", 150) == 150
    assert taken(other, "police", 300) == 100
    one.close()
    assert taken(other, "police", 300) == 50


@pytest.mark.parametrize("date", [(2026, 3, 2), (2026, 3, 29), (2026, 10, 25)], ids=["a day", "the shortest", "the longest"])
def test_the_day_ends_at_midnight_in_the_netherlands(counted: Counted, date: tuple[int, int, int]) -> None:
    counted.allowed = Allowed(5_000, 3)
    limits = counted.open()
    noon = datetime(*date, 11, 0, tzinfo=UTC)
    counted.clock.set(noon)
    assert taken(limits, "police", 5) == 3
    with pytest.raises(TooMany) as refused:
        limits.take("police")
    assert refused.value.quota is not None
    assert (refused.value.quota.name, refused.value.quota.left) == ("day", 0)
    counted.clock.set(noon + timedelta(seconds=refused.value.wait - 1))
    assert taken(limits, "police", 5) == 0
    counted.clock.set(noon + timedelta(seconds=refused.value.wait))
    assert taken(limits, "police", 5) == 3


# Strangers -------------------------------------------------------------------------------------------


def failures(strangers: Strangers, *addresses: str) -> list[bool]:
    """Whether each of these failures was one within measure."""
    return [not _is_refused(strangers, address) for address in addresses]


def _is_refused(strangers: Strangers, address: str) -> bool:
    try:
        strangers.failed(address)
    except TooMany:
        return True
    return False


def test_a_place_may_fail_so_often_in_a_minute() -> None:
    seconds = Seconds()
    strangers = Strangers(2, seconds)
    assert failures(strangers, "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2") == [True, True, False, True]
    seconds.now += 30
    assert failures(strangers, "192.0.2.1", "192.0.2.1") == [True, False]


def test_a_line_of_ipv6_is_one_place_however_many_addresses_it_has() -> None:
    assert place_of(("2001:db8:0:1::1", 1)) == place_of(("2001:db8:0:1:ffff::2%eth0", 2)) == "2001:db8:0:1::/64"
    assert place_of(("2001:db8:0:2::1", 1)) != place_of(("2001:db8:0:1::1", 1))
    assert place_of(("::ffff:192.0.2.1", 1)) == place_of(("192.0.2.1", 2)) == "192.0.2.1"
    assert place_of(None) == place_of(("no address", 1)) == ""


def test_only_so_many_places_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(the_limits, "MOST_PLACES", 3)
    strangers = Strangers(1, Seconds())
    assert all(failures(strangers, *(f"192.0.2.{nth}" for nth in range(200))))
    assert failures(strangers, "192.0.2.199", "192.0.2.0") == [False, True]


# Over HTTP -------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the answer that it was too much, here."""
    monkeypatch.setattr(front, "PAUSE", 0.0)


def allow(hub: Running, monkeypatch: pytest.MonkeyPatch, per_minute: int, per_day: int = 1_000) -> None:
    """Lets every partner ask no more than that from now on."""
    monkeypatch.setattr(hub.hub.limits, "_allowed", lambda _: Allowed(per_minute, per_day))
    monkeypatch.setattr(hub.hub.limits, "_seconds", Seconds())


def a_batch(many: int, first: int = 0) -> bytes:
    """So many signals about as many children."""
    worries = (a_worry(people=[a_child(nth)]) for nth in range(first, first + many))
    return outgoing_events.to_batch([an_event(worry, id=f"b-{first + nth}") for nth, worry in enumerate(worries)])


def too_many(said: httpx2.Response) -> dict[str, Any]:
    """The problem document of an answer that says *not now*."""
    assert said.status_code == 429, said.text
    assert said.headers["content-type"] == "application/problem+json"
    assert int(said.headers["retry-after"]) >= 1
    document: dict[str, Any] = said.json()
    return document


async def test_more_than_was_agreed_is_refused_and_says_when_to_come_again(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(hub, monkeypatch, per_minute=2)
    assert [(await hub.post(an_event())).status_code for _ in range(2)] == [201, 200]
    said = await hub.post(an_event(id="2"))
    assert too_many(said)["code"] == "too-many"
    assert said.headers["ratelimit-policy"] == '"minute";q=2;w=60'
    assert said.headers["ratelimit"] == f'"minute";r=0;t={said.headers["retry-after"]}'
    assert (await hub.post(an_event(), signed_as="police-1")).status_code == 401


async def test_another_partner_goes_on_while_one_is_refused(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.hub.limits, "_allowed", lambda name: Allowed(1 if name == "youth-work" else 100, 1_000))
    await hub.post(an_event())
    too_many(await hub.post(an_event()))
    said = await hub.post(b"{}", signed_as="police-1")
    assert (said.status_code, said.json()["code"]) == (400, "malformed")


async def test_each_event_of_a_batch_counts(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(hub, monkeypatch, per_minute=5)
    assert (await hub.post(a_batch(4), BATCH)).status_code == 200
    before = hub.hub.log.last_position()
    too_many(await hub.post(a_batch(2, first=10), BATCH))
    assert hub.hub.log.last_position() == before
    assert (await hub.post(an_event(id="one"))).status_code == 201


async def test_a_batch_is_not_even_read_of_somebody_who_has_nothing_left(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(hub, monkeypatch, per_minute=1)
    await hub.post(an_event())
    was_read = False

    async def body() -> Any:
        nonlocal was_read
        was_read = True
        yield b"["

    headers = [("content-type", BATCH), *hub.signed(b"[]", {}).items()]
    too_many(await hub.post_as_it_is(body(), headers))
    assert not was_read


async def test_the_limit_of_a_registration_counts_and_that_of_the_hub_where_there_is_none(hub: Running) -> None:
    own = hub.hub.limits._allowed("youth-work")
    assert own == Allowed(hub.hub.settings.per_minute, hub.hub.settings.per_day)


async def test_nobody_uses_up_what_a_partner_may_ask_by_using_its_name(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(hub, monkeypatch, per_minute=1)
    body = an_event()
    forged = hub.signed(an_event(id="other"), {})
    for _ in range(20):
        said = await hub.post_as_it_is(body, [("content-type", "application/cloudevents+json"), *forged.items()])
        assert said.status_code == 401
    assert (await hub.post(body)).status_code == 201


async def test_whoever_fails_too_often_is_told_so_and_is_in_nobodys_way(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.app, "_failed", Strangers(3, Seconds()).failed)
    answers = [await hub.post(an_event(), signed_as="stranger-1") for _ in range(4)]
    assert [said.status_code for said in answers] == [401, 401, 401, 429]
    assert too_many(answers[-1])["code"] == "too-many-failures"
    # from the same address
    assert (await hub.post(an_event())).status_code == 201


async def test_who_shows_nothing_guesses_nothing(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.app, "_failed", Strangers(1, Seconds()).failed)
    body = an_event()
    for _ in range(3):
        said = await hub.post_as_it_is(body, [("content-type", "application/cloudevents+json")])
    assert (said.status_code, said.json()["code"]) == (401, "signature-missing")


# Turns -----------------------------------------------------------------------------------------------


async def work(turns: Turns, who: str, done: list[str], what: str = "", *, is_one: bool = False) -> None:
    """Takes one turn."""
    async with turns.turn(who, is_one=is_one):
        await asyncio.sleep(0)
        done.append(what or who)


def a_flood(turns: Turns, who: str, many: int, done: list[str]) -> list["asyncio.Task[None]"]:
    """So many pieces of work that one organisation wants done at once."""
    return [asyncio.create_task(work(turns, who, done, f"{who} {nth}")) for nth in range(many)]


async def test_each_waits_in_a_line_of_its_own_and_in_the_order_it_came() -> None:
    turns, done = Turns(2, 2), list[str]()
    flood = a_flood(turns, "housing", 6, done)
    await asyncio.sleep(0)
    await asyncio.gather(*flood, *a_flood(turns, "police", 1, done))
    assert [what for what in done if what.startswith("housing")] == [f"housing {nth}" for nth in range(6)]
    assert done.index("police 0") <= 2


async def test_who_posts_one_by_one_goes_at_once_past_every_line_of_others() -> None:
    seconds, done = Seconds(), list[str]()
    turns = Turns(64, 4, seconds)
    flood = a_flood(turns, "housing", 100, done)
    await asyncio.sleep(0)
    for _ in range(3):
        seconds.now += 0.001
        await work(turns, "police", done, is_one=True)
    # what was in hand is done; of those who waited one moved, and the next has to wait for its step
    assert done.count("police") == 3
    assert len(done) <= 3 + 64 + 1
    while not all(one.done() for one in flood):
        seconds.now += STEP
        await asyncio.sleep(LOOK)
    assert len(done) == 103


async def test_a_line_moves_with_care_while_somebody_else_posts_now_and_then() -> None:
    seconds, done = Seconds(), list[str]()
    turns = Turns(64, 4, seconds)
    await work(turns, "police", done, is_one=True)
    seconds.now += 2 * A_MOMENT
    flood = a_flood(turns, "housing", 100, done)
    await asyncio.sleep(0)
    assert turns._lines["housing"].busy == 4
    await asyncio.gather(*flood)
    seconds.now += 2 * A_WHILE
    flood = a_flood(turns, "housing", 100, done)
    await asyncio.sleep(0)
    assert turns._lines["housing"].busy == 64
    await asyncio.gather(*flood)


async def test_a_line_moves_however_much_others_post() -> None:
    seconds, done = Seconds(), list[str]()
    turns = Turns(64, 4, seconds)
    async with turns.turn("police", is_one=True):
        flood = a_flood(turns, "housing", 3, done)
        while not all(one.done() for one in flood):
            seconds.now += STEP
            await asyncio.sleep(LOOK)
    assert done == ["housing 0", "housing 1", "housing 2"]


async def test_nobody_is_remembered_who_has_nothing_to_do_here() -> None:
    turns, done = Turns(2, 2), list[str]()
    await asyncio.gather(*a_flood(turns, "housing", 6, done), work(turns, "police", done, is_one=True))
    assert not turns._lines


async def test_a_line_has_an_end() -> None:
    turns, done = Turns(1, 1), list[str]()
    async with turns.turn("housing", is_one=False):
        waiting = a_flood(turns, "housing", LONGEST, done)
        await asyncio.sleep(0)
        with pytest.raises(TooMany):
            await work(turns, "housing", done)
        await work(turns, "police", done)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    await work(turns, "housing", done)
    assert done == ["police", "housing"]


async def test_whoever_gives_up_waiting_takes_no_turn() -> None:
    turns, done = Turns(1, 1), list[str]()
    async with turns.turn("housing", is_one=False):
        gone, next_one = a_flood(turns, "housing", 2, done)
        await asyncio.sleep(0)
        gone.cancel()
    await next_one
    assert (gone.cancelled(), done) == (True, ["housing 1"])


async def test_whoever_gives_up_when_the_turn_has_come_passes_it_on() -> None:
    turns, done = Turns(1, 1), list[str]()
    async with turns.turn("housing", is_one=False):
        gone, next_one = a_flood(turns, "housing", 2, done)
        await asyncio.sleep(0)
    gone.cancel()
    await next_one
    assert (gone.cancelled(), done) == (True, ["housing 1"])
