"""Before others hear of a family it was informed, or it is coded why not: who has to wait hears once that is noted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.adapters.channels.webhook import queue
from hub.derivation import Derived
from hub.domain.callers import Capacity
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.wiring.derived import derivation_of
from tests.channels.receiving import OK, Receiver, receiving
from tests.journeys.running import Served, a_worry, serving
from tests.passing import passed_on

pytestmark = pytest.mark.usefixtures("database")

RAISED = "nl.vig.escalations.level-raised.v1"
SAFETY_3 = "honour-violence"
WAIT = ["veilig-thuis", "police", "school-attendance", "social-services"]


@dataclass(frozen=True)
class Town:
    """A hub whose Veilig Thuis listens, which does not lead where safety comes to level 3."""

    hub: Served
    receiver: Receiver

    def worry(self, **informed: Any) -> str:
        """A partner posts something serious; gives the family."""
        sender = self.hub.partners["any-partner"]
        said = a_worry(concern=SAFETY_3, **{"informed": None} | informed)
        posted = self.hub.post(sender, sender.an_event(said, self.hub.clock.now()))
        assert posted.status_code == 201, posted.text
        return self.hub.family_of(posted.json())

    def informs(self, family: str, **said: str) -> None:
        """Whoever directs notes how the family was told, or why not."""
        posted = self.hub.client.post(
            f"/v1/families/{family}/family-informations", json=said, headers=self.hub.token(Capacity.COORDINATOR)
        )
        assert posted.status_code == 201, posted.text

    def escalation(self) -> dict[str, Any]:
        (one,) = self.hub.ask("/v1/escalations").json()["items"]
        return dict(one)

    def is_to_be_told(self) -> list[str]:
        """What Veilig Thuis is to be sent or was, by type, when everything was passed on."""
        passed_on(self.hub.hub)
        with self.hub.hub.stored.outbox.connect() as connection:
            told = select(queue.DELIVERIES.c.type).where(queue.DELIVERIES.c.receiver.contains("veilig-thuis"))
            return list(connection.scalars(told.order_by(queue.DELIVERIES.c.sequence)))


@pytest.fixture
def town(database: str, tmp_path: Path) -> Iterator[Town]:
    with receiving(Receiver([OK])) as receiver, serving(tmp_path, veilig_thuis=receiver.url) as hub:
        yield Town(hub, receiver)


def test_others_are_told_of_an_escalation_when_it_is_noted_that_the_family_was_informed(town: Town) -> None:
    family = town.worry()
    assert town.is_to_be_told() == []
    assert (town.escalation()["tell"], town.escalation()["held"]) == ([], WAIT)
    town.informs(family, how="spoken", when="2026-03-02")
    assert town.is_to_be_told() == [RAISED] and town.receiver.wait_for(1)
    (told,) = town.receiver.events
    assert (told["type"], told["data"]["axis"], told["data"]["level"]) == (RAISED, "safety", 3)
    assert (town.escalation()["tell"], town.escalation()["held"]) == (WAIT, [])
    town.informs(family, how="letter")
    assert town.is_to_be_told() == [RAISED], "once"


def test_a_coded_reason_why_not_is_enough_whoever_gives_it(town: Town) -> None:
    town.worry(informed={"reasonNot": "danger-to-child"})
    assert town.is_to_be_told() == [RAISED]
    assert town.escalation()["held"] == []


def test_that_others_waited_and_since_when_they_were_told_stands_in_the_log_and_follows_from_it(town: Town) -> None:
    family = town.worry()
    town.informs(family, reasonNot="danger-to-child")
    facts: list[Any] = list(town.hub.hub.history.facts(UUID(family)))
    (held,) = (fact for fact in facts if isinstance(fact, Trajectory.TellingHeld))
    (released,) = (fact for fact in facts if isinstance(fact, Trajectory.TellingReleased))
    assert held.tell == released.tell == WAIT and held.originator_version < released.originator_version
    assert list(derivation_of(town.hub.hub)(UUID(family), Derived())) == []


def test_a_release_that_nobody_decided_does_not_follow(town: Town) -> None:
    family = town.worry()
    held = next(fact for fact in town.hub.hub.history.facts(UUID(family)) if isinstance(fact, Trajectory.TellingHeld))

    def release(it: Trajectory, on: Occasion) -> None:
        said = {"axis": "safety", "level": 3, "leads": "veilig-thuis", "contact": "", "tell": WAIT}
        it.record(it.TellingReleased, on, escalation=held.escalation, **said)

    town.hub.hub.register.do(lambda unit: release(unit.get(Trajectory, UUID(family)), Occasion(unit.at, "the-hub")))
    (wrong,) = derivation_of(town.hub.hub)(UUID(family), Derived())
    assert wrong.what == "does not follow: nobody said that the family was informed"


def test_people_hear_of_an_escalation_once_also_where_partners_waited(town: Town) -> None:
    family = town.worry()
    town.informs(family, how="spoken")
    passed_on(town.hub.hub)
    feed = town.hub.hub.ways["feed"].out
    assert [shown.notice["type"] for shown in feed.after(0) if shown.notice["type"] == RAISED] == [RAISED]
