"""The report of the faults: a table for people, in the terminal as it comes, and between two marks of a document."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults.rounds import Fault, Result

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


def told(results: Sequence[Result], failed: Mapping[str, str], left_out: Mapping[str, str], about: str, file: Path) -> None:
    """Puts the table into a document, between its marks, in place of the one before."""
    before, _, rest = file.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    day = datetime.now(UTC).date().isoformat()
    lines = [f"Measured on {day}: {about}.", "", *table(results), "", *_more(results, failed, left_out)]
    file.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{after}")


def table(results: Sequence[Result]) -> Iterator[str]:
    """The results as a table of Markdown, with their sum."""
    yield _row(HEAD)
    yield _row(["---"] * len(HEAD))
    yield from (_row(cells(result)) for result in results)
    yield _row(_sum(results))


def _sum(results: Sequence[Result]) -> list[str]:
    counts = [result.counts for result in results]
    takeovers = [seconds for result in results for seconds in result.takeovers]
    sums: dict[str, Any] = {
        "fault": f"all {len(results)}",
        "rounds": sum(result.rounds for result in results),
        "acknowledged": sum(one.acknowledged for one in counts),
        "of those over Kafka": sum(one.over_kafka for one in counts),
        "recorded": sum(one.recorded for one in counts),
        "lost": sum(one.lost for one in counts),
        "doubled": sum(one.doubled for one in counts),
        "webhooks": sum(one.delivered for one in counts),
        "repeated": sum(one.repeated for one in counts),
        "over Kafka": sum(one.told_over_kafka for one in counts),
        "missing": sum(one.missing for one in counts),
        "out of order": sum(one.out_of_order for one in counts),
        "takeover (s)": _spread(takeovers),
        "wrong": sum(len(one.wrong) for one in counts),
    }
    return [_number(found) if isinstance(found := sums.get(name, ""), int) else found for name in HEAD]


def _more(results: Sequence[Result], failed: Mapping[str, str], left_out: Mapping[str, str]) -> Iterator[str]:
    wrong = [(result.fault.name, words) for result in results for words in result.counts.wrong]
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
