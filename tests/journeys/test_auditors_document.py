"""What the page for auditors shows is what happens: its commands are run, in order, on the case that the demo plays."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.servers import a_free_port, until
from tests.tools import ROOT

PAGE = ROOT / "docs" / "auditors.md"
STEP = re.compile(r"^```sh\n(.*?)^```\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITE = "WRITE_AUDITORS"
"""Set in the environment it writes what came out onto the page, in place of comparing it."""
_IDS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "…"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "…"),
    (re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}"), "…"),
    (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "…"),
)
needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")),
    reason="not on this machine: curl and bash; the page for auditors was not run",
)


def shortened(said: str) -> str:
    """What is another each time, left out."""
    for each, instead in _IDS:
        said = each.sub(instead, said)
    return said


def _numberless(said: str) -> str:
    """How many there are of anything follows from how the demo's own time went."""
    return re.sub(r"\d+", "0", said)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """That of a terminal beside a demo that plays, as it says to set it."""
    port = a_free_port()
    command = [sys.executable, "-u", "-m", "hub", "demo", "--port", str(port)]
    said = tmp_path / "demo.txt"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    own = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    with said.open("w") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL) as demo:
        try:
            until(lambda: demo.poll() is not None or "Ctrl+C ends." in _said(said))
            assert demo.poll() is None, _said(said)[-2_000:]
            words = re.findall(r"^(?:export |)((?:\w+=\S+ ?)+)$", _said(said), re.MULTILINE)
            told = dict(word.split("=", 1) for line in words for word in line.split())
            assert {"TOKEN", "FAMILY", "AT", "HUB_DATA_DIR"} <= told.keys()
            yield {**own, **told, "PATH": path, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
        finally:
            demo.terminate()


def _said(path: Path) -> str:
    return path.read_text(errors="replace")


@needs_curl
def test_every_command_of_the_page_prints_what_stands_under_it(environment: dict[str, str], tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    page = PAGE.read_text()
    steps = STEP.findall(page)
    assert len(steps) >= 8
    printed = _run([command for command, _ in steps], desk, environment)
    if os.environ.get(WRITE):
        came = iter(printed)
        PAGE.write_text(STEP.sub(lambda step: f"```sh\n{step[1]}```\n```text\n{next(came)}```", page))
    for (command, expected), said in zip(steps, printed, strict=True):
        assert os.environ.get(WRITE) or _numberless(said) == _numberless(expected), command


def _run(commands: list[str], desk: Path, environment: dict[str, str]) -> list[str]:
    """What each prints, in one shell after another's heels: what one sets the next one has."""
    mark = "=== next ==="
    script = f"\necho '{mark}'\n".join(commands)
    ran = subprocess.run(
        ["bash", "-u", "-o", "pipefail"],
        input=script,
        cwd=desk,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [shortened(said) for said in f"{ran.stdout}".replace(f"{mark}\n", mark).split(mark)]
