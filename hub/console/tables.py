"""Tables of figures: the same for a page and for a spreadsheet, with words in both languages."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, TextIO

from starlette.responses import Response

from hub.console.parts import Both

FEW = Both("minder dan 5", "fewer than 5")
"""What stands where a number is not told, because it is small."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """Figures under heads; a cell is a number, text, words in both languages, or `None` for too few to tell."""

    name: str
    title: Both
    heads: Sequence[Both]
    rows: Sequence[Sequence[Any]]


def shown(cell: Any, tongue: str) -> str:
    """A cell as it is read."""
    if cell is None:
        return FEW.said(tongue)
    return cell.said(tongue) if isinstance(cell, Both) else str(cell)


def spreadsheet(table: Table, tongue: str) -> Response:
    """The table as a file that a spreadsheet opens."""
    said = StringIO()
    in_lines((table.heads, *table.rows), tongue, said)
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.csv"'}
    return Response(said.getvalue(), media_type="text/csv", headers=headers)


def in_lines(rows: Iterable[Sequence[Any]], tongue: str, file: TextIO) -> None:
    """Writes rows as a spreadsheet reads them: semicolons, for the comma is in Dutch numbers, and the mark of UTF-8."""
    file.write("\ufeff")
    writing = csv.writer(file, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writing.writerow(cell if isinstance(cell, int | float) else _harmless(shown(cell, tongue)) for cell in row)


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for something to compute."""
    return f"'{text}" if text.startswith(_FORMULA) else text
