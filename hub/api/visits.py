"""One request of somebody who was let in, and the line about it in the data-processing log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.api.parts import Parts
from hub.domain.callers import Caller
from hub.domain.policy import Reach, Standing
from hub.domain.processing import Outcome, Reading
from hub.domain.traces import Trace


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is here and how far they reach; `family` is the one that the path names, with how that stands."""

    caller: Caller
    reach: Reach
    family: UUID | None
    standing: Standing | None
    began: datetime
    trace: Trace

    @property
    def concerned(self) -> Mapping[str, Sequence[str]]:
        """The family of the path with its people, where there is one."""
        people = self.standing.people if self.standing else ()
        return {str(self.family): people} if self.family else {}


def note(
    operation: str,
    visit: Visit,
    concerned: Mapping[str, Sequence[str]],
    parts: Parts,
    outcome: Outcome = Outcome.GIVEN,
    sought: Sequence[str] = (),
) -> None:
    """Notes what is about to be told: of which families, and which people in them.

    Raises:
        Unavailable: it could not be noted, so it may not be told.
    """
    activity = parts.activity(operation, visit.began.date())
    now = parts.clock.now()
    said = Reading.of(activity, operation, visit.caller, visit.trace, visit.began, now, concerned, sought=sought, outcome=outcome)
    parts.processings.write([said])
