"""Killed in the middle of load, again and again: all that was acknowledged is there, once, and nothing is there by half."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random, SystemRandom
from statistics import median
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.engine import Connection, Engine

from hub import notices
from hub.adapters import received
from hub.adapters.channels.feed import FEED
from hub.adapters.channels.webhook.queue import DELIVERIES
from hub.adapters.registrations import Organisation
from hub.adapters.signatures import PartnerSignatures
from hub.domain.callers import Capacity
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.trajectory import Trajectory
from hub.ports import Fact, Notice, Projection
from hub.projections import found
from hub.wiring import INDEXES, Hub
from tests import issuer
from tests.api.running import said_by_hub
from tests.channels.receiving import Receiver, receiving
from tests.faults.load import CHILDREN, Acknowledged, Desk, Load
from tests.journeys.running import Following, Process, Sender

KILLS = 30
SOONEST, LATEST = 0.05, 0.4
"""Seconds after the first answer of a start at which the hub is killed."""


@dataclass(frozen=True)
class Aftermath:
    """What is on disk after the last kill and one last start that was ended in peace, and what the others remember."""

    hub: Hub
    acknowledged: Sequence[Acknowledged]
    wrong: Sequence[str]
    followed: Following
    desk: Desk
    told: dict[str, Receiver]

    @cached_property
    def facts(self) -> list[Fact]:
        decode = self.hub.mapper.to_domain_event
        read = self.hub.log.read(0, 10_000_000)
        return [Fact(position, event.originator_id, event) for position, event in ((at, decode(one)) for at, one in read)]

    def of(self, *kinds: type[Any]) -> Iterator[Fact]:
        return (fact for fact in self.facts if isinstance(fact.event, kinds))

    @cached_property
    def notices(self) -> list[Notice]:
        return [notice for fact in self.facts for notice in notices.notices(fact)]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """The hub is killed thirty times; every test looks at what it left behind."""
    seed = SystemRandom().getrandbits(32)
    process, random = Process(tmp_path_factory.mktemp("killed")), Random(seed)  # noqa: S311
    with receiving() as police, receiving() as veilig_thuis:
        token = _registered(process, police, veilig_thuis)
        loads = [Load(sender, process.url, Random(random.getrandbits(32))) for sender in SENDERS]  # noqa: S311
        following, desk = Following(process.url, token), Desk(process.url, token)
        try:
            _kill_again_and_again(process, random, loads, following, desk, seed)
            _let_it_come_to_rest(process, loads, following, desk)
        finally:
            process.end()
        hub = process.open()
        acknowledged = [one for load in loads for one in load.acknowledged]
        told = {"police": police, "veilig-thuis": veilig_thuis}
        yield Aftermath(hub, acknowledged, [wrong for load in loads for wrong in load.wrong], following, desk, told)
        hub.close()


SENDERS = [Sender(f"youth-work-{nth}", "any-partner", f"{99:08}{nth:012}", "EdDSA") for nth in range(1, 5)]


def _registered(process: Process, police: Receiver, veilig_thuis: Receiver) -> dict[str, str]:
    """Takes everybody in before the first start, and gives the token of somebody who follows."""
    hub = process.open()
    for sender in SENDERS:
        sender.register(hub, hub.clock.now())
    for nth, (kind, receiver) in enumerate((("police", police), ("veilig-thuis", veilig_thuis)), start=1):
        Sender(kind, kind, f"{99:08}{nth:06}{0:06}", callback=receiver.url).register(hub, hub.clock.now())
    token = issuer.bearer(Capacity.COORDINATOR, "somebody", "neighbourhood-team", hub.clock.now())
    hub.close()
    return token


def _kill_again_and_again(
    process: Process, random: Random, loads: Sequence[Load], following: Following, desk: Desk, seed: int
) -> None:
    began, starts = time.monotonic(), [process.start()]
    following.start()
    for one in (*loads, desk):
        one.thread.start()
    for _ in range(KILLS):
        _wait_until_it_answers(loads)
        time.sleep(random.uniform(SOONEST, LATEST))
        process.kill()
        starts.append(process.start())
    seconds, (*_, slowest) = time.monotonic() - began, sorted(starts)
    counted = {each: sum(getattr(load, each) for load in loads) for each in ("repeats", "late")}
    print(
        f"\n{KILLS} kills in {seconds:.0f} s with seed {seed}: {sum(len(load.acknowledged) for load in loads)} acknowledged,"
        f" {counted['late']} of them recorded before a kill and acknowledged after it, {counted['repeats']} repeats;"
        f" a start takes {median(starts):.2f} s ({slowest:.2f} s at most)",
        file=sys.__stdout__,
    )


def _wait_until_it_answers(loads: Sequence[Load]) -> None:
    before = sum(len(load.acknowledged) for load in loads)
    _until(lambda: sum(len(load.acknowledged) for load in loads) > before or any(load.wrong for load in loads))


def _let_it_come_to_rest(process: Process, loads: Sequence[Load], following: Following, desk: Desk) -> None:
    for one in (*loads, desk):
        one.finish.set()
    for one in (*loads, desk):
        one.thread.join(60)
        assert not one.thread.is_alive()
    _until(lambda: _is_all_told(process.data, following))
    following.finish()


def _is_all_told(data: Path, following: Following) -> bool:
    """That the outbox has reached the end of the log, nothing waits in it, and its last notice was heard."""
    log, outbox = (create_engine(f"sqlite:///{data / name}") for name in ("hub.db", "outbox.db"))
    with log.connect() as on_log, outbox.connect() as on_outbox:
        last = on_log.exec_driver_sql("SELECT max(position) FROM events").scalar_one()
        reached = on_outbox.exec_driver_sql("SELECT min(position) FROM positions").scalar_one()
        waiting = on_outbox.execute(select(DELIVERIES.c.id).where(DELIVERIES.c.state == "waiting").limit(1)).first()
        newest = on_outbox.execute(select(FEED.c.position).order_by(FEED.c.position.desc()).limit(1)).scalar_one()
    for each in (log, outbox):
        each.dispose()
    return reached == last and waiting is None and bool(following.heard) and following.heard[-1].position >= newest


def _until(holds: Callable[[], bool], timeout: float = 90.0) -> None:
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "it does not come to rest"
        time.sleep(0.01)


# What was acknowledged ---------------------------------------------------------------------------------


def test_everything_that_was_acknowledged_is_in_the_log_once(aftermath: Aftermath) -> None:
    assert len(aftermath.acknowledged) > KILLS
    times = Counter((fact.event.source, fact.event.event_id) for fact in aftermath.of(Message.Received))
    assert set(times.values()) == {1}
    assert {(one.receipt["source"], one.receipt["id"]) for one in aftermath.acknowledged} <= set(times)


def test_every_receipt_tells_the_place_and_the_digest_that_the_log_has(aftermath: Aftermath) -> None:
    at = {fact.position: fact for fact in aftermath.facts}
    for one in aftermath.acknowledged:
        fact = at[one.receipt["position"]]
        assert isinstance(fact.event, Message.Received)
        assert (str(fact.stream_id), fact.event.event_id) == (one.receipt["message"], one.receipt["id"])
        assert f"sha-256={fact.event.digest}" == one.receipt["digest"] == one.digest
        assert fact.event.outcome == one.receipt["outcome"]


def test_every_receipt_is_signed_by_the_hub(aftermath: Aftermath) -> None:
    jwks = aftermath.hub.keys.public_jwks()
    for one in aftermath.acknowledged:
        plain = {name: value for name, value in one.receipt.items() if name != "receipt"}
        assert said_by_hub(one.receipt["receipt"], jwks) == plain


def test_a_repeat_was_always_answered_with_the_receipt_of_the_first_time(aftermath: Aftermath) -> None:
    assert aftermath.wrong == []


def test_every_decision_that_was_answered_is_in_the_log_once(aftermath: Aftermath) -> None:
    assert aftermath.desk.wrong == []
    assert aftermath.desk.acknowledged
    taken = Counter(fact.event.escalation for fact in aftermath.of(Trajectory.EscalationAcknowledged))
    assert set(taken.values()) == {1}
    assert set(aftermath.desk.acknowledged) <= set(taken)


# Nothing by half ---------------------------------------------------------------------------------------


def test_positions_and_versions_have_no_gaps(aftermath: Aftermath) -> None:
    assert [fact.position for fact in aftermath.facts] == list(range(1, len(aftermath.facts) + 1))
    versions: dict[UUID, list[int]] = defaultdict(list)
    for fact in aftermath.facts:
        versions[fact.stream_id].append(fact.event.originator_version)
    assert all(each == list(range(1, len(each) + 1)) for each in versions.values())


def test_every_message_has_the_signals_and_questions_that_it_names_and_they_have_their_message(aftermath: Aftermath) -> None:
    named = {
        (str(fact.stream_id), one["signal"], one["family"], one["question"])
        for fact in aftermath.of(Message.Received)
        for one in fact.event.signals
    }
    signals = {(fact.event.message, fact.event.signal, str(fact.stream_id), "") for fact in aftermath.of(Trajectory.SignalRecorded)}
    questions = {(fact.event.message, fact.event.signal_id, "", str(fact.stream_id)) for fact in aftermath.of(MatchQuestion.Asked)}
    assert signals and questions
    assert named == signals | questions


def test_only_what_could_not_be_read_is_in_quarantine(aftermath: Aftermath) -> None:
    outcomes = Counter(fact.event.outcome for fact in aftermath.of(Message.Received))
    assert set(outcomes) == {"recorded", "match-question", "quarantined"}
    for fact in aftermath.of(Message.Received):
        assert (fact.event.outcome == "quarantined") == bool(fact.event.reasons) == (not fact.event.signals)


def test_every_kept_body_verifies_again_and_none_is_kept_without_its_message(aftermath: Aftermath) -> None:
    signatures = PartnerSignatures(aftermath.hub.registrations)
    with aftermath.hub.stored.log.connect() as connection:
        kept = set(connection.execute(select(received.RECEIVED.c.kept)).scalars())
        assert kept == {fact.event.kept for fact in aftermath.of(Message.Received)}
        for fact in aftermath.of(Message.Received):
            posted = aftermath.hub.received.fetch(connection, fact.event.kept)
            (signature,) = posted.headers["payload-signature"]
            signer = signatures.verify_again(posted.body, posted.headers, signature, fact.event.timestamp)
            assert (signer.partner, signer.kid) == (fact.event.partner, fact.event.kid)


def test_each_child_is_one_person_in_one_family(aftermath: Aftermath) -> None:
    opened, named = list(aftermath.of(Trajectory.Opened)), list(aftermath.of(Person.Named))
    assert 0 < len(opened) <= CHILDREN
    assert len(named) == len(opened)
    members = Counter(fact.stream_id for fact in aftermath.of(Trajectory.PersonJoined))
    assert members == {fact.stream_id: 1 for fact in opened}


def test_every_family_has_the_evidence_of_its_levels_before_them(aftermath: Aftermath) -> None:
    heard: dict[UUID, set[str]] = defaultdict(set)
    for fact in aftermath.of(Trajectory.SignalRecorded, Trajectory.LevelRaised):
        if isinstance(fact.event, Trajectory.SignalRecorded):
            heard[fact.stream_id].add(fact.event.signal)
        else:
            assert fact.event.signals and set(fact.event.signals) <= heard[fact.stream_id]


# What follows the log ----------------------------------------------------------------------------------


def _rows(tables: MetaData, connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in tables.sorted_tables
    }


def _anew(projection: Projection, facts: Sequence[Fact]) -> dict[str, list[tuple[Any, ...]]]:
    built: Engine = create_engine("sqlite://")
    with built.begin() as connection:
        projection.tables.create_all(connection)
        for first in range(0, len(facts), 700):
            projection.apply(facts[first : first + 700], connection)
        rows = _rows(projection.tables, connection)
    built.dispose()
    return rows


@pytest.mark.parametrize("index", INDEXES, ids=[index.name for index in INDEXES])
def test_the_index_in_the_log_is_what_the_log_makes_of_it(aftermath: Aftermath, index: Projection) -> None:
    with aftermath.hub.stored.log.connect() as connection:
        assert _rows(index.tables, connection) == _anew(index, aftermath.facts)


def test_everything_that_follows_the_log_reached_its_end_and_nothing_stopped(aftermath: Aftermath) -> None:
    aftermath.hub.views.catch_up()
    standings = (*aftermath.hub.views.state(), *aftermath.hub.outbox.state())
    assert {(standing.lag, standing.stopped_because) for standing in standings} == {(0, "")}


@pytest.mark.parametrize("name", sorted(found()))
def test_each_read_model_is_what_building_it_anew_gives(aftermath: Aftermath, name: str) -> None:
    aftermath.hub.views.catch_up()
    projection = found()[name]
    with aftermath.hub.stored.views.connect() as connection:
        assert _rows(projection.tables, connection) == _anew(projection, aftermath.facts)


def test_the_live_feed_lost_and_doubled_nothing_over_all_those_reconnections(aftermath: Aftermath) -> None:
    assert aftermath.followed.connections > KILLS // 2
    assert [one.position for one in aftermath.followed.heard] == [notice.position for notice in aftermath.notices]
    assert [one.notice["id"] for one in aftermath.followed.heard] == [str(notice.id) for notice in aftermath.notices]


def _whole(receiver: Receiver) -> list[dict[str, Any]]:
    """What came in to its end: a kill can leave a receiver with headers and no body."""
    return [sent.event for sent in receiver.got if len(sent.body) == int(sent.headers["content-length"][0])]


def _registered_as(aftermath: Aftermath, kind: str) -> Organisation:
    return next(each for each in aftermath.hub.registrations.all() if each.kind == kind)


@pytest.mark.parametrize("kind", ["police", "veilig-thuis"])
def test_a_subscriber_is_told_all_that_is_for_it_and_of_each_family_in_order(aftermath: Aftermath, kind: str) -> None:
    told = [aftermath.hub.disclosures.to_partner(notice, _registered_as(aftermath, kind)) for notice in aftermath.notices]
    mine = [notice for notice in told if notice is not None and kind in notice.tell]
    events = _whole(aftermath.told[kind])
    assert mine
    assert {event["id"] for event in events} == {str(notice.id) for notice in mine}
    place = {str(notice.id): notice.position for notice in mine}
    of_family: dict[str, list[int]] = defaultdict(list)
    for event in events:
        of_family[event["data"]["family"]].append(place[event["id"]])
    # one that the hub could not note as delivered comes again, but never after a later one
    assert all(each == sorted(each) for each in of_family.values())


def test_every_delivery_came_to_its_end(aftermath: Aftermath) -> None:
    with aftermath.hub.stored.outbox.connect() as connection:
        assert set(connection.execute(select(DELIVERIES.c.state)).scalars()) == {"delivered"}


def test_the_sequence_that_a_subscriber_counts_by_has_no_gaps(aftermath: Aftermath) -> None:
    for receiver in aftermath.told.values():
        told = {event["sequence"]: event["id"] for event in _whole(receiver)}
        assert sorted(int(sequence) for sequence in told) == list(range(1, len(told) + 1))
        assert len(set(told.values())) == len(told)
