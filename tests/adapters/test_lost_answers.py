"""A commit whose answer was lost: whether it is in the log is asked of the log, for nothing else knows after a crash."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from hub.adapters.database import engine
from hub.adapters.event_store import EventLog
from hub.adapters.migrations import bring_up
from hub.errors import OutOfReach
from tests.parts.postgresql import Server, fresh

_NUMBER = "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)"


def an_event(version: int = 1, state: bytes = b"mine") -> StoredEvent:
    return StoredEvent(uuid4(), version, "heard", state)


def take_numbers(url: str, upto: int) -> int:
    """Others commit transactions that write, until one has that number; gives the last."""
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            taken: int = connection.execute(_NUMBER).fetchone()[0]  # type: ignore[index]
            if taken >= upto:
                return taken


@pytest.fixture
def log(postgresql_server: Server) -> Iterator[EventLog]:
    postgresql_server.start()
    with fresh(postgresql_server.url) as url:
        opened = engine(url, "log")
        bring_up(opened, "log")
        yield EventLog(opened)
        opened.dispose()


def at_the_next_commit(log: EventLog, monkeypatch: pytest.MonkeyPatch, do: Callable[[Any], None]) -> None:
    """The next time that a transaction of this log is to be committed, this happens, and then the connection is lost."""
    commit = log.engine.dialect.do_commit

    def lost(pooled: Any) -> None:
        monkeypatch.setattr(log.engine.dialect, "do_commit", commit)
        do(pooled.driver_connection)
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(log.engine.dialect, "do_commit", lost)


def test_what_a_crash_undid_is_not_taken_for_kept_although_another_got_the_number_of_its_transaction(
    log: EventLog, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = log.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def crash(connection: psycopg.Connection) -> None:
        number: int = connection.execute(_NUMBER).fetchone()[0]  # type: ignore[index]
        # nothing of it is on the disk yet, so not even that this number was given out
        postgresql_server.restart()
        assert take_numbers(url, number) == number

    at_the_next_commit(log, monkeypatch, crash)
    with pytest.raises(OutOfReach), log.transaction() as mine:
        mine.append([an_event()])
    assert log.last_position() == 0


def test_what_another_recorded_in_the_place_of_what_a_crash_undid_is_not_taken_for_ones_own(
    log: EventLog, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = EventLog(engine(log.engine.url.set(drivername="postgresql").render_as_string(hide_password=False), "log"))
    theirs = an_event(state=b"theirs")

    def crash(_: psycopg.Connection) -> None:
        postgresql_server.restart()
        with other.transaction() as instead:
            instead.append([theirs])

    at_the_next_commit(log, monkeypatch, crash)
    with pytest.raises(OutOfReach), log.transaction() as mine:
        mine.append([an_event()])
    assert [one.originator_id for _, one in log.read(0, 10)] == [theirs.originator_id]
    other.engine.dispose()


def test_what_was_committed_before_the_line_broke_is_kept_and_kept_once(
    log: EventLog, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit_and_crash(connection: psycopg.Connection) -> None:
        connection.pgconn.exec_(b"COMMIT")
        postgresql_server.restart()

    event = an_event()
    at_the_next_commit(log, monkeypatch, commit_and_crash)
    with log.transaction() as mine:
        mine.append([event])
    assert [(at, one.originator_id) for at, one in log.read(0, 10)] == [(1, event.originator_id)]
