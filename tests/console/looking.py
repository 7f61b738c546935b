"""How a page is looked at in a real browser: by axe, and at the widths of a desk and of the smallest telephone."""

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.tools import ROOT

AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 320)
PICTURES = "PICTURES"
"""The environment variable that says where the pictures of the documents are kept: docs/pictures."""


def is_well(page: Page) -> None:
    """Nothing in the page for axe, and it is no wider than its window; of a browser that lets axe in (bypass_csp)."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (page.url, width)
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    wrong = [f"{one['id']}: {[node['html'] for node in one['nodes']][:2]}" for one in found]
    assert wrong == [], f"{page.url}: {wrong}"


def pictured(page: Page, name: str) -> None:
    """Keeps how a page looks, where somebody wants pictures."""
    if keep := os.environ.get(PICTURES):
        page.set_viewport_size({"width": 1100, "height": 800})
        page.screenshot(path=Path(keep) / f"{name}.png", clip={"x": 0, "y": 0, "width": 1100, "height": 1000}, full_page=True)
