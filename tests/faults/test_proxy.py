"""The chaos proxy does what it is told, before a real PostgreSQL: else a fault that it should make would prove nothing."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from hub.adapters.database import engine
from hub.adapters.event_store import EventLog
from hub.adapters.migrations import bring_up
from tests.faults.proxy import Proxy, before_postgresql

OnLine = psycopg.Connection[Any]


@pytest.fixture
def proxy(postgresql: str) -> Iterator[Proxy]:
    with before_postgresql(urlsplit(postgresql).port or 0).running() as proxy:
        yield proxy


@pytest.fixture
def url(postgresql: str, proxy: Proxy) -> str:
    return postgresql.replace(f":{urlsplit(postgresql).port}/", f":{proxy.port}/")


@pytest.fixture
def line(url: str) -> Iterator[OnLine]:
    with psycopg.connect(url) as line:
        line.execute("CREATE TABLE numbers (number integer)")
        line.commit()
        line.execute("INSERT INTO numbers VALUES (1)")
        yield line


def kept(postgresql: str) -> list[tuple[int]]:
    with psycopg.connect(postgresql) as line:
        return line.execute("SELECT number FROM numbers").fetchall()


@pytest.mark.parametrize("mode", ["disable", "prefer"])
def test_what_is_said_comes_through(url: str, mode: str) -> None:
    with psycopg.connect(url, sslmode=mode) as line:
        assert line.execute("SELECT 1").fetchall() == [(1,)]


def test_a_commit_whose_answer_is_lost_is_carried_out(line: OnLine, proxy: Proxy, postgresql: str) -> None:
    proxy.lose_answers()
    with pytest.raises(psycopg.OperationalError):
        line.commit()
    assert (kept(postgresql), proxy.lost_answers) == ([(1,)], 1)


def test_a_commit_that_is_prepared_is_recognised_too(line: OnLine, proxy: Proxy, postgresql: str) -> None:
    proxy.lose_answers()
    with pytest.raises(psycopg.OperationalError):
        line.execute("commit", prepare=True)
    assert (kept(postgresql), proxy.lost_answers) == ([(1,)], 1)


def test_a_commit_that_is_lost_on_its_way_is_not_carried_out(line: OnLine, proxy: Proxy, postgresql: str) -> None:
    proxy.lose_questions()
    with pytest.raises(psycopg.OperationalError):
        line.commit()
    assert (kept(postgresql), proxy.lost_questions) == ([], 1)


def test_lines_are_cut_and_nobody_is_taken_in_until_all_is_well(line: OnLine, proxy: Proxy, url: str) -> None:
    assert proxy.cut() == 1
    with pytest.raises(psycopg.OperationalError):
        line.execute("SELECT 1")
    proxy.is_refusing = True
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    proxy.well()
    psycopg.connect(url).close()


# What the hub makes of it ------------------------------------------------------------------------------


def test_a_line_that_broke_off_while_nobody_used_it_is_replaced_and_nobody_hears_of_it(url: str, proxy: Proxy) -> None:
    opened = engine(url)
    with opened.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert proxy.cut() == 1
    with opened.connect() as connection:
        assert connection.exec_driver_sql("SELECT 2").scalar_one() == 2
    opened.dispose()


@pytest.mark.parametrize("lose", [Proxy.lose_answers, Proxy.lose_questions])
def test_what_was_appended_stands_in_the_log_exactly_if_it_was_said_so(url: str, proxy: Proxy, lose: object) -> None:
    opened = engine(url)
    bring_up(opened, "log")
    log, appended = EventLog(opened), 0
    for _ in range(5):
        lose(proxy)  # type: ignore[operator]
        try:
            with log.transaction() as transaction:
                transaction.append([StoredEvent(uuid4(), 1, "something", b"{}")])
            appended += 1
        except Exception:  # noqa: S110 - it was not said
            pass
    proxy.well()
    assert log.last_position() == appended
    assert appended == (5 if lose is Proxy.lose_answers else 0)
    opened.dispose()
