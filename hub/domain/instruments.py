"""What is measured with: instruments, each with its domains and scales, by version; and when in a trajectory they are taken."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hub.domain.matrix import Words
from hub.domain.words import LifeArea
from hub.errors import Malformed, Violation


class MeasuredAt(StrEnum):
    """The moments of a trajectory at which a family is measured, in their order."""

    START = "start"
    HANDING_BACK = "handing-back"
    CLOSING = "closing"
    SIX_MONTHS = "six-months"
    """After closing."""
    TWELVE_MONTHS = "twelve-months"
    """After closing."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Whole numbers of which more is better, and what some of them mean."""

    lowest: int
    highest: int
    steps: Mapping[int, Words]


@dataclass(frozen=True, slots=True)
class Domain:
    """What is scored, about which life area and by which scale."""

    code: str
    words: Words
    area: LifeArea
    scale: Scale


@dataclass(frozen=True, slots=True)
class Score:
    """What a domain was given."""

    domain: str
    score: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of an instrument; `source` and `licence` say whose it is, days count by the Dutch calendar."""

    code: str
    version: str
    words: Words
    about: str
    source: str
    licence: str
    valid_from: date
    valid_until: date | None
    moments: Sequence[MeasuredAt]
    domains: Mapping[str, Domain]

    def is_valid_on(self, day: date) -> bool:
        """Whether it is measured with on that day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def violations(self, scores: Sequence[Score]) -> list[Violation]:
        """Everything that is wrong with these scores, each by its place: no such domain, twice, or off its scale."""
        counted = Counter(one.domain for one in scores)
        found = [] if scores else [Violation("/scores", "a measurement has at least one score")]
        for place, one in enumerate(scores):
            domain = self.domains.get(one.domain)
            if domain is None:
                found.append(Violation(f"/scores/{place}/domain", "is not a domain of this instrument"))
            elif not domain.scale.lowest <= one.score <= domain.scale.highest:
                bounds = f"{domain.scale.lowest} to {domain.scale.highest}"
                found.append(Violation(f"/scores/{place}/score", f"is not on its scale, from {bounds}"))
            if counted[one.domain] > 1:
                found.append(Violation(f"/scores/{place}/domain", "is scored twice"))
        return found


@dataclass(frozen=True, slots=True)
class Instruments:
    """Every version of every instrument."""

    versions: Sequence[Instrument]

    def on(self, day: date) -> Iterator[Instrument]:
        """Those that are measured with on that day."""
        return (one for one in self.versions if one.is_valid_on(day))

    def find(self, code: str, day: date) -> Instrument:
        """The version of an instrument that is measured with on that day. Raises: Malformed."""
        found = next((one for one in self.on(day) if one.code == code), None)
        if found is None:
            raise Malformed(
                "There is no such instrument on that day.", [Violation("/instrument", "is not measured with on that day")]
            )
        return found
