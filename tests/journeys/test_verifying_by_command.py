"""`hub verify` on a terminal: what it says, and with what it ends."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.running import a_child, a_worry, an_event, running
from tests.passing import notarised, passed_on


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    """Where a hub keeps what it has, that was stopped after something happened."""
    with running(tmp_path, database_url="") as hub:
        for nth in (1, 2):
            said = await hub.post(an_event(a_worry(people=[a_child(nth)]), id=str(nth)))
            assert said.status_code == 201
        passed_on(hub.hub)
        notarised(hub.hub)
    return tmp_path


def verified(place: Path) -> tuple[int, list[str]]:
    """With what it ended, and the lines that it said."""
    command = [sys.executable, "-m", "hub", "verify", "--quiet"]
    run = subprocess.run(command, env=os.environ | {"HUB_DATA_DIR": str(place)}, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout.splitlines()


def test_a_hub_that_nobody_touched_ends_well(place: Path) -> None:
    code, said = verified(place)
    assert code == 0, said
    assert said[-1] == "All is as it was recorded and signed."
    assert any("2 messages opened" in line for line in said)


def test_what_was_changed_is_named_and_summed_up_without_naming_anybody(place: Path) -> None:
    with closing(sqlite3.connect(place / "hub.db")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE events SET topic = 'another' WHERE position = 3")
    code, said = verified(place)
    assert code == 1, said
    assert "events, position 3: is not what it was when it entered the tree" in said
    assert re.fullmatch(r"\d+ wrong: (.+ \d+, )*events 1(, .+ \d+)*\.", said[-1])
    assert not re.search(r"[0-9a-f]{8}-|[0-9a-f]{32}|position", said[-1])
