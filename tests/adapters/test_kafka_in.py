"""The way in over Kafka: as over HTTP, and nothing that comes is lost, doubled, or in the way of what comes after it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from random import Random
from secrets import token_bytes
from time import sleep
from typing import Any

import cramjam
import msgspec
import pytest
from aiokafka.codec import snappy_encode  # type: ignore[import-untyped]
from aiokafka.record import default_records  # type: ignore[import-untyped]

from hub.adapters.kafka.taking_in import keep_order
from hub.adapters.kafka.topics import RECEIPTS, REFUSED, SIGNALS
from hub.adapters.kafka.unpacking import MOST
from hub.adapters.outgoing_events import to_batch, to_headers
from hub.errors import NotKnown, Unavailable
from hub.registry import Terms
from hub.settings import Settings
from tests.adapters.hearing_on_kafka import ANY, POLICE, Hearing, a_consumer, a_hub
from tests.journeys.running import ANY_TYPE, BATCH, Sender, a_child, a_worry
from tests.over_kafka import Kafka, Put, an_event, now, signed, until
from tests.parts import databases
from tests.parts.postgresql import Server, fresh

TOO_LARGE_WITH_REASONS = 1_048_400
"""Bytes of a record that its topic still takes, but not with more headers."""


@pytest.fixture
def hearing(tmp_path: Path, kafka: str) -> Iterator[Hearing]:
    with a_hub(Settings(data_dir=tmp_path, database_url=databases.url_of(tmp_path), mode="demo"), Kafka(kafka)) as hearing:
        yield hearing


@pytest.fixture
def sender(hearing: Hearing) -> Sender:
    """A partner with topics of its own."""
    hearing.make(ANY)
    return hearing.partners[ANY]


def numbered(sender: Sender, *numbers: int, **but: Any) -> list[Put]:
    """A message each, by these ids, of children that nobody else is."""
    return [signed(sender, an_event(sender, a_child(number % 400), id=f"no-{number}"), **but) for number in numbers]


def ids(numbers: Iterable[int]) -> list[str]:
    return [f"no-{number}" for number in numbers]


# As over HTTP --------------------------------------------------------------------------------------


def test_what_a_partner_puts_on_its_topic_is_recorded_and_answered_with_the_receipt_that_http_gives(
    hearing: Hearing, sender: Sender
) -> None:
    body = an_event(sender, id="one")
    hearing.put(ANY, signed(sender, body))
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert hearing.messages() == ["one"]
    (receipt,) = hearing.receipts(ANY)
    assert (receipt.key, receipt.said["outcome"], receipt.headers["hub-record"]) == (
        "one",
        "recorded",
        f"{hearing.kafka.topic(SIGNALS, ANY)}/0/0",
    )
    assert receipt.said == hearing.post(sender, body)


def test_the_same_message_over_http_and_over_kafka_is_one_event(hearing: Hearing, sender: Sender) -> None:
    body = an_event(sender, id="one")
    first = hearing.post(sender, body)
    hearing.put(ANY, signed(sender, body), signed(sender, body))
    with hearing.consuming():
        hearing.await_offset(ANY, 2)
    assert hearing.messages() == ["one"]
    assert [one.said for one in hearing.receipts(ANY)] == [first, first]
    assert hearing.seen.count(("repeated", "kafka")) == 2


def test_a_batch_is_taken_in_event_by_event(hearing: Hearing, sender: Sender) -> None:
    events = [an_event(sender, a_child(number), id=f"no-{number}") for number in range(3)]
    hearing.put(ANY, signed(sender, to_batch([events[0], b'{"specversion":"1.0"}', events[2]]), BATCH))
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert hearing.messages() == ids([0, 2])
    assert [one.key for one in hearing.receipts(ANY)] == ids([0, 2])
    (refused,) = hearing.refused(ANY)
    (problem,) = refused.problems
    assert (problem["event"], problem["code"]) == (1, "malformed")
    assert {violation["where"] for violation in problem["violations"]} >= {"id", "source", "type"}


def test_attributes_may_stand_in_headers_as_the_kafka_binding_has_them(hearing: Hearing, sender: Sender) -> None:
    id = 'één "%" 1'
    body, at = msgspec.json.encode(a_worry()), now()
    attributes = to_headers(id, sender.source, ANY_TYPE, at, "application/json")
    headers = sender.signed(body, at, attributes)
    plain = {"id": id, "source": sender.source, "type": ANY_TYPE, "time": attributes["ce-time"], "specversion": "1.0"}
    as_kafka = {**{f"ce_{name}": text for name, text in plain.items()}, "content-type": "application/json"}
    signature = {name: text for name, text in headers.items() if name not in attributes}
    hearing.put(ANY, Put(body, [(name, text.encode()) for name, text in {**as_kafka, **signature}.items()]))
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert hearing.messages() == [id]
    assert hearing.post(sender, body, headers)["id"] == id


def test_a_partner_corrects_and_withdraws_over_kafka_as_over_http(hearing: Hearing, sender: Sender) -> None:
    at = now()
    withdrawal = sender.an_event(None, at, id="three", extensions={"withdraws": "two"})
    attributes = to_headers("two", sender.source, ANY_TYPE, at, "application/json") | {"ce-corrects": "one"}
    body = msgspec.json.encode(a_worry())
    headers = {**sender.signed(body, at, attributes), "content-type": "application/json"}
    as_kafka = [(name.replace("ce-", "ce_", 1), text.encode()) for name, text in headers.items()]
    unknown = sender.an_event(None, at, id="four", extensions={"withdraws": "nothing"})
    hearing.put(
        ANY, signed(sender, an_event(sender, id="one")), Put(body, as_kafka), signed(sender, withdrawal), signed(sender, unknown)
    )
    with hearing.consuming():
        hearing.await_offset(ANY, 4)
    first, second, third = hearing.receipts(ANY)
    assert (second.said["corrects"], third.said["withdraws"]) == (first.said["message"], second.said["message"])
    assert third.said == hearing.post(sender, withdrawal)
    (refused,) = hearing.refused(ANY)
    assert [problem["code"] for problem in refused.problems] == ["earlier-not-known"]


def test_what_is_signed_and_cannot_be_read_waits_in_quarantine(hearing: Hearing, sender: Sender) -> None:
    hearing.put(ANY, signed(sender, an_event(sender, id="one", concern="unheard-of")))
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    (receipt,) = hearing.receipts(ANY)
    assert receipt.said["outcome"] == "quarantined"
    assert receipt.said["reasons"]
    assert ("records", "quarantined", 1) in hearing.seen


# When it was signed --------------------------------------------------------------------------------


def test_a_record_that_waited_for_hours_counts_as_of_when_the_broker_took_it(hearing: Hearing, sender: Sender) -> None:
    hearing.put(ANY, *numbered(sender, 1))
    hearing.clock.ahead = timedelta(hours=5)
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert hearing.messages() == ids([1])


def test_a_signature_that_was_old_when_the_broker_took_it_does_not_count(hearing: Hearing, sender: Sender) -> None:
    hearing.put(ANY, *numbered(sender, 1, at=now() - timedelta(minutes=6)))
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert [one.headers["hub-refused-code"] for one in hearing.refused(ANY)] == ["signature-too-old"]


def test_where_partners_say_themselves_when_they_sent_something_it_counts_as_of_now(hearing: Hearing) -> None:
    sender = hearing.partners[ANY]
    hearing.kafka.make_otherwise(hearing.kafka.topic(SIGNALS, ANY), message_timestamp_type="CreateTime")
    hearing.put(ANY, *numbered(sender, 1))
    hearing.clock.ahead = timedelta(hours=5)
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert [one.headers["hub-refused-code"] for one in hearing.refused(ANY)] == ["signature-too-old"]


def test_a_broker_whose_clock_is_behind_refuses_nobody(hearing: Hearing, sender: Sender) -> None:
    ahead = timedelta(minutes=30)
    hearing.clock.ahead = ahead
    hearing.put(ANY, *numbered(sender, 1, at=now() + ahead))
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert hearing.messages() == ids([1])


# Poison --------------------------------------------------------------------------------------------


def poison(hearing: Hearing, sender: Sender) -> dict[str, Put]:
    """Records that nobody can take in, by the code that they are refused with."""
    other, good = hearing.partners[POLICE], an_event(sender, id="poison")
    unsigned = Put(good, [("content-type", b"application/cloudevents+json")])
    changed = signed(sender, good)
    return {
        "signature-missing": unsigned,
        "digest-mismatch": Put(good + b" ", changed.headers),
        "topic-of-another": signed(other, an_event(other, id="of-another")),
        "sender-is-not-signer": signed(sender, an_event(other, id="of-another")),
        "malformed": signed(sender, b"{"),
        "wrong-media-type": signed(sender, good, "text/plain"),
        "unknown-type": signed(sender, an_event(sender, id="poison", type="nl.vig.unheard-of.v1")),
        "too-large": signed(sender, an_event(sender, id="poison") + b" " * 65_536),
        "signature-malformed": Put(b"\xff\xfe", [("Payload-Signature", b"\xff\x00.."), ("Digest", b"\xff")]),
        "signature-twice": Put(good, [*changed.headers, *changed.headers]),
    }


def test_poison_does_not_stop_its_partition_and_is_found_with_every_reason(hearing: Hearing, sender: Sender) -> None:
    records = poison(hearing, sender)
    hearing.put(ANY, *numbered(sender, 1), *records.values(), Put(None, key=b"k"), Put(b""), *numbered(sender, 2))
    with hearing.consuming():
        hearing.await_offset(ANY, len(records) + 4)
    assert hearing.messages() == ids([1, 2])
    refused = hearing.refused(ANY)
    assert [one.headers["hub-refused-code"] for one in refused] == [*records, "signature-missing", "signature-missing"]
    assert [one.value for one in refused] == [*(one.value for one in records.values()), None, b""]
    assert all(one.headers["hub-refused-title"] and one.problems[0]["detail"] for one in refused)
    assert [one.headers["hub-record"].rpartition("/")[2] for one in refused] == [str(at) for at in range(1, len(refused) + 1)]
    assert [one.raw_headers[0][1] for one in refused if one.raw_headers[0][0] == "Payload-Signature"] == [b"\xff\x00.."]
    assert hearing.seen.count(("refused", "kafka", "topic-of-another")) == 1


def test_a_refused_record_that_with_its_reasons_is_too_large_stays_where_it_was_sent(hearing: Hearing, sender: Sender) -> None:
    hearing.put(ANY, Put(token_bytes(TOO_LARGE_WITH_REASONS), [("content-type", b"text/plain")]), *numbered(sender, 1))
    with hearing.consuming():
        hearing.await_offset(ANY, 2)
    (refused,) = hearing.refused(ANY)
    assert (refused.value, refused.headers["hub-refused-value"]) == (b"", "too-large")
    assert refused.headers["hub-record"] == f"{hearing.kafka.topic(SIGNALS, ANY)}/0/0"
    assert hearing.messages() == ids([1])


def test_what_cannot_even_be_taken_apart_is_passed_over_with_what_was_sent_together_with_it(
    hearing: Hearing, sender: Sender
) -> None:
    one, other, *more = numbered(sender, *range(4))
    topic = hearing.kafka.topic(SIGNALS, ANY)
    for _ in range(2):
        hearing.kafka.put_together(topic, one, Put(b"x", [("h\xe9", b"")]), other)
        hearing.put(ANY, *more)
    with hearing.consuming():
        hearing.await_offset(ANY, 10)
    assert hearing.messages() == ["no-0", "no-2", "no-3"]
    refused = hearing.refused(ANY)
    assert {one.headers["hub-refused-code"] for one in refused} == {"record-unreadable"}
    assert [one.headers["hub-record"] for one in refused] == [f"{topic}/0/1-2", f"{topic}/0/6-7"]


def damaged(codec: str) -> Callable[..., bytes]:
    """A compressor whose end is not what it should be, though a broker takes it."""
    compress: Callable[..., bytes] = getattr(default_records, f"{codec}_encode")

    def lz4(data: bytes, **_: object) -> bytes:
        made = cramjam.lz4.Compressor(level=9, content_checksum=True, block_linked=False)
        made.compress(data)
        return bytes(made.finish())[:-4] + b"sum?"

    return lz4 if codec == "lz4" else lambda data, **how: compress(data, **how) + b"something after its end"


@pytest.mark.parametrize(("codec", "code"), [("gzip", 1), ("lz4", 3)])
def test_what_was_compressed_wrongly_is_passed_over_and_what_was_sent_before_and_after_counts(
    hearing: Hearing, sender: Sender, monkeypatch: pytest.MonkeyPatch, codec: str, code: int
) -> None:
    topic, (before, one, other, after) = hearing.kafka.topic(SIGNALS, ANY), numbered(sender, *range(4))
    hearing.put(ANY, before)
    with monkeypatch.context() as wrongly:
        wrongly.setattr(default_records, f"{codec}_encode", damaged(codec))
        hearing.kafka.put_together(topic, one, other, compression=code)
    hearing.put(ANY, after)
    with hearing.consuming():
        hearing.await_offset(ANY, 4)
    assert hearing.messages() == ids([0, 3])
    assert [one.headers["hub-record"] for one in hearing.refused(ANY)] == [f"{topic}/0/1-2"]


@pytest.mark.parametrize("code", [1, 2, 3, 4], ids=["gzip", "snappy", "lz4", "zstd"])
def test_what_would_grow_beyond_its_bounds_when_it_is_unpacked_is_passed_over(hearing: Hearing, sender: Sender, code: int) -> None:
    topic, (one, other) = hearing.kafka.topic(SIGNALS, ANY), numbered(sender, 1, 2)
    hearing.kafka.put_together(topic, one, compression=code)
    hearing.kafka.put_together(topic, Put(bytes(MOST)), compression=code)
    hearing.kafka.put_together(topic, other, compression=code)
    with hearing.consuming():
        hearing.await_offset(ANY, 3)
    assert hearing.messages() == ids([1, 2])
    assert [one.headers["hub-refused-code"] for one in hearing.refused(ANY)] == ["record-unreadable"]


def test_streams_of_snappy_that_were_put_one_after_another_are_read(
    hearing: Hearing, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_records, "snappy_encode", lambda data: snappy_encode(data[:99]) + snappy_encode(data[99:]))
    hearing.kafka.put_together(hearing.kafka.topic(SIGNALS, ANY), *numbered(sender, 1, 2), compression=2)
    with hearing.consuming():
        hearing.await_offset(ANY, 2)
    assert hearing.messages() == ids([1, 2])


def test_a_key_as_large_as_a_record_may_be_stops_nobody(hearing: Hearing, sender: Sender) -> None:
    hearing.put(ANY, Put(b"x", [("content-type", b"text/plain")], key=bytes(1_048_300)), *numbered(sender, 1))
    with hearing.consuming():
        hearing.await_offset(ANY, 2)
    (refused,) = hearing.refused(ANY)
    assert (refused.value, refused.headers["hub-refused-value"]) == (b"", "too-large")
    assert hearing.messages() == ids([1])


def test_more_events_in_one_batch_than_may_come_in_a_day_are_refused_and_not_waited_with(hearing: Hearing, sender: Sender) -> None:
    hearing.hub.registry.change(ANY, Terms(per_day=2), "operator")
    events = [an_event(sender, a_child(number), id=f"no-{number}") for number in range(3)]
    hearing.put(ANY, signed(sender, to_batch(events), BATCH), *numbered(sender, 4))
    with hearing.consuming():
        hearing.await_offset(ANY, 2)
    assert [one.headers["hub-refused-code"] for one in hearing.refused(ANY)] == ["more-than-a-day"]
    assert hearing.messages() == ids([4])


def test_a_partner_that_has_to_show_a_token_cannot_come_this_way(hearing: Hearing, sender: Sender) -> None:
    hearing.hub.registry.change(ANY, Terms(requires_token=True), "operator")
    hearing.put(ANY, *numbered(sender, 1))
    with hearing.consuming():
        hearing.await_offset(ANY, 1)
    assert [one.headers["hub-refused-code"] for one in hearing.refused(ANY)] == ["token-missing"]


def test_an_aborted_transaction_of_a_partner_is_not_heard(hearing: Hearing, sender: Sender) -> None:
    hearing.kafka.put_and_abort(hearing.kafka.topic(SIGNALS, ANY), *numbered(sender, 1))
    hearing.put(ANY, *numbered(sender, 2))
    with hearing.consuming():
        until(lambda: hearing.messages())
    assert hearing.messages() == ids([2])


# Nothing lost, nothing twice -------------------------------------------------------------------------


def test_who_is_killed_before_its_offset_moved_takes_in_again_what_it_recorded_and_that_changes_nothing(
    hearing: Hearing, sender: Sender
) -> None:
    random, count = Random(), 0  # noqa: S311
    for _ in range(2):
        with a_consumer(hearing) as consumer:
            new = random.randrange(100, 300)
            hearing.put(ANY, *numbered(sender, *range(count, count + new)))
            seen, count = count, count + new
            # its records are in the log by groups, and its offset moves when all of a handful are
            until(lambda least=seen: len(hearing.messages()) > least)
            consumer.kill()
        assert hearing.offset(ANY) <= len(hearing.messages()) <= count
    with hearing.consuming():
        hearing.await_offset(ANY, count)
    assert hearing.messages() == ids(range(count))
    assert {one.key for one in hearing.receipts(ANY)} == set(ids(range(count)))


def test_while_the_database_is_away_nothing_moves_and_then_it_goes_on_in_order(
    tmp_path: Path, kafka: str, postgresql_server: Server
) -> None:
    postgresql_server.start()
    with (
        fresh(postgresql_server.url) as url,
        a_hub(Settings(data_dir=tmp_path, database_url=databases.with_key(url, tmp_path), mode="demo"), Kafka(kafka)) as hearing,
    ):
        hearing.make(ANY)
        sender = hearing.partners[ANY]
        with hearing.consuming():
            hearing.put(ANY, *numbered(sender, *range(300)))
            until(hearing.messages)
            postgresql_server.kill()
            hearing.put(ANY, *numbered(sender, *range(300, 310)))
            before = hearing.offset(ANY)
            sleep(2)
            assert hearing.offset(ANY) == before < 300
            postgresql_server.start()
            hearing.await_offset(ANY, 310)
        assert hearing.messages() == ids(range(310))
        assert hearing.refused(ANY) == []


def test_nothing_overtakes_what_cannot_be_kept_now() -> None:
    begun, refused, away, behind = some = [Future[Any]() for _ in range(4)]
    keep_order(some)
    begun.set_result("kept")
    refused.set_exception(NotKnown("There is nothing by that id."))
    assert not behind.cancelled()
    away.set_exception(Unavailable("The hub could not keep this."))
    assert behind.cancelled()


def test_who_sent_more_than_was_agreed_waits_and_is_not_refused_and_others_go_on(hearing: Hearing, sender: Sender) -> None:
    hearing.make(POLICE)
    hearing.hub.registry.change(ANY, Terms(per_minute=60), "operator")
    hearing.put(ANY, *numbered(sender, *range(63)))
    with hearing.consuming():
        until(lambda: len(hearing.messages()) >= 60)
        hearing.put(POLICE, Put(b""))
        hearing.await_offset(POLICE, 1)
        hearing.await_offset(ANY, 63)
    assert hearing.messages() == ids(range(63))
    assert hearing.refused(ANY) == []


def test_processes_share_the_partitions_and_nothing_is_lost_or_doubled_when_they_come_and_go(hearing: Hearing) -> None:
    sender, each = hearing.partners[ANY], 60
    hearing.make(ANY, partitions=4)
    records = [signed(sender, an_event(sender, a_child(n), id=f"no-{n}"), partition=n % 4) for n in range(4 * each)]
    with hearing.consuming():
        hearing.put(ANY, *records[:60])
        with hearing.consuming():
            hearing.put(ANY, *records[60:120])
            until(lambda: len(hearing.messages()) >= 90)
            with hearing.consuming():
                hearing.put(ANY, *records[120:200])
                until(lambda: len(hearing.messages()) >= 160)
        hearing.put(ANY, *records[200:])
        for partition in range(4):
            hearing.await_offset(ANY, each, partition)
    taken = hearing.messages()
    assert sorted(taken) == sorted(ids(range(4 * each)))
    for partition in range(4):
        assert [id for id in taken if int(id.removeprefix("no-")) % 4 == partition] == ids(range(partition, 4 * each, 4))
    assert {one.key for one in hearing.receipts(ANY)} == set(taken)


def test_the_topics_of_every_partner_are_made(hearing: Hearing) -> None:
    wanted = {f"{kind}.{name}" for kind in (SIGNALS, RECEIPTS, REFUSED) for name in hearing.partners}
    with hearing.consuming():
        until(lambda: hearing.kafka.names() == wanted)
