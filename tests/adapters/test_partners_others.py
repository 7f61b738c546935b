"""Veilig Thuis, social services, school attendance and any other partner: their words in ours."""

import json
from typing import Any

import pytest

from hub.adapters.contracts import contract_path
from hub.adapters.partners.any_partner import read_signaal
from hub.adapters.partners.school_attendance import read_verzuimmelding
from hub.adapters.partners.social_services import read_ddas_levering, read_maatregel_uitkering
from hub.adapters.partners.veilig_thuis import read_melding_generiek, read_vt_terugkoppeling
from hub.domain.concerns import CONCERNS
from hub.domain.signals import Signal
from hub.domain.words import LifeArea, Role, Weight
from hub.errors import Unreadable

OIN = "00000099000000010002"


def text(partner: str, message: str, name: str) -> str:
    (path,) = contract_path("partners", partner, message, "examples").glob(f"{name}.given.*")
    return path.read_text("utf-8")


# Veilig Thuis ---------------------------------------------------------------------------------------


def feedback(status: str, outcome: str = "") -> str:
    given = text("veilig-thuis", "vt-terugkoppeling", "01-taken-up")
    given = given.replace("<ZKN:uitkomst>vervolgstappen belegd bij VT</ZKN:uitkomst>", f"<ZKN:uitkomst>{outcome}</ZKN:uitkomst>")
    given = given.replace("<ZKN:status>uitkomst veiligheidsbeoordeling<", f"<ZKN:status>{status}<")
    (signal,) = read_vt_terugkoppeling(given.encode(), OIN)
    assert (signal.refers_to, signal.people) == ("PL1500-2026-0711", ())
    return signal.concern


@pytest.mark.parametrize(
    ("outcome", "concern"),
    [
        ("vervolgstappen belegd bij VT", "feedback-taken-up"),
        ("overdracht", "feedback-taken-up"),
        ("inzet regionaal maatwerk VT", "feedback-taken-up"),
        ("geen vervolgstappen nodig", "feedback-no-follow-up"),
    ],
)
def test_the_outcome_of_the_safety_assessment_says_what_became_of_a_report(outcome: str, concern: str) -> None:
    assert feedback("uitkomst veiligheidsbeoordeling", outcome) == concern
    assert feedback("", outcome) == concern


@pytest.mark.parametrize(
    ("status", "concern"),
    [
        ("overdracht", "feedback-taken-up"),
        ("afsluiting zonder overdracht", "feedback-no-follow-up"),
        ("melding niet ontvankelijk", "feedback-no-follow-up"),
        ("Melding onjuist geadresseerd", "feedback-no-follow-up"),
    ],
)
def test_a_status_that_says_it_all_needs_no_outcome(status: str, concern: str) -> None:
    assert feedback(status) == concern


def test_an_assessment_without_outcome_says_nothing_and_is_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        feedback("uitkomst veiligheidsbeoordeling")
    assert [violation.where for violation in refused.value.violations] == ["/vtTerugkoppelingDi01/object/uitkomst"]


def general(old: str, new: str) -> tuple[Signal, ...]:
    given = text("veilig-thuis", "melding-generiek", "01-several-life-areas")
    assert old in given
    return read_melding_generiek(given.replace(old, new).encode(), OIN)


@pytest.mark.parametrize("area", LifeArea)
def test_every_life_area_of_the_general_report_is_a_concern_in_that_area(area: LifeArea) -> None:
    first, *_ = general("<JZ:leefgebiedCode>07<", f"<JZ:leefgebiedCode>{area.value}<")
    assert area in CONCERNS[first.concern].areas


def test_a_general_report_names_the_family_and_nobody_else() -> None:
    first, *_ = general("<JZ:leefgebiedCode>07<", "<JZ:leefgebiedCode>06<")
    assert [(person.bsn, person.role, person.is_subject) for person in first.people] == [
        ("999940041", Role.CHILD, True),
        ("999940004", Role.PARENT, True),
        ("999940028", Role.UNKNOWN, True),
        ("999940016", Role.PARTNER, True),
    ]


def test_a_former_partner_is_mentioned_but_not_the_subject() -> None:
    first, *_ = general(">028<", ">008<")
    assert (first.people[-1].role, first.people[-1].is_subject) == (Role.OTHER_ADULT, False)


def test_a_family_that_was_told_was_told_then() -> None:
    first, *_ = general(">002<", ">004<")
    assert first.informed is not None
    assert (first.informed.when.text, first.informed.by, first.informed.reason_not) == ("2026-07-05", "veilig-thuis", "")


# social services ------------------------------------------------------------------------------------


def debts(**but: Any) -> tuple[Signal, ...]:
    delivery = json.loads(text("social-services", "ddas-levering", "02-one-debt-signal"))
    delivery["leveringen"][0]["vroegsignalen"][0] |= but
    return read_ddas_levering(json.dumps(delivery).encode(), OIN)


@pytest.mark.parametrize(
    ("partner", "crisis", "concern"),
    [
        ("Huur", False, "rent-arrears"),
        ("Huur", True, "eviction-threatened"),
        ("Hypotheek", False, "payment-arrears"),
        ("Energie", False, "payment-arrears"),
        ("Water", True, "debt-crisis"),
        ("Dienst Toeslagen", False, "payment-arrears"),
    ],
)
def test_who_signals_a_debt_and_whether_it_is_a_crisis_says_what_it_is(partner: str, crisis: bool, concern: str) -> None:
    (signal,) = debts(signaalpartner={"type": partner}, crisissignaal=crisis)
    assert signal.concern == concern


@pytest.mark.parametrize(
    ("status", "signals"),
    [
        ("Nog niet opgepakt", 1),
        ("Niet opgepakt: herhaalde melding", 1),
        ("Niet opgepakt: andere reden", 1),
        ("Niet opgepakt: onterecht signaal", 0),
        ("Inwoner is overleden", 0),
        ("Persoon is geen inwoner (meer) in de gemeente", 0),
    ],
)
def test_a_debt_signal_that_is_unjust_or_about_nobody_here_is_no_worry(status: str, signals: int) -> None:
    assert len(debts(status=status)) == signals


def test_a_debt_is_of_the_municipality_that_delivers_it() -> None:
    (signal,) = debts()
    assert signal.people[0].address.municipality == "0518"


def test_the_amount_of_a_debt_goes_no_further() -> None:
    assert debts(bedrag=310) == debts(bedrag=99_999)


@pytest.mark.parametrize(
    ("kind", "weight"),
    [
        ("waarschuwing", Weight.LIGHT),
        ("verlaging", Weight.SERIOUS),
        ("opschorting", Weight.GRAVE),
        ("intrekking", Weight.GRAVE),
    ],
)
def test_a_measure_weighs_as_much_as_it_takes_away(kind: str, weight: Weight) -> None:
    given = text("social-services", "maatregel-uitkering", "01-a-reduction").replace('"verlaging"', f'"{kind}"')
    (signal,) = read_maatregel_uitkering(given.encode(), OIN)
    assert (signal.concern, signal.weight) == ("benefit-measure", weight)


# school attendance ----------------------------------------------------------------------------------


def absence(**but: Any) -> tuple[Signal, ...]:
    report = json.loads(text("school-attendance", "verzuimmelding", "01-sixteen-hours-in-four-weeks"))
    return read_verzuimmelding(json.dumps(report | but).encode(), OIN)


@pytest.mark.parametrize(
    ("kind", "concern"),
    [
        ("relatief 16 uur in 4 weken", "school-absence"),
        ("langdurig relatief", "school-absence-long"),
        ("luxe", "school-absence-luxury"),
        ("absoluut", "school-absence-absolute"),
        ("18-plus", "school-absence"),
    ],
)
def test_every_kind_of_absence_is_a_concern(kind: str, concern: str) -> None:
    (signal,) = absence(soortVerzuim=kind)
    assert signal.concern == concern


@pytest.mark.parametrize(
    ("status", "weights"),
    [
        ("geregistreerd", [None]),
        ("in behandeling", [None]),
        ("ter kennisgeving", [Weight.LIGHT]),
        ("ingetrokken", []),
        ("afgesloten", []),
    ],
)
def test_an_absence_that_is_withdrawn_or_closed_is_no_worry_and_one_only_noted_a_small_one(
    status: str, weights: list[Weight | None]
) -> None:
    assert [signal.weight for signal in absence(status=status)] == weights


@pytest.mark.parametrize("status", ["overgedragen", "Overgedragen aan derden"])
def test_a_handover_is_never_the_status_of_an_absence(status: str) -> None:
    with pytest.raises(Unreadable) as refused:
        absence(status=status)
    assert "/status: was abolished by DUO: a handover is no status of an absence report" in map(str, refused.value.violations)


def test_the_pupil_is_the_child_and_who_has_authority_the_parent() -> None:
    (signal,) = absence()
    assert [(person.given_names, person.role) for person in signal.people] == [("Jesse", Role.CHILD), ("Mirjam", Role.PARENT)]


# any other partner ----------------------------------------------------------------------------------


def written(**but: Any) -> bytes:
    return json.dumps(json.loads(text("any-partner", "signaal", "01-a-worry-about-upbringing")) | but).encode()


@pytest.mark.parametrize("concern", CONCERNS)
def test_any_concern_of_the_register_can_be_signalled(concern: str) -> None:
    (signal,) = read_signaal(written(concern=concern), OIN)
    assert signal.concern == concern


def test_a_signal_about_nobody_is_refused_unless_it_answers_an_earlier_one() -> None:
    with pytest.raises(Unreadable) as refused:
        read_signaal(written(people=[]), OIN)
    assert [str(violation) for violation in refused.value.violations] == ["/people: has too few items"]
    (signal,) = read_signaal(written(people=[], refersTo="VZ-2026-5501"), OIN)
    assert signal.refers_to == "VZ-2026-5501"


def test_why_a_family_was_not_told_is_a_code() -> None:
    (signal,) = read_signaal(written(informed={"reasonNot": "investigation"}), OIN)
    assert signal.informed is not None
    assert (signal.informed.reason_not, signal.informed.how) == ("investigation", "")


def test_whether_a_family_was_told_may_be_left_unsaid_and_is_then_said_to_be() -> None:
    given = json.loads(written())
    del given["informed"]
    (signal,) = read_signaal(json.dumps(given).encode(), OIN)
    assert signal.informed is not None
    assert signal.informed.reason_not == "not-stated"
