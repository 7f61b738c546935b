"""The real parts as fixtures: made when a test asks for them, ended with the tests that use them."""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.parts import chromium, databases, shared
from tests.parts import kafka as kafkas
from tests.parts import keycloak as keycloaks
from tests.parts import postgresql as postgresqls
from tests.parts.kafka import Broker
from tests.parts.keycloak import Keycloak
from tests.parts.postgresql import Server
from tests.parts.shared import Run

PATIENCE = 60_000
"""Milliseconds: what a busy machine may need to show something."""
expect.set_options(timeout=PATIENCE)

_RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    """The first process of the run holds what the shared servers live by; it tells the others where."""
    if told := getattr(config, "workerinput", {}).get("run"):
        config.stash[_RUN] = Run(Path(told))
    else:
        lasts = ExitStack()
        config.stash[_RUN] = lasts.enter_context(shared.a_run())
        config.add_cleanup(lasts.close)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """What each process of the run is told."""
    node.workerinput["run"] = str(node.config.stash[_RUN].place)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Where Kafka was not Kafka, that is the last thing that is said."""
    run: Run = terminalreporter.config.stash[_RUN]
    if run.has("kafka") and kafkas.is_emulated():
        terminalreporter.write_line(kafkas.EMULATED, yellow=True, bold=True)


@pytest.fixture(scope="session")
def the_run(request: pytest.FixtureRequest) -> Run:
    """The run of tests that this process is a part of."""
    return request.config.stash[_RUN]


@pytest.fixture
def postgresql(the_run: Run) -> Iterator[str]:
    """The URL of an empty database, on the one PostgreSQL of all processes of this run."""
    with postgresqls.fresh(postgresqls.at_hand(the_run)) as url:
        yield url


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, the_run: Run) -> Iterator[str]:
    """A test that uses this is done twice: what it keeps in a directory is in SQLite files there, or in PostgreSQL."""
    with _kept(request.param, the_run):
        yield request.param


@pytest.fixture(params=databases.KINDS, scope="module")
def database_of_module(request: pytest.FixtureRequest, the_run: Run) -> Iterator[str]:
    """The same for a fixture that all tests of a module share."""
    with _kept(request.param, the_run):
        yield request.param


def _kept(kind: str, the_run: Run) -> AbstractContextManager[None]:
    return databases.kept_on(postgresqls.at_hand(the_run)) if kind == databases.POSTGRESQL else nullcontext()


@pytest.fixture(scope="session")
def kafka(the_run: Run) -> str:
    """Where the one Kafka of all processes of this run is, as host:port: whoever uses it has topics of its own."""
    return kafkas.at_hand(the_run)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """An Apache Kafka of its own, which the test starts, and may kill."""
    if kafkas.is_emulated():
        pytest.skip(kafkas.EMULATED)
    broker = Broker(tmp_path / "kafka")
    yield broker
    broker.stop()


@pytest.fixture
def postgresql_server(tmp_path: Path) -> Iterator[Server]:
    """A PostgreSQL of its own that loses nothing, which the test starts, and may kill."""
    server = Server(tmp_path / "postgresql")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    """One Keycloak for all tests of this process: tests that need it stand together in few files."""
    with keycloaks.keycloak(tmp_path_factory.mktemp("keycloak")) as server:
        yield server


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for a module, and not for longer: while it is driven, no async test can run in its thread."""
    with chromium.chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page of a person who was never here; how it looks in the end is kept where SCREENSHOTS says."""
    with browser.new_context(locale="nl-NL") as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page
        if keep := os.environ.get("SCREENSHOTS"):
            name = re.sub(r"[^\w-]+", "-", request.node.name)
            page.screenshot(path=Path(keep) / f"{name}.png", full_page=True)
