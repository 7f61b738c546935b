"""A hub where people work on pages: partners post signals, and whoever is on duty gets the families."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from hub.demo.cast import COACH, COORDINATOR
from hub.demo.provider.people import PEOPLE, Person
from hub.domain.messages import Message
from hub.domain.trajectory import Trajectory
from tests.console.browsing import HTTP, Door, a_door
from tests.journeys.running import STRUCTURED, Sender, a_child, a_worry
from tests.passing import passed_on

YOUTH_WORK = Sender("youth-work", "any-partner", f"{99:08}{10006:012}")
SCHOOL = Sender("school", "any-partner", f"{99:08}{10007:012}")
ACUTE = {"concern": "domestic-violence", "weight": "acute"}
"""What raises the axis of safety at once."""


def person(subject: str) -> Person:
    """Somebody of the demo's provider."""
    return next(each for each in PEOPLE if each.subject == subject)


ON_DUTY, OTHER = person(COORDINATOR.who), person(COACH.who)
"""Who gets new families, and a colleague of another organisation."""


@dataclass(frozen=True)
class Work:
    """A hub with people who log in, and partners who post."""

    door: Door
    numbers: Iterator[int]

    @property
    def base(self) -> str:
        return self.door.base

    def hears(self, *people: dict[str, Any], sender: Sender = YOUTH_WORK, **but: Any) -> str:
        """A partner posts a signal; gives the family that it went to (empty: a match question)."""
        now = self.door.clock.now()
        worry = a_worry(*people, **{"reference": f"r-{next(self.numbers)}", "happened": f"{now:%Y-%m-%d}", **but})
        body = sender.an_event(worry, now)
        headers = {**sender.signed(body, now), "content-type": STRUCTURED}
        answer = HTTP.post(f"{self.base}/v1/signals", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        passed_on(self.door.hub)
        message = UUID(answer.json()["message"])
        return str(self.door.hub.register.read(lambda unit: unit.get(Message, message)).signals[0]["family"])

    def a_family(self, **but: Any) -> str:
        """A family that nobody knew, by a signal about one child."""
        nth = next(self.numbers)
        return self.hears(a_child(nth, familyName=f"Voorbeeld{nth}", givenNames=f"Kind{nth}"), **but)

    def assigned(self, family: str, auditor: str = "f.toezicht") -> str:
        """Lets an auditor look into a family for a week from now, and gives the family."""
        now = self.door.clock.now()
        self.door.hub.admittance.assign(UUID(family), auditor, "een onderzoek", now, now + timedelta(days=7), "g.privacy")
        passed_on(self.door.hub)
        return family

    def trajectory(self, family: str) -> Trajectory:
        """A family as it stands."""
        return self.door.hub.register.read(lambda unit: unit.get(Trajectory, UUID(family)))

    def escalation_of(self, family: str) -> str:
        """The one escalation of a family that nobody took notice of."""
        (escalation,) = self.trajectory(family).escalations
        return str(escalation)

    def raised(self, family: str) -> str:
        """The last escalation of a family, whether or not somebody took notice of it."""
        events = self.door.hub.history(UUID(family), None, None)["events"]
        return str([event["data"]["escalation"] for event in events if event["event"] == "level-raised"][-1])


@contextmanager
def working(place: Path, **settings: Any) -> Iterator[Work]:
    """Such a hub while the block lasts; new families go to whoever is on duty."""
    duty = {"duty_director": ON_DUTY.subject, "duty_organisation": ON_DUTY.organisation, "duty_contact": COORDINATOR.contact}
    with a_door(place, **{**duty, **settings}) as door:
        for sender in (YOUTH_WORK, SCHOOL):
            sender.register(door.hub, door.clock.now())
        yield Work(door, count(1))
