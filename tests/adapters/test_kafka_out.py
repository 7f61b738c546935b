"""The way out over Kafka: each notice once and in order per family, whoever is killed, stalled or away meanwhile."""

import json
import shutil
import signal
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from sqlalchemy import insert, select

from hub.adapters import receivers_index
from hub.adapters.channels.kafka import families, queue
from hub.adapters.channels.kafka.sending import Sending
from hub.adapters.contracts import contracts
from hub.adapters.kafka.topics import ESCALATIONS, FAMILIES, POSITIONS, SIGNALS
from hub.domain.streams import stream_id
from hub.domain.subscriptions import Interest, Sink, Wish
from hub.domain.tellings import Attempt, Way
from hub.domain.words import Phase
from hub.errors import Unavailable
from hub.ports import Notice
from tests.adapters.registered import occasion, with_covenant
from tests.channels.receiving import Sent
from tests.channels.telling import NOW, a_notice
from tests.channels.telling_on_kafka import BOTH, TellingOnKafka, a_worker
from tests.channels.test_seal import jades
from tests.given import COACH, RULES, a_family, an_occasion, hand_over
from tests.over_kafka import Kafka, Read, until


@pytest.fixture
def telling(tmp_path: Path, kafka: str) -> Iterator[TellingOnKafka]:
    telling = TellingOnKafka(tmp_path, Kafka(kafka))
    telling.register_both()
    yield telling
    telling.close()


def events(read: Sequence[Read]) -> list[Any]:
    """The events in these records."""
    return [one.said for one in read]


def ids(telling: TellingOnKafka, *notices: Notice, name: str = "police") -> list[str]:
    """What a partner calls these notices."""
    return [str(telling.as_told(notice, name).id) for notice in notices]


# What partners are told -------------------------------------------------------------------------------


def test_a_partner_is_told_what_its_callback_would_be_told_and_can_verify_it(telling: TellingOnKafka) -> None:
    telling.tell(a_notice())
    telling.send()
    (read,) = telling.told()
    told = telling.as_told(a_notice())
    assert read.said["id"] == read.headers["webhook-id"] == str(told.id)
    assert read.said["data"] == told.data
    assert (read.key, read.said["sequence"]) == (str(told.family), "000000000001")
    assert read.headers["content-type"] == "application/cloudevents+json"
    assert jades(telling, Sent(path="", headers={name: [text] for name, text in read.headers.items()}, body=read.value or b""))


def test_what_was_told_in_a_topic_is_put_right_in_that_topic_whatever_is_wanted_there_by_now(telling: TellingOnKafka) -> None:
    one = telling.subscribe("", sink=Sink.KAFKA, directions=("network",))
    raised = a_notice(1, says="an-escalation")
    telling.tell(raised)
    telling.send()
    remembered(telling, raised)
    telling.do(one, lambda on: one.change(Wish(Sink.KAFKA, interest=Interest(directions=("administrative",))), on))
    telling.tell(a_notice(2, says="an-escalation", rectifies=True, tell=()), a_notice(3, says="another", rectifies=True))
    telling.send()
    for topic in (f"police.{one.id}", "police"):
        assert [each.said["id"] for each in telling.told(topic)] == ids(telling, raised, a_notice(2))
    telling.do(one, one.end)
    telling.tell(a_notice(4, says="an-escalation", rectifies=True))
    telling.send()
    assert len(telling.told()) == 3


def remembered(telling: TellingOnKafka, notice: Notice) -> None:
    """What the ledger has of that notice is what the log's index says of who was told."""
    with telling.book.engine.begin() as connection:
        said = {"fact": notice.position, "escalation": notice.says, "notice": str(notice.id)}
        connection.execute(insert(receivers_index.SAID), said)
        told = [{"fact": one.fact, "subscription": one.subscription, "organisation": one.organisation} for one in telling.ledger]
        connection.execute(insert(receivers_index.RECEIVERS), told)


def test_a_subscription_has_a_topic_of_its_own_with_what_it_wants_numbered_by_itself(telling: TellingOnKafka) -> None:
    network, none = (telling.subscribe("", sink=Sink.KAFKA, directions=(level,)) for level in ("network", "administrative"))
    telling.tell(a_notice(1), a_notice(2, data={**a_notice().data, "direction": "coordinated"}), a_notice(3))
    telling.send()
    own = telling.told(f"police.{network.id}")
    assert [(one.said["data"]["direction"], one.said["sequence"]) for one in own] == [
        ("network", "000000000001"),
        ("network", "000000000002"),
    ]
    assert len(telling.told()) == 3
    assert telling.sending.topic("police", str(none.id)) not in telling.kafka.names()


def test_what_comes_for_a_paused_subscription_waits_and_its_organisation_hears_it_at_large(telling: TellingOnKafka) -> None:
    paused = telling.subscribe("", sink=Sink.KAFKA)
    telling.do(paused, paused.pause)
    telling.tell(a_notice())
    with telling.sent():
        until(lambda: len(telling.told()) == 1)
    assert telling.sending.topic("police", str(paused.id)) not in telling.kafka.names()
    telling.do(paused, paused.resume)
    telling.send()
    assert len(telling.told(f"police.{paused.id}")) == 1


def test_what_kafka_committed_stands_in_the_ledger_with_the_digest_of_what_is_read(telling: TellingOnKafka) -> None:
    telling.tell(a_notice(7))
    telling.send()
    for name in BOTH:
        (read,), (kept,) = telling.told(name), [one for one in telling.ledger if one.organisation == name]
        assert kept.digest == sha256(read.value or b"").hexdigest()
        assert (kept.notice, kept.called, kept.type) == (read.said["id"], read.key, read.said["type"])
        assert (kept.fact, kept.way, kept.outcome, kept.is_taken) == (7, Way.KAFKA, "committed", True)


def test_what_was_committed_before_the_ledger_could_be_written_is_kept_there_and_told_once(telling: TellingOnKafka) -> None:
    telling.tell(a_notice())
    tried: list[Attempt] = []

    def away(attempts: Sequence[Attempt]) -> None:
        tried.extend(attempts)
        raise Unavailable("The log cannot be written.")

    with telling.sent(Sending(telling.kafka.connection, replace(telling.around(), ledger=away))):
        until(lambda: tried != [])
    assert telling.ledger == []
    telling.send()
    assert {one.organisation for one in telling.ledger} == set(BOTH)
    assert {one.digest for one in telling.ledger} == {one.digest for one in tried}
    assert [len(telling.told(name)) for name in BOTH] == [1, 1]


def test_no_partner_reads_what_another_calls_a_family_or_a_notice(telling: TellingOnKafka) -> None:
    telling.tell(a_notice())
    telling.send()
    (police,), (housing,) = telling.told("police"), telling.told("housing-corporation")
    assert police.key != housing.key
    assert police.said["id"] != housing.said["id"]
    assert str(a_notice().family) not in {police.key, housing.key}


def test_who_may_not_know_hears_nothing_and_what_waits_is_told_when_they_may_again(telling: TellingOnKafka) -> None:
    police = telling.organisation("police")
    telling.tell(a_notice(1))
    telling.book.save(with_covenant(police, until=NOW.replace(day=1)))
    telling.tell(a_notice(2))
    with telling.sent():
        until(lambda: len(telling.told("housing-corporation")) == 2)
    assert f"{ESCALATIONS}.police" not in telling.kafka.names()
    telling.book.save(with_covenant(police))
    telling.tell(a_notice(3))
    telling.send()
    assert [one["id"] for one in events(telling.told())] == ids(telling, a_notice(1), a_notice(3))


def test_to_whoever_is_removed_nothing_is_told_and_nothing_waits(telling: TellingOnKafka) -> None:
    telling.tell(a_notice(1))
    police = telling.organisation("police")
    police.remove("it stopped", occasion())
    telling.book.save(police)
    telling.tell(a_notice(2))
    telling.send()
    assert len(telling.told("housing-corporation")) == 2
    assert f"{ESCALATIONS}.police" not in telling.kafka.names()


def test_a_topic_that_could_not_be_made_holds_up_nobody_else(telling: TellingOnKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    # a name that no broker takes stands for one that the hub may not make
    own = telling.subscribe("", sink=Sink.KAFKA)
    telling.tell(a_notice(1))
    with monkeypatch.context() as patched, telling.sent():
        patched.setattr(
            telling.sending, "topic", lambda organisation, key: f"{telling.kafka.prefix}{ESCALATIONS}.{organisation} {key}"
        )
        until(lambda: [len(telling.told(name)) for name in BOTH] == [1, 1])
        telling.tell(a_notice(2))
        until(lambda: [len(telling.told(name)) for name in BOTH] == [2, 2])
    telling.send()
    assert len(telling.told(f"police.{own.id}")) == 2


def test_what_waits_for_a_subscription_that_ended_is_told_nobody(telling: TellingOnKafka) -> None:
    ended = telling.subscribe("", sink=Sink.KAFKA)
    telling.tell(a_notice())
    telling.do(ended, ended.end)
    telling.send()
    assert [len(telling.told(name)) for name in BOTH] == [1, 1]
    assert not [name for name in telling.kafka.names() if str(ended.id) in name]


def test_the_ledger_names_the_organisation_also_where_its_subscription_ended_before_it_could_be_written(
    telling: TellingOnKafka,
) -> None:
    own = telling.subscribe("", sink=Sink.KAFKA)
    telling.tell(a_notice())
    tried: list[Attempt] = []

    def away(attempts: Sequence[Attempt]) -> None:
        if not tried:
            telling.do(own, own.end)
        tried.extend(attempts)
        raise Unavailable("The log cannot be written.")

    with telling.sent(Sending(telling.kafka.connection, replace(telling.around(), ledger=away))):
        until(lambda: tried != [])
    telling.send()
    assert {one.organisation for one in (*telling.ledger, *tried)} == set(BOTH)
    assert str(own.id) in {one.subscription for one in telling.ledger}


# Once, and in order --------------------------------------------------------------------------------


def assert_once_and_in_order(telling: TellingOnKafka, notices: Sequence[Notice]) -> None:
    """Whoever reads what was committed gets every notice once, numbered without a gap, and those of a family in order."""
    for name in BOTH:
        read = telling.told(name)
        assert sorted(one["id"] for one in events(read)) == sorted(ids(telling, *notices, name=name))
        assert sorted(int(one["sequence"]) for one in events(read)) == [*range(1, len(notices) + 1)]
        by_family: dict[str, list[str]] = defaultdict(list)
        for one in read:
            by_family[one.key].append(one.said["sequence"])
        assert all(numbers == sorted(numbers) for numbers in by_family.values())
        assert all(len({one.partition for one in read if one.key == family}) == 1 for family in by_family)


def some_notices(first: int, count: int) -> list[Notice]:
    """Notices of seven families."""
    return [a_notice(position, f"family-{position % 7}") for position in range(first, first + count)]


def test_what_is_told_of_a_family_is_read_in_order_also_from_many_partitions(telling: TellingOnKafka) -> None:
    telling.kafka.make(*(telling.kafka.topic(ESCALATIONS, name) for name in BOTH), partitions=3)
    notices = some_notices(1, 100)
    for at in range(0, 100, 25):
        telling.tell(*notices[at : at + 25])
    telling.send()
    assert_once_and_in_order(telling, notices)
    assert len({one.partition for one in telling.told()}) > 1


def test_a_worker_that_begins_again_tells_nothing_twice(telling: TellingOnKafka) -> None:
    notices = some_notices(1, 30)
    for notice in notices:
        telling.tell(notice)
        if notice.position % 10 == 0:
            telling.send()
    assert_once_and_in_order(telling, notices)


def test_a_worker_that_is_killed_in_the_midst_of_it_leaves_every_notice_to_be_read_once(telling: TellingOnKafka) -> None:
    seed = Random().randrange(10_000)  # noqa: S311
    print(f"seed {seed}")
    random, notices = Random(seed), list[Notice]()  # noqa: S311
    for _ in range(3):
        with a_worker(telling) as worker:
            assert worker.stdout is not None
            said = iter(worker.stdout)
            for burst in range(random.randrange(2, 8)):
                new = some_notices(len(notices) + 1, random.randrange(1, 60))
                telling.tell(*new)
                notices += new
                if burst == 0:
                    next(said)
            sleep(random.uniform(0, 0.08))
            worker.send_signal(signal.SIGKILL)
    telling.send()
    assert_once_and_in_order(telling, notices)


def test_what_is_told_and_not_forgotten_yet_when_a_worker_dies_is_not_told_again(telling: TellingOnKafka) -> None:
    telling.tell(*some_notices(1, 5))
    kept = [telling.place / "outbox.db", telling.place / "before.db"]
    telling.outbox.dispose()
    shutil.copy(*kept)
    telling.send()
    # as if the transaction on Kafka had been the last thing that it did
    telling.outbox.dispose()
    shutil.copy(*reversed(kept))
    telling.send()
    assert_once_and_in_order(telling, some_notices(1, 5))


def test_a_stalled_worker_that_goes_on_is_not_heard_beside_its_successor(telling: TellingOnKafka) -> None:
    notices = some_notices(1, 40)
    with a_worker(telling) as stalled:
        assert stalled.stdout is not None
        telling.tell(*notices[:20])
        next(iter(stalled.stdout))
        stalled.send_signal(signal.SIGSTOP)
        telling.tell(*notices[20:])
        with telling.sent():
            until(telling.is_done)
            stalled.send_signal(signal.SIGCONT)
            more = some_notices(41, 40)
            for notice in more:
                telling.tell(notice)
            until(telling.is_done)
        stalled.kill()
    telling.send()
    assert_once_and_in_order(telling, [*notices, *more])


def test_two_workers_that_both_believe_they_lead_tell_everything_once(telling: TellingOnKafka) -> None:
    notices = some_notices(1, 120)
    with telling.sent(), telling.sent(telling.a_sender()):
        for notice in notices:
            telling.tell(notice)
        until(telling.is_done)
    telling.send()
    assert_once_and_in_order(telling, notices)


def test_an_outbox_that_was_put_back_is_told_from_rather_twice_than_not_at_all(telling: TellingOnKafka) -> None:
    telling.tell(*some_notices(1, 3))
    telling.send()
    telling.outbox.dispose()
    shutil.copy(telling.place / "outbox.db", telling.place / "before.db")
    lost = some_notices(4, 2)
    telling.tell(*lost)
    telling.send()
    telling.outbox.dispose()
    shutil.copy(telling.place / "before.db", telling.place / "outbox.db")
    # what happened since the backup is not known any more, and other things happen at the same positions
    others = [a_notice(position, id=stream_id("notice", f"other {position}")) for position in (4, 5)]
    telling.tell(*others)
    telling.send()
    assert [one["id"] for one in events(telling.told())] == ids(telling, *some_notices(1, 3), *lost, *others)


# How families stand --------------------------------------------------------------------------------


def test_the_latest_view_of_a_family_is_kept_and_says_no_more_than_who_directs_and_how_high_it_stands(
    telling: TellingOnKafka,
) -> None:
    family = a_family("eviction-threatened", "upbringing")
    telling.happen(family)
    telling.send()
    before = telling.standing()[str(family.id)].said
    hand_over(family, COACH, an_occasion(by="duty-officer"))
    family.end_early("they moved away", an_occasion(by=COACH.who))
    telling.happen(family)
    telling.send()
    after = telling.standing()[str(family.id)]
    assert after.said == {
        "family": str(family.id),
        "position": int(after.headers["hub-position"]),
        "level": max(family.levels.values()),
        "phase": Phase.ENDED_EARLY,
        "director": {"organisation": COACH.organisation, "contact": COACH.contact},
    }
    assert (before["phase"], before["director"]["organisation"]) == (Phase.CANDIDATE, "example-town")
    schema = json.loads((contracts() / "topics" / "families.json").read_text())
    for said in (before, after.said, *schema["examples"]):
        Draft202012Validator(schema, validate_formats=True).validate(said)
    assert schema["properties"]["phase"]["enum"] == [*Phase]
    assert before["position"] < after.said["position"] <= telling.position


def test_a_family_that_goes_on_as_another_is_gone_and_comes_back_when_that_was_a_mistake(telling: TellingOnKafka) -> None:
    one, other = a_family("upbringing", name="one"), a_family("upbringing", name="other")
    telling.happen(one, other)
    one.merge(other, "the same people", RULES, an_occasion())
    telling.happen(one, other)
    telling.send()
    gone = telling.standing()[str(other.id)]
    assert (gone.value, gone.headers["hub-merged-into"]) == (None, str(one.id))
    one.separate(other, "they are not", RULES, an_occasion())
    telling.happen(one, other)
    telling.send()
    assert telling.standing()[str(other.id)].said["family"] == str(other.id)


def test_a_worker_that_begins_again_tells_nothing_of_families_of_which_it_told(telling: TellingOnKafka) -> None:
    telling.happen(a_family("upbringing", name="one"))
    telling.send()
    before = telling.kafka.read(telling.kafka.topic(FAMILIES))
    telling.sending = telling.a_sender()
    telling.happen(a_family("upbringing", name="other"))
    telling.send()
    after = telling.kafka.read(telling.kafka.topic(FAMILIES))
    assert [one.key for one in after[len(before) :]] == [str(stream_id("family", "other"))]


def test_where_an_older_log_was_put_back_all_families_are_told_anew(telling: TellingOnKafka) -> None:
    one = a_family("upbringing", name="one")
    telling.happen(one)
    telling.happen(a_family("upbringing", name="lost"))
    telling.send()
    with telling.outbox.begin() as connection:
        for table in (queue.TELLINGS, *families.TABLES.sorted_tables):
            connection.execute(table.delete())
    telling.position = 0
    telling.happen(a_family("upbringing", name="one"))
    telling.happen(*(a_family("upbringing", "eviction-threatened", name=f"new-{nth}") for nth in range(5)))
    telling.sending = telling.a_sender()
    telling.send()
    standing = telling.standing()
    assert all(standing[str(stream_id("family", f"new-{nth}"))].value for nth in range(5))


# Topics --------------------------------------------------------------------------------------------


def test_topics_are_made_as_they_have_to_be(telling: TellingOnKafka) -> None:
    telling.tell(a_notice())
    telling.send()
    topic = telling.kafka.topic
    telling.kafka.make(topic(SIGNALS, "police"))
    assert telling.kafka.names() == {FAMILIES, POSITIONS, *(f"{ESCALATIONS}.{name}" for name in BOTH), f"{SIGNALS}.police"}
    assert telling.kafka.configuration(topic(FAMILIES))["cleanup.policy"] == "compact"
    assert telling.kafka.configuration(topic(POSITIONS))["cleanup.policy"] == "compact"
    assert telling.kafka.configuration(topic(ESCALATIONS, "police"))["cleanup.policy"] == "delete"
    assert telling.kafka.configuration(topic(SIGNALS, "police"))["message.timestamp.type"] == "LogAppendTime"


def test_what_is_kept_for_who_was_told_is_one_row(telling: TellingOnKafka) -> None:
    telling.tell(*some_notices(1, 20))
    telling.send()
    with telling.outbox.connect() as connection:
        rows = connection.execute(select(queue.TELLINGS.c.receiver, queue.TELLINGS.c.sequence, queue.TELLINGS.c.is_told)).all()
    assert sorted(map(tuple, rows)) == [("housing-corporation", 20, True), ("police", 20, True)]
    assert {one.key: one.said["sequence"] for one in telling.kafka.read(telling.kafka.topic(POSITIONS))} == {
        f"{ESCALATIONS}.{name}": 20 for name in BOTH
    }
