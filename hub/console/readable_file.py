"""The file of one person as a page of its own: to print, to send, and to keep; their own program finds the same in it as JSON."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from hub.console.pages import fragment
from hub.console.parts import Both

STYLE = """body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
body { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem; }
th, td { text-align: start; vertical-align: top; padding: 0.25rem 0.5rem 0.25rem 0; border-bottom: 1px solid #767676; }"""
"""What it looks like where it was saved; it goes along with the page, for it needs nothing of anybody else."""


def written(file: Mapping[str, Any], tongue: str, word: Callable[[str, str], Both], now: datetime) -> str:
    """The page (HTML), in that language (`nl` or `en`)."""
    staff: dict[str, Any] = {}
    # within a script nothing may end it
    data = json.dumps(file, ensure_ascii=False, indent=1).replace("<", "\\u003c")
    style = Markup("<style>\n{}\n</style>").format(Markup(STYLE))  # noqa: S704
    known = {"style": style, "tongue": tongue, "word_of": word, "now": now, "staff": staff, "is_organisation": lambda _: False}
    return fragment("readable_file.html", file=file, data=data, **known)
