"""Commands of the hub run by a test, on the hub in a directory of its own."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from hub import __main__ as command_line
from hub.commands.shared import aside, say
from hub.settings import Settings
from hub.wiring import Hub
from tests.parts import databases
from tests.passing import leading, passed_on

Run = Callable[..., tuple[int, str, str]]


@contextmanager
def commands(group: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path) -> Iterator[Run]:
    """Runs the commands of a group on the hub in `var` there: gives the exit status, and what was printed on either output."""
    monkeypatch.chdir(place)
    for console in (say, aside):
        monkeypatch.setattr(console, "_width", 200)
    monkeypatch.setenv("HUB_MODE", "demo")
    monkeypatch.setenv("HUB_DATABASE_URL", databases.url_of(place / "var"))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hub", group, *words])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
            raise SystemExit(0)
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, " ".join(printed.err.split())

    yield run
    structlog.reset_defaults()  # what is captured here closes with the test


def caught_up(place: Path) -> None:
    """Lets the read models come along, as `hub relay` does where it runs."""
    hub = Hub.open(Settings(data_dir=place, database_url=databases.url_of(place), mode="demo"))
    with leading(hub):
        passed_on(hub)
    hub.close()
