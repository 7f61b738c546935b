"""The rules in force at one moment: the matrix, and the calendar that its terms run in."""

from dataclasses import dataclass
from datetime import datetime

from hub.domain.dates import Calendar
from hub.domain.matrix import Matrix
from hub.domain.terms import due


@dataclass(frozen=True, slots=True)
class Rules:
    """A version of the matrix with the calendar."""

    matrix: Matrix
    calendar: Calendar

    def due(self, term: str, start: datetime) -> datetime:
        """When a term of the matrix is over that starts now (UTC)."""
        return due(self.matrix.terms[term], start, self.calendar)
