"""Signals as a trajectory remembers them, and the matrix that is in force: what the tests of levels and criteria start from."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from hub.adapters.contracts import contract_path
from hub.adapters.matrices import load_calendar, load_matrices
from hub.domain.concerns import CONCERNS
from hub.domain.dates import PartialDate
from hub.domain.signals import KnownSignal
from hub.domain.words import Weight

MATRICES = load_matrices(contract_path("intervention-matrix"))
MATRIX = MATRICES.at(date(2026, 3, 1))
CALENDAR = load_calendar(contract_path("calendar", "nl-holidays.json"))
FIRST_DAY = date(2026, 1, 5)
PARTNERS = ("police", "veilig-thuis", "housing-corporation", "social-services", "school-attendance")

_numbers = count(1)


def a_known_signal(
    concern: str,
    partner: str = "police",
    day: int = 0,
    weight: Weight | None = None,
    *,
    id: str = "",
    happened: PartialDate | None = None,
    people: tuple[str, ...] = ("child",),
) -> KnownSignal:
    """A signal so many days after the first; all that the concern register knows comes from there."""
    known, on = CONCERNS[concern], FIRST_DAY + timedelta(days=day)
    return KnownSignal(
        id=id or f"signal-{next(_numbers):04}",
        partner=partner,
        concern=concern,
        areas=known.areas,
        axis=known.axis,
        weight=known.weight if weight is None else weight,
        happened=PartialDate.of(on) if happened is None else happened,
        recorded_at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        people=people,
    )
