"""Leading: one at a time, taken over within seconds, and given up before anybody else can have it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine

from hub.adapters.database import engine
from hub.adapters.database.postgresql import STALLED_AFTER
from hub.adapters.leading import ENDED_AFTER, Leading


def until(holds: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether it came to hold."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


@contextmanager
def standing_by(opened: Engine) -> Iterator[Leading]:
    leading, stop = Leading(opened), Event()
    thread = Thread(target=leading.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield leading
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def shared(postgresql: str) -> Iterator[Engine]:
    opened = engine(postgresql)
    yield opened
    opened.dispose()


def test_on_one_machine_a_process_leads_everything(tmp_path: Path) -> None:
    leading = Leading(engine(f"sqlite:///{tmp_path / 'hub.db'}"))
    assert leading.leads("follow radar")
    assert leading.held == {"follow radar"}


def test_of_many_who_stand_by_one_leads(shared: Engine) -> None:
    with standing_by(shared) as one, standing_by(shared) as other:
        assert until(lambda: one.leads("clock") or other.leads("clock"))
        assert not until(lambda: one.leads("clock") and other.leads("clock"), 2.5)


def test_each_follower_may_have_a_leader_of_its_own(shared: Engine) -> None:
    with standing_by(shared) as one, standing_by(shared) as other:
        assert until(lambda: one.leads("radar"))
        assert until(lambda: other.leads("clock"))
        assert not other.leads("radar")
        assert not one.leads("clock")


def test_whoever_stops_lets_another_lead_at_once(shared: Engine) -> None:
    with standing_by(shared) as other:
        with standing_by(shared) as one:
            assert until(lambda: one.leads("clock"))
            assert not other.leads("clock")
        assert until(lambda: other.leads("clock"))
        assert not one.leads("clock")


def test_whoever_is_cut_off_gives_up_and_leads_again_when_nobody_took_over(shared: Engine) -> None:
    with standing_by(shared) as one:
        assert until(lambda: one.leads("clock"))
        cut_everybody_off(shared)
        assert until(lambda: not one.leads("clock"))
        assert until(lambda: one.leads("clock"))


def cut_everybody_off(opened: Engine) -> None:
    with opened.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_leader_that_shows_no_life_is_sure_no_more_before_the_server_lets_another_lead(
    shared: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[float] = []
    with standing_by(shared) as one:
        assert until(lambda: one.leads("clock"))
        silent = threading.Event()
        monkeypatch.setattr(one._woken, "wait", lambda _: silent.wait(60))
        time.sleep(1.5)
        began = time.monotonic()
        with standing_by(shared) as other:
            assert until(lambda: not one.leads("clock"))
            lost.append(time.monotonic())
            assert until(lambda: other.leads("clock"))
            assert time.monotonic() > lost[0]
            assert lost[0] - began < ENDED_AFTER
            silent.set()
            assert not until(lambda: one.leads("clock"), 2.5)


def test_work_is_done_by_whoever_leads_and_told_to_end_when_it_is_lost(shared: Engine) -> None:
    done: list[str] = []
    stop = Event()

    def of(name: str) -> Callable[[Event], None]:
        def work(until: Event) -> None:
            done.append(name)
            while not until.is_set():
                until.wait(0.05)
            done.append(f"{name} ends")

        return work

    with standing_by(shared) as one:
        threads = [Thread(target=one.work, args=("send", of("one"), stop), daemon=True)]
        threads[0].start()
        assert until(lambda: done == ["one"])
        cut_everybody_off(shared)
        assert until(lambda: done == ["one", "one ends", "one"])
        stop.set()
        threads[0].join()
    assert done == ["one", "one ends", "one", "one ends"]


def test_whoever_stalls_in_the_middle_of_a_copy_does_not_keep_the_others_waiting(shared: Engine) -> None:
    with shared.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE rows (number int)")
    with standing_by(shared) as one, shared.connect() as stalled:
        assert until(lambda: one.leads("clock"))
        stalled.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
        with pytest.raises(psycopg.OperationalError), _cursor(stalled).copy("COPY rows FROM STDIN") as copy:
            copy.write_row((1,))
            with shared.begin() as waiting:
                began = time.monotonic()
                waiting.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
            assert time.monotonic() - began >= STALLED_AFTER
        stalled.invalidate()
    with shared.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM rows").scalar_one() == 0


def test_whoever_stalls_while_its_answer_is_read_does_not_keep_the_others_waiting(shared: Engine) -> None:
    with standing_by(shared) as one, shared.connect() as stalled:
        assert until(lambda: one.leads("clock"))
        stalled.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
        line = stalled.connection.driver_connection.pgconn  # type: ignore[union-attr]
        line.send_query(b"SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")
        with shared.begin() as waiting:
            waiting.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
        stalled.invalidate()


def test_whoever_makes_others_wait_but_is_at_work_is_left_alone(shared: Engine) -> None:
    with standing_by(shared) as one, shared.begin() as at_work, shared.connect() as other:
        assert until(lambda: one.leads("clock"))
        at_work.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
        waits = Thread(target=lambda: other.exec_driver_sql("SELECT pg_advisory_xact_lock(1)"), daemon=True)
        waits.start()
        at_work.exec_driver_sql(f"SELECT pg_sleep({STALLED_AFTER + 3})")
        at_work.commit()
        waits.join(30)
        assert not waits.is_alive()


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()
