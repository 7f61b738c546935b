"""Subscriptions to an address: asked first, at the pace it wants, signed with its secret, given up in the end, and back."""

import hmac
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.queue import Endurance
from hub.domain.subscriptions import Sink, Wish
from tests.adapters.registered import occasion
from tests.channels.receiving import OK, Answer, Receiver, Sent, receiving, status
from tests.channels.telling import NOW, Telling, a_notice

pytestmark = pytest.mark.usefixtures("database")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WELCOME = status(200, WebHook_Allowed_Origin="hub.example")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Telling]:
    telling = Telling(tmp_path)
    yield telling
    telling.close()


def welcoming(*answers: Answer, welcome: Answer = WELCOME) -> Receiver:
    return Receiver([*answers] or [OK], welcome=welcome)


# The handshake -------------------------------------------------------------------------------------


def test_an_address_is_asked_before_anything_is_sent_there(hub: Telling) -> None:
    with receiving(welcoming()) as receiver:
        hub.subscribe(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
        assert (len(receiver.asked), len(receiver.got)) == (1, 0)
        hub.deliver()
    assert receiver.asked[0].headers["webhook-request-origin"] == ["hub.example"]
    assert (len(receiver.asked), len(receiver.got)) == (1, 1)


NO = {
    "a refusal": status(405),
    "another origin": status(200, WebHook_Allowed_Origin="elsewhere.example"),
    "nothing said": status(200),
    "a redirect": status(307, Location="https://example.org/", WebHook_Allowed_Origin="*"),
}


@pytest.mark.parametrize("welcome", NO.values(), ids=NO.keys())
def test_who_does_not_say_that_it_wants_it_is_sent_nothing_and_given_up_after_three_days(hub: Telling, welcome: Answer) -> None:
    with receiving(welcoming(welcome=welcome)) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.tell(a_notice())
        for _ in range(30):
            hub.deliver(after=3 * HOUR)
    assert receiver.got == []
    assert len(receiver.asked) > 5
    assert subscription.state == "disabled"


def test_the_rate_that_an_address_allows_is_kept_over_all_families(hub: Telling) -> None:
    came: list[float] = []

    def noting(_: Sent) -> Answer:
        came.append(monotonic())
        return OK

    welcome = status(200, WebHook_Allowed_Origin="*", WebHook_Allowed_Rate="1200")
    with receiving(Receiver(noting, welcome=welcome)) as receiver:
        hub.subscribe(receiver.url)
        hub.tell(*(a_notice(number, str(number)) for number in range(1, 9)))
        hub.deliver()
        hub.deliver()
    # one in 50 ms: never two at once, however many families there are; the clock of a busy machine may only stretch it
    assert len(came) == 8
    assert came[-1] - came[0] > 0.3


@pytest.mark.parametrize("said", ["0", "120/min", "60.0", "-1"])
def test_a_rate_that_is_no_number_is_the_least_and_not_the_most(hub: Telling, said: str) -> None:
    with receiving(welcoming(welcome=status(200, WebHook_Allowed_Origin="*", WebHook_Allowed_Rate=said))) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        known = hub.book.registrations.subscriber(str(subscription.id))
    assert known is not None and known.per_minute == 1


def test_who_moves_its_address_on_and_on_asks_nobody_on_and_on(hub: Telling) -> None:
    with receiving(welcoming(welcome=status(405))) as receiver:
        subscription = hub.subscribe(receiver.url)
        for number in range(20):
            moved = Wish(Sink.WEBHOOK, f"{receiver.url}/{number}")
            hub.do(subscription, lambda on, moved=moved: subscription.change(moved, on))
            hub.deliver(after=timedelta(seconds=1))
    assert len(receiver.asked) <= 3


def test_what_waits_for_a_subscription_that_ended_is_put_aside(hub: Telling) -> None:
    with receiving(welcoming(status(503))) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        hub.tell(a_notice())
        hub.deliver()
        hub.do(subscription, subscription.end)
        hub.deliver(after=DAY)
        with hub.outbox.connect() as connection:
            assert queue.open_ones(connection)[:2] == (0, 0)
            assert [row["state"] for row in queue.listed(connection, {})] == ["retired"]
    assert len(receiver.got) == 1


# Its secret ----------------------------------------------------------------------------------------


def v1(sent: Sent) -> list[bytes]:
    return [b64decode(each[3:]) for each in sent.headers["webhook-signature"][0].split() if each.startswith("v1,")]


def by(secret: str, sent: Sent) -> bytes:
    signed = f"{sent.headers['webhook-id'][0]}.{sent.headers['webhook-timestamp'][0]}.".encode() + sent.body
    return hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, "sha256")


def test_a_secret_signs_besides_and_for_a_while_so_does_the_one_before(hub: Telling) -> None:
    with receiving(welcoming()) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        secrets = []
        for number, change in enumerate((None, "first", "second", "later", "dropped")):
            if change in ("first", "second"):
                subscription.renew_secret(change, DAY, occasion(hub.clock.now()))
                secrets.append(hub.keys.webhook_secret(change))
            if change == "dropped":
                subscription.drop_secret(occasion(hub.clock.now()))
            hub.save(subscription)
            hub.tell(a_notice(number + 1))
            hub.deliver(after=DAY if change == "later" else timedelta(0))
    first, second = secrets
    signed = [(sent, v1(sent)) for sent in receiver.got]
    assert [len(values) for _, values in signed] == [0, 1, 2, 1, 0]
    assert signed[1][1] == [by(first, signed[1][0])]
    assert signed[2][1] == [by(second, signed[2][0]), by(first, signed[2][0])]
    assert signed[3][1] == [by(second, signed[3][0])]
    assert all("v1a," in sent.headers["webhook-signature"][0] for sent, _ in signed)


# Giving up, and back -------------------------------------------------------------------------------


def keep_failing(hub: Telling, days: float = 4) -> None:
    for number in range(2, int(days * 4) + 2):
        hub.tell(a_notice(number, str(number)))
        hub.deliver(after=6 * HOUR)


def test_who_says_it_is_gone_is_disabled_and_when_it_resumes_hears_first_what_waited(hub: Telling) -> None:
    with receiving(welcoming(status(410), OK)) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        hub.tell(a_notice(1), a_notice(2))
        hub.deliver()
        assert subscription.state == "disabled"
        hub.tell(a_notice(3))
        hub.deliver(after=DAY)
        assert len(receiver.got) == 1
        subscription.resume(occasion(hub.clock.now()))
        hub.save(subscription)
        hub.deliver()
        hub.tell(a_notice(4))
        hub.deliver()
    assert len(receiver.asked) == 2
    assert [int(event["sequence"]) for event in receiver.events] == [1, 1, 2, 3, 4]
    assert hub.receiver(str(subscription.id))["retired_callback"] == ""


FAILING = {"an error": status(500), "too busy": status(503), "a refusal": status(404)}


@pytest.mark.parametrize("answer", FAILING.values(), ids=FAILING.keys())
def test_who_takes_nothing_for_three_days_is_given_up_and_the_hub_says_so(hub: Telling, answer: Answer) -> None:
    with receiving(welcoming(answer)) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        keep_failing(hub)
    assert subscription.state == "disabled"
    assert hub.given_up == [(str(subscription.id), "failing-too-long")]
    assert hub.clock.now() - NOW >= 3 * DAY


def test_so_is_the_callback_of_a_registration(hub: Telling) -> None:
    with receiving(Receiver([status(500)])) as receiver, receiving() as other:
        hub.register(receiver.url)
        keep_failing(hub)
        assert hub.given_up == [("police", "failing-too-long")]
        before = len(receiver.got)
        hub.deliver(after=DAY)
        assert len(receiver.got) == before
        hub.change("police", other.url)
        hub.deliver()
    put_aside = sorted(int(event["sequence"]) for event in other.events)
    assert put_aside == list(range(put_aside[0], put_aside[0] + len(put_aside)))
    assert len(put_aside) > 1


@pytest.mark.parametrize("good", [6, 10])
def test_who_takes_something_now_and_then_is_not_given_up(hub: Telling, good: int) -> None:
    def answer(_: Sent) -> Answer:
        return OK if len(receiver.got) % good == 0 else status(500)

    with receiving(Receiver(answer, welcome=WELCOME)) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        keep_failing(hub, days=6)
    assert subscription.state == "active"


def test_two_failures_far_apart_are_not_three_days_of_failures(hub: Telling) -> None:
    with receiving(welcoming(status(422))) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        for number in (1, 2):
            hub.tell(a_notice(number))
            hub.deliver(after=5 * DAY)
    assert subscription.state == "active"


def test_how_long_failures_are_borne_is_a_setting(tmp_path: Path) -> None:
    hub = Telling(tmp_path, endurance=Endurance(timedelta(hours=2), often=3))
    with receiving(welcoming(status(500))) as receiver:
        subscription = hub.subscribe(receiver.url)
        hub.deliver()
        for number in range(1, 6):
            hub.tell(a_notice(number, str(number)))
            hub.deliver(after=HOUR)
    assert subscription.state == "disabled"
    hub.close()


# Begun anew ----------------------------------------------------------------------------------------


def again(hub: Telling, **what: object) -> int:
    with hub.outbox.begin() as connection:
        return queue.redrive(connection, hub.clock.now(), **what)  # type: ignore[arg-type]


ALL: dict[str, Callable[[Telling], int]] = {
    "one": lambda hub: again(hub, id=hub.rows(state="dead")[0]["id"]),
    "of one receiver": lambda hub: again(hub, receiver="police"),
    "all": again,
}


@pytest.mark.parametrize(("which", "many"), [("one", 1), ("of one receiver", 2), ("all", 3)])
def test_what_is_dead_is_begun_anew_singly_by_receiver_or_all_at_once(hub: Telling, which: str, many: int) -> None:
    with receiving(Receiver([status(422)])) as police, receiving(Receiver([status(422)])) as other:
        hub.register(police.url)
        hub.register(other.url, "housing-corporation", "housing-corporation")
        hub.tell(a_notice(1, "a"), a_notice(2, "b", tell=("police",)))
        hub.deliver()
        assert ALL[which](hub) == many
        assert len(hub.rows(state="waiting")) == many
        police.answers = other.answers = [OK]
        hub.deliver(after=10 * DAY)
    assert len(hub.rows(state="delivered")) == many
