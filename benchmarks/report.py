"""Results as calm text, and as JSON for whoever wants to compare runs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

from benchmarks.measuring import Figure, Ratio, Result

WIDE = 110
FIGURES = "figures"
SLOWER = "figures on a slower disk"


def text(result: Result) -> str:
    """One benchmark, for people."""
    wide = max(map(len, (*(line.what for line in result.figures), *(line.what for line in result.ratios))), default=0)
    lines = [f"{result.name}: {result.title}", ""]
    lines += [_figure(figure, wide) for figure in result.figures]
    lines += ["", *(_ratio(ratio, wide) for ratio in result.ratios), ""]
    lines += [line for said in result.conditions for line in wrap(said, WIDE, initial_indent="  · ", subsequent_indent="    ")]
    return "\n".join(lines) + "\n"


def about(machine: Mapping[str, Any]) -> str:
    """The machine, in a line."""
    return ", ".join(f"{name} {value}" for name, value in machine.items())


def told(results: Sequence[Result], machine: Mapping[str, Any], file: Path, which: str = FIGURES) -> None:
    """Puts the results into a document, between its two marks for such figures."""
    begin, end = f"<!-- {which} -->", f"<!-- end of {which} -->"
    before, _, rest = file.read_text().partition(begin)
    _, _, after = rest.partition(end)
    day = datetime.now(UTC).date().isoformat()
    blocks = "\n".join(f"```text\n{text(result).rstrip()}\n```\n" for result in results)
    file.write_text(f"{before}{begin}\n\nMeasured on {day}: {about(machine)}.\n\n{blocks}\n{end}{after}")


def save(results: Sequence[Result], machine: Mapping[str, Any], file: Path) -> None:
    """Writes everything that was measured, every round of it."""
    said = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(machine),
        "results": [dict(_plain(result)) for result in results],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")


def _figure(figure: Figure, wide: int) -> str:
    spread = f"({_number(min(figure.rounds))} – {_number(max(figure.rounds))})"
    return f"  {figure.what:<{wide}}  {_number(figure.middle):>9} {figure.unit:<10} {spread:<22} {figure.note}".rstrip()


def _ratio(ratio: Ratio, wide: int) -> str:
    spread = f"({_times(min(ratio.rounds))} – {_times(max(ratio.rounds))})"
    return f"  {ratio.what:<{wide}}  {_times(ratio.middle):>8}×            {spread:<22} {_aim(ratio)}".rstrip()


def _aim(ratio: Ratio) -> str:
    if ratio.is_met is None:
        return ""
    bound = f"≥ {ratio.at_least}" if ratio.at_least is not None else f"≤ {ratio.at_most}"
    return f"aim {bound}: {'met' if ratio.is_met else 'not met'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _times(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _plain(result: Result) -> Iterator[tuple[str, Any]]:
    yield from {"name": result.name, "title": result.title, "conditions": list(result.conditions)}.items()
    yield (
        "figures",
        [{"what": one.what, "unit": one.unit, "median": one.middle, "rounds": list(one.rounds)} for one in result.figures],
    )
    yield (
        "ratios",
        [
            {
                "what": one.what,
                "median": one.middle,
                "atLeast": one.at_least,
                "atMost": one.at_most,
                "met": one.is_met,
                "rounds": list(one.rounds),
            }
            for one in result.ratios
        ],
    )
