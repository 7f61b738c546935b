"""A partner subscribes its own address: the hub asks it first, tells it in order, and what it was told can be fetched again."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.domain.callers import Capacity
from tests.channels.receiving import Answer, Receiver, Sent, raw, receiving, status
from tests.journeys.running import Served, a_worry, serving
from tests.parts.servers import until
from tests.passing import passed_on

pytestmark = pytest.mark.usefixtures("database")

RAISED, TESTED = "nl.vig.escalations.level-raised.v1", "nl.vig.subscriptions.tested.v1"
DISABLED = "nl.vig.subscriptions.disabled.v1"
WANTS = {"WebHook_Allowed_Origin": "*", "WebHook_Allowed_Rate": "600"}


def willing(then: Callable[[], Answer] = lambda: status(200), **headers: str) -> Callable[[Sent], Answer]:
    """An address that says that it wants to be told things, and answers what it is told."""
    return lambda sent: status(200, **(headers or WANTS)) if not sent.body else then()


@dataclass(frozen=True)
class Desk:
    """The police's own system at a hub."""

    hub: Served
    receiver: Receiver

    def ask(self, path: str, method: str = "GET", **more: Any) -> httpx2.Response:
        passed_on(self.hub.hub)
        return self.hub.client.request(method, path, headers=self.hub.token(Capacity.PARTNER, "police"), **more)

    def subscribe(self, callback: str = "", **wanted: Any) -> str:
        return self._subscribed({"sink": "webhook", "callback": callback or self.receiver.url} | wanted)

    def fetches(self) -> str:
        """A subscription that is sent nothing."""
        return self._subscribed({"sink": "feed"})

    def _subscribed(self, wanted: dict[str, Any]) -> str:
        said = self.ask("/v1/subscriptions", "POST", json=wanted)
        assert said.status_code == 201, said.text
        return str(said.json()["id"])

    def state(self, id: str) -> str:
        return str(self.ask(f"/v1/subscriptions/{id}").json()["state"])

    def becomes(self, id: str, state: str) -> None:
        until(lambda: self.state(id) == state)

    def escalates(self) -> None:
        """Somebody raises a signal that makes an axis rise."""
        sender = self.hub.partners["any-partner"]
        posted = self.hub.post(sender, sender.an_event(a_worry(concern="honour-violence"), self.hub.clock.now()))
        assert posted.status_code == 201, posted.text
        passed_on(self.hub.hub)

    def told(self, type: str) -> list[Sent]:
        """What came in of that type."""
        return [sent for sent in self.receiver.got if sent.body and sent.event["type"] == type]

    def feed(self, id: str) -> list[dict[str, Any]]:
        """What can be fetched."""
        items: list[dict[str, Any]] = self.ask("/v1/feed", params={"subscription": id}).json()["items"]
        return items


@pytest.fixture
def desk(database: str, tmp_path: Path) -> Iterator[Desk]:
    with receiving(Receiver(willing())) as receiver, serving(tmp_path) as hub:
        yield Desk(hub, receiver)


def test_an_address_is_asked_first_and_then_told_exactly_what_the_feed_has(desk: Desk) -> None:
    id = desk.subscribe()
    desk.becomes(id, "active")
    asked = desk.receiver.got[0]
    assert not asked.body and asked.headers["webhook-request-origin"] and asked.headers["webhook-request-rate"] == ["*"]
    assert desk.ask(f"/v1/subscriptions/{id}").json()["perMinute"] == 600
    desk.escalates()
    until(lambda: bool(desk.told(RAISED)))
    pushed = [json.loads(sent.body) for sent in desk.receiver.got if sent.body]
    until(lambda: len([sent for sent in desk.receiver.got if sent.body]) == len(desk.feed(id)))
    pushed = [json.loads(sent.body) for sent in desk.receiver.got if sent.body]
    assert sorted(pushed, key=lambda event: event["sequence"]) == [item["event"] for item in desk.feed(id)]
    assert [item["sequence"] for item in desk.feed(id)] == [int(item["event"]["sequence"]) for item in desk.feed(id)]


def test_nothing_is_sent_to_an_address_that_does_not_say_that_it_wants_it(database: str, tmp_path: Path) -> None:
    silent = Receiver([status(200)])
    with receiving(silent) as receiver, serving(tmp_path) as hub:
        desk = Desk(hub, receiver)
        id = desk.subscribe()
        desk.escalates()
        assert receiver.wait_for(1)
        until(lambda: len(desk.feed(id)) > 0)
        assert desk.state(id) == "pending"
        assert not [sent for sent in receiver.got if sent.body]


def test_an_engineer_tests_a_subscription_and_sees_one_notice_arrive_that_says_nothing(desk: Desk) -> None:
    id, other = desk.subscribe(), desk.subscribe()
    desk.becomes(id, "active")
    assert desk.ask(f"/v1/subscriptions/{id}/tests", "POST").status_code == 202
    until(lambda: bool(desk.told(TESTED)))
    (told,) = desk.told(TESTED)
    assert told.event["data"] == {"organisation": "police", "subscription": id}
    assert [item["event"]["type"] for item in desk.feed(id)] == [TESTED] and desk.feed(other) == []


def test_what_comes_during_a_pause_waits_and_comes_after_it_in_order(desk: Desk) -> None:
    id = desk.subscribe()
    desk.becomes(id, "active")
    desk.ask(f"/v1/subscriptions/{id}/pauses", "POST")
    desk.escalates()
    assert desk.feed(id) and not desk.told(RAISED)
    desk.ask(f"/v1/subscriptions/{id}/resumptions", "POST")
    until(lambda: len(desk.told(RAISED)) > 0)
    assert desk.state(id) == "active"


def test_an_address_that_is_gone_is_given_up_and_its_organisation_hears_it_elsewhere(database: str, tmp_path: Path) -> None:
    is_gone = [True]
    receiver = Receiver(willing(lambda: status(410) if is_gone[0] else status(200)))
    with receiving(receiver), serving(tmp_path) as hub:
        desk = Desk(hub, receiver)
        id, other = desk.subscribe(), desk.fetches()
        desk.becomes(id, "active")
        desk.escalates()
        desk.becomes(id, "disabled")
        assert desk.ask(f"/v1/subscriptions/{id}").json()["because"] == "http-410"
        until(lambda: any(item["event"]["type"] == DISABLED for item in desk.feed(other)))
        is_gone[0] = False
        before = len(receiver.got)
        desk.ask(f"/v1/subscriptions/{id}/resumptions", "POST")
        desk.becomes(id, "active")
        desk.escalates()
        until(lambda: any(sent.body for sent in receiver.got[before:]))


def test_another_address_is_asked_again_before_it_is_told_anything(desk: Desk) -> None:
    id = desk.subscribe()
    desk.becomes(id, "active")
    with receiving(Receiver(lambda sent: raw(b"nonsense") if not sent.body else status(200))) as elsewhere:
        moved = {"sink": "webhook", "callback": elsewhere.url}
        assert desk.ask(f"/v1/subscriptions/{id}", "PUT", json=moved).json()["state"] == "pending"
        desk.escalates()
        assert elsewhere.wait_for(1)
        assert not [sent for sent in elsewhere.got if sent.body] and not desk.told(RAISED)


def test_the_address_gets_a_lean_notice_and_its_own_token_fetches_the_rest(desk: Desk) -> None:
    id = desk.subscribe(payload="lean")
    desk.becomes(id, "active")
    desk.escalates()
    until(lambda: bool(desk.told(RAISED)))
    event = desk.told(RAISED)[0].event
    assert "axis" not in event["data"] and event["data"]["contact"]
    path = event["dataref"].removeprefix(desk.hub.hub.settings.base_url)
    assert desk.ask(path).json()["data"]["axis"] == "safety"
    assert desk.hub.client.get(path).status_code == 401
