"""Pictures of an evaluation, as SVG: bars, and the course of a series; places, shapes and words say it, not colour."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hub.console.parts import Both
from hub.domain.evaluation import Course, Part
from hub.projections.insight.fives import rounded

_WIDE, _HIGH, _STRIP = 760, 34, (300, 600)
_INK, _PALE = "#14507a", "#555"
_LEFT, _RIGHT, _TOP, _FLOOR = 60, 740, 20, 280
"""The frame of a course."""
_HEADS = {
    Part.BEFORE: Both("vóór", "before"),
    Part.DURING: Both("tijdens", "during"),
    Part.AFTER: Both("na", "after"),
}


def bars(lines: Sequence[tuple[Both, float, Both]], tongue: str) -> str:
    """A line for each: what it is called, how long its bar is, and what it is worth in words."""
    svg = _svg(_WIDE, _HIGH * len(lines) + 10)
    left, right = _STRIP
    most = max([worth for _, worth, _ in lines] + [1])
    for nth, (called, worth, said) in enumerate(lines):
        top = _HIGH * nth + 8
        _text(svg, left - 12, top + 16, called.said(tongue), **{"text-anchor": "end"})
        wide = (right - left) * worth / most
        SubElement(svg, "rect", x=f"{left}", y=f"{top}", width=f"{max(wide, 1):.1f}", height="22", fill=_INK)
        _text(svg, left + wide + 10, top + 16, said.said(tongue))
    return _written(svg)


def line(found: Course, observed: Sequence[int | None], tongue: str) -> str:
    """Signals per family and month: dots for what there was, a line for the model, dashes for the course before, drawn on."""
    svg = _svg(_WIDE, _FLOOR + 60)
    rates = [None if each is None else each / rounded(month.families) for each, month in zip(observed, found.months, strict=True)]
    seen = max([*found.modelled, *(rate for rate in rates if rate), 0.1])
    # what went up before may go up for ever: where it leaves the picture, it is not drawn
    top = 1.1 * max([seen, *(rate for rate in found.otherwise if rate <= 2 * seen)])
    step = (_RIGHT - _LEFT) / len(found.months)

    def at(nth: int, rate: float) -> tuple[float, float]:
        return _LEFT + step * (nth + 0.5), _FLOOR - (_FLOOR - _TOP) * rate / top

    SubElement(svg, "path", d=f"M{_LEFT} {_TOP}V{_FLOOR}H{_RIGHT}", stroke=_PALE, fill="none")
    for part in (0.0, 0.5, 1.0):
        said = f"{top * part:.1f}"
        _text(
            svg,
            _LEFT - 8,
            _FLOOR - (_FLOOR - _TOP) * part + 5,
            Both(said.replace(".", ","), said).said(tongue),
            **{"text-anchor": "end"},
        )
    _parts(svg, found, step, tongue)
    begun = next(nth for nth, month in enumerate(found.months) if month.part is not Part.BEFORE)
    dashes = [at(nth, rate) for nth, rate in enumerate(found.otherwise) if nth >= begun - 1 and rate <= top]
    _path(svg, dashes, **{"stroke-dasharray": "7 5", "stroke": _PALE})
    for each in Part:
        _path(svg, [at(nth, rate) for nth, rate in enumerate(found.modelled) if found.months[nth].part is each], stroke=_INK)
    for nth, rate in enumerate(rates):
        if rate is not None:
            x, y = at(nth, rate)
            SubElement(svg, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="4", fill="white", stroke=_INK)
    return _written(svg)


def _parts(svg: Element, found: Course, step: float, tongue: str) -> None:
    """The names of the parts, and a line where one ends."""
    for part, called in _HEADS.items():
        places = [nth for nth, month in enumerate(found.months) if month.part is part]
        if not places:
            continue
        _text(svg, _LEFT + step * (places[0] + len(places) / 2), _FLOOR + 24, called.said(tongue), **{"text-anchor": "middle"})
        if part is not Part.BEFORE:
            edge = _LEFT + step * places[0]
            SubElement(svg, "path", d=f"M{edge:.1f} {_TOP}V{_FLOOR + 8}", stroke=_PALE, fill="none")
    said = Both("signalen per gezin, per maand", "signals per family, each month").said(tongue)
    _text(svg, _LEFT, _FLOOR + 50, said, fill=_PALE)


def _path(svg: Element, points: Sequence[tuple[float, float]], **more: str) -> None:
    if points:
        d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        SubElement(svg, "path", {"d": d, "fill": "none", "stroke-width": "2", **more})


def _svg(wide: int, high: int) -> Element:
    size = {"viewBox": f"0 0 {wide} {high}", "width": f"{wide}", "height": f"{high}"}
    svg = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "aria-hidden": "true", **size, "font-family": "sans-serif", "font-size": "14"},
    )
    SubElement(svg, "rect", width=f"{wide}", height=f"{high}", fill="white")
    return svg


def _text(svg: Element, x: float, y: float, said: str, **more: str) -> None:
    SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **more}).text = said


def _written(svg: Element) -> str:
    indent(svg)
    return tostring(svg, encoding="unicode") + "\n"
