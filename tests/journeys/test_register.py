"""The register: nothing lost, nothing double, nothing half; whatever fails fails alone."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy
from sqlalchemy import Column, Connection, MetaData, Table, Text, func, insert, select

from hub.adapters import partners, people_index, received
from hub.adapters.cloudevents import STRUCTURED, envelopes
from hub.adapters.database import is_postgresql, locked
from hub.adapters.event_store import BELL, EventLog
from hub.adapters.mapper import mapper
from hub.adapters.received import Received
from hub.adapters.vault import Vault
from hub.domain.identifiers import violations_of
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.streams import stream_id
from hub.domain.trajectory import Trajectory
from hub.errors import Fault, HubError, IdReused, NotKnown, RuleBroken, StaleDecision, Unavailable
from hub.intake import Intake, Receipt
from hub.ports import Fact, Projection
from hub.register import Done, Register, Unit
from tests.adapters.registered import NOW, OIN, Book, a_registration, signed, with_covenant, with_key
from tests.given import DUTY, NOON, Heart, a_heart, a_number, a_person, a_signal, an_occasion, said, state_of, the_keks
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")

SIGNAAL = "nl.vig.signalen.signaal.v1"
THREADS = 64


def open_family(name: str) -> Callable[[Unit], UUID]:
    """A piece of work that opens a family."""
    return lambda unit: unit.add(Trajectory.begin_with(stream_id("family", name), DUTY, "", an_occasion())).id


def note(family: UUID, words: str) -> Callable[[Unit], int]:
    """A piece of work that adds one event to a family; gives its new version."""

    def work(unit: Unit) -> int:
        found = unit.get(Trajectory, family)
        found.note_correction("", words, an_occasion())
        return found.version

    return work


def words(heart: Heart) -> list[str]:
    return [event.words for event in heart.events() if isinstance(event, Trajectory.CorrectionNoted)]


@contextmanager
def in_one_commit(heart: Heart) -> "Iterator[Future[Done[None]]]":
    """Holds the writer, so that all that is submitted inside waits and is committed together; gives what holds it."""
    at_work, go_on = Event(), Event()

    def hold(_: Unit) -> None:
        at_work.set()
        assert go_on.wait(60)

    held = heart.register.submit(hold)
    assert at_work.wait(60)
    try:
        yield held
    finally:
        go_on.set()


def outcome(future: "Future[Done[Any]]") -> Any:
    """What became of a piece of work: its value, or the error that its caller gets."""
    error = future.exception(timeout=60)
    return error if error is not None else future.result().value


def crowd(work: Callable[[int], Any]) -> list[Any]:
    """Does something in 64 threads that all start at the same instant."""
    ready = Barrier(THREADS)

    def each(nth: int) -> Any:
        ready.wait(60)
        return work(nth)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(each, range(THREADS)))


# Nothing double ------------------------------------------------------------------------------------------


def test_a_repeat_changes_nothing(heart: Heart) -> None:
    again = said(a_signal())

    def place(unit: Unit) -> Any:
        return heart.families.place(again, unit, an_occasion())

    first = heart.register.do(place)
    before, family = heart.log.last_position(), state_of(heart.family(first.value.family))
    repeat = heart.register.do(place)
    assert (repeat.value.family, repeat.facts) == (first.value.family, ())
    assert (heart.log.last_position(), state_of(heart.family(first.value.family))) == (before, family)


def test_first_signals_about_one_child_at_the_same_instant_make_one_family_with_every_signal_once(heart: Heart) -> None:
    number, bare = a_person(bsn=a_number()), a_person()
    placed = crowd(lambda nth: heart.place(a_signal(number if nth % 2 else bare, reference=f"r-{nth}"))[0])
    assert len({one.family for one in placed}) == 1
    events = heart.events()
    recorded = [event.reference for event in events if isinstance(event, Trajectory.SignalRecorded)]
    assert sorted(recorded) == sorted(f"r-{nth}" for nth in range(THREADS))
    for kind in (Trajectory.Opened, Person.Named, Trajectory.PersonJoined):
        assert sum(isinstance(event, kind) for event in events) == 1


def test_families_that_have_nothing_to_do_with_each_other_do_not_touch_each_other(heart: Heart) -> None:
    placed = crowd(
        lambda nth: heart.place(a_signal(a_person(bsn=a_number(nth), family_name=f"Naam {nth}", address=a_home(nth))))[0]
    )
    assert len({one.family for one in placed}) == THREADS


def a_home(nth: int) -> Any:
    return replace(a_person().address, number=str(nth + 1))


# One message -----------------------------------------------------------------------------------------------


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[tuple[Heart, Intake]]:
    """The whole way in, with real signatures."""
    with a_heart(tmp_path) as heart:
        heart.clock.set(NOW)
        organisation = a_registration("a-school", "any-partner", message_types=[SIGNAAL])
        book = Book().save(with_covenant(with_key(organisation)))
        yield (
            heart,
            Intake(
                register=heart.register,
                families=heart.families,
                signatures=book.signatures,
                partners=partners.found(),
                open=envelopes,
                keep=Received(heart.vault).keep,
                kept=Received(heart.vault).fetch,
                refuse_numbers=lambda signals: violations_of(signals, only_test_numbers=True),
                refuse_groundless=lambda partner, type: book.registrations.refuse_groundless(
                    partner, type.purpose, type.legal_basis, heart.clock.now()
                ),
                clock=heart.clock,
            ),
        )


def a_message(id: str = "m-1", concern: str = "upbringing") -> bytes:
    """A school's worry about a child, in the hub's own contract."""
    child = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}
    data = {"reference": "a-1", "concern": concern, "happened": "2026-03-01", "people": [child | {"bsn": a_number()}]}
    source = f"urn:nld:oin:{OIN}:systeem:leerlingen"
    attributes = {"specversion": "1.0", "id": id, "source": source, "type": SIGNAAL, "time": "2026-03-02T09:30:00Z"}
    return json.dumps(attributes | {"datacontenttype": "application/json", "data": data}).encode()


def post(intake: Intake, body: bytes) -> Receipt:
    """Posts a message; gives its receipt, or raises why there is none."""
    (answer,) = intake.receive({"content-type": [STRUCTURED]} | signed(body), body)
    if isinstance(answer, HubError):
        raise answer
    return answer.result(timeout=60).value


def test_a_message_is_recorded_with_its_signal_and_kept_as_it_came(intake: tuple[Heart, Intake]) -> None:
    heart, way_in = intake
    receipt = post(way_in, a_message())
    assert (receipt.outcome, receipt.reasons, receipt.is_repeat) == ("recorded", (), False)
    kinds = [type(event).__name__ for event in heart.events()]
    assert kinds[receipt.position - 1] == "Received"
    assert {"Opened", "Named", "PersonJoined", "SignalRecorded"} <= set(kinds)
    with heart.log.snapshot() as log:
        (kept,) = log.connection.execute(select(received.RECEIVED.c.kept)).scalars()
        assert Received(heart.vault).fetch(log.connection, kept).body == a_message()


def test_the_same_message_from_64_threads_is_one_message_with_one_receipt(intake: tuple[Heart, Intake]) -> None:
    heart, way_in = intake
    receipts = crowd(lambda _: post(way_in, a_message()))
    assert len({(one.message, one.position, one.digest, one.recorded_at) for one in receipts}) == 1
    assert sum(not one.is_repeat for one in receipts) == 1
    events = heart.events()
    for kind in (Message.Received, Trajectory.Opened, Trajectory.SignalRecorded):
        assert sum(isinstance(event, kind) for event in events) == 1


def test_the_same_id_with_another_body_is_refused_and_nothing_of_it_is_kept(intake: tuple[Heart, Intake]) -> None:
    heart, way_in = intake
    post(way_in, a_message())
    before = heart.log.last_position()
    with pytest.raises(IdReused):
        post(way_in, a_message(concern="crime"))
    assert heart.log.last_position() == before
    with heart.log.snapshot() as log:
        assert log.connection.execute(select(func.count()).select_from(received.RECEIVED)).scalar() == 1


def test_a_repeat_after_a_restart_gets_the_same_receipt(intake: tuple[Heart, Intake], tmp_path: Path) -> None:
    _, way_in = intake
    first = post(way_in, a_message())
    with a_heart(tmp_path) as again:
        again.clock.set(NOW + timedelta(seconds=30))
        repeat = post(replace(way_in, register=again.register, families=again.families), a_message())
    assert repeat == replace(first, is_repeat=True)


# Writers beside us -------------------------------------------------------------------------------------------


@contextmanager
def another_process(heart: Heart) -> Iterator[Register]:
    """Another hub on the same database, with a memory of its own."""
    opened = databases.opened(heart.data / "hub.db")
    safe = Vault(opened, the_keks(heart.data))
    register = Register(EventLog(opened), mapper(safe), [people_index.INDEX], heart.clock, safe)
    yield register
    register.close()
    opened.dispose()


def test_what_another_process_wrote_is_seen_although_the_stream_was_remembered(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    with another_process(heart) as other:
        for nth in range(10):
            heart.register.do(note(family, f"ours {nth}"))
            other.do(note(family, f"theirs {nth}"))
    assert words(heart) == [f"{whose} {nth}" for nth in range(10) for whose in ("ours", "theirs")]
    assert heart.family(family).version == 21


def test_two_processes_at_once_lose_nothing(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    with another_process(heart) as other:
        futures = [
            each.submit(note(family, f"{place} {nth}")) for nth in range(50) for place, each in enumerate((heart.register, other))
        ]
        versions = [future.result(timeout=60).value for future in futures]
    assert sorted(versions) == list(range(2, 102))
    assert sorted(words(heart)) == sorted(f"{place} {nth}" for nth in range(50) for place in (0, 1))


def test_a_version_that_is_taken_is_tried_again_on_the_state_as_it_is(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    tries: list[int] = []

    def work(unit: Unit) -> int:
        found = unit.get(Trajectory, family)
        found.note_correction("", "ours", an_occasion())
        if not tries:  # somebody writes the same version under our hands
            event = heart.mapper.to_stored_event(found.pending_events[-1])
            unit._transaction.append([event])  # type: ignore[attr-defined]
        tries.append(found.version)
        return found.version

    with in_one_commit(heart):
        ours, beside = heart.register.submit(work), heart.register.submit(note(family, "beside"))
    assert (outcome(ours), outcome(beside)) == (2, 3)
    assert tries == [2, 2]
    assert words(heart) == ["ours", "beside"]


def test_who_always_writes_a_version_that_is_taken_is_told_so_and_harms_nobody(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    with in_one_commit(heart):
        before = heart.register.submit(note(family, "before"))
        stubborn = heart.register.submit(open_family("a"))
        after = heart.register.submit(note(family, "after"))
    assert isinstance(outcome(stubborn), Unavailable)
    assert (outcome(before), outcome(after)) == (2, 3)
    assert words(heart) == ["before", "after"]


# Nothing half ----------------------------------------------------------------------------------------------


def failing(error: Exception, family: UUID, keep: bool) -> Callable[[Unit], None]:
    """Work that records something, and then fails, with or without having kept it."""

    def work(unit: Unit) -> None:
        unit.get(Trajectory, family).note_correction("", "never", an_occasion())
        open_family("never")(unit)
        if keep:
            unit.keep()
            unit.get(Trajectory, family).note_correction("", "never", an_occasion())
        raise error

    return work


@pytest.mark.parametrize("keep", [False, True], ids=["at once", "after keeping a part"])
@pytest.mark.parametrize(
    ("error", "told"), [(RuleBroken("no"), RuleBroken), (KeyError("oops"), Fault), (MemoryError(), Fault)], ids=repr
)
def test_work_that_fails_leaves_nothing_and_harms_nobody_in_its_commit(
    heart: Heart, error: Exception, told: type[HubError], keep: bool
) -> None:
    family = heart.register.do(open_family("a")).value
    with in_one_commit(heart):
        before = heart.register.submit(note(family, "before"))
        failed = heart.register.submit(failing(error, family, keep))
        after = heart.register.submit(note(family, "after"))
    assert isinstance(outcome(failed), told)
    assert (outcome(before), outcome(after)) == (2, 3)
    assert words(heart) == ["before", "after"]
    assert sum(isinstance(event, Trajectory.Opened) for event in heart.events()) == 1


def test_an_error_of_our_own_names_no_people_and_keeps_its_cause_for_the_operator(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    error = outcome(heart.register.submit(failing(ValueError("Noor Voorbeeld"), family, keep=False)))
    assert (str(error), type(error.__cause__)) == ("Something in the hub is broken; nothing was recorded.", ValueError)


def test_a_refusal_is_not_its_own_cause(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    error = outcome(heart.register.submit(failing(RuleBroken("no"), family, keep=True)))
    assert error.__cause__ is not error


def test_what_cannot_be_kept_as_plain_json_fails_alone(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    with in_one_commit(heart):
        unplain = heart.register.submit(note(family, ("a", "tuple")))  # type: ignore[arg-type]
        after = heart.register.submit(note(family, "after"))
    assert isinstance(outcome(unplain), Fault)
    assert (outcome(after), words(heart)) == (2, ["after"])


def test_reading_keeps_nothing(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    before = heart.log.last_position()
    assert heart.register.read(note(family, "only looking")) == 2
    assert (heart.log.last_position(), heart.family(family).version) == (before, 1)
    with pytest.raises(NotKnown):
        heart.register.read(lambda unit: unit.get(Message, family))


# Indexes and the disk ----------------------------------------------------------------------------------------

SEEN = Table("seen", MetaData(), Column("event", Text, primary_key=True))


def moody_index(error: Exception, mood: Event) -> Projection:
    """An index that writes down what it saw, and refuses corrections while it is in that mood."""

    def apply(facts: Sequence[Fact], connection: Connection) -> None:
        for fact in facts:
            connection.execute(insert(SEEN), {"event": f"{fact.stream_id}/{fact.event.originator_version}"})
            if mood.is_set() and isinstance(fact.event, Trajectory.CorrectionNoted):
                raise error

    return Projection("seen", "What was seen", SEEN.metadata, apply)


@pytest.mark.parametrize("error", [RuntimeError("torn"), Unavailable("not now"), RuleBroken("no")], ids=repr)
def test_when_an_index_refuses_everybody_whom_it_concerns_gets_an_error_and_nothing_is_recorded(
    tmp_path: Path, error: Exception
) -> None:
    mood = Event()
    with a_heart(tmp_path, [people_index.INDEX, moody_index(error, mood)]) as heart:
        family = heart.register.do(open_family("a")).value
        mood.set()
        with in_one_commit(heart):
            noted = [heart.register.submit(note(family, f"{nth}")) for nth in range(3)]
            opened = heart.register.submit(open_family("b"))
        assert all(isinstance(outcome(each), HubError) for each in noted)
        assert outcome(opened) == stream_id("family", "b")
        mood.clear()
        assert heart.register.do(note(family, "later")).value == 2
        assert words(heart) == ["later"]
        with heart.log.snapshot() as log:
            assert log.connection.execute(select(func.count()).select_from(SEEN)).scalar() == len(heart.events()) == 3


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_is_told_to_every_caller_and_the_work_goes_on_when_there_is_room(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    room = {"pages": 1_000_000}

    def measure(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {room['pages']}")

    sqlalchemy.event.listen(heart.log.engine, "checkout", measure)
    room["pages"] = 1
    with in_one_commit(heart):
        full = [heart.register.submit(note(family, "x" * 50_000)) for _ in range(3)]
    assert all("SQLITE_FULL" in str(outcome(each)) for each in full)
    assert words(heart) == []
    room["pages"] = 1_000_000
    assert heart.register.do(note(family, "room")).value == 2
    assert words(heart) == ["room"]


def test_a_log_that_another_keeps_locked_is_waited_for_once_for_all_who_wait(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    tried: list[int] = []

    def impatient(connection: Any, *_: object) -> None:
        connection.execute("SET lock_timeout = 20" if is_postgresql(heart.log.engine) else "PRAGMA busy_timeout = 20")
        tried.append(1)

    sqlalchemy.event.listen(heart.log.engine, "checkout", impatient)
    beside, holding = databases.opened(heart.data / "hub.db"), ExitStack()
    with in_one_commit(heart) as held:
        waiting = [heart.register.submit(note(family, str(nth))) for nth in range(5)]
        held.add_done_callback(lambda _: (holding.enter_context(locked(beside)), tried.clear()))
    outcomes = [outcome(each) for each in waiting]
    holding.close()
    beside.dispose()
    assert all(isinstance(error, Unavailable) for error in outcomes)
    assert len(set(map(id, outcomes))) == 5
    assert len(tried) == 1
    assert heart.register.do(note(family, "later")).value == 2


def test_positions_are_gapless_whatever_failed(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    with in_one_commit(heart):
        for nth in range(9):
            heart.register.submit(failing(KeyError(), family, keep=True) if nth % 3 == 1 else note(family, str(nth)))
    heart.register.close()
    positions = [position for position, _ in heart.log.read(0, 1000)]
    assert positions == list(range(1, len(positions) + 1))
    assert words(heart) == ["0", "2", "3", "5", "6", "8"]


# Waiting and stopping ------------------------------------------------------------------------------------------


def test_who_no_longer_waits_is_passed_over_and_the_writer_goes_on(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    with in_one_commit(heart):
        gone = [heart.register.submit(note(family, "gone")) for _ in range(3)]
        assert all(each.cancel() for each in gone)
        stays = heart.register.submit(note(family, "stays"))
    assert outcome(stays) == 2
    assert words(heart) == ["stays"]


def test_when_all_who_waited_are_gone_the_writer_goes_on(heart: Heart) -> None:
    with in_one_commit(heart):
        assert heart.register.submit(open_family("gone")).cancel()
    assert heart.register.do(open_family("a")).value == stream_id("family", "a")


def test_closing_finishes_what_waits_and_refuses_what_comes_after(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    with in_one_commit(heart):
        waiting = [heart.register.submit(note(family, str(nth))) for nth in range(600)]
        closing = ThreadPoolExecutor(1)
        closed = closing.submit(heart.register.close)
    closed.result(timeout=60)
    closing.shutdown()
    assert [each.result(timeout=0).value for each in waiting] == list(range(2, 602))
    assert words(heart) == [str(nth) for nth in range(600)]
    with pytest.raises(Unavailable):
        heart.register.submit(open_family("late"))
    heart.register.close()


def test_a_register_that_never_worked_closes_too(tmp_path: Path) -> None:
    with a_heart(tmp_path) as heart:
        heart.register.close()


def test_many_who_wait_share_few_commits(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    commits: list[str] = []
    with heart.log.bells.hearing(BELL, commits.append):
        with in_one_commit(heart):
            futures = [heart.register.submit(note(family, str(nth))) for nth in range(200)]
        assert [outcome(each) for each in futures] == list(range(2, 202))
    assert len([*filter(None, commits)]) == 1


def test_a_piece_of_work_sees_what_the_one_before_it_decided(heart: Heart) -> None:
    with in_one_commit(heart):
        opened = heart.register.submit(open_family("a"))
        noted = heart.register.submit(note(stream_id("family", "a"), "at once"))
    assert (outcome(opened), outcome(noted)) == (stream_id("family", "a"), 2)


def test_facts_come_back_with_their_places_in_the_log(heart: Heart) -> None:
    done = heart.register.do(open_family("a"))
    (fact,) = done.facts
    assert (fact.position, fact.stream_id, type(fact.event), fact.event.timestamp) == (1, done.value, Trajectory.Opened, NOON)
    assert heart.register.read(lambda unit: unit.position_of(unit.get(Trajectory, done.value))) == 1


def test_nobody_is_found_under_an_id_of_another_kind(heart: Heart) -> None:
    family = heart.register.do(open_family("a")).value
    for id, kind in ((family, Message), (uuid4(), Trajectory)):
        with pytest.raises(NotKnown):
            heart.register.do(lambda unit, id=id, kind=kind: unit.get(kind, id))


# Decisions of people --------------------------------------------------------------------------------------------


def test_a_decision_on_an_older_state_than_the_present_one_is_refused(heart: Heart) -> None:
    (placed,) = heart.place(a_signal())
    family = UUID(placed.family)
    seen = heart.family(family).version
    _, version = heart.casework.decide(family, lambda known, _, on: known.note_correction("", "first", on), "a", seen=seen)
    assert version == seen + 1
    with pytest.raises(StaleDecision):
        heart.casework.decide(family, lambda known, _, on: known.note_correction("", "second", on), "b", seen=seen)
    assert words(heart) == ["first"]


def test_of_64_who_decide_on_what_they_all_saw_one_is_first(heart: Heart) -> None:
    (placed,) = heart.place(a_signal())
    family = UUID(placed.family)
    seen = heart.family(family).version

    def decide(nth: int) -> bool:
        try:
            heart.casework.decide(family, lambda known, _, on: known.note_correction("", str(nth), on), "a", seen=seen)
        except StaleDecision:
            return False
        return True

    assert crowd(decide).count(True) == 1
    assert len(words(heart)) == 1


def test_who_decides_and_on_which_ground_stands_with_the_fact(heart: Heart) -> None:
    (placed,) = heart.place(a_signal())
    family = UUID(placed.family)
    heart.casework.decide(family, lambda known, _, on: known.go_to_compulsion("enough", on), "a.judge", basis="bw-1-255")
    (fact,) = (event for event in heart.events() if isinstance(event, Trajectory.WentToCompulsion))
    assert (fact.by, fact.basis, fact.timestamp) == ("a.judge", "bw-1-255", NOON)


def test_deadlines_pass_once_however_many_look_at_the_clock_at_once(heart: Heart) -> None:
    (placed,) = heart.place(a_signal())
    heart.clock.set(NOON + timedelta(days=30))
    crowd(lambda _: heart.casework.pass_deadlines(UUID(placed.family)))
    assert sum(isinstance(event, Trajectory.DeadlinePassed) for event in heart.events()) == 1


def with_reader(intake: Intake, read: Any) -> Intake:
    """The same way in, but with another reading of this kind's messages."""
    kind = intake.partners["any-partner"]
    messages = tuple(replace(message, read=read) for message in kind.messages)
    return replace(intake, partners={"any-partner": replace(kind, messages=messages)})


def test_an_adapter_that_breaks_loses_no_message_and_says_nothing_of_what_was_in_it(intake: tuple[Heart, Intake]) -> None:
    heart, way_in = intake

    def broken(data: bytes, oin: str) -> Any:
        raise KeyError("Noor Voorbeeld")

    receipt = post(with_reader(way_in, broken), a_message())
    assert (receipt.outcome, "Noor" in str(receipt.reasons)) == ("quarantined", False)
    heart.clock.set(NOW + timedelta(days=3))
    mended = way_in.process_again(UUID(receipt.message), "operator")
    (signal,) = (event for event in heart.events() if isinstance(event, Trajectory.SignalRecorded))
    assert (mended.outcome, signal.by) == ("recorded", "a-school")
    assert (signal.known_since, signal.timestamp) == (NOW, NOW + timedelta(days=3))


def test_whatever_a_signature_covers_is_kept_so_that_it_verifies_again(intake: tuple[Heart, Intake]) -> None:
    heart, way_in = intake
    body = a_message()
    headers = {"content-type": [STRUCTURED], **signed(body, x_request_id="r-17", host="hub.example.org")}
    (answer,) = way_in.receive(headers, body)
    assert not isinstance(answer, HubError)
    message = answer.result(timeout=60)
    (kept,) = (fact.event.kept for fact in message.facts if isinstance(fact.event, Message.Received))
    with heart.log.reading() as connection:
        posted = Received(heart.vault).fetch(connection, kept)
    signatures: Any = way_in.signatures
    signer = signatures.verify_again(posted.body, posted.headers, posted.headers["payload-signature"][0], NOW)
    assert signer.partner == "a-school"
