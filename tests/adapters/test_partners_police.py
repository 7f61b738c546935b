"""A report of the police: what of it becomes which signal, about whom."""

from datetime import date

import pytest

from hub.adapters.contracts import contract_path
from hub.adapters.partners.police import read_vt_melding
from hub.domain.signals import NamedPerson, Signal
from hub.domain.words import Role, Weight
from hub.errors import Unreadable

OIN = "00000099000000010001"
FIRST = "01-violence-with-an-arrest"


def a_report(*changes: tuple[str, str], example: str = FIRST) -> bytes:
    """The example, with every change made where its text stands."""
    text = contract_path("partners", "police", "vt-melding", "examples", f"{example}.given.xml").read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def concerns(data: bytes) -> list[str]:
    return [signal.concern for signal in read_vt_melding(data, OIN)]


def only(data: bytes) -> Signal:
    (signal,) = read_vt_melding(data, OIN)
    return signal


def one(data: bytes, given_names: str) -> NamedPerson:
    (person,) = [person for person in only(data).people if person.given_names == given_names]
    return person


def reasons(data: bytes, oin: str = OIN) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        read_vt_melding(data, oin)
    return [str(violation) for violation in refused.value.violations]


def test_a_report_without_arrest_or_charge_is_a_worrying_situation() -> None:
    assert concerns(a_report(("<JZ:aanhouding>Ja</JZ:aanhouding>", ""))) == ["worrying-situation"]


def test_a_charge_alone_makes_it_violence() -> None:
    change = ("<JZ:aanhouding>Ja</JZ:aanhouding>", ""), ("Slachtoffer wil geen aangifte doen", "Ja, door de buurvrouw")
    assert concerns(a_report(*change)) == ["domestic-violence"]


def test_nothing_said_with_no_value_is_nothing_said() -> None:
    change = ("<JZ:aanhouding>Ja</JZ:aanhouding>", '<JZ:aanhouding StUF:noValue="geenWaarde"/>')
    assert concerns(a_report(change)) == ["worrying-situation"]


def test_every_graver_thing_is_a_signal_of_its_own_behind_the_same_reference() -> None:
    signals = read_vt_melding(a_report(example="02-honour-and-a-ban-from-the-home"), OIN)
    assert [signal.reference.partition("/")[0] for signal in signals] == ["PL1500-2026-0802"] * 4
    assert [signal.reference.partition("/")[2] for signal in signals] == ["", "honour-violence", "home-ban", "upbringing"]


@pytest.mark.parametrize(("level", "weight"), [("laag", None), ("matig", Weight.GRAVE), ("hoog", Weight.ACUTE)])
def test_the_level_of_stalking_weighs_on_the_report_itself(level: str, weight: Weight | None) -> None:
    first, *others = read_vt_melding(a_report((">hoog<", f">{level}<"), example="02-honour-and-a-ban-from-the-home"), OIN)
    assert first.weight is weight
    assert {other.weight for other in others} == {None}


def test_a_professional_is_left_out() -> None:
    assert "Voorbeeldsma" not in {person.family_name for person in only(a_report()).people}


@pytest.mark.parametrize(
    ("role", "expected", "is_subject"),
    [
        ("kind", Role.CHILD, True),
        ("pleegouder", Role.PARENT, True),
        ("grootouder", Role.OTHER_ADULT, False),
        ("voogd", Role.OTHER_ADULT, False),
    ],
)
def test_a_role_of_youth_care_is_a_role_in_the_family(role: str, expected: Role, is_subject: bool) -> None:
    person = one(a_report((">stiefouder<", f">{role}<"), ("19841102", "20120101")), "Dennis")
    assert (person.role, person.is_subject) == (expected, is_subject)


def test_a_grown_up_brother_is_no_child() -> None:
    assert one(a_report((">stiefouder<", ">broer of zus<")), "Dennis").role is Role.OTHER_ADULT


def test_a_prefix_stays_apart_from_the_name() -> None:
    person = one(a_report(), "Dennis")
    assert (person.prefix, person.family_name, person.birth_date.day) == ("van", "Testdam", date(1984, 11, 2))


def test_where_somebody_lives_goes_before_where_they_are_registered() -> None:
    actual = "<BG:feitelijkVerblijfsadresBinnenland>"
    registered = actual.replace("feitelijkVerblijfs", "formeelVerblijf") + "<BG:wpl.woonplaatsNaam>Elders</BG:wpl.woonplaatsNaam>"
    registered += "</BG:formeelVerblijfadresBinnenland>"
    assert one(a_report((actual, registered + actual)), "Noor").address.town == "Den Haag"
    no_home = ("BG:feitelijkVerblijfsadresBinnenland", "BG:formeelVerblijfadresBinnenland")
    assert one(a_report(no_home), "Noor").address.town == "Den Haag"


def test_the_day_of_the_report_stands_in_for_an_incident_of_unknown_date() -> None:
    unknown = ('<JZ:datumIncident StUF:indOnvolledigeDatum="V">20260711<', '<JZ:datumIncident StUF:noValue="waardeOnbekend"><')
    assert only(a_report(unknown)).happened.text == "2026-07-13"


def test_the_family_was_told_how_when_and_by_whom() -> None:
    informed = only(a_report()).informed
    assert informed is not None
    assert (informed.how, informed.when.text, informed.by, informed.reason_not) == ("spoken", "2026-07-12", "police", "")


def test_a_message_of_somebody_else_than_the_signer_is_refused() -> None:
    (reason,) = reasons(a_report(), "00000099000000010002")
    assert reason == "/vtMeldingDi01/stuurgegevens/zender/organisatie: is not the OIN (20 digits) of the organisation that signed"


def test_another_message_of_the_same_standard_is_refused() -> None:
    (reason,) = reasons(a_report(("vtMeldingDi01", "vtTerugkoppelingDi01")))
    assert reason == "/*: must be vtMeldingDi01 in the namespace http://www.stufstandaarden.nl/koppelvlak/jz0100"


def test_a_person_number_is_checked_also_of_those_who_are_left_out() -> None:
    professional = "<BG:geslachtsnaam>Voorbeeldsma"
    (reason,) = reasons(a_report((professional, f"<BG:inp.bsn>999900007</BG:inp.bsn>{professional}")))
    assert reason.endswith("heeftBetrokken[5]/gerelateerde/inp.bsn: is not a person number: the eleven-test fails")


def test_two_identifications_are_not_chosen_from() -> None:
    twice = ("<JZ:datumMelding>", "<JZ:identificatieVtMelding>PL0</JZ:identificatieVtMelding><JZ:datumMelding>")
    assert reasons(a_report(twice)) == ["/vtMeldingDi01/object/identificatieVtMelding: is given more than once"]
