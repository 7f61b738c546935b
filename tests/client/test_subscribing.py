"""A partner's system subscribes with `hub.client`, fetches and follows what it is told, and says who took notice."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.client import (
    Filters,
    Hub,
    Message,
    NoAnswer,
    NotAllowed,
    NotByTheHub,
    Notice,
    NotThere,
    Problem,
    Retries,
    Subscription,
    Verifier,
    Wish,
    Wrong,
)
from hub.registry import Terms
from tests.channels.receiving import Answer, Receiver, Sent, receiving, status
from tests.client.test_sending import a_message, a_problem, a_system, the_hub, the_sender, url_of
from tests.journeys.running import ANY_TYPE, Served, a_child, a_worry, serving
from tests.parts.servers import until
from tests.passing import passed_on

RAISED = "nl.vig.escalations.level-raised.v1"
TESTED = "nl.vig.subscriptions.tested.v1"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


@pytest.fixture
def police(served: Served) -> Iterator[Hub]:
    with the_hub(served, the_sender(served, "police")) as hub:
        yield hub


def about(served: Served, nth: int, **but: Any) -> Message:
    """A message about a child whom nobody can take for another."""
    child = a_child(nth, familyName=f"Voorbeeld{'abcdefghi'[nth]}", birthDate=f"201{nth}-04-05")
    concern = but.pop("concern", "upbringing")
    body = json.dumps(a_worry(child, reference=f"r-{nth}", concern=concern)).encode()
    return a_message(served, nth, body=body, **but)


def escalated(served: Served, nth: int = 1) -> None:
    """A child in danger, of whom the police are told."""
    with the_hub(served) as hub:
        hub.send(about(served, nth, concern="honour-violence"))
    passed_on(served.hub)


# What is wanted ----------------------------------------------------------------------------------


def test_a_subscription_is_made_seen_changed_paused_resumed_tested_and_ended(police: Hub) -> None:
    wish = Wish("feed", payload="lean", filters=Filters(types=("nl.vig.escalations.*",), axes=("safety",), level=2))
    made = police.subscribe(wish)
    assert made == Subscription(made.id, wish, "active", "", 0, "", has_secret=False)
    assert police.subscriptions() == [police.subscription(made.id)] == [made]
    other = replace(wish, filters=Filters(directions=("network",), municipalities=("0518",), own_signals_only=True))
    assert police.change(made.id, other).wish == other
    assert [police.pause(made.id).state, police.resume(made.id).state, police.test(made.id).state] == ["paused", "active", "active"]
    assert police.end(made.id).state == "ended"
    assert police.subscriptions() == []
    with pytest.raises(NotThere):
        police.end(made.id)


def test_a_wish_that_cannot_be_is_refused_with_every_violation(police: Hub) -> None:
    with pytest.raises(Wrong) as refused:
        police.subscribe(Wish("feed", callback="https://police.example", filters=Filters(axes=("money",), level=9)))
    assert {"/filters/axes/0", "/filters/level"} <= {wrong.where for wrong in refused.value.violations}


def test_what_is_for_somebody_else_is_not_there(served: Served, police: Hub) -> None:
    made = police.subscribe(Wish())
    with the_hub(served) as stranger:
        asks: list[Callable[[], object]] = [
            lambda: stranger.subscription(made.id),
            lambda: next(stranger.feed(made.id)),
            lambda: next(stranger.follow(made.id)),
        ]
        for ask in asks:
            with pytest.raises(NotThere):
                ask()


def test_whoever_was_not_given_the_scope_is_told_so(served: Served) -> None:
    served.hub.registry.change("police", Terms(scopes=("signals:write",)), "operator")
    with the_hub(served, the_sender(served, "police")) as hub, pytest.raises(NotAllowed) as refused:
        hub.subscribe(Wish())
    assert refused.value.code == "role-not-allowed" and "notices:read" in refused.value.what_to_do


def test_where_no_answer_came_a_subscription_is_not_asked_for_twice() -> None:
    tokens = {"issuer": "http://127.0.0.1"}, {"access_token": "a.b.c", "expires_in": 900}
    given = [status(200, json.dumps(said).encode()) for said in tokens]
    with receiving(Receiver([*given, a_problem(503)])) as there:
        url = there.url.removesuffix("/told")
        with Hub(url, a_system()) as hub, pytest.raises(Problem):
            hub.subscribe(Wish())
    assert [sent.path for sent in there.got].count("/v1/subscriptions") == 1


# What is told ------------------------------------------------------------------------------------


def test_the_feed_gives_all_to_the_end_and_goes_on_from_a_cursor_or_a_date(served: Served, police: Hub) -> None:
    feed = police.subscribe(Wish(filters=Filters(types=(RAISED, TESTED)))).id
    for _ in range(101):
        # more than one page of it
        police.test(feed)
    passed_on(served.hub)
    served.clock.set(served.clock.now() + timedelta(hours=1))
    since = served.clock.now()
    escalated(served)
    told = list(police.feed(feed))
    assert [one.cursor for one in told] == list(range(1, len(told) + 1))
    assert list(police.feed(feed, after=101)) == told[101:] == list(police.feed(feed, since=since))
    assert {one.type for one in told[101:]} == {RAISED}
    assert list(police.feed(feed, after=told[-1].cursor)) == []


def test_a_lean_notice_has_whom_to_call_and_the_rest_is_fetched(served: Served, police: Hub) -> None:
    lean, full = police.subscribe(Wish(payload="lean")).id, police.subscribe(Wish()).id
    escalated(served)
    (short, *_), (whole, *_) = police.feed(lean), police.feed(full)
    assert (short.is_lean, set(short.data), whole.is_lean) == (True, {"family", "contact"}, False)
    assert police.notice(short.id).data == whole.data
    with the_hub(served) as stranger, pytest.raises(NotThere):
        stranger.notice(short.id)


class Breaking(httpx2.HTTPTransport):
    """A line on which streams break off after so many bytes; `opened` are the cursors that were asked for."""

    def __init__(self, *after: int) -> None:
        super().__init__()
        self.after, self.opened = list(after), list[str]()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        if request.url.path != "/v1/feed/stream":
            return answer
        self.opened.append(request.headers["Last-Event-ID"])
        if not self.after:
            return answer
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=Broken(answer.stream, self.after.pop(0)))


class Broken(httpx2.SyncByteStream):
    def __init__(self, stream: Any, left: int) -> None:
        self._stream, self._left = stream, left

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            yield part[: self._left]
            self._left -= len(part)
            if self._left <= 0:
                raise httpx2.ReadError("the line broke")

    def close(self) -> None:
        self._stream.close()


def test_who_follows_hears_all_once_however_often_the_line_breaks(served: Served, police: Hub) -> None:
    feed, waits = police.subscribe(Wish()).id, list[float]()
    for nth in range(1, 5):
        escalated(served, nth)
    told = list(police.feed(feed))
    # within the first event, within a later one, and between two
    line = Breaking(40, 900, 1400)
    again = {"http": httpx2.Client(transport=line, timeout=30), "retries": Retries(), "sleep": waits.append}
    with the_hub(served, the_sender(served, "police"), **again) as hub:
        heard = list(islice(hub.follow(feed), len(told)))
        assert heard == told
        following = hub.follow(feed, after=told[-1].cursor)
        hub.test(feed)
        passed_on(served.hub)
        assert next(following).type == TESTED
    assert (len(line.opened), line.opened[0], waits) == (5, "0", [0.5] * 3)


def test_who_follows_waits_as_long_as_is_asked_and_gives_up_where_it_is_refused_or_no_hub_is() -> None:
    waits: list[float] = []
    tokens = {"issuer": "http://127.0.0.1"}, {"access_token": "a.b.c", "expires_in": 900}
    given = [status(200, json.dumps(said).encode()) for said in tokens]
    busy = [a_problem(429, code="too-many", headers={"Retry_After": "7"}), a_problem(503)]
    for last, expected in ((a_problem(404, code="not-known"), NotThere), (status(200, b"hello"), NoAnswer)):
        with receiving(Receiver([*given, *busy, last])) as there:
            url = there.url.removesuffix("/told")
            with Hub(url, a_system(), sleep=waits.append) as hub, pytest.raises(expected):
                next(hub.follow("x"))
    assert waits == [7.0, 1.0] * 2


# At a webhook ------------------------------------------------------------------------------------


def welcoming(verifier: Verifier, told: list[Notice]) -> Callable[[Sent], Answer]:
    """A webhook that wants what the hub tells, ten a second at most, and believes nobody else."""

    def answer(sent: Sent) -> Answer:
        if "webhook-request-origin" in sent.headers:
            welcome = verifier.welcome(sent.headers, per_minute=600)
            return status(204, **{name.replace("-", "_"): value for name, value in welcome.items()})
        told.append(verifier.notice(sent.headers, sent.body))
        return status(204)

    return answer


def test_a_webhook_that_says_welcome_is_told_and_its_person_takes_notice(served: Served, police: Hub) -> None:
    told: list[Notice] = []
    with receiving(Receiver(welcoming(Verifier(url_of(served), now=served.clock.now), told))) as there:
        id = police.subscribe(Wish("webhook", there.url)).id
        assert there.wait_for(1)
        until(lambda: police.subscription(id).state == "active")
        escalated(served)
        until(lambda: bool(told))
    assert police.subscription(id).per_minute == 600
    assert told[0] == next(police.feed(id))

    def acknowledged() -> bool:
        try:
            police.acknowledge(told[0].id, "A. Voorbeeld", "wijkagent")
        except NotThere:
            # what came of a delivery is kept just after it was answered
            return False
        return True

    until(acknowledged)
    police.acknowledge(told[0].id, "A. Voorbeeld", "wijkagent", served.clock.now() - timedelta(hours=1))
    with pytest.raises(Wrong):
        police.acknowledge(told[0].id, "B. Voorbeeld", "wijkagent", served.clock.now() + timedelta(hours=1))
    with the_hub(served) as stranger, pytest.raises(NotThere):
        stranger.acknowledge(told[0].id, "C. Voorbeeld", "jeugdwerker")


def test_a_secret_signs_besides_and_is_changed_with_an_overlap(served: Served, police: Hub) -> None:
    told: list[Notice] = []
    verifier = Verifier(url_of(served), now=served.clock.now)
    with receiving(Receiver(welcoming(verifier, told))) as there:
        id = police.subscribe(Wish("webhook", there.url)).id
        until(lambda: police.subscription(id).state == "active")
        old, new = police.renew_secret(id), police.renew_secret(id, overlap_hours=1)
        assert police.subscription(id).has_secret
        police.test(id)
        passed_on(served.hub)
        until(lambda: len(told) == 1)
        assert not police.drop_secret(id).has_secret
        police.test(id)
        passed_on(served.hub)
        until(lambda: len(told) == 2)
    with_both, without = (sent for sent in there.got if "webhook-id" in sent.headers)

    def is_believed(sent: Sent, secret: str) -> bool:
        try:
            Verifier(url_of(served), now=served.clock.now, secrets=[secret]).notice(sent.headers, sent.body)
        except NotByTheHub:
            return False
        return True

    assert [is_believed(with_both, secret) for secret in (old, new, "whsec_AAAA")] == [True, True, False]
    assert not is_believed(without, new)
    feed = police.subscribe(Wish())
    with pytest.raises(Problem) as refused:
        police.renew_secret(feed.id)
    assert refused.value.code == "not-a-webhook" and refused.value.what_to_do


def test_nobody_else_is_welcome() -> None:
    hub = Verifier("https://hub.example")
    assert hub.welcome({"WebHook-Request-Origin": "hub.example"}) == {
        "Allow": "OPTIONS, POST",
        "WebHook-Allowed-Origin": "hub.example",
        "WebHook-Allowed-Rate": "*",
    }
    assert hub.welcome({"webhook-request-origin": ["hub.inside"]}, 60, "hub.inside")["WebHook-Allowed-Rate"] == "60"
    for wrong in ({}, {"webhook-request-origin": "evil.example"}, {"webhook-request-origin": ["hub.example", "evil.example"]}):
        assert hub.welcome(wrong) == {}


# Correcting and withdrawing ----------------------------------------------------------------------


def test_a_message_is_corrected_and_taken_back_alone_and_in_a_batch(served: Served) -> None:
    with the_hub(served) as hub:
        first = hub.send(a_message(served))
        right = hub.send(a_message(served, id="m-2", corrects="m-1"))
        back = hub.send(Message(ANY_TYPE, withdraws="m-2", id="m-3", time=served.clock.now()))
        assert right.document["corrects"] == first.message
        assert back.document["withdraws"] == right.message
        assert (hub.status(first.message).outcome, hub.status(right.message).outcome) == ("corrected", "withdrawn")
        together = [about(served, 5), about(served, 6, corrects="m-5"), Message(ANY_TYPE, withdraws="m-6", id="m-7")]
        outcomes = [one.outcome for one in hub.send_many(together) if not isinstance(one, Problem)]
        assert outcomes == ["recorded"] * 3
        with pytest.raises(Problem) as refused:
            hub.send(about(served, 8, corrects="m-5"))
    assert refused.value.code == "corrected-already" and refused.value.what_to_do
