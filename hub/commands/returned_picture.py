"""A picture of what matters most for social return (a tornado); places and numbers say it, not colour."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hub.domain.social_return import Assumption, Model, Price, Role, Swing

_WIDE, _HIGH, _TOP, _STRIP = 1120, 52, 130, (440, 860)
_LOW, _MOST = 985, 1100
"""Where the numbers end that stand beside the bars."""


def picture(swings: Sequence[Swing], usual: float, model: Model, place: str) -> str:
    """The picture, as SVG; `usual` is benefits less costs, in euros, with everything likeliest."""
    high = _TOP + _HIGH * len(swings) + 20
    size = {"viewBox": f"0 0 {_WIDE} {high}", "width": f"{_WIDE}", "height": f"{high}"}
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "title desc", **size})
    svg.attrib |= {"font-family": "sans-serif", "font-size": "15"}
    title = f"Wat telt het zwaarst / What matters most: {place}"
    SubElement(svg, "title", id="title").text = title
    SubElement(svg, "desc", id="desc").text = " ".join(_in_words(each, model) for each in swings)
    SubElement(svg, "rect", width=f"{_WIDE}", height=f"{high}", fill="white")
    _text(svg, 20, 32, title, **{"font-weight": "bold", "font-size": "18"})
    ends = [usual, *(end for each in swings for end in (each.at_low, each.at_high))]
    scale = _Scale(min(ends), max(ends))
    _heads(svg, usual, scale, high)
    for nth, swing in enumerate(swings):
        _row(svg, _TOP + _HIGH * nth, swing, model.inputs[swing.code], scale)
    indent(svg)
    return tostring(svg, encoding="unicode") + "\n"


def euros(amount: float) -> str:
    """An amount to the hundred, with spaces between thousands: nobody knows it closer."""
    return f"{round(amount, -2) + 0.0:,.0f}".replace(",", "\N{NO-BREAK SPACE}")


def value(input: Price | Assumption, amount: float) -> str:
    """A price or an assumption as people write it."""
    if isinstance(input, Price):
        return f"€ {amount:,.0f}".replace(",", "\N{NO-BREAK SPACE}")
    return f"{amount:g}" if input.role is Role.DURATION else f"{amount * 100:g}%"


class _Scale:
    """Where an amount is on the strip."""

    def __init__(self, least: float, most: float) -> None:
        self._least, self._wide = least, (most - least) or 1.0

    def at(self, amount: float) -> float:
        left, right = _STRIP
        return left + (right - left) * (amount - self._least) / self._wide


def _in_words(swing: Swing, model: Model) -> str:
    known = model.inputs[swing.code]
    low, high = (value(known, each) for each in (known.range.low, known.range.high))
    said = f"{known.words.dutch} / {known.words.english}"
    return f"{said}: {low}: € {euros(swing.at_low)}; {high}: € {euros(swing.at_high)}."


def _heads(svg: Element, usual: float, scale: _Scale, high: int) -> None:
    middle = scale.at(usual)
    for x, nl, en, anchor in (
        (20, "prijs of aanname: laagste – hoogste", "price or assumption: least – most", "start"),
        (_LOW, "bij laagste", "at the least", "end"),
        (_MOST, "bij hoogste", "at the most", "end"),
    ):
        _text(svg, x, 66, nl, **{"text-anchor": anchor})
        _text(svg, x, 86, en, fill="#555", **{"text-anchor": anchor})
    for x, fill in ((_LOW, "white"), (_MOST, "#14507a")):
        _end(svg, x - 84, 60, fill)
    _text(svg, sum(_STRIP) / 2, 66, f"baten min kosten; streep: € {euros(usual)}", **{"text-anchor": "middle"})
    _text(svg, sum(_STRIP) / 2, 86, "benefits less costs; line: all likeliest", fill="#555", **{"text-anchor": "middle"})
    SubElement(svg, "path", d=f"M{middle:.1f} 100V{high - 10}", stroke="#555", fill="none")


def _row(svg: Element, top: int, swing: Swing, known: Price | Assumption, scale: _Scale) -> None:
    between = f"{value(known, known.range.low)} – {value(known, known.range.high)}"
    _text(svg, 20, top + 18, f"{known.words.dutch}: {between}", **{"font-size": "14"})
    _text(svg, 20, top + 36, known.words.english, fill="#555", **{"font-size": "14"})
    low, high = scale.at(swing.at_low), scale.at(swing.at_high)
    bar = {"x": f"{min(low, high):.1f}", "y": f"{top + 12}", "width": f"{max(abs(high - low), 1):.1f}", "height": "16"}
    SubElement(svg, "rect", bar, fill="#14507a")
    for at, fill in ((low, "white"), (high, "#14507a")):
        _end(svg, at, top + 20, fill)
    _text(svg, _LOW, top + 26, euros(swing.at_low), **{"text-anchor": "end"})
    _text(svg, _MOST, top + 26, euros(swing.at_high), **{"text-anchor": "end"})


def _end(svg: Element, x: float, y: float, fill: str) -> None:
    """An end of a bar: open at the least, full at the most."""
    SubElement(svg, "circle", {"cx": f"{x:.1f}", "cy": f"{y:g}", "r": "6", "stroke-width": "2"}, fill=fill, stroke="#14507a")


def _text(svg: Element, x: float, y: float, said: str, **more: str) -> None:
    SubElement(svg, "text", {"x": f"{x:g}", "y": f"{y:g}", **more}).text = said
