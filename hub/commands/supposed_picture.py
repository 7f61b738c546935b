"""A picture of what another matrix would have done; places and numbers say it, not colour."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hub.console.codes import CODES
from hub.domain.words import Axis, Level
from hub.supposing import Outcome, Tally

_WIDE, _HIGH, _TOP, _STRIP = 1120, 40, 116, (250, 620)
_COLUMNS = {
    Outcome.EARLIER: ("eerder", "earlier", 680),
    Outcome.SAME: ("gelijk", "same", 760),
    Outcome.LATER: ("later", "later", 840),
    Outcome.MORE: ("erbij", "more", 920),
    Outcome.NOT_ANY_MORE: ("niet meer", "not any more", 1020),
}


def picture(tally: Tally, matrix: str, families: int) -> str:
    """The picture, as SVG."""
    rows = [(axis, level) for axis in Axis for level in Level if any((axis, level, each) in tally.outcomes for each in Outcome)]
    high = _TOP + _HIGH * len(rows) + 20
    size = {
        "viewBox": f"0 0 {_WIDE} {high}",
        "width": f"{_WIDE}",
        "height": f"{high}",
        "font-family": "sans-serif",
        "font-size": "15",
    }
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "title desc", **size})
    title = f"Met matrix {matrix}, {families} gezinnen / With matrix {matrix}, {families} families"
    SubElement(svg, "title", id="title").text = title
    SubElement(svg, "desc", id="desc").text = " ".join(_in_words(tally, rows))
    SubElement(svg, "rect", width=f"{_WIDE}", height=f"{high}", fill="white")
    _text(svg, 20, 32, title, **{"font-weight": "bold", "font-size": "18"})
    widest = max((abs(week) for _, _, week in tally.weeks), default=0) or 1
    _heads(svg, widest)
    most = max(tally.weeks.values(), default=1)
    for nth, (axis, level) in enumerate(rows):
        _row(svg, _TOP + _HIGH * nth, axis, level, tally, widest, most)
    indent(svg)
    return tostring(svg, encoding="unicode") + "\n"


def _called(axis: Axis, level: Level, tongue: str) -> str:
    return f"{CODES['axis'][axis].said(tongue)} {int(level)}"


def _in_words(tally: Tally, rows: list[tuple[Axis, Level]]) -> Iterator[str]:
    for axis, level in rows:
        for tongue, place in (("nl", 0), ("en", 1)):
            counts = (f"{tally.outcomes[axis, level, each]} {words[place]}" for each, words in _COLUMNS.items())
            yield f"{_called(axis, level, tongue)}: {', '.join(counts)}."


def _heads(svg: Element, widest: int) -> None:
    left, right = _STRIP
    _text(svg, 20, 74, "as en niveau")
    _text(svg, 20, 94, "axis and level", fill="#555")
    for at, nl, en in ((left, f"{widest} weken eerder", "weeks earlier"), (right, f"{widest} weken later", "weeks later")):
        anchor = {"text-anchor": "start" if at == left else "end"}
        _text(svg, at, 74, nl, **anchor)
        _text(svg, at, 94, en, fill="#555", **anchor)
    for nl, en, at in _COLUMNS.values():
        _text(svg, at, 74, nl, **{"text-anchor": "middle"})
        _text(svg, at, 94, en, fill="#555", **{"text-anchor": "middle"})


def _row(svg: Element, top: int, axis: Axis, level: Level, tally: Tally, widest: int, most: int) -> None:
    left, right = _STRIP
    middle, foot = (left + right) / 2, top + _HIGH - 6
    _text(svg, 20, top + 26, f"{_called(axis, level, 'nl')} / {_called(axis, level, 'en')}")
    SubElement(svg, "path", d=f"M{left} {foot}H{right}M{middle} {top}V{foot}", stroke="#555", fill="none")
    for (of, at, week), times in sorted(tally.weeks.items()):
        if (of, at) == (axis, level):
            tall = max(3.0, (_HIGH - 10) * times / most)
            apart = (right - left - 8) / 2 / widest
            wide = max(1.0, min(8.0, apart * 0.8))
            bar = {"x": f"{middle + week * apart - wide / 2:.1f}", "y": f"{foot - tall:.1f}", "width": f"{wide:.1f}"}
            SubElement(svg, "rect", bar, height=f"{tall:.1f}", fill="#14507a")
    for outcome, (_, _, column) in _COLUMNS.items():
        _text(svg, column, top + 26, str(tally.outcomes[axis, level, outcome]), **{"text-anchor": "middle"})


def _text(svg: Element, x: float, y: float, said: str, **more: str) -> None:
    SubElement(svg, "text", {"x": f"{x:g}", "y": f"{y:g}", **more}).text = said
