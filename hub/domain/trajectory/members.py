"""Who belongs to the family."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.domain.dates import PartialDate
from hub.domain.streams import Occasion, Recorded, sealed
from hub.domain.trajectory.clocks import Clocks
from hub.domain.words import Role


@dataclass(frozen=True, slots=True)
class Member:
    """A person in this family: what they are in it, and when they were born as far as is known."""

    person: str
    role: Role
    born: PartialDate


class Members(Clocks):
    """The people of a trajectory."""

    TOPIC = "trajectory-members"

    people: dict[str, Member]

    def begin(self) -> None:
        super().begin()
        self.people = {}

    class PersonJoined(Recorded):
        """A person was found to belong to this family, or more became known of them."""

        TOPIC = "person-joined"
        SEALED = sealed("born", whose="person")
        person: str
        role: str
        born: str

        def apply(self, family: "Members") -> None:
            family.people[self.person] = Member(self.person, Role(self.role), PartialDate(self.born))

    def join(self, person: str, role: Role, born: PartialDate, on: Occasion) -> None:
        """Adds a person; a role or birth date that was unknown is filled in, a repeat is silence."""
        known = self.people.get(person, Member(person, Role.UNKNOWN, PartialDate("")))
        fuller = Member(
            person,
            role if known.role is Role.UNKNOWN else known.role,
            max(known.born, born, key=lambda date: len(date.text)),
        )
        if fuller != self.people.get(person):
            self.record(self.PersonJoined, on, person=person, role=fuller.role.value, born=fuller.born.text)

    @property
    def born(self) -> Mapping[str, PartialDate]:
        """Birth dates by person."""
        return {member.person: member.born for member in self.people.values()}
