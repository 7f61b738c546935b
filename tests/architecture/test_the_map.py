"""The map in front of the house names rooms that are there, and every room says what it is for."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

import hub
from tests.tools import ROOT

HOPS = re.findall(r"hub(?:\.[a-z_]+)+", hub.__doc__ or "")
MODULES = sorted(path for folder in ("hub", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
OURS = [path for path in MODULES if "node_modules" not in path.parts]
CLOCKS = {"now", "utcnow", "today", "uuid1", "uuid4"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def opening_of(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())


def test_the_map_shows_the_eight_hops_of_a_signal() -> None:
    assert len(set(HOPS)) >= 8


@pytest.mark.parametrize("hop", HOPS)
def test_every_hop_on_the_map_is_a_module(hop: str) -> None:
    assert importlib.util.find_spec(hop) is not None


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_every_module_opens_with_one_sentence(path: Path) -> None:
    opening = opening_of(path)
    assert re.search(r"[.?:]$", opening), f"no sentence: {opening!r}"
    assert not re.search(r"[.!] [A-Z]", opening), f"more than one sentence: {opening!r}"


@pytest.mark.parametrize("path", [path for path in OURS if ROOT / "hub" / "domain" in path.parents], ids=name_of)
def test_the_domain_asks_no_clock_and_draws_no_lots(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    names = {func.attr for func in calls if isinstance(func, ast.Attribute)}
    names |= {func.id for func in calls if isinstance(func, ast.Name)}
    assert names & CLOCKS == set()
