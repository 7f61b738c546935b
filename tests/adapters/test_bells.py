"""Bells: heard in every process when it is committed, not before, and not when it is not; a line that was cut is laid again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from hub.adapters.bells import Bells
from hub.adapters.database import engine
from hub.adapters.event_store import EventLog
from hub.adapters.migrations import bring_up
from tests.adapters.test_event_store import an_event, append
from tests.adapters.test_leading import cut_everybody_off


@pytest.fixture
def shared(postgresql: str) -> Iterator[Engine]:
    opened = engine(postgresql)
    yield opened
    opened.dispose()


@pytest.fixture
def listening(shared: Engine) -> Iterator[tuple[Bells, list[str]]]:
    """Bells of another process that listens to one of them, and what it heard."""
    bells, heard = Bells(shared), list[str]()
    with bells.hearing("feed", heard.append):
        until(lambda: bool(heard))
        heard.clear()
        yield bells, heard
    bells.close()


def until(holds: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_another_process_hears_what_is_committed_with_its_words(shared: Engine, listening: tuple[Bells, list[str]]) -> None:
    here, (_, heard) = Bells(shared), listening
    with shared.begin() as connection:
        here.ring(connection, "feed", "one two")
        here.ring(connection, "another", "")
        time.sleep(0.2)
        assert not heard
    assert until(lambda: heard == ["one two"])


def test_what_is_rolled_back_was_never_rung(shared: Engine, listening: tuple[Bells, list[str]]) -> None:
    here, (_, heard) = Bells(shared), listening
    with shared.connect() as connection:
        here.ring(connection, "feed", "undone")
        connection.rollback()
    with shared.begin() as connection:
        here.ring(connection, "feed", "done")
    assert until(lambda: bool(heard))
    assert heard == ["done"]


def test_ones_own_bell_is_heard_once_and_at_once(shared: Engine, listening: tuple[Bells, list[str]]) -> None:
    bells, heard = listening
    with shared.begin() as connection:
        bells.ring(connection, "feed", "mine")
    bells.heard("feed", "mine")
    assert heard == ["mine"]
    with shared.begin() as connection:
        Bells(shared).ring(connection, "feed", "another's")
    assert until(lambda: len(heard) > 1)
    assert heard == ["mine", "another's"]


def test_who_was_cut_off_looks_again_and_hears_what_follows(shared: Engine, listening: tuple[Bells, list[str]]) -> None:
    _, heard = listening
    cut_everybody_off(shared)
    assert until(lambda: heard == [""])
    with shared.begin() as connection:
        Bells(shared).ring(connection, "feed", "again")
    assert until(lambda: heard == ["", "again"])


def test_with_one_process_its_own_bells_are_all_there_are(tmp_path: Path) -> None:
    bells, heard = Bells(engine(f"sqlite:///{tmp_path / 'hub.db'}")), list[str]()
    with bells.hearing("feed", heard.append):
        bells.heard("feed", "one")
        bells.heard("log", "two")
    bells.heard("feed", "three")
    assert heard == ["one"]


def test_whoever_follows_the_log_in_another_process_is_woken_by_what_they_take(shared: Engine) -> None:
    bring_up(shared, "log")
    here, there = EventLog(shared), EventLog(shared)
    woken = Event()
    with there.waking(woken, frozenset({"noted"})):
        assert woken.wait(60)
        woken.clear()
        append(here, an_event(topic="of-no-interest"))
        append(here, an_event(topic="noted"))
        assert woken.wait(60)
    there.bells.close()
