"""Who looked into a family that is not theirs: broken glass, auditors with an assignment, and looks that its director hears of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.domain.trajectory.clocks import motivated
from hub.errors import Malformed, NotKnown, RuleBroken, Violation

GLASS = timedelta(hours=4)
"""How long broken glass lets somebody look."""
ONE_LOOK = timedelta(hours=1)
"""Looks of one person within this time are one look to the director; each stands in the processing log."""
LONGEST = timedelta(days=366)
"""How long an auditor is assigned at most; whoever needs longer asks again, and says why again."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An auditor (a staff identity) who may look into one family, for a ground, from one moment until another.

    `by` gave it, `at` then; it may have ended before its term, by somebody.
    """

    id: str
    auditor: str
    ground: str
    begins: datetime
    until: datetime
    by: str
    at: datetime
    ended: datetime | None = None

    def holds(self, auditor: str, at: datetime) -> bool:
        """Whether that auditor may look then."""
        return self.auditor == auditor and self.ended is None and self.begins <= at < self.until


def access_id(family: UUID) -> UUID:
    """The stream of who looked into a family."""
    return stream_id("access", str(family))


class Access(Stream):
    """Looks into one family by others than its director."""

    TOPIC = "access"

    broken: dict[str, datetime]
    looked: dict[str, datetime]
    breakings: list["Access.GlassBroken"]
    assignments: dict[str, Assignment]

    class Begun(Opening):
        """Somebody who does not direct this family turned to it for the first time."""

        TOPIC = "access-begun"
        family: str

        def apply(self, access: "Access") -> None:
            access.broken, access.looked, access.breakings, access.assignments = {}, {}, [], {}

    class GlassBroken(Recorded):
        """Somebody with no part in this family looks into it because they must, says why, and for a while only."""

        TOPIC = "access-glass-broken"
        SEALED: ClassVar[Mapping[str, str]] = {"reason": "family"}
        family: str
        role: str
        organisation: str
        reason: str
        until: datetime

        def apply(self, access: "Access") -> None:
            access.broken[self.by] = self.until
            access.breakings.append(self)

    class LookedInto(Recorded):
        """Somebody other than the director looked into this family, in this capacity."""

        TOPIC = "access-looked-into"
        family: str
        role: str
        organisation: str
        act: str

        def apply(self, access: "Access") -> None:
            access.looked[self.by] = self.timestamp

    class AuditorAssigned(Recorded):
        """An auditor may look into this family, for a ground in words, from one moment until another."""

        TOPIC = "access-auditor-assigned"
        SEALED: ClassVar[Mapping[str, str]] = {"ground": "family"}
        family: str
        assignment: str
        auditor: str
        ground: str
        begins: datetime
        until: datetime

        def apply(self, access: "Access") -> None:
            given = Assignment(self.assignment, self.auditor, self.ground, self.begins, self.until, self.by, self.timestamp)
            access.assignments[self.assignment] = given

    class AssignmentEnded(Recorded):
        """The auditor may look no more, before the term is over; somebody says why."""

        TOPIC = "access-assignment-ended"
        SEALED: ClassVar[Mapping[str, str]] = {"reason": "family"}
        family: str
        assignment: str
        auditor: str
        reason: str

        def apply(self, access: "Access") -> None:
            given = access.assignments[self.assignment]
            access.assignments[self.assignment] = replace(given, ended=self.timestamp)

    class FileMade(Recorded):
        """The whole case was written to one file, under that assignment (empty: at the shell), for whoever has that key."""

        TOPIC = "access-file-made"
        family: str
        assignment: str
        digest: str
        kid: str

        def apply(self, access: "Access") -> None:
            """Whoever may look is none the wiser."""

    @classmethod
    def begin(cls, family: UUID, on: Occasion) -> "Access":
        """Nobody looked yet."""
        return cls.open(cls.Begun, access_id(family), on, family=str(family))

    def break_glass(self, family: UUID, role: str, organisation: str, reason: str, on: Occasion) -> datetime:
        """Lets somebody look for a while, and gives until when; they say why.

        Raises:
            RuleBroken: no reason is given.
        """
        motivated(reason)
        until = on.at + GLASS
        self.record(
            self.GlassBroken, on, family=str(family), role=role, organisation=organisation, reason=reason.strip(), until=until
        )
        return until

    def look(self, family: UUID, role: str, organisation: str, act: str, on: Occasion) -> None:
        """Notes a look; another by the same person within the hour is silence."""
        before = self.looked.get(on.by)
        if before is None or on.at - before >= ONE_LOOK:
            self.record(self.LookedInto, on, family=str(family), role=role, organisation=organisation, act=act)

    def assign(self, family: UUID, auditor: str, ground: str, begins: datetime, until: datetime, on: Occasion) -> str:
        """Lets an auditor look for a term, and gives the id of the assignment.

        Raises:
            Malformed: the term is over, ends before it begins, or is too long.
            RuleBroken: no ground is given, or they are assigned within that term already.
        """
        motivated(ground)
        _refuse_term(begins, until, on.at)
        if any(one.begins < until and begins < one.until for one in self._open(auditor)):
            raise RuleBroken("This auditor is assigned to this family then already.", code="assigned-already")
        id = str(stream_id("assignment", str(family), str(len(self.assignments))))
        said = {"auditor": auditor, "ground": ground.strip(), "begins": begins, "until": until}
        self.record(self.AuditorAssigned, on, family=str(family), assignment=id, **said)
        return id

    def end_assignment(self, family: UUID, assignment: str, reason: str, on: Occasion) -> None:
        """Ends an assignment before its term is over.

        Raises:
            NotKnown: there is none by that id.
            RuleBroken: no reason is given, or it is over.
        """
        motivated(reason)
        if (given := self.assignments.get(assignment)) is None:
            raise NotKnown("There is no assignment by that id.")
        if given.ended or given.until <= on.at:
            raise RuleBroken("This assignment is over.", code="assignment-over")
        said = {"assignment": assignment, "auditor": given.auditor, "reason": reason.strip()}
        self.record(self.AssignmentEnded, on, family=str(family), **said)

    def hand_over(self, family: UUID, assignment: str, digest: str, kid: str, on: Occasion) -> None:
        """Notes that the file of the case was made: its SHA-256 in hexadecimal, and the thumbprint of the key that opens it.

        Raises:
            RuleBroken: it was asked for under an assignment that is over.
        """
        if assignment and not self.assignments[assignment].holds(on.by, on.at):
            raise RuleBroken("This assignment is over.", code="assignment-over")
        self.record(self.FileMade, on, family=str(family), assignment=assignment, digest=digest, kid=kid)

    def _open(self, auditor: str) -> Iterable[Assignment]:
        return (one for one in self.assignments.values() if one.auditor == auditor and one.ended is None)


def _refuse_term(begins: datetime, until: datetime, now: datetime) -> None:
    wrong = [Violation("/until", "is not later than it begins")] if until <= begins else []
    wrong += [Violation("/until", "has passed")] if until <= now else []
    wrong += [Violation("/until", "is more than a year later")] if until - begins > LONGEST else []
    if wrong:
        raise Malformed("No auditor can be assigned like that.", wrong)
