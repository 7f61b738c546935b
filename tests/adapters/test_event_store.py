"""The event log: gapless, in order of commit, durable, and never half."""

import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent, Tracking
from eventsourcing.tests import persistence as library

from hub.adapters import event_store, recorders
from hub.adapters.database import engine, is_postgresql, locked
from hub.adapters.event_store import EVENTS, EventLog
from hub.adapters.migrations import bring_up
from hub.adapters.recorders import FollowerRecorder, LogRecorder, PositionRecorder, StreamRecorder
from hub.errors import Unavailable
from tests.parts import databases, postgresql
from tests.parts.shared import Run

REPOSITORY = Path(__file__).resolve().parents[2]


def an_event(stream_id: UUID | None = None, version: int = 1, **but: object) -> StoredEvent:
    return StoredEvent(
        **{"originator_id": stream_id or uuid4(), "originator_version": version, "topic": "heard", "state": b"{}"} | but
    )


def open_log(url: str) -> EventLog:
    opened = engine(url)
    bring_up(opened, "log")
    with locked(opened) as connection:
        recorders.TABLES.create_all(connection)
    return EventLog(opened)


@contextmanager
def opened(url: str) -> Iterator[EventLog]:
    log = open_log(url)
    yield log
    log.bells.close()
    log.engine.dispose()


def the_url(directory: Path) -> str:
    return databases.url_of(directory) or f"sqlite:///{directory / 'log.db'}"


@pytest.fixture
def url(database: str, tmp_path: Path) -> str:
    """Where the log is: first a file of SQLite, then a database of PostgreSQL."""
    return the_url(tmp_path)


@pytest.fixture
def log(url: str) -> Iterator[EventLog]:
    with opened(url) as log:
        if is_postgresql(log.engine):
            _wait_until_it_listens(log)
        yield log


def _wait_until_it_listens(log: EventLog) -> None:
    """Whoever begins to listen is woken, for it may have missed something; no later one is."""
    woken = threading.Event()
    with log.waking(woken):
        assert woken.wait(60)


on_sqlite = pytest.mark.parametrize("database", [databases.SQLITE], indirect=True)
on_postgresql = pytest.mark.parametrize("database", [databases.POSTGRESQL], indirect=True)


def append(log: EventLog, *events: StoredEvent) -> list[int]:
    with log.transaction() as transaction:
        return transaction.append(events)


def positions(log: EventLog) -> list[int]:
    return [position for position, _ in log.read(0, 1_000_000)]


# The library's own cases -----------------------------------------------------------------------------


class OnALog:
    @pytest.fixture(autouse=True)
    def _a_log(self, tmp_path: Path) -> Iterator[None]:
        with opened(the_url(tmp_path)) as self.log:
            yield


class OnPostgreSQL:
    @pytest.fixture(autouse=True)
    def _in_postgresql(self, the_run: Run) -> Iterator[None]:
        with databases.kept_on(postgresql.at_hand(the_run)):
            yield


class TestStreamRecorder(OnALog, library.AggregateRecorderTestCase):
    def create_recorder(self) -> StreamRecorder:
        return StreamRecorder(self.log)


class TestLogRecorder(OnALog, library.ApplicationRecorderTestCase[LogRecorder]):
    def create_recorder(self) -> LogRecorder:
        return LogRecorder(self.log)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPositionRecorder(OnALog, library.TrackingRecorderTestCase):
    def create_recorder(self) -> PositionRecorder:
        return PositionRecorder(self.log)


class TestFollowerRecorder(OnALog, library.ProcessRecorderTestCase):
    def create_recorder(self) -> FollowerRecorder:
        return FollowerRecorder(self.log)


class TestFollowerRecorderAsALog(TestLogRecorder):
    def create_recorder(self) -> LogRecorder:
        return FollowerRecorder(self.log)


class TestEventsOfOneInsertStayTogether(OnALog, library.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LogRecorder:
        return LogRecorder(self.log)


class TestStreamRecorderOnPostgreSQL(OnPostgreSQL, TestStreamRecorder):
    pass


class TestLogRecorderOnPostgreSQL(OnPostgreSQL, TestLogRecorder):
    pass


class TestPositionRecorderOnPostgreSQL(OnPostgreSQL, TestPositionRecorder):
    pass


class TestFollowerRecorderOnPostgreSQL(OnPostgreSQL, TestFollowerRecorder):
    pass


class TestFollowerRecorderAsALogOnPostgreSQL(OnPostgreSQL, TestFollowerRecorderAsALog):
    pass


class TestEventsOfOneInsertStayTogetherOnPostgreSQL(OnPostgreSQL, TestEventsOfOneInsertStayTogether):
    pass


def test_events_and_a_position_are_kept_together_or_not_at_all(log: EventLog) -> None:
    recorder = FollowerRecorder(log)
    recorder.insert_events([an_event()], tracking=Tracking("upstream", 5))
    taken = log.read(0, 1)[0][1]
    with pytest.raises(IntegrityError):
        recorder.insert_events([taken], tracking=Tracking("upstream", 6))
    with pytest.raises(IntegrityError):
        recorder.insert_events([an_event()], tracking=Tracking("upstream", 5))
    assert (recorder.max_tracking_id("upstream"), recorder.max_notification_id()) == (5, 1)


def test_one_position_is_tracked_once_by_many_at_the_same_moment(log: EventLog) -> None:
    recorder = PositionRecorder(log)

    def track(position: int) -> bool:
        try:
            recorder.insert_tracking(Tracking("upstream", position))
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(8) as crowd:
        moved = [list(crowd.map(track, [position] * 8)).count(True) for position in range(1, 21)]
    assert moved == [1] * 20


# Order -----------------------------------------------------------------------------------------------


def test_a_fresh_log_is_empty(log: EventLog) -> None:
    assert (log.last_position(), log.read(0, 10)) == (0, [])


def test_making_the_tables_again_changes_nothing(log: EventLog) -> None:
    append(log, an_event())
    bring_up(log.engine, "log")
    assert positions(log) == [1]


def test_what_is_appended_reads_back_as_it_was(log: EventLog) -> None:
    event = an_event(topic="gehört ✓", state=b'{"name":"\xf0\x9f\x91\xaa"}')
    assert append(log, event) == [1]
    assert log.read(0, 10) == [(1, event)]
    with log.transaction() as transaction:
        assert transaction.stream(event.originator_id) == [event]


def test_reading_goes_on_after_a_position_and_stops_at_a_limit(log: EventLog) -> None:
    append(log, *(an_event() for _ in range(10)))
    assert [position for position, _ in log.read(3, 4)] == [4, 5, 6, 7]


def test_a_transaction_sees_what_it_appended(log: EventLog) -> None:
    stream, other = uuid4(), uuid4()
    append(log, an_event(other))
    with log.transaction() as transaction:
        assert transaction.last_position == 1
        assert transaction.append([an_event(stream, 1), an_event(stream, 2)]) == [2, 3]
        assert transaction.append([]) == []
        assert transaction.append([an_event(stream, 3)]) == [4]
        assert transaction.last_position == 4
        assert [event.originator_version for event in transaction.stream(stream, after_version=1)] == [2, 3]
        assert transaction.changed_since(1) == {stream}
        assert transaction.changed_since(0) == {stream, other}
        assert transaction.changed_since(4) == set()
        assert log.last_position() == 1


def test_an_event_is_found_back_by_its_stream_and_version(log: EventLog) -> None:
    stream = uuid4()
    append(log, an_event(), an_event(stream, 1), an_event(), an_event(stream, 2))
    with log.transaction() as transaction:
        assert (transaction.position_of(stream, 1), transaction.position_of(stream, 2)) == (2, 4)
        with pytest.raises(LookupError):
            transaction.position_of(stream, 3)


def steps_on_sqlite(log: EventLog, statement: str) -> list[str]:
    with log.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple("0" * statement.count("?"))).all()
    return [step.detail for step in plan]


def steps_on_postgresql(log: EventLog, statement: str) -> list[str]:
    """Those that read something, in the words of SQLite: how, whatever is in the table."""
    numbered = count(1)
    text = re.sub(r"\?|%\(\w+\)s", lambda _: f"${next(numbered)}", statement)
    with log.reading() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {text}").scalars().all()
    read = [step.strip().removeprefix("->").strip() for step in plan if " on events" in step or "Index Scan" in step]
    return ["SEARCH" if step.startswith(("Index", "Bitmap")) else step for step in read]


@pytest.mark.parametrize(
    "statement", [event_store._LAST, event_store._STREAM, event_store._POSITION, event_store._CHANGED, event_store._READ]
)
def test_no_statement_of_the_log_reads_more_the_longer_the_log_is(log: EventLog, statement: object) -> None:
    text = str(statement if isinstance(statement, str) else statement.compile(log.engine))
    steps = (steps_on_postgresql if is_postgresql(log.engine) else steps_on_sqlite)(log, text)
    assert steps
    assert [step for step in steps if not step.startswith("SEARCH")] == []


def test_what_is_rolled_back_leaves_no_gap(log: EventLog) -> None:
    append(log, an_event())
    with pytest.raises(ZeroDivisionError), log.transaction() as transaction:
        transaction.append([an_event(), an_event()])
        raise ZeroDivisionError
    assert append(log, an_event()) == [2]
    assert positions(log) == [1, 2]


def test_a_version_that_is_taken_appends_nothing(log: EventLog) -> None:
    stream = uuid4()
    append(log, an_event(stream, 1))
    with pytest.raises(IntegrityError):
        append(log, an_event(), an_event(stream, 1))
    with pytest.raises(IntegrityError):
        append(log, an_event(stream, 2), an_event(stream, 2))
    assert positions(log) == [1]


def test_a_conflict_leaves_nothing_of_its_transaction(log: EventLog) -> None:
    stream, other = uuid4(), uuid4()
    append(log, an_event(stream, 1))
    with pytest.raises(IntegrityError), log.transaction() as transaction:
        transaction.append([an_event(other, 1)])
        transaction.append([an_event(stream, 2), an_event(stream, 1)])
    with log.transaction() as transaction:
        assert transaction.append([an_event(other, 1)]) == [2]
    assert [event.originator_id for _, event in log.read(0, 10)] == [stream, other]


def test_a_conflict_names_no_data(log: EventLog) -> None:
    event = an_event(state=b'{"name":"Voorbeeld"}')
    append(log, event)
    with pytest.raises(IntegrityError) as refusal:
        append(log, event)
    cause: BaseException | None = refusal.value
    while cause:
        assert "Voorbeeld" not in str(cause) and str(event.originator_id.hex) not in str(cause)
        cause = cause.__cause__ or cause.__context__


def test_threads_at_the_same_moment_leave_no_gap_and_the_order_is_that_of_commit(log: EventLog) -> None:
    committed: list[int] = []

    def write(_: int) -> None:
        stream = uuid4()
        for version in range(0, 400, 2):
            with log.transaction() as transaction:
                committed.extend(transaction.append([an_event(stream, version), an_event(stream, version + 1)]))

    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(write, range(16)))
    assert committed == positions(log) == list(range(1, 16 * 200 * 2 + 1))


def test_a_stream_written_by_many_has_each_version_once(log: EventLog) -> None:
    stream = uuid4()

    def write(_: int) -> None:
        for _ in range(20):
            with log.transaction() as transaction:
                version = len(transaction.stream(stream)) + 1
                transaction.append([an_event(stream, version)])

    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(write, range(16)))
    assert [event.originator_version for _, event in log.read(0, 1000)] == list(range(1, 321))


def test_an_event_is_never_changed(log: EventLog) -> None:
    append(log, an_event())
    for change in (sqlalchemy.update(EVENTS).values(topic="other"), sqlalchemy.delete(EVENTS)):
        with pytest.raises(sqlalchemy.exc.IntegrityError, match="never changed"), log.transaction() as transaction:
            transaction.connection.execute(change)
    assert [event.topic for _, event in log.read(0, 10)] == ["heard"]


# Other processes ---------------------------------------------------------------------------------------

WRITER = """
import sys
from uuid import UUID, uuid4
from tests.adapters.test_event_store import an_event, open_log
log = open_log(sys.argv[1])
stream, count = uuid4(), int(sys.argv[2])
print("ready", flush=True)
for version in range(1, count + 1):
    with log.transaction() as transaction:
        mine = transaction.append([an_event(stream, 3 * version + n) for n in range(3)])
    print(*mine, flush=True)
"""


def a_process(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )


def test_two_processes_that_write_to_one_log_leave_no_gap(url: str) -> None:
    writers = [a_process(WRITER, url, 150) for _ in range(2)]
    said = [writer.communicate()[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    acknowledged = [int(word) for output in said for word in output.removeprefix("ready").split()]
    with opened(url) as log:
        assert sorted(acknowledged) == positions(log) == list(range(1, 2 * 150 * 3 + 1))


def test_a_follower_never_misses_an_event_while_others_write(url: str, log: EventLog) -> None:
    total = 2 * 100 * 3 + 4 * 100 * 2
    seen: list[int] = []

    def follow() -> None:
        woken = threading.Event()
        with log.waking(woken):
            while len(seen) < total:
                woken.clear()
                seen.extend(position for position, _ in log.read(seen[-1] if seen else 0, 7))
                woken.wait(0.05)

    def write(_: int) -> None:
        for _ in range(100):
            append(log, an_event(), an_event())

    writers = [a_process(WRITER, url, 100) for _ in range(2)]
    with ThreadPoolExecutor(5) as crowd:
        following = crowd.submit(follow)
        list(crowd.map(write, range(4)))
        for writer in writers:
            writer.communicate()
        following.result(timeout=60)
    assert seen == list(range(1, total + 1))


def test_a_subscription_hears_other_processes_too(url: str, log: EventLog) -> None:
    writer = a_process(WRITER, url, 20)
    with LogRecorder(log).subscribe(gt=0) as subscription:
        heard = [notification.id for _, notification in zip(range(60), subscription, strict=False)]
    writer.communicate()
    assert heard == list(range(1, 61))


def test_a_process_killed_in_mid_transaction_leaves_nothing_half(url: str) -> None:
    acknowledged: list[int] = []
    for pause in (0.0, 0.003, 0.011, 0.02, 0.031):
        writer = a_process(WRITER, url, 1_000_000)
        assert writer.stdout and writer.stdout.readline() == "ready\n"
        threading.Event().wait(pause)
        writer.send_signal(signal.SIGKILL)
        said = writer.communicate()[0]
        assert writer.returncode == -signal.SIGKILL
        acknowledged += [int(word) for line in said.splitlines(keepends=True) if line.endswith("\n") for word in line.split()]
    with opened(url) as log:
        with log.transaction():  # whatever the killed ones had asked for is done now, or never
            pass
        events = log.read(0, 1_000_000)
        assert [position for position, _ in events] == list(range(1, len(events) + 1))
        assert acknowledged
        assert set(acknowledged) <= {position for position, _ in events}
        assert {count % 3 for count in Counter(event.originator_id for _, event in events).values()} <= {0}
        assert append(log, an_event()) == [len(events) + 1]


def test_a_process_killed_before_its_commit_leaves_nothing(url: str) -> None:
    code = WRITER.split("stream, count")[0] + (
        "with log.transaction() as transaction:\n"
        "    transaction.append([an_event() for _ in range(5000)])\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    writer = a_process(code, url)
    assert writer.stdout and writer.stdout.readline() == "ready\n"
    writer.kill()
    writer.communicate()
    with opened(url) as log:
        assert positions(log) == []
        assert append(log, an_event()) == [1]


def test_many_processes_can_open_a_fresh_log_at_once(url: str) -> None:
    writers = [a_process(WRITER, url, 1) for _ in range(6)]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0] * 6


# Waking ------------------------------------------------------------------------------------------------


def woken_by(log: EventLog, topics: frozenset[str] | None, *events: StoredEvent) -> bool:
    woken = threading.Event()
    with log.waking(woken, topics):
        if events:
            append(log, *events)
        else:
            with log.transaction():
                pass
    return woken.is_set()


def test_whoever_follows_all_is_woken_by_every_commit_that_appends(log: EventLog) -> None:
    assert woken_by(log, None, an_event())
    assert not woken_by(log, None)


def test_whoever_follows_a_topic_is_woken_by_that_topic_alone(log: EventLog) -> None:
    event = an_event()
    assert woken_by(log, frozenset({"other", event.topic}), event)
    assert not woken_by(log, frozenset({"other"}), an_event())


def test_whoever_stopped_listening_is_not_woken_any_more(log: EventLog) -> None:
    woken, other = threading.Event(), threading.Event()
    with log.waking(other):
        with log.waking(woken):
            pass
        append(log, an_event())
    assert (woken.is_set(), other.is_set()) == (False, True)


def test_what_was_rolled_back_wakes_nobody(log: EventLog) -> None:
    woken = threading.Event()
    with log.waking(woken), suppress(ZeroDivisionError), log.transaction() as transaction:
        transaction.append([an_event()])
        raise ZeroDivisionError
    assert not woken.is_set()


# Promises ----------------------------------------------------------------------------------------------


def pragma(log: EventLog, name: str) -> object:
    with log.reading() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@on_sqlite
def test_every_commit_waits_for_the_disk(log: EventLog) -> None:
    assert (pragma(log, "journal_mode"), pragma(log, "synchronous"), pragma(log, "foreign_keys")) == ("wal", 2, 1)
    with log.transaction() as transaction:
        assert transaction.connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@on_postgresql
def test_every_commit_waits_for_the_disk_of_the_server(log: EventLog, url: str) -> None:
    views = engine(url, "views", durable=False)
    waits = []
    for each in (log.engine, views):
        with each.connect() as connection:
            waits.append(connection.exec_driver_sql("SHOW synchronous_commit").scalar())
    assert waits == ["on", "off"]
    views.dispose()


def test_what_can_be_rebuilt_need_not_wait_for_the_disk(tmp_path: Path) -> None:
    views = engine(f"sqlite:///{tmp_path / 'views.db'}", durable=False)
    with views.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    views.dispose()


def test_a_log_in_memory_serves_many_threads() -> None:
    memory = engine("sqlite://")
    bring_up(memory, "log")
    log = EventLog(memory)
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda _: [append(log, an_event()), log.last_position()], range(64)))
    assert positions(log) == list(range(1, 65))
    memory.dispose()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="SQLite"):
        engine("mysql://localhost/hub")


def test_a_snapshot_stays_as_it_was_and_keeps_nothing(log: EventLog) -> None:
    stream = uuid4()
    append(log, an_event(stream, 1))
    with log.snapshot() as snapshot:
        append(log, an_event(stream, 2))
        assert (snapshot.last_position, len(snapshot.stream(stream)), snapshot.changed_since(0)) == (1, 1, {stream})
        with pytest.raises(LookupError):
            snapshot.position_of(stream, 2)
    with suppress(psycopg.errors.ReadOnlySqlTransaction), log.snapshot() as snapshot:
        snapshot.append([an_event()])
    assert positions(log) == [1, 2]


def test_readers_do_not_wait_for_a_writer(log: EventLog) -> None:
    append(log, an_event())
    with log.transaction() as transaction, ThreadPoolExecutor(1) as crowd:
        transaction.append([an_event()])
        assert crowd.submit(log.last_position).result(timeout=20) == 1


def test_a_lock_that_another_holds_too_long_is_said_to_be_so(url: str, log: EventLog) -> None:
    impatient = engine(url)
    wait = "SET lock_timeout = 20" if is_postgresql(impatient) else "PRAGMA busy_timeout = 20"
    sqlalchemy.event.listen(impatient, "checkout", lambda connection, *_: connection.execute(wait))
    with locked(log.engine):
        with pytest.raises(Unavailable, match=r"SQLITE_BUSY|LockNotAvailable"), EventLog(impatient).transaction():
            pass
        with pytest.raises(OperationalError):
            LogRecorder(EventLog(impatient)).insert_events([an_event()])
    assert append(EventLog(impatient), an_event()) == [1]
    impatient.dispose()


@on_sqlite
def test_a_full_disk_keeps_nothing_half_and_the_log_goes_on_afterwards(log: EventLog) -> None:
    append(log, an_event())
    pages = pragma(log, "page_count")
    with locked(log.engine) as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="SQLITE_FULL"):
        append(log, *(an_event(state=b"x" * 1000) for _ in range(100)))
    assert positions(log) == [1]
    with locked(log.engine) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert append(log, an_event()) == [2]


@on_sqlite
def test_a_disk_that_refuses_the_commit_itself_keeps_nothing_half(url: str, log: EventLog) -> None:
    append(log, an_event())
    written = Path(f"{log.engine.url.database}-wal").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(Unavailable, match=r"SQLITE_(FULL|IOERR)"), log.transaction() as transaction:
            assert transaction.append([an_event(state=b"x" * 50_000)]) == [2]
            resource.setrlimit(resource.RLIMIT_FSIZE, (written + 20_000, limits[1]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert positions(log) == [1]
    assert append(log, an_event()) == [2]
    with opened(url) as other:
        assert positions(other) == [1, 2]


def test_a_file_that_is_no_database_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("this is a letter, not a database" * 100)
    with pytest.raises(Unavailable, match="SQLITE_NOTADB"):
        open_log(the_url(tmp_path))


def test_a_place_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="SQLITE_CANTOPEN"):
        open_log(the_url(tmp_path / "nowhere"))


@on_postgresql
def test_a_database_that_is_not_there_is_said_to_be_so(url: str) -> None:
    with pytest.raises(Unavailable, match="there is no such database"):
        open_log(f"{url}_of_nobody")


def test_a_mistake_of_our_own_is_not_called_trouble(log: EventLog) -> None:
    with pytest.raises(sqlalchemy.exc.DBAPIError, match=r"no such table|does not exist"), log.transaction() as transaction:
        transaction.connection.exec_driver_sql("SELECT 1 FROM nothing_here")


def test_nobody_else_on_the_machine_can_read_a_database(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    log = EventLog(engine(f"sqlite:///{path}"))
    bring_up(log.engine, "log")
    with log.transaction():
        assert {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()} == dict.fromkeys(
            ("hub.db", "hub.db-wal", "hub.db-shm"), "0o600"
        )
    log.engine.dispose()
