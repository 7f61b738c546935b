"""What was measured of a family: how it scores at set moments of its trajectory, by whom, and when that is to be done.

Measuring goes on after closing (L16: it is aftercare), for what lasts shows only then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hub.domain.instruments import Instrument, MeasuredAt, Score
from hub.domain.streams import Occasion, Recorded, sealed, stream_id
from hub.domain.terms import AMSTERDAM, months_later
from hub.domain.trajectory.clocks import motivated
from hub.domain.trajectory.network import Network
from hub.domain.words import Phase
from hub.errors import Malformed, NotKnown, RuleBroken, Violation

WHILE_OPEN = frozenset({MeasuredAt.START, MeasuredAt.HANDING_BACK})
"""What is measured no more once a trajectory has ended."""
_AFTER_CLOSING = {MeasuredAt.SIX_MONTHS: 6, MeasuredAt.TWELVE_MONTHS: 12}
_EARLY = 1
"""Months: so long before its day a measurement after closing can be taken, for at twelve months the keys of the family go."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """How a family scored; a score that was erased is not there. `taken_on` is a day, `recorded_at` when the hub heard of it."""

    id: str
    instrument: str
    edition: str
    moment: MeasuredAt
    taken_on: str
    measured_by: str
    scores: tuple[Score, ...]
    words: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Measuring:
    """From which day a moment can be measured, and on which day it is to be, `None` while that is not known."""

    moment: MeasuredAt
    opens: date
    due: date | None


class Measured(Network):
    """The measurements of a family."""

    TOPIC = "trajectory-measured"

    measurements: dict[str, Measurement]

    def begin(self) -> None:
        super().begin()
        self.measurements = {}

    class MeasurementTaken(Recorded):
        """A family was measured at a moment of its trajectory, by that edition of an instrument, and by whom."""

        TOPIC = "measurement-taken"
        SEALED = sealed("measured_by", "scores[].score", "words")
        id: str
        instrument: str
        edition: str
        moment: str
        taken_on: str
        measured_by: str
        scores: list[dict[str, str]]
        words: str

        def apply(self, family: "Measured") -> None:
            scores = tuple(Score(said["domain"], int(said["score"])) for said in self.scores if said["score"])
            by = (self.instrument, self.edition, MeasuredAt(self.moment), self.taken_on, self.measured_by)
            family.measurements[self.id] = Measurement(self.id, *by, scores, self.words, self.timestamp)

    class MeasurementWithdrawn(Recorded):
        """A measurement was wrong, for a reason: it counts no longer, and can be taken anew."""

        TOPIC = "measurement-withdrawn"
        SEALED = sealed("motivation")
        id: str
        motivation: str

        def apply(self, family: "Measured") -> None:
            family.measurements.pop(self.id, None)

    def measure(
        self,
        instrument: Instrument,
        moment: MeasuredAt,
        taken_on: date,
        measured_by: str,
        scores: Sequence[Score],
        words: str,
        on: Occasion,
    ) -> str:
        """The director or the coach notes how the family scored; gives the id of the measurement.

        Raises:
            RuleBroken: somebody else decides, the trajectory has not come there, or this was measured already.
            Malformed: with everything that is wrong with the scores and the day.
        """
        self.must_go_on_here()
        if moment in WHILE_OPEN:
            self.must_be_open()
        self.must_direct(on)
        today = on.at.astimezone(AMSTERDAM).date()
        known = next((one for one in self.measuring() if one.moment is moment and one.opens <= today), None)
        if known is None or moment not in instrument.moments:
            raise RuleBroken("This moment of the trajectory is not measured yet.", code="not-measured-yet")
        if any((one.instrument, one.moment) == (instrument.code, moment) for one in self.measured_now()):
            raise RuleBroken("This was measured already: take it back first, with the reason.", code="measured-already")
        wrong = instrument.violations(scores)
        if not known.opens <= taken_on <= today:
            wrong.append(
                Violation("/takenOn", "is still to come" if taken_on > today else "is before this moment of the trajectory")
            )
        if wrong:
            raise Malformed("This is no measurement by that instrument.", wrong)
        id = str(stream_id("measurement", str(self.id), str(self.version + 1)))
        said = {"instrument": instrument.code, "edition": instrument.version, "moment": moment.value, "words": words}
        scored = [{"domain": one.domain, "score": f"{one.score}"} for one in scores]
        self.record(self.MeasurementTaken, on, id=id, taken_on=taken_on.isoformat(), measured_by=measured_by, scores=scored, **said)
        return id

    def withdraw_measurement(self, id: str, motivation: str, on: Occasion) -> None:
        """Takes back a measurement that was wrong, also after closing (L7). Raises: NotKnown, RuleBroken."""
        self.must_go_on_here()
        motivated(motivation)
        self.must_direct(on)
        if id not in self.measurements:
            raise NotKnown("This family has no such measurement.")
        self.record(self.MeasurementWithdrawn, on, id=id, motivation=motivation)

    def measured_now(self) -> list[Measurement]:
        """The measurements of the trajectory as it goes now: those from before it was opened again are history."""
        began = self.entered.get(Phase.START_TALK)
        return [one for one in self.measurements.values() if began is not None and one.recorded_at >= began]

    def measuring(self) -> list[Measuring]:
        """When each moment that the trajectory has come to is measured; after closing those that are to come too."""
        return measuring_of(self.entered)


def measuring_of(entered: Mapping[Phase, datetime]) -> list[Measuring]:
    """When each moment is measured, by when the phases of a trajectory began."""
    days = {phase: at.astimezone(AMSTERDAM) for phase, at in entered.items()}
    starts = ((MeasuredAt.START, Phase.START_TALK), (MeasuredAt.HANDING_BACK, Phase.HANDED_BACK))
    found = [Measuring(moment, days[phase].date(), days[phase].date()) for moment, phase in starts if phase in days]
    closed = days.get(Phase.CLOSED)
    if Phase.AFTERCARE in days:
        found.append(Measuring(MeasuredAt.CLOSING, days[Phase.AFTERCARE].date(), closed.date() if closed else None))
    if closed:
        for moment, months in _AFTER_CLOSING.items():
            opens, due = (months_later(closed, many).date() for many in (months - _EARLY, months))
            found.append(Measuring(moment, opens, due))
    return found
