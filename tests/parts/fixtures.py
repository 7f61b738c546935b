"""The real parts as fixtures: made when a test asks for them, ended with the tests that use them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.parts import chromium
from tests.parts import keycloak as keycloaks
from tests.parts.keycloak import Keycloak

PATIENCE = 60_000
"""Milliseconds: what a busy machine may need to show something."""
expect.set_options(timeout=PATIENCE)


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
