"""What is wrong with one message, gathered until everything has been looked at."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from hub.domain.dates import PartialDate
from hub.domain.identifiers import passes_eleven_test
from hub.errors import MOST_VIOLATIONS, Unreadable, Violation

T = TypeVar("T")
_DUTCH_TIME = ZoneInfo("Europe/Amsterdam")
_NO_DATE = PartialDate("")


class Findings:
    """Collects violations while reading goes on; every reader gives something harmless back for what was wrong."""

    def __init__(self) -> None:
        self._found: dict[Violation, None] = {}

    def add(self, where: str, what: str) -> None:
        """One more thing that is wrong."""
        if len(self._found) <= MOST_VIOLATIONS:
            self._found[Violation(where, what)] = None

    def settle(self, detail: str = "The message cannot be read.") -> None:
        """Says everything that was found, at once.

        Raises:
            Unreadable: when anything was found.
        """
        if self._found:
            raise Unreadable(detail, self._found)

    def required(self, text: str, where: str) -> str:
        """The text, which must be there."""
        if not text:
            self.add(where, "is required")
        return text

    def code(self, text: str, allowed: Mapping[str, T], where: str) -> T | None:
        """What a code stands for; a code is not personal data, but it is not repeated either."""
        if text in allowed:
            return allowed[text]
        self.add(where, f"must be one of {_listed(allowed)}")
        return None

    def date(self, text: str, where: str) -> PartialDate:
        """A date of the form YYYY, YYYY-MM or YYYY-MM-DD, kept as incomplete as it is; empty stays empty."""
        try:
            return PartialDate(text)
        except ValueError:
            self.add(where, "is not a date of the calendar (YYYY-MM-DD)")
            return _NO_DATE

    def dutch_day(self, text: str, where: str) -> PartialDate:
        """The Dutch calendar day of a moment with an offset (RFC 3339)."""
        try:
            moment = datetime.fromisoformat(text)
            return PartialDate.of(moment.astimezone(_DUTCH_TIME).date() if moment.tzinfo else moment.date())
        except (ValueError, OverflowError):
            self.add(where, "is not a moment of the calendar (RFC 3339)")
            return _NO_DATE

    def person_number(self, text: str, where: str) -> str:
        """A BSN that can exist, or nothing."""
        if text and not passes_eleven_test(text):
            self.add(where, "is not a person number: the eleven-test fails")
            return ""
        return text


def _listed(allowed: Iterable[str]) -> str:
    return ", ".join(sorted(allowed))
