"""The data-processing log: a line for everybody concerned, durable before anybody is answered, and never changed."""

import hmac
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from hub.adapters.activities import load_activities
from hub.adapters.contracts import contract_path
from hub.adapters.database import engine, quickly
from hub.adapters.migrations import bring_up
from hub.adapters.processing_log import ProcessingLog
from hub.domain.callers import Caller, Capacity
from hub.domain.processing import Outcome, Processing, Reading, Status, SubjectKind, Wanted
from hub.domain.traces import Trace
from hub.errors import Malformed, Unavailable
from tests.given import NOON
from tests.parts import databases

REPOSITORY = Path(__file__).resolve().parents[2]
ACTIVITIES = load_activities(contract_path("registers", "processing-activities.json"))
ANNA = Caller(Capacity.COORDINATOR, "anna", "neighbourhood-team")
BEN = Caller(Capacity.TEAM_LEAD, "ben", "safety-house")
NOOR, SAM, MIA = (str(UUID(int=nth)) for nth in (1, 2, 3))
FIRST, SECOND = (str(UUID(int=nth)) for nth in (11, 12))
EVERYTHING = Wanted()


def hidden(text: str) -> str:
    return hmac.digest(b"only for tests", text.encode(), "sha256").hex()


def a_reading(
    concerned: dict[str, Sequence[str]] | None = None, who: Caller = ANNA, operation: str = "getFamiliesById", **but: Any
) -> Reading:
    """Anna looks at the first family."""
    said = {"start": NOON, "end": NOON + timedelta(milliseconds=7), "trace": Trace(token_hex(16), token_hex(8))} | but
    activity = ACTIVITIES.of_operation(operation, NOON.date())
    return Reading.of(
        activity, "How a family stands now", who, concerned={FIRST: [NOOR, SAM]} if concerned is None else concerned, **said
    )


def open_log(url: str) -> ProcessingLog:
    opened = engine(url, "reads")
    bring_up(opened, "reads")
    return ProcessingLog(opened, hidden, "vig-hub of the tests")


@pytest.fixture
def url(database: str, tmp_path: Path) -> str:
    """Where the log is: first a file of SQLite, then a database of PostgreSQL."""
    return databases.url_of(tmp_path) or f"sqlite:///{tmp_path / 'reads.db'}"


on_sqlite = pytest.mark.parametrize("database", [databases.SQLITE], indirect=True)


@pytest.fixture
def log(url: str) -> Iterator[ProcessingLog]:
    log = open_log(url)
    yield log
    log._engine.dispose()


def lines(log: ProcessingLog, wanted: Wanted = EVERYTHING, limit: int = 100) -> list[Processing]:
    """Every line, page by page."""
    found, after = log.page(wanted, "", limit)
    while after:
        more, after = log.page(wanted, after, limit)
        found += more
    return found


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What is kept, for whoever has another tool."""
    opened = engine(url, "reads")
    try:
        with opened.begin() as connection:
            done = connection.exec_driver_sql(statement)
            return [tuple(row) for row in done] if done.returns_rows else []
    finally:
        opened.dispose()


# What a line says -----------------------------------------------------------------------------------


def test_a_reading_is_a_line_of_its_own_and_one_under_it_for_everybody_concerned(log: ProcessingLog) -> None:
    reading = a_reading()
    log.write([reading])
    step, noor, sam = lines(log)
    assert step.trace == reading.trace
    assert (step.concerned.subject, step.concerned.kind) == ("", SubjectKind.NOBODY)
    assert [line.concerned.subject for line in (noor, sam)] == [hidden(NOOR), hidden(SAM)]
    assert {line.trace.trace_id for line in (step, noor, sam)} == {reading.trace.trace_id}
    assert {line.trace.parent_span_id for line in (noor, sam)} == {reading.trace.span_id}
    assert len({line.trace.span_id for line in (step, noor, sam)}) == 3


def test_every_field_is_there_and_well_formed(log: ProcessingLog) -> None:
    log.write([a_reading(trace=Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "b7ad6b7169203331"))])
    _, line, _ = lines(log)
    assert (line.trace.trace_id, line.trace.parent_span_id) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    assert re.fullmatch("[0-9a-f]{16}", line.trace.span_id)
    assert (line.name, line.activity) == ("How a family stands now", "look-at-family")
    assert line.activity_uri == "urn:vig-hub:processing-activity:look-at-family"
    assert (line.outcome, line.outcome.status, line.handling) == (Outcome.GIVEN, Status.OK, "read")
    assert (line.start, line.end) == (NOON, NOON + timedelta(milliseconds=7))
    assert line.who == ANNA
    assert (line.object_kind, line.object_reference, line.concerned.family) == ("family", FIRST, FIRST)
    assert (line.purpose, line.ground) == ("coordinating-help", "avg-6-1-e")
    assert line.processor == "urn:vig-hub:organisation:neighbourhood-team"
    assert line.system == "vig-hub of the tests"
    assert (line.concerned.subject, line.concerned.kind.uri) == (hidden(NOOR), "urn:vig-hub:subject:person")


def test_who_was_called_by_no_application_names_none(log: ProcessingLog) -> None:
    log.write([a_reading()])
    assert {line.processor for line in lines(log)} == {""}


def test_a_search_that_found_nobody_is_known_by_the_pseudonym_of_what_was_asked(log: ProcessingLog) -> None:
    log.write([a_reading({}, operation="searchFamilies", sought=["blind key"], outcome=Outcome.NOTHING)])
    step, line = lines(log)
    assert (step.handling, step.outcome, step.object_kind) == ("search", Outcome.NOTHING, "list")
    assert (line.concerned.subject, line.concerned.kind) == (hidden("blind key"), SubjectKind.SOUGHT)
    assert lines(log, Wanted(subjects=frozenset({"blind key"}))) == [line]


def test_a_family_of_which_nobody_is_known_is_still_named(log: ProcessingLog) -> None:
    log.write([a_reading({FIRST: []})])
    (line,) = lines(log, Wanted(family=FIRST))
    assert (line.concerned.subject, line.concerned.kind) == ("", SubjectKind.NOBODY)


def test_a_list_concerns_everybody_in_it_each_within_their_family(log: ProcessingLog) -> None:
    log.write([a_reading({FIRST: [NOOR, SAM, NOOR], SECOND: [NOOR]}, operation="getCaseload")])
    found = Counter((line.concerned.subject, line.concerned.family) for line in lines(log) if line.concerned.subject)
    assert found == {(hidden(NOOR), FIRST): 1, (hidden(SAM), FIRST): 1, (hidden(NOOR), SECOND): 1}
    assert {line.object_kind for line in lines(log)} == {"list"}


def test_a_ground_that_was_given_goes_before_that_of_the_register(log: ProcessingLog) -> None:
    log.write([a_reading(ground="broken-glass", about=("escalation", SECOND))])
    assert {(line.ground, line.object_kind, line.object_reference) for line in lines(log)} == {
        ("broken-glass", "escalation", SECOND)
    }


@pytest.mark.parametrize(("outcome", "status"), [("given", "Ok"), ("nothing", "Ok"), ("refused", "Unset"), ("failed", "Error")])
def test_only_what_went_wrong_in_the_hub_itself_is_an_error(log: ProcessingLog, outcome: str, status: str) -> None:
    log.write([a_reading(outcome=Outcome(outcome))])
    assert {line.outcome.status for line in lines(log)} == {status}


@on_sqlite
def test_ids_of_people_never_reach_the_file(log: ProcessingLog, tmp_path: Path) -> None:
    log.write([a_reading(sought=["blind key"])])
    log._engine.dispose()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert hidden(NOOR).encode() in written
    assert [text for text in (NOOR, UUID(NOOR).hex, SAM, "blind key") if text.encode() in written] == []


# Reading it back ------------------------------------------------------------------------------------


def test_the_log_of_one_person_lists_exactly_what_concerned_them(log: ProcessingLog) -> None:
    log.write([a_reading({FIRST: [NOOR, SAM]}), a_reading({SECOND: [MIA]}, BEN)])
    log.write([a_reading({FIRST: [NOOR, SAM], SECOND: [MIA]}, BEN, "getRadar"), a_reading({FIRST: [SAM]})])
    found = lines(log, Wanted(subjects=frozenset({NOOR})))
    assert [(line.who.subject, line.activity, line.concerned.family) for line in found] == [
        ("ben", "list-families", FIRST),
        ("anna", "look-at-family", FIRST),
    ]
    assert {line.concerned.subject for line in found} == {hidden(NOOR)}


def test_the_log_of_nobody_is_empty(log: ProcessingLog) -> None:
    log.write([a_reading()])
    assert lines(log, Wanted(subjects=frozenset())) == lines(log, Wanted(subjects=frozenset({MIA}))) == []


def test_lines_are_found_by_family_by_who_by_activity_and_by_time(log: ProcessingLog) -> None:
    log.write([a_reading({FIRST: [NOOR]}), a_reading({SECOND: [MIA]}, BEN, "getRadar", start=NOON + timedelta(hours=1))])
    assert {line.concerned.subject for line in lines(log, Wanted(family=SECOND))} == {hidden(MIA)}
    assert {line.who.subject for line in lines(log, Wanted(who="ben"))} == {"ben"}
    assert {line.activity for line in lines(log, Wanted(activity="look-at-family"))} == {"look-at-family"}
    assert {line.who.subject for line in lines(log, Wanted(since=NOON + timedelta(hours=1)))} == {"ben"}
    assert {line.who.subject for line in lines(log, Wanted(until=NOON + timedelta(hours=1)))} == {"anna"}
    assert lines(log, Wanted(family=FIRST, who="ben")) == []


@given(
    sizes=st.lists(st.integers(0, 4), max_size=6),
    limit=st.integers(1, 7),
    wanted=st.sampled_from([Wanted(), Wanted(family=FIRST), Wanted(subjects=frozenset({NOOR, SAM})), Wanted(who="anna")]),
)
def test_pages_of_any_size_give_every_line_once_and_the_newest_first(sizes: list[int], limit: int, wanted: Wanted) -> None:
    opened = engine("sqlite://")
    bring_up(opened, "reads")
    log = ProcessingLog(opened, hidden, "tests")
    for nth, size in enumerate(sizes):
        people = [NOOR, SAM, MIA, str(uuid4())][:size]
        log.write([a_reading({FIRST: people}, start=NOON + timedelta(seconds=nth), end=NOON + timedelta(seconds=nth))])
    paged, whole = lines(log, wanted, limit), log.page(wanted, "", 1000)[0]
    assert paged == whole
    assert [line.start for line in whole] == sorted((line.start for line in whole), reverse=True)
    opened.dispose()


@pytest.mark.parametrize("cursor", ["1", "1.", ".1", "a.b", "1.2.3", "-1.0", "1.0 OR 1", "²." + "1", "9" * 40 + ".1"])
def test_a_cursor_that_was_not_given_out_is_refused(log: ProcessingLog, cursor: str) -> None:
    with pytest.raises(Malformed):
        log.page(EVERYTHING, cursor, 10)


# Kept, or not answered ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["readings", "lines"])
@pytest.mark.parametrize("change", ["UPDATE {} SET place = 9", "DELETE FROM {}", "DELETE FROM {} WHERE place = 1"])
def test_lines_are_never_changed_or_taken_away(log: ProcessingLog, url: str, table: str, change: str) -> None:
    log.write([a_reading()])
    before = rows(url, "SELECT * FROM readings JOIN lines USING (place)")
    with pytest.raises(IntegrityError, match="never changed"):
        rows(url, change.format(table))
    assert rows(url, "SELECT * FROM readings JOIN lines USING (place)") == before


def test_places_follow_each_other_so_that_a_missing_one_shows(log: ProcessingLog, url: str) -> None:
    log.write([a_reading(), a_reading()])
    log.write([a_reading()])
    assert rows(url, "SELECT place FROM readings") == [(1,), (2,), (3,)]


@on_sqlite
def test_what_is_written_waits_for_the_disk(log: ProcessingLog) -> None:
    with log._engine.connect() as connection:
        assert quickly(connection, "PRAGMA synchronous") == [(2,)]
        assert quickly(connection, "PRAGMA journal_mode") == [("wal",)]


def test_a_log_without_its_table_refuses_what_was_read(log: ProcessingLog, url: str) -> None:
    rows(url, "DROP TABLE lines")
    with pytest.raises(Unavailable, match="not answered"):
        log.write([a_reading()])
    assert rows(url, "SELECT * FROM readings") == []


@on_sqlite
def test_a_log_on_a_full_disk_refuses_what_was_read_and_goes_on_when_there_is_room(log: ProcessingLog, url: str) -> None:
    log.write([a_reading()])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{log._engine.url.database}-wal").stat().st_size + 8_000, limits[1]))
        with pytest.raises(Unavailable):
            log.write([a_reading({FIRST: [str(uuid4()) for _ in range(500)]})])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log.write([a_reading({SECOND: [MIA]})])
    assert Counter(line.concerned.family for line in lines(log) if line.concerned.subject) == {FIRST: 2, SECOND: 1}


@on_sqlite
def test_a_log_that_may_only_be_read_refuses_what_was_read(url: str) -> None:
    open_log(url)._engine.dispose()
    only_read = ProcessingLog(engine(f"{url.replace('sqlite:///', 'sqlite:///file:')}?mode=ro&uri=true"), hidden, "tests")
    with pytest.raises(Unavailable):
        only_read.write([a_reading()])
    only_read._engine.dispose()


def test_what_one_brings_that_cannot_be_written_is_refused_to_them_alone(log: ProcessingLog) -> None:
    log._writing.acquire()  # everybody waits, so that they are written together
    with ThreadPoolExecutor(4) as pool:
        good = [pool.submit(log.write, [a_reading({FIRST: [person]})]) for person in (NOOR, SAM, MIA)]
        bad = pool.submit(log.write, [a_reading(about=("family", "\ud800"))])
        while len(log._waiting) < 4:
            threading.Event().wait(0.001)
        log._writing.release()
        assert [each.result() for each in good] == [None] * 3
        assert isinstance(bad.exception(), Unavailable)
    assert {line.concerned.subject for line in lines(log, Wanted(family=FIRST))} == {hidden(each) for each in (NOOR, SAM, MIA)}


def test_sixteen_who_read_at_once_are_each_logged_once(log: ProcessingLog, url: str) -> None:
    def read(nth: int) -> None:
        for _ in range(20):
            log.write([a_reading({FIRST: [NOOR, SAM]}, Caller(Capacity.COORDINATOR, f"reader-{nth}", "team"))])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(read, range(16)))
    assert Counter(line.who.subject for line in lines(log, limit=500)) == {f"reader-{nth}": 20 * 3 for nth in range(16)}
    assert rows(url, "SELECT count(*), max(place) FROM readings") == [(320, 320)]


def test_all_who_wait_are_written_in_one_commit(log: ProcessingLog) -> None:
    commits: list[int] = []
    once = log._try
    log._try = lambda pieces: commits.append(len(pieces)) or once(pieces)  # type: ignore[method-assign]
    log._writing.acquire()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(log.write, [a_reading()]) for _ in range(16)]
        while len(log._waiting) < 16:
            threading.Event().wait(0.001)
        log._writing.release()
        assert [each.result() for each in waiting] == [None] * 16
    assert commits == [16]


WRITER = """
import sys
from uuid import uuid4
from tests.adapters.test_processing_log import FIRST, a_reading, open_log
log, count = open_log(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
for _ in range(count):
    reading = a_reading({FIRST: [str(uuid4()) for _ in range(40)]})
    log.write([reading])
    print(reading.trace.trace_id, flush=True)
"""


def a_process(url: str, count: int) -> subprocess.Popen[str]:
    command, environment = [sys.executable, "-c", WRITER, url, str(count)], os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=environment)


def test_a_process_that_is_killed_leaves_no_reading_half_and_loses_none_that_it_acknowledged(url: str) -> None:
    acknowledged: set[str] = set()
    for pause in (0.004, 0.015, 0.04):
        writer = a_process(url, 1_000_000)
        assert writer.stdout and writer.stdout.readline() == "ready\n"
        threading.Event().wait(pause)
        writer.send_signal(signal.SIGKILL)
        said = writer.communicate()[0]
        acknowledged |= {line.strip() for line in said.splitlines(keepends=True) if line.endswith("\n")}
    counted = dict(rows(url, "SELECT trace_id, count(*) FROM readings JOIN lines USING (place) GROUP BY trace_id, place"))
    assert acknowledged
    assert acknowledged <= counted.keys()
    assert set(counted.values()) == {41}


def test_two_processes_that_write_to_one_log_leave_no_gap(url: str) -> None:
    writers = [a_process(url, 60) for _ in range(2)]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert rows(url, "SELECT place FROM readings ORDER BY place") == [(nth + 1,) for nth in range(120)]
