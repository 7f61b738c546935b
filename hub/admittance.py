"""Who is let in to which family: the policy put to the facts, broken glass, and looks that the director hears of."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from uuid import UUID

from hub.domain.access import Access, Assignment, access_id
from hub.domain.callers import Caller
from hub.domain.keeping import Keeping, keeping_id
from hub.domain.policy import Act, Reach, Relation, Standing, may, may_hear, reach_of, standing
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.errors import NotAllowed, NotKnown
from hub.ports import Clock
from hub.register import Register, Unit

REMEMBERED = 10_000
"""Families whose standing is kept in memory, with the versions that it is of."""

Versions = tuple[int, int, int]


@dataclass(slots=True)
class _Remembered:
    standings: OrderedDict[UUID, tuple[Versions, Standing]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def get(self, family: UUID, versions: Versions) -> Standing | None:
        with self.lock:
            known = self.standings.get(family)
        return known[1] if known is not None and known[0] == versions else None

    def keep(self, family: UUID, versions: Versions, now: Standing) -> None:
        with self.lock:
            self.standings[family] = (versions, now)
            if len(self.standings) > REMEMBERED:
                self.standings.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Admittance:
    """Lets callers in to families; `duty` is the organisation on duty."""

    register: Register
    clock: Clock
    duty: str
    remembered: _Remembered = field(default_factory=_Remembered)

    def role(self, act: Act, caller: Caller) -> Reach:
        """How far a caller reaches, whichever family it is about.

        Raises:
            NotAllowed: their capacity, or the scopes of their token, are not for this; or they are not on duty.
        """
        reach = reach_of(act, caller)
        if reach is Reach.NOBODY:
            raise NotAllowed("This is for callers in another role.", code="role-not-allowed")
        if reach is Reach.DUTY and not self.is_on_duty(caller):
            raise NotAllowed("This is for whoever is on duty.", code="not-on-duty")
        return reach

    def is_on_duty(self, caller: Caller) -> bool:
        """Whether this caller is of the organisation on duty."""
        return caller.organisation == self.duty

    def family(self, act: Act, caller: Caller, family: UUID) -> Standing:
        """Lets a caller in to one family, and gives how it stands.

        Raises:
            NotKnown: there is none by that id, or none for this caller: nobody is told which.
        """
        found = self.standing(family)
        if found is None or not may(act, caller, found, self.clock.now()):
            raise NotKnown("There is nothing by that id.")
        return found

    def may(self, act: Act, caller: Caller, family: UUID) -> bool:
        """Whether a caller may do this with this family."""
        found = self.standing(family)
        return found is not None and may(act, caller, found, self.clock.now())

    def hears(self, type: str, caller: Caller, family: UUID | None) -> bool:
        """Whether a caller hears of a notice of this type about this family."""
        return may_hear(type, caller, self.standing(family) if family else None, self.clock.now())

    def standing(self, family: UUID) -> Standing | None:
        """How a family stands now, or nothing where there is none by that id, or it is kept no longer."""
        return self.register.read(lambda unit: self._standing(family, unit))

    def _standing(self, family: UUID, unit: Unit) -> Standing | None:
        versions = unit.version_of(family), unit.version_of(access_id(family)), unit.version_of(keeping_id(family))
        known = self.remembered.get(family, versions)
        if known is not None:
            return known
        found = unit.find(Trajectory, family)
        kept = unit.find(Keeping, keeping_id(family)) if versions[-1] else None
        if found is None or (kept is not None and kept.is_ended):
            return None
        now = standing(found, unit.find(Access, access_id(family)))
        self.remembered.keep(family, versions, now)
        return now

    def break_glass(self, family: UUID, caller: Caller, reason: str) -> datetime:
        """Lets somebody look into a family that is not theirs, for a while; its director and the officer are told.

        Raises:
            NotKnown: there is no such family.
            RuleBroken: no reason is given.
        """

        def work(unit: Unit) -> datetime:
            unit.get(Trajectory, family)
            on = Occasion(unit.at, caller.subject, str(family))
            return _access(family, unit, on).break_glass(family, caller.role.value, caller.organisation, reason, on)

        return self.register.do(work).value

    def assign(self, family: UUID, auditor: str, ground: str, begins: datetime, until: datetime, by: str) -> str:
        """Lets an auditor look into a family for a term, and gives the id of the assignment.

        Raises:
            NotKnown: there is no such family.
            Malformed: the term cannot be.
            RuleBroken: no ground is given, or they are assigned then already.
        """

        def work(unit: Unit) -> str:
            unit.get(Trajectory, family)
            on = Occasion(unit.at, by, str(family))
            return _access(family, unit, on).assign(family, auditor, ground, begins, until, on)

        return self.register.do(work).value

    def end_assignment(self, family: UUID, assignment: UUID, reason: str, by: str) -> None:
        """Ends an assignment before its term is over. Raises: NotKnown, RuleBroken."""

        def work(unit: Unit) -> None:
            unit.get(Trajectory, family)
            on = Occasion(unit.at, by, str(family))
            _access(family, unit, on).end_assignment(family, str(assignment), reason, on)

        self.register.do(work)

    def note_file(self, family: UUID, assignment: str, digest: str, kid: str, by: str) -> None:
        """Notes that the file of a case was made, before anybody gets it: under which assignment (empty: at the shell), the SHA-256
        of the file as it is sealed, in hexadecimal, and the thumbprint of the key that opens it.

        Raises:
            NotKnown: there is no such family.
            RuleBroken: the assignment is over.
        """

        def work(unit: Unit) -> None:
            unit.get(Trajectory, family)
            on = Occasion(unit.at, by, str(family))
            _access(family, unit, on).hand_over(family, assignment, digest, kid, on)

        self.register.do(work)

    def assignments(self, family: UUID) -> Sequence[Assignment]:
        """Who is, was or will be assigned to a family, the latest last."""
        access = self.register.read(lambda unit: unit.find(Access, access_id(family)))
        return tuple(access.assignments.values()) if access else ()

    def breakings(self, family: UUID) -> Sequence[Access.GlassBroken]:
        """Who broke the glass of a family, the latest last."""
        access = self.register.read(lambda unit: unit.find(Access, access_id(family)))
        return access.breakings if access else ()

    def note_look(self, act: Act, family: UUID, caller: Caller, found: Standing) -> None:
        """Notes that somebody other than its director looked into a family, before they are answered."""
        if found.relation(caller, self.clock.now()) is Relation.DIRECTOR:
            return

        def work(unit: Unit) -> None:
            on = Occasion(unit.at, caller.subject, str(family))
            _access(family, unit, on).look(family, caller.role.value, caller.organisation, act.value, on)

        self.register.do(work)


def _access(family: UUID, unit: Unit, on: Occasion) -> Access:
    return unit.find(Access, access_id(family)) or unit.add(Access.begin(family, on))
