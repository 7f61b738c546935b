"""A request to the Child Protection Council to investigate: only where a competent person decided so, about whom it rests on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hub.adapters.documents.vto import write_vto
from hub.domain.investigation import LEVER, requested
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis
from hub.errors import HubError, RuleBroken
from hub.ports import Letter
from tests.journeys.running import Sender, Served, a_child, a_worry, serving
from tests.parts import databases
from tests.tools import STANDARDS

SCHEMA = STANDARDS / "corv" / "xsd-1.0.9-jr" / "jz0100_msg_jzberichten_resolved2025.xsd"
needs_the_standard = pytest.mark.skipif(not STANDARDS.is_dir(), reason="the public standards do not lie beside this tree")
COUNCIL = Sender("raad-voorbeeld", "child-protection-council", f"{99:08}{30_001:012}")
HOME = a_child(1)["address"]
CHILD = a_child(1, givenNames="Milan", familyName="Proefman")
SISTER = a_child(2, givenNames="Lieke", familyName="Proefman", address=HOME)
MOTHER = a_child(3, givenNames="Ilse", familyName="Moederman", birthDate="1988-05-17", address=HOME, role="parent")


@dataclass(frozen=True)
class Worried:
    """A hub with a family that rose because of one child, and has another."""

    hub: Served
    place: Path
    family: UUID

    def known(self) -> Trajectory:
        return self.hub.hub.register.read(lambda unit: unit.get(Trajectory, self.family))

    def decide(self, lever: str, ground: str, authority: str = "veilig-thuis") -> str:
        """A named person decides on a lever that rests on what rose."""
        rose = [one.id for one in self.known().escalations.values() if one.axis is Axis.SAFETY]
        decided, _ = self.hub.hub.casework.decide(
            self.family,
            lambda it, rules, on: it.decide_lever(lever, authority, "it cannot wait", rose, rules, on),
            "p.besluit",
            ground,
        )
        return decided

    def write(self, decision: str, to: str = COUNCIL.name) -> "subprocess.CompletedProcess[bytes]":
        """What the command writes."""
        environment = os.environ | {
            "HUB_DATA_DIR": str(self.place),
            "HUB_DATABASE_URL": databases.url_of(self.place),
            "HUB_MODE": "demo",
        }
        line = [sys.executable, "-m", "hub", "investigation", str(self.family), decision, "--to", to]
        return subprocess.run(line, env=environment, capture_output=True, check=False)


@pytest.fixture
def worried(database: str, tmp_path: Path) -> Iterator[Worried]:
    with serving(tmp_path) as hub:
        COUNCIL.register(hub.hub, hub.clock.now())
        sender = hub.partners["any-partner"]
        first = hub.post(sender, sender.an_event(a_worry(SISTER, MOTHER), hub.clock.now()))
        worry = a_worry(CHILD, MOTHER, concern="honour-violence", reference="b-1")
        second = hub.post(sender, sender.an_event(worry, hub.clock.now()))
        assert (first.status_code, second.status_code) == (201, 201), second.text
        family = hub.family_of(second.json())
        assert hub.family_of(first.json()) == family
        hub.ask(f"/v1/families/{family}")
        yield Worried(hub, tmp_path, UUID(family))


def test_a_request_that_was_decided_is_written_about_the_child_it_rests_on_and_about_no_other(worried: Worried) -> None:
    told = worried.write(worried.decide(LEVER, "jeugdwet-2-4-1"))
    assert told.returncode == 0, told.stderr
    root = etree.fromstring(told.stdout)
    names = [each.text for each in root.iter("{*}voornamen")]
    assert names == ["Milan", "Ilse"]
    assert root.findtext(".//{*}achternaam") == "p.besluit"
    words = told.stdout.decode()
    withheld = ("Lieke", "honour", "1234AB", "Voorbeeldstad", "it cannot wait", str(CHILD["bsn"]), str(worried.family))
    assert not [word for word in withheld if word in words]
    if not STANDARDS.is_dir():
        pytest.skip("the public standards do not lie beside this tree: the request was not held against its schema")
    schema = etree.XMLSchema(file=str(SCHEMA))
    assert schema.validate(root), schema.error_log


def test_without_a_decision_there_is_no_request(worried: Worried) -> None:
    told = worried.write(str(uuid4()))
    assert (told.returncode, told.stdout) == (1, b"")
    assert list(worried.known().escalations)


def test_who_is_not_competent_decides_on_no_request(worried: Worried) -> None:
    for authority, ground in (("police", "jeugdwet-2-4-1"), ("veilig-thuis", ""), ("veilig-thuis", "wpg-20")):
        with pytest.raises(RuleBroken):
            worried.decide(LEVER, ground, authority)
    assert worried.known().levers == {}


def test_a_decision_on_another_lever_or_one_that_ended_is_no_request(worried: Worried) -> None:
    other = worried.decide("council-report-threatened", "wmo-2015-4-1-1")
    with pytest.raises(RuleBroken, match="another lever"):
        requested(worried.known(), other)
    decision = worried.decide(LEVER, "jeugdwet-2-4-1")
    worried.hub.hub.casework.decide(worried.family, lambda it, _, on: it.end_lever(decision, "the case ended", on), "p.besluit")
    with pytest.raises(HubError):
        requested(worried.known(), decision)


def test_nobody_but_a_council_is_written_to(worried: Worried) -> None:
    told = worried.write(worried.decide(LEVER, "jeugdwet-2-4-1"), to="police")
    assert (told.returncode, told.stdout) == (1, b"")


# The writer ----------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
people = st.lists(
    st.fixed_dictionaries(
        {"familyName": words, "givenNames": words, "prefix": words},
        optional={"born": st.sampled_from(["", "2011", "2011-02", "2011-02-08"])},
    ),
    max_size=3,
)


@needs_the_standard
@given(children=people.filter(bool), parents=people, who=words, contact=words)
def test_whatever_the_words_hold_the_request_is_valid_and_always_the_same(
    children: list[dict[str, str]], parents: list[dict[str, str]], who: str, contact: str
) -> None:
    said = {"request": str(UUID(int=1)), "authority": who, "decidedBy": who, "organisation": who, "contact": contact}
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    letter = Letter(UUID(int=2), at, f"{99:08}{9000:012}", COUNCIL.oin, {**said, "children": children, "parents": parents})
    schema = etree.XMLSchema(file=str(SCHEMA))
    assert schema.validate(etree.fromstring(write_vto(letter))), schema.error_log
    assert write_vto(letter) == write_vto(letter)
