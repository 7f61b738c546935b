"""The report of the faults: a table for people, in the terminal as it comes, and between two marks of a document.

What came of each fault is kept as soon as it is known, so that one may be played again without all the others.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.faults.rounds import FAULTS, Fault, Result

BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
HEAD = (
    "fault",
    "seed",
    "rounds",
    "acknowledged",
    "of those over Kafka",
    "recorded",
    "lost",
    "doubled",
    "webhooks",
    "repeated",
    "over Kafka",
    "missing",
    "out of order",
    "takeover (s)",
    "goes on after (s)",
    "at rest after (s)",
    "5xx seen",
    "wrong",
)


def cells(result: Result) -> Sequence[str]:
    """A line of the table."""
    counts = result.counts
    return (
        result.fault.title,
        str(result.seed),
        str(result.rounds),
        _number(counts.acknowledged),
        _number(counts.over_kafka),
        _number(counts.recorded),
        str(counts.lost),
        str(counts.doubled),
        _number(counts.delivered),
        str(counts.repeated),
        _number(counts.told_over_kafka),
        str(counts.missing),
        str(counts.out_of_order),
        _spread(result.takeovers),
        _spread(result.recoveries),
        f"{result.rest:.1f}",
        _number(sum(count for code, count in result.troubles.items() if code[:1] == "5")),
        str(len(counts.wrong)),
    )


def in_words(result: Result) -> Iterator[str]:
    """The result of one fault, for a terminal."""
    yield ", ".join(f"{name} {cell}" for name, cell in zip(HEAD[1:], cells(result)[1:], strict=True) if cell not in ("", "0"))
    yield from (f"  WRONG: {words}" for words in result.counts.wrong)


def keep(result: Result, place: Path) -> None:
    """Keeps what came of a fault, in place of what came of it before."""
    place.mkdir(parents=True, exist_ok=True)
    said = {"day": datetime.now(UTC).date().isoformat(), "cells": cells(result), "wrong": list(result.counts.wrong)}
    (place / f"{result.fault.name}.json").write_text(json.dumps(said, indent=2))


def told(failed: Mapping[str, str], left_out: Mapping[str, str], about: str, place: Path, file: Path) -> None:
    """Puts what was kept of every fault into a document, between its marks, in place of the table before."""
    before, _, rest = file.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    kept = {each.name: json.loads(found.read_text()) for each in FAULTS if (found := place / f"{each.name}.json").is_file()}
    days = sorted({one["day"] for one in kept.values()})
    lines = [f"Measured on {' and '.join(days)}: {about}.", "", *table([one["cells"] for one in kept.values()]), ""]
    wrong = [(name, words) for name, one in kept.items() for words in one["wrong"]]
    lines += [*_more(wrong, failed, left_out)]
    file.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{after}")


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of results as a table of Markdown, with their sum."""
    yield _row(HEAD)
    yield _row(["---"] * len(HEAD))
    yield from map(_row, rows)
    yield _row([_sum(name, [row[nth] for row in rows]) for nth, name in enumerate(HEAD)])


def _sum(name: str, column: Sequence[str]) -> str:
    match name:
        case "fault":
            return f"all {len(column)}"
        case "seed" | "goes on after (s)" | "at rest after (s)":
            return ""
        case "takeover (s)":
            most = [float(cell.partition(", ")[2].removesuffix(" at most")) for cell in column if cell]
            return f"{max(most):.1f} at most" if most else ""
    return _number(sum(int(cell.replace(",", "")) for cell in column))


def _more(wrong: Sequence[tuple[str, str]], failed: Mapping[str, str], left_out: Mapping[str, str]) -> Iterator[str]:
    yield from (f"- `{name}` did not come to its end: {words}" for name, words in failed.items())
    yield from (f"- `{name}`: {words}" for name, words in wrong)
    yield from (f"- `{name}` was left out: {words}." for name, words in left_out.items())


def _row(each: Sequence[str]) -> str:
    return f"| {' | '.join(each)} |"


def _number(value: int) -> str:
    return f"{value:,}"


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.1f}, {max(seconds):.1f} at most" if seconds else ""


def listed(faults: Sequence[Fault]) -> Iterator[str]:
    """Every fault by its name."""
    wide = max(len(fault.name) for fault in faults)
    yield from (f"{fault.name:<{wide}}  {fault.title}" for fault in faults)
