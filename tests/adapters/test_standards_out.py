"""What leaves in a receiver's own standard: valid by the official schema, written from what it may know, and nothing else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hub.adapters.documents.vt_feedback import write_vt_terugkoppeling
from hub.adapters.partners import found
from hub.adapters.registrations import Organisation
from hub.adapters.standards import MESSAGE, STANDARD, in_own_standard
from hub.domain.streams import stream_id
from hub.ports import Letter, Notice
from tests.tools import STANDARDS

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HUB, POLICE = "00000099000000009000", "00000099000000010001"
SAID = {
    "family": "5b1f7e0a-3c2d-5e4f-8a9b-0c1d2e3f4a5b",
    "message": "0c6f0d0e-5a4c-5d6e-9f10-1a2b3c4d5e6f",
    "reference": "PL1500-2026-0711",
    "outcome": "taken-up",
    "organisation": "Wijkteam Noord",
    "contact": "noord@gemeente.example",
}
needs_the_standard = pytest.mark.skipif(not STANDARDS.is_dir(), reason="the public standards do not lie beside this tree")
words = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


def a_letter(**but: Any) -> Letter:
    """What the police is told of its report; `None` leaves something out."""
    words = {name: value for name, value in {**SAID, **but}.items() if value is not None}
    return Letter(stream_id("notice", "1"), NOW, HUB, POLICE, words)


@cache
def the_schema() -> etree.XMLSchema:
    """The official one of StUF Jeugdzorg 1.0.9."""
    return etree.XMLSchema(file=str(STANDARDS / "corv" / "xsd-1.0.9-vt" / "jz0100_msg_vtberichten_resolved2025.xsd"))


def written(letter: Letter) -> bytes:
    """The feedback, which there is."""
    message = write_vt_terugkoppeling(letter)
    assert message is not None
    return message


def texts(message: bytes) -> Mapping[str, list[str]]:
    """What stands in it, by element."""
    found: dict[str, list[str]] = {}
    for each in etree.fromstring(message).iter():
        if each.text and not len(each):
            found.setdefault(etree.QName(each).localname, []).append(each.text)
    return found


@needs_the_standard
@pytest.mark.parametrize("contact", ["noord@gemeente.example", "070 1234567", "bij de balie", None])
@pytest.mark.parametrize("outcome", ["received", "taken-up", None])
@pytest.mark.parametrize("decision", [None, "eligible", "not-suitable", "escalated-to-compulsion"])
def test_feedback_to_the_police_is_valid_by_the_official_schema(contact: str, outcome: str, decision: str) -> None:
    message = written(a_letter(contact=contact, outcome=outcome, decision=decision))
    assert the_schema().validate(etree.fromstring(message)), the_schema().error_log


@needs_the_standard
@given(organisation=words, contact=words, reference=words.filter(bool))
def test_whatever_stands_in_the_words_the_message_is_valid_and_says_only_that(
    organisation: str, contact: str, reference: str
) -> None:
    letter = a_letter(organisation=organisation, contact=contact, reference=reference)
    root = etree.fromstring(written(letter))
    assert the_schema().validate(root), the_schema().error_log
    assert {etree.QName(each).localname for each in root.iter()} <= _ELEMENTS
    assert written(letter) == written(letter)


_ELEMENTS = {
    *("vtTerugkoppelingDi01", "stuurgegevens", "berichtcode", "zender", "ontvanger", "organisatie", "applicatie"),
    *("referentienummer", "tijdstipBericht", "functie", "object", "identificatie", "toelichting", "status"),
    *("naarAanleidingVan", "gerelateerde", "identificatieVtMelding", "betreft", "isUitgevoerdDoor", "naam", "oinNummer"),
    *("contactgegevensVerantwoordelijkeOrganisatie", "naamContactpersoon", "eMail", "telefoonnummer"),
    "verantwoordelijkVoorZichtOpDeVeiligheidBelegdBij",
}


def test_feedback_names_the_report_and_whom_to_reach_and_says_so_in_words() -> None:
    said = texts(written(a_letter()))
    assert said["identificatieVtMelding"] == ["PL1500-2026-0711"]
    assert said["eMail"] == ["noord@gemeente.example"]
    assert said["naamContactpersoon"] == ["Wijkteam Noord"]
    assert said["status"] == ["overdracht"]
    assert said["toelichting"] == [
        "Uw melding is opgepakt. Eén regisseur gaat over dit gezin. Contact: Wijkteam Noord, noord@gemeente.example."
    ]
    assert said["organisatie"] == [HUB, POLICE]
    assert said["tijdstipBericht"] == ["202603021030"]
    assert SAID["family"] not in str(said)


def test_markup_in_words_stays_words() -> None:
    said = texts(written(a_letter(organisation="</JZ:object><script>&amp;", reference="<!DOCTYPE x>")))
    assert said["naamContactpersoon"] == ["</JZ:object><script>&amp;"]
    assert said["identificatieVtMelding"] == ["<!DOCTYPE x>"]


def test_the_reader_of_the_hub_reads_what_the_writer_of_the_hub_writes() -> None:
    reader = found()["veilig-thuis"].messages[0]
    assert reader.type == "nl.vig.terugkoppelingen.vt-terugkoppeling.v1"
    for decision, concern in ((None, "feedback-taken-up"), ("not-suitable", "feedback-no-follow-up")):
        (signal,) = reader.read(written(a_letter(decision=decision)), HUB)
        assert (signal.refers_to, signal.concern, signal.happened.text) == ("PL1500-2026-0711", concern, "2026-03-02")


def test_of_a_report_that_waits_the_standard_says_nothing() -> None:
    assert write_vt_terugkoppeling(a_letter(outcome="waiting", family=None)) is None


def test_a_long_explanation_ends_where_the_standard_does() -> None:
    (said,) = texts(written(a_letter(organisation="x" * 2000)))["toelichting"]
    assert len(said) == 1000
    assert said.endswith("…")


# Beside the hub's own words ----------------------------------------------------------------------------


def a_receiver(kind: str) -> Organisation:
    """An organisation of that kind."""
    return Organisation("a-receiver", kind, POLICE, frozenset(), frozenset(), "", False)


def a_notice(**but: Any) -> Notice:
    """Feedback, as it was disclosed."""
    said = {"data": SAID, "type": "nl.vig.feedback.given.v1"} | but
    return Notice(stream_id("notice", "1"), said["type"], 1, NOW, stream_id("family", "a"), (), said["data"], to="a-receiver")


def test_who_has_a_standard_gets_its_message_beside_the_words_and_others_get_the_words() -> None:
    tell = in_own_standard(lambda notice, _: notice, found(), HUB)
    police, school = tell(a_notice(), a_receiver("police")), tell(a_notice(), a_receiver("school-attendance"))
    assert police is not None
    assert police.data == {**SAID, STANDARD: "vtTerugkoppelingDi01, StUF Jeugdzorg 1.0.9", MESSAGE: written(a_letter()).decode()}
    assert school == a_notice()


def test_the_writer_gets_what_is_disclosed_and_nothing_else() -> None:
    def without_contact(notice: Notice, _: Organisation) -> Notice:
        return a_notice(data={name: text for name, text in notice.data.items() if name not in ("contact", "organisation")})

    told = in_own_standard(without_contact, found(), HUB)(a_notice(), a_receiver("police"))
    assert told is not None
    assert "noord@gemeente.example" not in told.data[MESSAGE]
    assert "Wijkteam" not in told.data[MESSAGE]


def test_what_may_not_be_told_is_not_told_in_a_standard_either() -> None:
    assert in_own_standard(lambda _notice, _receiver: None, found(), HUB)(a_notice(), a_receiver("police")) is None


def test_other_notices_go_as_they_are() -> None:
    other = a_notice(type="nl.vig.escalations.level-raised.v1")
    assert in_own_standard(lambda notice, _: notice, found(), HUB)(other, a_receiver("police")) == other


def test_what_a_kind_is_told_in_its_standard_is_xml_and_a_notice_of_feedback_or_a_request_that_was_decided() -> None:
    told = {(partner.name, telling.type, telling.media) for partner in found().values() for telling in partner.tell}
    assert told == {
        ("police", "nl.vig.feedback.given.v1", "application/xml"),
        ("police", "nl.vig.feedback.decided.v1", "application/xml"),
        ("child-protection-council", "nl.vig.investigations.requested.v1", "application/xml"),
    }
