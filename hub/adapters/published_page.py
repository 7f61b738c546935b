"""The page of a report that is to be published: one file that shows all of itself, and asks nothing of anybody."""

import re
from html.parser import HTMLParser

from hub.errors import Malformed, Violation

MOST = 2_000_000
"""Bytes of one page."""
_TITLE = 200
"""Letters of a title."""
_NOT_HERE = frozenset(
    {"script", "iframe", "frame", "object", "embed", "link", "base", "form", "input", "button", "meta http-equiv"}
)
_ADDRESSES = frozenset({"src", "srcset", "href", "xlink:href", "action", "formaction", "data", "poster", "background", "ping"})
_WITHIN = re.compile(r"#|data:image/(?:png|svg\+xml);")
_TO_READ = re.compile(r"#|https?://")
"""A source: only who clicks on it goes there."""
_REACHES = re.compile(r"@import|url\(\s*['\"]?(?!#|data:)", re.IGNORECASE)


def title_of(page: bytes) -> str:
    """The title of a page that may be published.

    Raises:
        Malformed: with everything for which it may not, by line.
    """
    if len(page) > MOST:
        raise Malformed("This is no page that can be published.", [Violation("/", f"is larger than {MOST:,} bytes")])
    try:
        text = page.decode()
    except UnicodeDecodeError:
        raise Malformed("This is no page that can be published.", [Violation("/", "is not UTF-8")]) from None
    reader = _Reader()
    reader.feed(text)
    reader.close()
    title = " ".join("".join(reader.title).split())
    if not 0 < len(title) <= _TITLE:
        reader.wrong.append(Violation("/title", f"is missing, or longer than {_TITLE} letters"))
    if reader.wrong:
        raise Malformed("This is no page that can be published.", reader.wrong)
    return title


class _Reader(HTMLParser):
    """Finds the title, and what does more than show."""

    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.wrong: list[Violation] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # a picture has a title too: the first is that of the page
        self._within = [tag] if tag == "style" or (tag == "title" and not self.title) else []
        named = tag if tag != "meta" or "http-equiv" not in dict(attrs) else "meta http-equiv"
        if named in _NOT_HERE:
            self._refuse(f"<{named}> does more than show")
        for name, value in attrs:
            if name.startswith("on"):
                self._refuse(f"{name} is a script")
            elif name in _ADDRESSES and not (_TO_READ if (tag, name) == ("a", "href") else _WITHIN).match(value or ""):
                self._refuse(f"{name} leads out of the page")
            elif name == "style" and _REACHES.search(value or ""):
                self._refuse("style leads out of the page")

    def handle_endtag(self, _: str) -> None:
        self._within = []

    def handle_data(self, data: str) -> None:
        if self._within == ["title"]:
            self.title.append(data)
        elif self._within == ["style"] and _REACHES.search(data):
            self._refuse("style leads out of the page")

    def _refuse(self, what: str) -> None:
        self.wrong.append(Violation(f"/{self.getpos()[0]}", what))
