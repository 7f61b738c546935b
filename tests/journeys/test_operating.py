"""Whoever operates the hub is told what runs, what does not, and what to do about it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from hub.adapters.kek import FromFile, Keks
from hub.adapters.running_here import alone_in, runs_in
from hub.errors import Unavailable
from tests.given import NOON
from tests.journeys.running import Process, a_worry, serving
from tests.parts.servers import a_free_port, until

OIN = "00000099000000010001"


def hub(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """What a command printed, and how it ended, in a process of its own."""
    told = {"HUB_MODE": "demo", "COLUMNS": "200", **environment}
    return subprocess.run([sys.executable, "-m", "hub", *arguments], env={**os.environ, **told}, capture_output=True, text=True)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """A hub on SQLite that runs."""
    process = Process(tmp_path / "var")
    process.start()
    yield process
    process.end()


# One at a time -------------------------------------------------------------------------------------------


def test_a_second_hub_on_the_same_directory_is_refused_and_commands_go_on(process: Process) -> None:
    second = hub("all", "--port", str(a_free_port()), HUB_DATA_DIR=str(process.data))
    assert (second.returncode, second.stderr.strip()) == (1, f"A hub runs in {process.data} already.")
    for command in (("partner", "add", "politie", "--kind", "police", "--oin", OIN), ("partner", "list"), ("status",)):
        done = hub(*command, HUB_DATA_DIR=str(process.data))
        assert done.returncode == 0, done


def test_a_hub_that_was_killed_leaves_its_directory_to_the_next(process: Process) -> None:
    process.end(signal.SIGKILL)
    assert not runs_in(process.data)
    process.start()
    assert runs_in(process.data)


def test_whoever_only_looks_keeps_no_hub_from_starting(tmp_path: Path) -> None:
    assert not runs_in(tmp_path)
    with alone_in(tmp_path):
        assert runs_in(tmp_path)
        with pytest.raises(Unavailable, match="already"), alone_in(tmp_path):
            pass
        assert runs_in(tmp_path)
    assert not runs_in(tmp_path)


# What runs -----------------------------------------------------------------------------------------------


def test_on_sqlite_it_is_told_whether_a_hub_runs(process: Process) -> None:
    def shown() -> "subprocess.CompletedProcess[str]":
        return hub("status", HUB_DATA_DIR=str(process.data))

    until(lambda: (there := shown()).returncode == 0 and "Nothing is missing." in there.stdout)
    assert "nowhere" not in shown().stdout
    process.end()
    gone = shown()
    assert (gone.returncode, "missing: nobody-leads-follow-radar" in gone.stdout, "nowhere" in gone.stdout) == (1, True, True)
    assert "Nothing is missing." not in gone.stdout
    assert "read models are built when it runs" not in gone.stdout


def test_after_a_restore_it_is_told_that_read_models_are_built_when_the_hub_runs(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with serving(first) as served:
        sender = served.partners["any-partner"]
        assert served.post(sender, sender.an_event(a_worry(), NOON)).status_code == 201
    made = hub("backup", str(tmp_path / "backup.zip"), HUB_DATA_DIR=str(first))
    assert made.returncode == 0, made
    told = {"HUB_DATA_DIR": str(second), "HUB_KEK_FILE": str(first / "kek.json")}
    restored = hub("restore", str(tmp_path / "backup.zip"), **told)
    assert restored.returncode == 0, restored
    shown = hub("status", **told)
    assert (shown.returncode, "read models are built when it runs" in shown.stdout) == (1, True), shown


# What is wrong -------------------------------------------------------------------------------------------


def test_a_key_that_opens_nothing_is_told_as_that_with_its_whole_path(tmp_path: Path) -> None:
    with serving(tmp_path / "var"):
        pass
    key, told = tmp_path / "kek", {"HUB_DATA_DIR": str(tmp_path / "var"), "HUB_KEK_FILE": str(tmp_path / "kek")}
    key.write_text("no key")
    key.chmod(0o600)
    wrong = hub("status", **told)
    assert (wrong.returncode, "missing: no-kek" in wrong.stdout) == (1, True)
    assert f"{key}, which HUB_KEK_FILE names, does not hold keys" in wrong.stderr
    key.chmod(0o644)
    assert f"{key}, which HUB_KEK_FILE names, can be read by others" in hub("status", **told).stderr


def test_whoever_renews_the_key_is_told_what_to_keep(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    old = Keks(FromFile(tmp_path / "kek.json")).present().id
    said = hub("keys", "rotate", HUB_DATA_DIR=str(tmp_path))
    assert said.returncode == 0, said
    assert f"Keep a copy of the new key now, and back up: backups from before open only with key {old}." in said.stderr


def test_a_name_that_nobody_has_is_refused_as_what_was_given(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    token = hub("token", "nobody", "--keys", str(tmp_path))
    assert (token.returncode, "for NAME" in token.stderr) == (2, True), token
    again = hub("deliveries", "again", "--receiver", "nobody", HUB_DATA_DIR=str(tmp_path))
    assert (again.returncode, "No organisation is registered by that name, and no subscription has that id." in again.stderr) == (
        1,
        True,
    ), again


@pytest.mark.parametrize(
    ("but", "words"),
    [
        ({"host": "127.0.0.1", "port": 1}, "the connection is refused"),
        ({"host": "nowhere.invalid"}, "there is no such host"),
        ({"database": "of_nobody"}, "there is no such database"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    but: dict[str, Any], words: str, tmp_path: Path, postgresql: str
) -> None:
    url = make_url(postgresql).set(password="hidden-word").set(**but)
    said = hub("status", HUB_DATA_DIR=str(tmp_path), HUB_DATABASE_URL=url.render_as_string(hide_password=False))
    assert (said.returncode, "missing: database" in said.stdout) == (1, True), said
    where = f"{words}: PostgreSQL at {url.host}, port {url.port}, database {url.database}, as {url.username}"
    assert where in said.stderr
    assert "hidden-word" not in said.stdout + said.stderr


def test_a_database_without_a_hub_is_named_with_what_to_do(tmp_path: Path, postgresql: str) -> None:
    said, url = hub("partner", "list", HUB_DATA_DIR=str(tmp_path), HUB_DATABASE_URL=postgresql), make_url(postgresql)
    assert said.returncode == 1
    assert f"There is no hub in PostgreSQL at {url.host}, port {url.port}, database {url.database}" in said.stderr
    assert "Name another database with HUB_DATABASE_URL, begin with `hub serve` and `hub relay`, or `hub restore" in said.stderr
