"""People whose data is kept and not used (AVG, art. 18): what names them alone raises nothing, and partners hear nothing of it.

Safety is the exception that the law makes for the protection of somebody else (art. 18(2)): there everything counts.
"""

from collections.abc import Collection, Iterable

from hub.domain.signals import KnownSignal
from hub.domain.streams import Occasion, Recorded
from hub.domain.trajectory.members import Members
from hub.domain.words import Axis


class Restricting(Members):
    """Those of the people of a trajectory whose data is restricted."""

    TOPIC = "trajectory-restricting"

    restricted: set[str]

    def begin(self) -> None:
        super().begin()
        self.restricted = set()

    class PersonRestricted(Recorded):
        """What is kept of this person may not be used, as was asked and granted; those are told who were told of the family."""

        TOPIC = "person-restricted"
        person: str
        tell: list[str]
        contact: str

        def apply(self, family: "Restricting") -> None:
            family.restricted.add(self.person)

    class PersonUnrestricted(Recorded):
        """What is kept of this person may be used again, of which the person was told before."""

        TOPIC = "person-unrestricted"
        person: str
        tell: list[str]
        contact: str

        def apply(self, family: "Restricting") -> None:
            family.restricted.discard(self.person)

    def mark_restricted(
        self, person: str, is_restricted: bool, on: Occasion, tell: Collection[str] = (), contact: str = ""
    ) -> bool:
        """Records how it is with a person of this family; gives whether that is news."""
        if is_restricted == (person in self.restricted):
            return False
        event = self.PersonRestricted if is_restricted else self.PersonUnrestricted
        self.record(event, on, person=person, tell=sorted(tell), contact=contact)
        return True

    def may_use(self, signal: KnownSignal) -> bool:
        """Whether a signal counts: it is about safety, or names anybody whose data may be used."""
        return signal.axis is Axis.SAFETY or not signal.people or not self.restricted.issuperset(signal.people)

    def may_be_told(self, kinds: Iterable[str], axis: Axis) -> list[str]:
        """Those of these kinds of partners who hear of an axis: nobody, where it would be of restricted people alone."""
        is_only_of_them = bool(self.people) and self.restricted.issuperset(self.people)
        return [] if is_only_of_them and axis is not Axis.SAFETY else list(kinds)
