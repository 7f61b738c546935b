"""Whoever raised a signal hears of it in time: at its callback, in its own standard, or where it asks; no more than it may know."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lxml import etree

from hub.domain.callers import Capacity
from hub.domain.feedback import Feedback
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from tests.channels.receiving import Receiver, receiving
from tests.contracts.examples import examples
from tests.given import COACH
from tests.journeys.running import Sender, Served, a_child, a_worry, serving
from tests.passing import passed_on
from tests.tools import STANDARDS

pytestmark = pytest.mark.usefixtures("database")

SUMMER = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)
"""A Monday: the term of ten working days is over on Monday 17 August."""
GIVEN, DECIDED = "nl.vig.feedback.given.v1", "nl.vig.feedback.decided.v1"
REPORT = next(example for example in examples() if example.name == "police/vt-melding/01-violence-with-an-arrest")
FAMILY_WORDS = ("Voorbeeld", "Noor", "2016-04-05", "1234AB", "Voorbeeldstad", "upbringing", "bsn")


@dataclass(frozen=True)
class Town:
    """A hub whose police and Veilig Thuis have callbacks."""

    hub: Served
    police: Receiver
    veilig_thuis: Receiver

    def reports(self) -> dict[str, Any]:
        """The police posts a report in its own standard; gives the receipt."""
        sender = self.hub.partners["police"]
        named = {"ce-specversion": "1.0", "ce-id": "a-report", "ce-source": sender.source, "ce-type": REPORT.message.type}
        covered = {**named, "ce-time": "2026-08-03T09:00:00Z"}
        posted = self.hub.post(sender, REPORT.given.read_bytes(), REPORT.message.media, **covered)
        assert posted.status_code == 201, posted.text
        return dict(posted.json())

    def worries(self, partner: str = "any-partner", *people: Any, **but: Any) -> dict[str, Any]:
        """A partner without a standard of its own posts a worry; gives the receipt."""
        sender = self.hub.partners[partner]
        posted = self.hub.post(sender, sender.an_event(a_worry(*people, **but), self.hub.clock.now()))
        assert posted.status_code == 201, posted.text
        return dict(posted.json())

    def take_up(self, receipt: dict[str, Any]) -> None:
        """Somebody refers the family of a signal, and it is decided that it is eligible."""
        family = UUID(self.hub.family_of(receipt))
        decide = self.hub.hub.casework.decide
        decide(family, lambda it, rules, on: it.refer("they need help", rules, on), "somebody")
        decide(family, lambda it, _, on: it.decide_referral(Phase.ELIGIBLE, "it fits", on), "somebody")

    def passes(self, **time: float) -> None:
        """Lets so much time go by, and the hub look at the clock."""
        self.hub.clock.set(self.hub.clock.now() + timedelta(**time))
        self.looks()

    def looks(self) -> None:
        """The hub tells what there is to tell, and passes it on."""
        passed_on(self.hub.hub)
        self.hub.hub.give_feedback()
        passed_on(self.hub.hub)

    def asks(self, receipt: dict[str, Any], partner: str) -> Any:
        """What a partner that sent a message finds of it."""
        found = self.hub.ask(f"/v1/signals/{receipt['message']}", Capacity.PARTNER, partner)
        assert found.status_code == 200, found.text
        return found.json()

    def facts(self, kind: type[Any]) -> list[Any]:
        """What was recorded of that kind."""
        decoded = (self.hub.hub.mapper.to_domain_event(one) for _, one in self.hub.hub.log.read(0, 100_000))
        return [event for event in decoded if isinstance(event, kind)]


@contextmanager
def a_town(place: Path) -> Iterator[Town]:
    with (
        receiving() as police,
        receiving() as veilig_thuis,
        serving(place, SUMMER, police=police.url, veilig_thuis=veilig_thuis.url) as hub,
    ):
        yield Town(hub, police, veilig_thuis)


@pytest.fixture
def town(database: str, tmp_path: Path) -> Iterator[Town]:
    with a_town(tmp_path) as made:
        yield made


def feedback_at(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    """The feedback that a receiver got, when so much of it is there."""
    with receiver._changed:
        assert receiver._changed.wait_for(lambda: len(_feedback(receiver)) >= count, 30), "it was not told"
    return _feedback(receiver)


def _feedback(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for event in receiver.events if event["type"] in (GIVEN, DECIDED)]


# At the callback -----------------------------------------------------------------------------------------


def test_the_police_hears_in_its_own_standard_that_its_report_was_taken_up_and_not_what_was_decided(town: Town) -> None:
    receipt = town.reports()
    town.take_up(receipt)
    town.looks()
    (told,) = feedback_at(town.police, 1)
    assert told["type"] == GIVEN
    assert told["data"]["outcome"] == "taken-up"
    assert told["data"]["message"] == receipt["message"]
    assert told["data"]["contact"] == town.hub.hub.settings.duty_contact
    assert told["data"]["standard"] == "vtTerugkoppelingDi01, StUF Jeugdzorg 1.0.9"
    message = etree.fromstring(told["data"]["standardMessage"].encode())
    assert message.findtext(".//{*}identificatieVtMelding") == told["data"]["reference"]
    if not STANDARDS.is_dir():
        pytest.skip("the public standards do not lie beside this tree: the message was not held against its schema")
    schema = etree.XMLSchema(file=str(STANDARDS / "corv" / "xsd-1.0.9-vt" / "jz0100_msg_vtberichten_resolved2025.xsd"))
    assert schema.validate(message), schema.error_log


def test_who_may_know_decisions_hears_what_was_decided_in_the_words_of_the_hub(town: Town) -> None:
    sender = town.hub.partners["veilig-thuis"]
    example = next(one for one in examples() if one.name.startswith("veilig-thuis/melding-generiek/01"))
    covered = {"ce-specversion": "1.0", "ce-id": "r", "ce-source": sender.source, "ce-type": example.message.type}
    posted = town.hub.post(sender, example.given.read_bytes(), example.message.media, **covered, ce_time="2026-08-03T09:00:00Z")
    assert posted.status_code == 201, posted.text
    town.take_up(posted.json())
    town.looks()
    given, decided = feedback_at(town.veilig_thuis, 2)
    assert (given["type"], given["data"]["outcome"]) == (GIVEN, "taken-up")
    assert (decided["type"], decided["data"]["decision"]) == (DECIDED, "eligible")
    assert "standardMessage" not in given["data"]
    assert town.asks(posted.json(), "veilig-thuis")["status"]["feedback"][0]["decision"] == "eligible"


def test_nobody_else_of_that_kind_hears_it(town: Town) -> None:
    with receiving() as other:
        Sender("police-elsewhere", "police", f"{99:08}{20_001:012}", callback=other.url).register(town.hub.hub, SUMMER)
        town.take_up(town.reports())
        town.looks()
        assert feedback_at(town.police, 1)
        town.looks()
        assert _feedback(other) == _feedback(town.veilig_thuis) == []


def test_what_is_told_is_told_once_however_often_the_hub_looks(town: Town) -> None:
    town.take_up(town.reports())
    for _ in range(3):
        town.looks()
    assert len(feedback_at(town.police, 1)) == 1
    assert len(town.facts(Feedback.Given)) == 1


def test_nothing_of_the_family_stands_in_what_is_told(town: Town) -> None:
    town.reports()
    receipt = town.worries("any-partner", a_child(3))
    town.take_up(receipt)
    town.passes(days=13)
    told = json.dumps([_feedback(town.police), [vars(fact) for fact in town.facts(Feedback.Given)]], default=str)
    told += json.dumps(town.asks(receipt, "any-partner")["status"]["feedback"])
    assert not [word for word in FAMILY_WORDS if word in told]
    family = town.hub.family_of(receipt)
    assert family not in json.dumps(_feedback(town.police)) + json.dumps(town.asks(receipt, "any-partner"))


# In time -------------------------------------------------------------------------------------------------


def test_where_nobody_did_anything_the_reporter_hears_who_directs_before_its_term_is_over(town: Town) -> None:
    town.reports()
    town.passes(days=12)
    assert _feedback(town.police) == []
    town.passes(days=1)
    (told,) = feedback_at(town.police, 1)
    assert told["data"]["outcome"] == "received"
    assert "standardMessage" in told["data"]
    (given,) = town.facts(Feedback.Given)
    assert given.due == datetime(2026, 8, 17, 9, 0, tzinfo=UTC)
    assert given.timestamp < given.due


def test_who_heard_that_it_was_received_hears_later_that_it_was_taken_up(town: Town) -> None:
    receipt = town.reports()
    town.passes(days=13)
    feedback_at(town.police, 1)
    town.take_up(receipt)
    town.looks()
    assert [told["data"]["outcome"] for told in feedback_at(town.police, 2)] == ["received", "taken-up"]


def test_of_what_came_after_a_decision_that_decision_says_nothing(town: Town) -> None:
    town.take_up(town.reports())
    town.looks()
    feedback_at(town.police, 1)
    sender = town.hub.partners["police"]
    covered = {"ce-specversion": "1.0", "ce-id": "again", "ce-source": sender.source, "ce-type": REPORT.message.type}
    town.hub.post(sender, REPORT.given.read_bytes(), REPORT.message.media, **covered, ce_time="2026-08-03T09:00:00Z")
    town.looks()
    assert len(_feedback(town.police)) == 1


def test_a_signal_that_waits_is_told_to_wait_and_whom_to_reach(town: Town) -> None:
    town.worries("any-partner", a_child(1))
    receipt = town.worries("any-partner", a_child(2, bsn=None, birthDate=None, address=a_child(1)["address"]), reference="b-1")
    assert receipt["outcome"] == "match-question", receipt
    (now,) = town.asks(receipt, "any-partner")["status"]["feedback"]
    assert (now["outcome"], now["contact"], now["givenAt"]) == ("waiting", town.hub.hub.settings.duty_contact, None)
    town.passes(days=13)
    waiting = [fact for fact in town.facts(Feedback.Given) if fact.outcome == "waiting"]
    assert [(fact.family, fact.message, fact.reporter) for fact in waiting] == [("", receipt["message"], "any-partner")]


# Where it asks -------------------------------------------------------------------------------------------


def test_a_reporter_without_a_callback_sees_at_once_who_directs_and_later_that_it_was_taken_up(town: Town) -> None:
    receipt = town.worries()
    (at_once,) = town.asks(receipt, "any-partner")["status"]["feedback"]
    assert at_once == {
        "signals": [receipt["signals"][0]["signal"]],
        "outcome": "received",
        "organisation": town.hub.hub.settings.duty_organisation,
        "contact": town.hub.hub.settings.duty_contact,
        "givenAt": None,
        "due": "2026-08-17T09:00:00Z",
    }
    town.take_up(receipt)
    town.looks()
    seen = town.asks(receipt, "any-partner")
    assert seen["status"]["feedback"] == [{**at_once, "outcome": "taken-up", "givenAt": "2026-08-03T09:00:00Z"}]
    assert "decision" in seen["withheld"]


def test_what_is_no_reporters_own_is_nothing_there(town: Town) -> None:
    receipt = town.worries()
    assert town.hub.ask(f"/v1/signals/{receipt['message']}", Capacity.PARTNER, "police").status_code == 404


def test_who_directs_now_is_whom_to_contact_now(town: Town) -> None:
    receipt = town.worries()
    hand_over(town, receipt)
    (now,) = town.asks(receipt, "any-partner")["status"]["feedback"]
    assert (now["organisation"], now["contact"]) == ("vig", "coach@example.org")


def hand_over(town: Town, receipt: dict[str, Any]) -> None:
    """The desk on duty hands direction to a coach, who accepts."""
    family = UUID(town.hub.family_of(receipt))

    def offer(it: Trajectory, rules: Any, on: Occasion) -> str:
        return it.offer_handover(COACH, "they take over", rules, on)

    duty = town.hub.hub.settings.duty_director
    handover, _ = town.hub.hub.casework.decide(family, offer, duty)
    town.hub.hub.casework.decide(family, lambda it, _, on: it.accept_handover(handover, on), COACH.who)
