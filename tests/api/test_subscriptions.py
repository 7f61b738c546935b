"""Partners subscribe themselves, by their own tokens: what they ask, what they are told, and what they may not."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from hub.adapters.subscriptions_index import SUBSCRIPTIONS
from hub.api import subscriptions
from hub.api.live import MOST_OF_A_PARTNER
from hub.domain.subscriptions import Wish
from hub.registry import Terms
from tests.api.running import Running, a_worry, an_event, running
from tests.api.serving import serving
from tests.passing import passed_on

RAISED = "nl.vig.escalations.level-raised.v1"
TESTED = "nl.vig.subscriptions.tested.v1"
FEED = {"sink": "feed"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as running_hub:
        yield running_hub


class Partner:
    """An organisation's system, that talks HTTP by its own token."""

    def __init__(self, hub: Running, name: str = "police") -> None:
        self.hub, self.name = hub, name

    async def ask(self, path: str, method: str = "GET", **more: Any) -> httpx2.Response:
        """Asks after everything was passed on."""
        headers = {**self.hub.partner_token(self.name, ["notices:read"]), **more.pop("headers", {})}
        return await self.hub.ask(path, "", method, headers=headers, **more)

    async def subscribe(self, wanted: Mapping[str, Any] | None = None) -> str:
        """Subscribes, and gives the id."""
        said = await self.ask("/v1/subscriptions", "POST", json=wanted or FEED)
        assert said.status_code == 201, said.text
        assert said.headers["Location"] == f"/v1/subscriptions/{said.json()['id']}"
        return str(said.json()["id"])

    async def told(self, subscription: str, **query: Any) -> list[dict[str, Any]]:
        """What it fetches of its feed."""
        said = await self.ask("/v1/feed", params={"subscription": subscription, **query})
        assert said.status_code == 200, said.text
        return [{**item["event"], "sequence": item["sequence"]} for item in said.json()["items"]]

    async def types(self, subscription: str) -> list[str]:
        """The types of what it was told."""
        return [one["type"] for one in await self.told(subscription)]


async def test_a_subscriber_fetches_in_order_what_it_may_know_and_goes_on_from_its_cursor(hub: Running) -> None:
    police = Partner(hub)
    feed = await police.subscribe()
    await hub.an_escalation()
    told = await police.told(feed)
    assert [one["sequence"] for one in told] == list(range(1, len(told) + 1))
    assert told[0]["type"] == RAISED and told[0]["data"]["axis"] == "safety"
    assert await police.told(feed, after=len(told)) == []
    assert await police.told(feed, after=1, limit=1) == told[1:2]
    said = (await police.ask("/v1/feed", params={"subscription": feed, "after": 1, "limit": 1})).json()
    assert said["next"] == min(2, len(told))


async def test_a_subscriber_replays_from_a_date(hub: Running) -> None:
    police = Partner(hub)
    feed = await police.subscribe()
    await hub.an_escalation()
    before = await police.told(feed)
    hub.clock.set(hub.clock.now() + timedelta(days=1))
    since = hub.clock.now().isoformat()
    await police.ask(f"/v1/subscriptions/{feed}/tests", "POST")
    assert [one["type"] for one in await police.told(feed, since=since)] == [TESTED]
    assert len(await police.told(feed)) == len(before) + 1
    both = await police.ask("/v1/feed", params={"subscription": feed, "since": since, "after": 1})
    assert both.status_code == 400


async def test_numbering_is_each_subscribers_own_so_that_nobody_learns_how_much_they_were_not_shown(hub: Running) -> None:
    police, youth = Partner(hub), Partner(hub, "youth-work")
    all_of_it, tests = await police.subscribe(), await police.subscribe({**FEED, "filters": {"types": ["nl.vig.subscriptions.*"]}})
    nothing = await youth.subscribe({**FEED, "filters": {"level": 4}})
    await hub.an_escalation()
    await police.ask(f"/v1/subscriptions/{tests}/tests", "POST")
    assert [one["sequence"] for one in await police.told(tests)] == [1]
    assert RAISED in await police.types(all_of_it) and TESTED not in await police.types(all_of_it)
    assert await youth.told(nothing) == []


@pytest.mark.parametrize(
    ("filters", "is_told"),
    [
        ({"axes": ["safety"]}, True),
        ({"axes": ["housing"]}, False),
        ({"level": 2}, True),
        ({"level": 4}, False),
        ({"types": [RAISED]}, True),
        ({"types": ["nl.vig.trajectories.*"]}, False),
        ({"municipalities": ["0518"]}, True),
        ({"municipalities": ["0599"]}, False),
        ({"ownSignalsOnly": True}, False),
    ],
)
async def test_each_filter_narrows(hub: Running, filters: dict[str, Any], is_told: bool) -> None:
    police = Partner(hub)
    feed = await police.subscribe({**FEED, "filters": filters})
    await hub.an_escalation()
    assert (RAISED in await police.types(feed)) is is_told


async def test_own_signals_only_is_what_is_about_families_that_one_raised_signals_about(hub: Running) -> None:
    youth = Partner(hub, "youth-work")
    own = await youth.subscribe({**FEED, "filters": {"ownSignalsOnly": True}})
    raised = await hub.post(an_event(a_worry(concern="honour-violence")))
    assert raised.status_code == 201
    passed_on(hub.hub)
    everything = await youth.subscribe()
    assert await youth.told(everything) == []  # it was told before this one wanted to hear
    assert set(await youth.types(own)) <= {RAISED, "nl.vig.feedback.given.v1"}


async def test_a_lean_notice_says_whom_to_call_and_its_dataref_has_the_rest(hub: Running) -> None:
    police = Partner(hub)
    lean, full = await police.subscribe({**FEED, "payload": "lean"}), await police.subscribe()
    await hub.an_escalation()
    (short, *_), (whole, *_) = await police.told(lean), await police.told(full)
    assert set(short["data"]) == {"family", "contact"} and short["data"]["contact"] == whole["data"]["contact"]
    fetched = await police.ask("/v1" + short["dataref"].rpartition("/v1")[2])
    assert fetched.headers["content-type"] == "application/cloudevents+json"
    assert fetched.json()["data"] == whole["data"]
    assert "dataref" not in whole
    stranger = await Partner(hub, "youth-work").ask(f"/v1/notices/{short['id']}")
    assert stranger.status_code == 404


async def test_a_subscription_can_be_seen_changed_and_ended_by_its_own_organisation_alone(hub: Running) -> None:
    police, youth = Partner(hub), Partner(hub, "youth-work")
    id = await police.subscribe()
    assert [one["id"] for one in (await police.ask("/v1/subscriptions")).json()["items"]] == [id]
    assert (await youth.ask("/v1/subscriptions")).json()["items"] == []
    for method in ("GET", "DELETE"):
        assert (await youth.ask(f"/v1/subscriptions/{id}", method)).status_code == 404
    changed = await police.ask(f"/v1/subscriptions/{id}", "PUT", json={**FEED, "filters": {"axes": ["care"]}})
    assert changed.json()["filters"]["axes"] == ["care"]
    assert (await police.ask(f"/v1/subscriptions/{id}", "DELETE")).json()["state"] == "ended"
    for path in ("", "/pauses", "/tests"):
        assert (await police.ask(f"/v1/subscriptions/{id}{path}", "POST" if path else "GET")).status_code == 404
    assert (await police.ask("/v1/feed", params={"subscription": id})).status_code == 404


async def test_a_webhook_waits_until_its_address_says_that_it_wants_it(hub: Running) -> None:
    police = Partner(hub)
    id = await police.subscribe({"sink": "webhook", "callback": "https://hub.police.example/notices"})
    said = (await police.ask(f"/v1/subscriptions/{id}")).json()
    assert (said["state"], said["sink"], said["callback"]) == ("pending", "webhook", "https://hub.police.example/notices")
    tested = await police.ask(f"/v1/subscriptions/{id}/tests", "POST")
    assert (tested.status_code, tested.json()["code"]) == (409, "subscription-not-active")
    assert (await police.ask(f"/v1/subscriptions/{id}/pauses", "POST")).json()["state"] == "paused"
    assert (await police.ask(f"/v1/subscriptions/{id}/resumptions", "POST")).json()["state"] == "pending"


async def test_what_waits_for_a_webhook_can_be_fetched_meanwhile(hub: Running) -> None:
    police = Partner(hub)
    id = await police.subscribe({"sink": "webhook", "callback": "https://hub.police.example/notices"})
    await hub.an_escalation()
    assert RAISED in await police.types(id)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/sink"),
        ({"sink": "pigeon"}, "/sink"),
        ({"sink": "kafka"}, "/sink"),
        ({"sink": "webhook"}, "/callback"),
        ({"sink": "webhook", "callback": "ftp://x"}, "/callback"),
        ({"sink": "webhook", "callback": "https://a:b@police.example/"}, "/callback"),
        ({"sink": "webhook", "callback": "https://police.example:0/"}, "/callback"),
        ({"sink": "feed", "callback": "https://police.example"}, "/callback"),
        ({**FEED, "filters": {"types": ["nl.vig.*", "nl.vig.*"]}}, "/filters/types"),
        ({**FEED, "payload": "fat"}, "/payload"),
        ({**FEED, "filters": {"types": ["NL VIG"]}}, "/filters/types/0"),
        ({**FEED, "filters": {"municipalities": ["Den Haag"]}}, "/filters/municipalities/0"),
        ({**FEED, "filters": {"level": 5}}, "/filters/level"),
        ({**FEED, "filters": {"axes": ["money"]}}, "/filters/axes/0"),
        ({**FEED, "more": 1}, ""),
    ],
)
async def test_a_subscription_that_cannot_be_is_refused_with_the_place(hub: Running, body: dict[str, Any], pointer: str) -> None:
    said = await Partner(hub).ask("/v1/subscriptions", "POST", json=body)
    assert said.status_code == 400, said.text
    assert pointer in {wrong["where"] for wrong in said.json()["violations"]}, said.text


async def test_an_organisation_has_a_hundred_subscriptions_and_no_more(hub: Running) -> None:
    police = Partner(hub)
    for _ in range(100):
        await police.subscribe()
    said = await police.ask("/v1/subscriptions", "POST", json=FEED)
    assert (said.status_code, said.json()["code"]) == (409, "too-many-subscriptions")


async def test_also_of_many_that_ask_at_the_same_moment_a_hundred_are_the_most(hub: Running) -> None:
    with ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(hub.hub.subscribing.subscribe, "police", Wish(), "police") for _ in range(130)]
    assert sum(one.exception() is None for one in asked) == 100
    assert len((await Partner(hub).ask("/v1/subscriptions")).json()["items"]) == 100


async def test_a_subscription_stays_where_it_is_told_things(hub: Running) -> None:
    police = Partner(hub)
    id = await police.subscribe({"sink": "webhook", "callback": "https://hub.police.example/notices"})
    said = await police.ask(f"/v1/subscriptions/{id}", "PUT", json=FEED)
    assert (said.status_code, said.json()["code"]) == (409, "another-sink")


async def test_changes_of_subscriptions_count_as_many_messages(hub: Running) -> None:
    hub.hub.registry.change("police", Terms(per_minute=60), "operator")
    police = Partner(hub)
    codes = [(await police.ask("/v1/subscriptions", "POST", json=FEED)).status_code for _ in range(7)]
    assert codes.count(429) >= 1 and codes[0] == 201


async def test_what_was_ended_is_on_no_list_any_more(hub: Running) -> None:
    police = Partner(hub)
    for _ in range(5):
        await police.ask(f"/v1/subscriptions/{await police.subscribe()}", "DELETE")
    with hub.hub.stored.log.connect() as connection:
        assert connection.execute(select(SUBSCRIPTIONS)).all() == []


async def test_every_type_of_notice_is_explained_in_dutch_and_english(hub: Running) -> None:
    items = (await Partner(hub).ask("/v1/event-types")).json()["items"]
    raised = next(item for item in items if item["type"] == RAISED)
    assert raised["titleNl"] == "Een as is opgeschaald" and raised["titleEn"] == "An axis rose"
    assert {field["name"] for field in raised["fields"]} >= {"family", "axis", "level", "contact"}
    assert all(field["about"] for item in items for field in item["fields"])


async def test_a_token_for_something_else_does_not_read_the_feed(hub: Running) -> None:
    headers = hub.partner_token("police", ["signals:read"])
    said = await hub.ask("/v1/subscriptions", "", headers=headers)
    assert said.status_code == 403


@asynccontextmanager
async def streaming(hub: Running, base: str, subscription: str, headers: Mapping[str, str]) -> AsyncIterator[AsyncIterator[str]]:
    token = hub.partner_token("police", ["notices:read"])
    async with httpx2.AsyncClient(base_url=base, timeout=20) as client:
        path = f"/v1/feed/stream?subscription={subscription}"
        async with client.stream("GET", path, headers={**token, **headers}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield answer.aiter_lines()


async def heard(lines: AsyncIterator[str], many: int) -> list[tuple[int, dict[str, Any]]]:
    """So many events, with their numbers."""
    found: list[tuple[int, dict[str, Any]]] = []
    number = 0
    async for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        if name == "data":
            found.append((number, json.loads(value)))
            if len(found) == many:
                return found
    raise AssertionError("the stream ended")


async def test_the_stream_gives_exactly_what_the_feed_has_and_goes_on_where_it_was(hub: Running) -> None:
    police = Partner(hub)
    feed = await police.subscribe()
    await hub.an_escalation()
    told = await police.told(feed)
    async with serving(hub) as base:
        async with streaming(hub, base, feed, {}) as lines:
            events = await heard(lines, len(told))
            assert [{**said, "sequence": number} for number, said in events] == told
            await police.ask(f"/v1/subscriptions/{feed}/tests", "POST")
            passed_on(hub.hub)
            ((number, said),) = await heard(lines, 1)
            assert (number, said["type"]) == (len(told) + 1, TESTED)
        async with streaming(hub, base, feed, {"Last-Event-ID": str(len(told))}) as lines:
            assert await heard(lines, 1) == [(number, said)]


async def test_a_stream_ends_when_its_subscription_does(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "QUIET", 0.05)
    police = Partner(hub)
    feed = await police.subscribe()
    async with serving(hub) as base, streaming(hub, base, feed, {}) as lines:
        assert await anext(lines)
        assert (await police.ask(f"/v1/subscriptions/{feed}", "DELETE")).status_code == 200
        async with asyncio.timeout(20):
            assert "data" not in "".join([line async for line in lines])


async def test_an_organisation_has_so_many_streams_at_one_time_and_leaves_room_for_others(hub: Running) -> None:
    feeds = {name: await Partner(hub, name).subscribe() for name in ("police", "youth-work")}
    tokens = {name: hub.partner_token(name, ["notices:read"]) for name in feeds}
    lines = []

    async with serving(hub) as base, httpx2.AsyncClient(base_url=base, timeout=20) as client, AsyncExitStack() as open_ones:

        async def opened(name: str) -> httpx2.Response:
            asking = client.stream("GET", f"/v1/feed/stream?subscription={feeds[name]}", headers=tokens[name])
            answer = await open_ones.enter_async_context(asking)
            if answer.status_code == 200:
                lines.append(answer.aiter_lines())
                assert await anext(lines[-1]) == "retry: 2000"
            return answer

        assert [(await opened("police")).status_code for _ in range(MOST_OF_A_PARTNER)] == [200] * MOST_OF_A_PARTNER
        refused = await opened("police")
        assert (refused.status_code, (await refused.aread()).count(b"too-many-streams") > 0) == (429, True)
        assert (await opened("youth-work")).status_code == 200


async def test_a_stream_of_somebody_elses_subscription_is_not_there(hub: Running) -> None:
    feed = await Partner(hub).subscribe()
    for path in (f"/v1/feed/stream?subscription={feed}", f"/v1/feed?subscription={uuid4()}"):
        assert (await Partner(hub, "youth-work").ask(path)).status_code == 404
    assert UUID(feed)


async def test_a_secret_is_shown_once_renewed_and_dropped(hub: Running) -> None:
    police = Partner(hub)
    id = await police.subscribe({"sink": "webhook", "callback": "https://hub.police.example/notices"})
    first = await police.ask(f"/v1/subscriptions/{id}/secrets", "POST", json={})
    again = await police.ask(f"/v1/subscriptions/{id}/secrets", "POST", json={"overlapHours": 0})
    assert first.json()["secret"].startswith("whsec_") and first.json() != again.json()
    assert first.headers["cache-control"] == "no-store"
    said = (await police.ask(f"/v1/subscriptions/{id}")).json()
    assert said["hasSecret"] and "whsec_" not in json.dumps(said)
    assert not (await police.ask(f"/v1/subscriptions/{id}/secrets", "DELETE")).json()["hasSecret"]
    assert (await police.ask(f"/v1/subscriptions/{id}/secrets", "POST", json={"overlapHours": 200})).status_code == 400


async def test_only_a_webhook_has_a_secret(hub: Running) -> None:
    police = Partner(hub)
    said = await police.ask(f"/v1/subscriptions/{await police.subscribe()}/secrets", "POST", json={})
    assert (said.status_code, said.json()["code"]) == (409, "not-a-webhook")
