"""One request of somebody who was let in, and the line about it in the data-processing log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.api.parts import Parts
from hub.domain.callers import Caller
from hub.domain.policy import Act, Reach, Standing, may
from hub.domain.processing import Outcome, Reading
from hub.domain.traces import Trace
from hub.errors import NotKnown

ASSIGNMENT = "assignment:"
"""With the id of one it is the ground on which an auditor looked."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is here, for which operation, and how far they reach; `family` is the one it is about, with how that stands."""

    operation: str
    caller: Caller
    reach: Reach
    family: UUID | None
    standing: Standing | None
    began: datetime
    trace: Trace

    @property
    def concerned(self) -> Mapping[str, Sequence[str]]:
        """The family with its people, where there is one."""
        people = self.standing.people if self.standing else ()
        return {str(self.family): people} if self.family else {}


def at_family(visit: Visit, act: Act, family: UUID, parts: Parts) -> Visit:
    """The same visit at a family that its path does not name.

    Raises:
        NotKnown: there is none by that id, or none for this caller; that they tried is noted at the family.
    """
    there = replace(visit, family=family, standing=parts.admittance.standing(family))
    if there.standing is None or not may(act, visit.caller, there.standing, parts.clock.now()):
        note(there, there.concerned, parts, Outcome.REFUSED)
        raise NotKnown("There is nothing by that id.")
    return there


def note(
    visit: Visit,
    concerned: Mapping[str, Sequence[str]],
    parts: Parts,
    outcome: Outcome = Outcome.GIVEN,
    sought: Sequence[str] = (),
) -> None:
    """Notes what is about to be told or decided: of which families, and which people in them.

    Raises:
        Unavailable: it could not be noted, so it may not be told.
    """
    activity = parts.activity(visit.operation, visit.began.date())
    now, of = parts.clock.now(), visit.operation
    under = visit.standing.assignment(visit.caller, visit.began) if visit.standing else None
    ground = f"{ASSIGNMENT}{under.id}" if under else ""
    said = Reading.of(
        activity, of, visit.caller, visit.trace, visit.began, now, concerned, sought=sought, outcome=outcome, ground=ground
    )
    parts.processings.write([said])
