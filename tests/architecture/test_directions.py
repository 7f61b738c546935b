"""Imports point the way the house is built, and a room that was never given a floor does not pass."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import ROOT

STRAYS = [
    ("stray.py", "", "hub.stray"),
    ("adapters/partners/curious.py", "import hub.register", "Illegal imports of protected package hub.register"),
    ("projections/curious.py", "import hub.relay", "hub.projections is not allowed to import hub.relay"),
    ("domain/clerk.py", "import json", "hub.domain is not allowed to import json"),
    ("domain/climber.py", "import hub.ports", "hub.domain is not allowed to import hub.ports"),
]


def imports_of(house: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=120, check=False)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_every_import_points_down_the_house() -> None:
    verdict = imports_of(ROOT)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


@pytest.mark.parametrize(("place", "source", "complaint"), STRAYS, ids=[stray[0] for stray in STRAYS])
def test_a_module_in_the_wrong_room_is_noticed(tmp_path: Path, place: str, source: str, complaint: str) -> None:
    shutil.copytree(ROOT / "hub", tmp_path / "hub", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "hub" / place).write_text(f'"""A stray."""\n\n{source}\n')
    verdict = imports_of(tmp_path)
    assert verdict.returncode == 1
    assert complaint in in_one_line(verdict.stdout)
