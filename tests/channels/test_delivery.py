"""What receivers get, and what becomes of a delivery, whatever they do."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread, active_count

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from sqlalchemy.event import listen

from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.exchange import Patience
from hub.errors import NotKnown
from tests.adapters.registered import occasion
from tests.channels.receiving import OK, Answer, Receiver, Sent, raw, receiving, status
from tests.channels.telling import NOW, SHORT, Telling, a_notice

pytestmark = pytest.mark.usefixtures("database")

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Telling]:
    telling = Telling(tmp_path)
    yield telling
    telling.close()


def test_a_notice_reaches_the_receivers_of_its_kinds(hub: Telling) -> None:
    with receiving() as police, receiving() as school:
        hub.register(police.url)
        hub.register(school.url, "school", "school-attendance")
        hub.tell(a_notice())
        hub.deliver()
    assert [event["id"] for event in police.events] == [str(hub.as_told(a_notice()).id)]
    assert school.got == []
    assert hub.states() == [("delivered", "http-200", 1)]


def test_a_notice_for_nobody_reaches_nobody(hub: Telling) -> None:
    with receiving() as police:
        hub.register(police.url)
        hub.tell(a_notice(tell=()))
        hub.deliver()
    assert (police.got, hub.rows()) == ([], [])


def test_every_organisation_of_a_kind_is_told_with_a_number_of_its_own(hub: Telling) -> None:
    with receiving() as first, receiving() as second:
        hub.register(first.url, "police-north")
        hub.tell(a_notice(1))
        hub.register(second.url, "police-south")
        hub.tell(a_notice(2), a_notice(3, tell=("school-attendance",)), a_notice(4))
        hub.deliver()
    assert [int(event["sequence"]) for event in first.events] == [1, 2, 3]
    assert [int(event["sequence"]) for event in second.events] == [1, 2]


def test_who_is_suspended_or_has_no_callback_is_told_nothing(hub: Telling) -> None:
    hub.register("", "police-north")
    police = hub.register("https://example.org/", "police-south")
    police.suspend("covenant", occasion())
    hub.book.save(police)
    hub.tell(a_notice())
    assert hub.rows() == []


def test_what_waits_for_somebody_who_is_suspended_waits_on(hub: Telling) -> None:
    with receiving() as receiver:
        police = hub.register(receiver.url)
        hub.tell(a_notice())
        police.suspend("covenant", occasion())
        hub.book.save(police)
        hub.deliver()
        assert hub.states() == [("waiting", "", 0)]
        police.resume("covenant", occasion())
        hub.book.save(police)
        hub.deliver()
    assert hub.states() == [("delivered", "http-200", 1)]


def test_a_repeated_notice_is_delivered_once(hub: Telling) -> None:
    with receiving() as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1))
        hub.tell(a_notice(1), a_notice(2))
        hub.deliver()
    assert [int(event["sequence"]) for event in receiver.events] == [1, 2]


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_any_success_is_a_delivery(hub: Telling, code: int) -> None:
    with receiving(Receiver([status(code)])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
    assert hub.states() == [("delivered", f"http-{code}", 1)]


def test_trouble_at_the_receiver_is_tried_again_with_the_same_event_freshly_signed(hub: Telling) -> None:
    with receiving(Receiver([status(500), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
        assert hub.states() == [("waiting", "http-500", 1)]
        hub.deliver()
        hub.deliver(after=10 * SECOND)
    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert hub.states() == [("delivered", "http-200", 2)]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 406, 413, 415, 422])
def test_what_a_receiver_will_not_have_is_put_aside_for_a_person(hub: Telling, code: int) -> None:
    with receiving(Receiver([status(code), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1), a_notice(2))
        hub.deliver()
    assert hub.states() == [("dead", f"http-{code}", 1), ("delivered", "http-200", 1)]


@pytest.mark.parametrize("code", [301, 302, 307, 308, 408, 409, 425, 500, 501])
def test_what_may_go_well_later_is_tried_later(hub: Telling, code: int) -> None:
    with receiving(Receiver([status(code), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1, "a"), a_notice(2, "b"))
        hub.deliver()
        assert hub.states() == [("waiting", f"http-{code}", 1), ("delivered", "http-200", 1)]
        hub.deliver(after=10 * SECOND)
    assert hub.states() == [("delivered", "http-200", 2), ("delivered", "http-200", 1)]


def test_a_redirect_is_not_followed(hub: Telling) -> None:
    with receiving() as elsewhere, receiving(Receiver([status(307, Location=elsewhere.url)])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
    assert elsewhere.got == []
    assert hub.states() == [("waiting", "http-307", 1)]


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_an_overloaded_receiver_is_left_in_peace(hub: Telling, code: int) -> None:
    with receiving(Receiver([status(code), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1, "a"), a_notice(2, "b"))
        hub.deliver()
        assert len(receiver.got) == 1
        hub.deliver(after=10 * SECOND)
    assert hub.states() == [("delivered", "http-200", 2), ("delivered", "http-200", 1)]


@pytest.mark.parametrize("asked", ["120", format_datetime(NOW + 2 * MINUTE, usegmt=True)])
def test_retry_after_is_honoured_in_seconds_and_as_a_date(hub: Telling, asked: str) -> None:
    with receiving(Receiver([status(429, Retry_After=asked), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1, "a"), a_notice(2, "b"))
        hub.deliver()
        hub.deliver(after=2 * MINUTE - SECOND)
        assert len(receiver.got) == 1
        hub.deliver(after=SECOND)
    assert len(receiver.got) == 3


@pytest.mark.parametrize("asked", ["soon", "-5", "", "Mon, 99 Feb 2026", "9" * 400, "١٢"])
def test_a_retry_after_that_says_nothing_sensible_keeps_nobody_waiting_for_ever(hub: Telling, asked: str) -> None:
    answer = raw(f"HTTP/1.1 503 Busy\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n".encode())
    with receiving(Receiver([answer, OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
        hub.deliver(after=DAY)
    assert [state for state, *_ in hub.states()] == ["delivered"]


def test_a_receiver_that_is_gone_is_told_nothing_more_until_its_callback_is_another_and_then_all_it_missed(hub: Telling) -> None:
    with receiving(Receiver([status(410)])) as gone, receiving() as moved:
        hub.register(gone.url)
        hub.tell(a_notice(1, "a"), a_notice(2, "b"))
        hub.deliver()
        hub.tell(a_notice(3))
        hub.deliver(after=DAY)
        assert len(gone.got) == 1
        assert hub.states() == [("retired", "http-410", 1), ("retired", "http-410", 0), ("retired", "", 0)]
        hub.change("police", moved.url)
        hub.tell(a_notice(4))
        hub.deliver()
    assert [int(event["sequence"]) for event in moved.events] == [1, 2, 3, 4]


def test_who_no_longer_wants_to_be_told_is_not(hub: Telling) -> None:
    with receiving() as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.change("police", "")
        hub.deliver()
    assert receiver.got == []
    assert hub.states() == [("retired", "no-callback", 0)]


def test_what_waits_goes_to_the_new_address(hub: Telling) -> None:
    with receiving(Receiver([status(500)])) as old, receiving() as new:
        hub.register(old.url)
        hub.tell(a_notice())
        hub.deliver()
        hub.change("police", new.url)
        hub.deliver(after=10 * SECOND)
    assert len(old.got) == len(new.got) == 1


def test_a_receiver_that_does_not_listen_is_tried_again(hub: Telling) -> None:
    with receiving() as receiver:
        hub.register(receiver.url)
    hub.tell(a_notice(1, "a"), a_notice(2, "b"))
    hub.deliver()
    assert hub.states() == [("waiting", "unreachable", 1), ("waiting", "", 0)]


def never(until: Event) -> Answer:
    """Says nothing before the test is over."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        until.wait(60)

    return answer


def dripping(until: Event) -> Answer:
    """A byte of the headers every now and then, each well within the time for one step."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not until.wait(0.02):
            to.wfile.write(b"X-Slow: 1\r\n")
            to.wfile.flush()

    return answer


@pytest.mark.parametrize("slow", [never, dripping])
def test_a_slow_receiver_is_not_waited_for(tmp_path: Path, slow: Callable[[Event], Answer]) -> None:
    hub, over = Telling(tmp_path, patience=SHORT), Event()
    with receiving(Receiver([slow(over), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
        assert hub.states() == [("waiting", "timed-out", 1)]
        over.set()
        hub.deliver(after=10 * SECOND)
    assert hub.states() == [("delivered", "http-200", 2)]
    hub.close()


def test_a_slow_receiver_does_not_hold_up_another(hub: Telling) -> None:
    quick = Receiver()

    def after_the_quick_one(to: BaseHTTPRequestHandler) -> None:
        status(200 if quick.wait_for(5, timeout=10) else 500)(to)

    with receiving(Receiver([after_the_quick_one])) as slow, receiving(quick):
        hub.register(slow.url, "slow")
        hub.register(quick.url, "quick")
        hub.tell(*(a_notice(number, str(number % 2)) for number in range(1, 6)))
        hub.deliver()
    assert Counter(hub.states()) == {("delivered", "http-200", 1): 10}


def test_of_fifty_receivers_the_ten_that_are_dead_keep_nothing_from_the_others(tmp_path: Path) -> None:
    hub, over = Telling(tmp_path, patience=Patience(read=3.0, whole=6.0)), Event()
    with ExitStack() as open_ones:
        alive = [open_ones.enter_context(receiving()) for _ in range(40)]
        dead = [open_ones.enter_context(receiving(Receiver([answer]))) for answer in (never(over), dripping(over)) * 4]
        with receiving() as gone:
            unheard = [gone.url, "https://nobody.invalid/"]
        for nth, url in enumerate([*(one.url for one in dead), *unheard, *(one.url for one in alive)]):
            hub.register(url, f"receiver-{nth}")
        hub.tell(*(a_notice(number, str(number % 3)) for number in range(1, 7)))
        hub.deliver()
        over.set()
    assert [len(one.got) for one in alive] == [6] * 40
    assert [len(one.got) for one in dead] == [1] * 8
    with hub.outbox.connect() as connection:
        assert queue.open_ones(connection)[:2] == (60, 0)
    hub.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_three_hundred_receivers_that_hang_at_once_need_no_three_hundred_threads(tmp_path: Path) -> None:
    hub, over, most = Telling(tmp_path, patience=Patience(read=1.0)), Event(), active_count()

    def count() -> None:
        nonlocal most
        while not over.wait(0.01):
            most = max(most, active_count())

    counting, before = Thread(target=count), active_count()
    counting.start()
    # they are taken in by the machine itself, and nobody ever speaks to them
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as silent, receiving() as well:
        for nth in range(300):
            hub.register(f"http://127.0.0.1:{silent.getsockname()[1]}/", f"receiver-{nth}")
        hub.register(well.url)
        hub.tell(a_notice())
        hub.deliver()
    over.set()
    counting.join()
    assert hub.rows(state="delivered", receiver="police")
    with hub.outbox.connect() as connection:
        assert queue.open_ones(connection)[0] == 300
    assert most - before < 60
    hub.close()


def test_a_receiver_that_comes_and_goes_gets_all_in_order_in_the_end(hub: Telling) -> None:
    nothing = raw(b"")
    with receiving(Receiver([OK, nothing, OK, status(503), OK, nothing, nothing, OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(*(a_notice(number) for number in range(1, 6)))
        for _ in range(8):
            hub.deliver(after=HOUR)
    assert Counter(state for state, *_ in hub.states()) == {"delivered": 5}
    first = dict.fromkeys(int(event["sequence"]) for event in receiver.events)
    assert list(first) == [1, 2, 3, 4, 5]


LYING_LONG = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nshort")
LYING_CHUNKS = raw(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\nzzz")
NO_BODY = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
HEAD_ALONE = raw(b"HTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize(
    "answer", [LYING_LONG, LYING_CHUNKS, NO_BODY, HEAD_ALONE], ids=["too long", "no chunks", "no body", "nothing"]
)
def test_what_comes_after_a_good_status_changes_nothing(hub: Telling, answer: Answer) -> None:
    with receiving(Receiver([answer, OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1), a_notice(2))
        hub.deliver()
    assert [state for state, *_ in hub.states()] == ["delivered", "delivered"]
    assert len(receiver.got) == 2


def test_of_a_huge_answer_only_the_beginning_is_read(hub: Telling) -> None:
    most, written = 200_000_000, 0

    def huge(to: BaseHTTPRequestHandler) -> None:
        nonlocal written
        to.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {most}\r\n\r\n".encode())
        while written < most:
            to.wfile.write(b"x" * 100_000)
            written += 100_000

    with receiving(Receiver([huge, OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1), a_notice(2))
        hub.deliver()
    assert [state for state, *_ in hub.states()] == ["delivered", "delivered"]
    assert written < most


def test_a_connection_that_was_kept_may_have_been_closed_meanwhile(hub: Telling) -> None:
    def hanging_up(to: BaseHTTPRequestHandler) -> None:
        OK(to)
        to.close_connection = True

    def saying_nothing(to: BaseHTTPRequestHandler) -> None:
        to.close_connection = True

    with receiving(Receiver([OK, saying_nothing, OK, hanging_up, OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(*(a_notice(number) for number in range(1, 5)))
        hub.deliver()
    assert hub.states() == [("delivered", "http-200", 1)] * 4
    assert [int(event["sequence"]) for event in receiver.events] == [1, 2, 2, 3, 4]


BAD = {
    "nothing": b"",
    "no HTTP": b"\x00\x01\x02 who are you\r\n\r\n",
    "no status": b"HTTP/1.1 abc OK\r\n\r\n",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000,
    "a header line without end": b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 300_000,
}


@pytest.mark.parametrize("said", BAD.values(), ids=BAD.keys())
def test_an_answer_that_is_none_is_tried_again(hub: Telling, said: bytes) -> None:
    with receiving(Receiver([raw(said), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
        assert [(row["state"], row["attempts"]) for row in hub.rows()] == [("waiting", 1)]
        hub.deliver(after=10 * SECOND)
    assert [state for state, *_ in hub.states()] == ["delivered"]


def test_after_three_days_without_success_it_is_put_aside(hub: Telling) -> None:
    with receiving(Receiver([status(500)])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        while hub.rows()[0]["state"] == "waiting":
            hub.deliver(after=10 * MINUTE)
    assert hub.clock.now() > NOW + 2.5 * DAY
    assert 12 < len(receiver.got) < 30
    assert hub.states() == [("dead", "http-500", len(receiver.got))]


def test_what_waited_behind_a_long_silence_is_still_tried(hub: Telling) -> None:
    with receiving(Receiver([status(503), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1), a_notice(2))
        hub.deliver()
        hub.deliver(after=5 * DAY)
    assert [state for state, *_ in hub.states()] == ["delivered", "delivered"]


def test_a_person_can_have_what_was_put_aside_tried_again(hub: Telling) -> None:
    with receiving(Receiver([status(422), OK])) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
        with hub.outbox.begin() as connection:
            assert queue.redrive(connection, hub.clock.now(), id=hub.rows()[0]["id"]) == 1
        hub.deliver()
    assert hub.states() == [("delivered", "http-200", 1)]
    with hub.outbox.begin() as connection, pytest.raises(NotKnown):
        queue.redrive(connection, hub.clock.now(), id=hub.rows()[0]["id"])


def test_a_later_notice_of_a_family_waits_for_the_earlier_and_other_families_do_not(hub: Telling) -> None:
    def not_the_first(sent: Sent) -> Answer:
        return status(500) if sent.event["sequence"].endswith("1") and len(receiver.got) < 6 else OK

    with receiving(Receiver(not_the_first)) as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice(1, "a"), a_notice(2, "a"), a_notice(3, "b"), a_notice(4, "a"), a_notice(5, "b"))
        hub.deliver()
        assert [int(event["sequence"]) for event in receiver.events] == [1, 3, 5]
        for _ in range(3):
            hub.deliver(after=10 * MINUTE)
    assert [int(event["sequence"]) for event in receiver.events] == [1, 3, 5, 1, 1, 1, 2, 4]


CODES = st.sampled_from([200, 200, 200, 202, 500, 503, 429, 408, 400, 302])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@given(families=st.lists(st.sampled_from("abc"), min_size=1, max_size=12), codes=st.lists(CODES, max_size=20))
@tries(max_examples=30)
def test_whatever_goes_wrong_each_family_hears_in_order_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, families: list[str], codes: list[int]
) -> None:
    hub, said = Telling(tmp_path_factory.mktemp("told")), iter([*codes])
    taken: list[dict[str, object]] = []

    def answer(sent: Sent) -> Answer:
        code = next(said, 200)
        if code < 300:
            taken.append(sent.event)
        return status(code)

    with receiving(Receiver(answer)) as receiver:
        hub.register(receiver.url)
        hub.tell(*(a_notice(number, name) for number, name in enumerate(families, start=1)))
        while any(row["state"] == "waiting" for row in hub.rows()):
            hub.deliver(after=timedelta(minutes=10))
    hub.close()
    own = {name: hub.as_told(a_notice(of=name)).data["family"] for name in set(families)}
    assert {event["data"]["family"] for event in taken} <= set(own.values())  # type: ignore[index]
    for family in own.values():
        heard = [event["sequence"] for event in taken if event["data"]["family"] == family]  # type: ignore[index]
        assert heard == sorted(heard)
    delivered = [row["notice"] for row in hub.rows(state="delivered")]
    assert sorted(delivered) == sorted(str(event["id"]) for event in taken)
    assert len(delivered) + len(hub.rows(state="dead")) == len(families)


def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path) -> None:
    with receiving(Receiver([OK, status(500), OK])) as receiver:
        before = Telling(tmp_path)
        before.register(receiver.url)
        before.tell(a_notice(1), a_notice(2), a_notice(3))
        before.deliver()
        before.close()
        after = Telling(tmp_path)
        after.deliver(after=10 * SECOND)
        after.tell(a_notice(4))
        after.deliver()
        assert [state for state, *_ in after.states()] == ["delivered"] * 4
        after.close()
    assert [int(event["sequence"]) for event in receiver.events] == [1, 2, 2, 3, 4]


def test_what_is_not_committed_is_not_told(hub: Telling) -> None:
    with receiving() as receiver:
        hub.register(receiver.url)
        with pytest.raises(RuntimeError), hub.outbox.begin() as connection:
            hub.webhooks.channel.accept([a_notice(1)], connection)
            raise RuntimeError("the relay fell over")
        hub.tell(a_notice(2))
        hub.deliver()
    assert [int(event["sequence"]) for event in receiver.events] == [1]
    assert receiver.events[0]["id"] == str(hub.as_told(a_notice(2)).id)


def test_the_worker_delivers_what_comes_and_stops_when_told(hub: Telling) -> None:
    stop = Event()
    worker = Thread(target=hub.webhooks.run, args=(stop,))
    with receiving() as police, receiving() as corporation:
        hub.register(police.url)
        hub.register(corporation.url, "corporation", "housing-corporation")
        worker.start()
        for number in range(1, 21):
            hub.tell(a_notice(number, str(number % 3)))
        assert police.wait_for(20)
        assert corporation.wait_for(20)
        stop.set()
        worker.join()
    assert Counter(hub.states()) == {("delivered", "http-200", 1): 40}


def test_what_cannot_be_delivered_now_does_not_keep_the_machine_busy(tmp_path: Path) -> None:
    hub, stop, looks = Telling(tmp_path, poll=0.1), Event(), Counter[str]()
    police = hub.register("https://example.org/")
    hub.tell(a_notice(1))
    police.suspend("covenant", occasion())
    hub.book.save(police)

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        looks[statement] += 1

    listen(hub.outbox, "before_cursor_execute", count)
    worker = Thread(target=hub.webhooks.run, args=(stop,))
    worker.start()
    stop.wait(0.5)
    stop.set()
    worker.join()
    hub.close()
    assert looks
    assert max(looks.values()) < 20


def test_who_is_suspended_in_the_middle_hears_nothing_more(hub: Telling) -> None:
    with receiving(Receiver(lambda _: suspending())) as receiver:
        police = hub.register(receiver.url)

        def suspending() -> Answer:
            police.suspend("covenant", occasion())
            hub.book.save(police)
            return OK

        hub.tell(*(a_notice(number) for number in range(1, 6)))
        hub.deliver()
    assert len(receiver.got) == 1


def test_a_lane_that_stumbles_takes_nobody_along_and_begins_again(hub: Telling) -> None:
    with receiving() as police, receiving() as housing:
        hub.register(police.url)
        hub.register(housing.url, "housing-corporation", "housing-corporation")
        hub.tell(a_notice())
        set_accepted_at(hub, "police", "a moment nobody can read")
        hub.deliver()
        assert sorted(hub.states()) == [("delivered", "http-200", 1), ("waiting", "", 0)]
        set_accepted_at(hub, "police", NOW.isoformat())
        hub.deliver()
    assert [state for state, _, _ in hub.states()] == ["delivered", "delivered"]


def set_accepted_at(hub: Telling, receiver: str, moment: str) -> None:
    with hub.outbox.begin() as connection:
        of_receiver = queue.DELIVERIES.c.receiver == receiver
        connection.execute(queue.DELIVERIES.update().where(of_receiver).values(accepted_at=moment))
