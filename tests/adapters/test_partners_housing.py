"""A housing corporation: what of VERA's codes comes through, and what stops at the border."""

import json
from typing import Any

import pytest

from hub.adapters.contracts import contract_path
from hub.adapters.partners.housing_corporation import CONCERNS_BY_KIND, CONCERNS_OF_ANY_KIND, read_externe_incasso, read_signalering
from hub.domain.signals import Signal
from hub.domain.words import Role
from hub.errors import Unreadable

OIN = "00000099000000010003"


def example(message: str, name: str) -> Any:
    path = contract_path("partners", "housing-corporation", message, "examples", f"{name}.given.json")
    return json.loads(path.read_text("utf-8"))


def a_signal(**but: Any) -> tuple[Signal, ...]:
    return read_signalering(json.dumps(example("signalering", "01-noise") | but).encode(), OIN)


def a_claim(**but: Any) -> tuple[Signal, ...]:
    return read_externe_incasso(json.dumps(example("externe-incasso", "01-to-the-bailiff") | but).encode(), OIN)


def reasons(**but: Any) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        a_signal(**but)
    return [str(violation) for violation in refused.value.violations]


@pytest.mark.parametrize(("kind", "detail"), CONCERNS_BY_KIND)
def test_every_kind_and_detail_of_vera_becomes_one_concern(kind: str, detail: str) -> None:
    given = {"soort": {"code": kind}} | ({"detailSoort": {"code": detail}} if detail else {"detailSoort": {"code": "BEZ"}})
    (signal,) = a_signal(**given)
    assert (signal.concern, signal.weight) == (CONCERNS_BY_KIND[kind, detail] if detail else CONCERNS_OF_ANY_KIND["BEZ"])


@pytest.mark.parametrize("detail", ["HEN", "DRU", "PRO", "OND"])
def test_what_a_home_is_misused_for_stops_at_the_border(detail: str) -> None:
    (signal,) = a_signal(soort={"code": "ONE"}, detailSoort={"code": detail, "naam": "een bijzonder persoonsgegeven"})
    (plain,) = a_signal(soort={"code": "ONE"}, detailSoort={"code": "OND"})
    assert signal == plain
    assert signal.concern == "home-misused"


def test_the_same_detail_code_means_something_else_under_another_kind() -> None:
    assert reasons(soort={"code": "SCH"}, detailSoort={"code": "SCH"}) == [
        "/detailSoort/code: must be one of BET, DEU, MUT, BEW, BEZ, CUR"
    ]
    (signal,) = a_signal(soort={"code": "AGR"}, detailSoort={"code": "SCH"})
    assert signal.concern == "aggression"


@pytest.mark.parametrize("status", ["PAS", "VER"])
def test_what_is_no_longer_active_gives_no_signal(status: str) -> None:
    assert a_signal(status={"code": status}) == ()


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-06-30T22:00:00Z", "2026-07-01"),
        ("2026-06-30T21:59:59.9Z", "2026-06-30"),
        ("2026-01-31T23:00:00Z", "2026-02-01"),
        ("2026-01-31T22:59:59Z", "2026-01-31"),
        ("2026-06-30T00:00:00Z", "2026-06-30"),
    ],
)
def test_a_moment_is_the_dutch_day_on_which_it_was(moment: str, day: str) -> None:
    (signal,) = a_signal(begindatum=moment)
    assert signal.happened.text == day


@pytest.mark.parametrize("moment", ["9999-12-31T23:30:00Z", "0001-01-01T00:00:00+14:00", "2026-06-30T23:59:60Z"])
def test_a_moment_outside_the_calendar_is_refused_and_not_a_crash(moment: str) -> None:
    assert reasons(begindatum=moment) == ["/begindatum: is not a moment of the calendar (RFC 3339)"]


def test_everybody_in_the_household_lives_where_the_household_lives() -> None:
    (signal,) = a_signal()
    assert [(person.given_names, person.role) for person in signal.people] == [
        ("Mirjam", Role.UNKNOWN),
        ("Dennis", Role.UNKNOWN),
        ("Jesse", Role.CHILD),
        ("Noor", Role.CHILD),
    ]
    assert {(person.address.postcode, person.address.number, person.address.addition) for person in signal.people} == {
        ("2599ZZ", "12", "A")
    }


def test_a_curator_or_budget_coach_is_no_family() -> None:
    relation = example("signalering", "01-noise")["relatie"] | {"rollen": [{"soort": {"code": "CUR"}}], "relaties": []}
    assert reasons(relatie=relation) == ["/relatie: names nobody of a household"]


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ({"bsn": "999940004"}, "/relatie/bsn"),
        ({"BSN": "0"}, "/*/*"),
        ({"idGegevensbeheerder": "999940004"}, "/relatie/idGegevensbeheerder"),
        ({"relaties": [{"achternaam": "Proefstra", "Burgerservicenummer": 1}]}, "/relatie/relaties/0/*"),
    ],
)
def test_a_person_number_is_refused_wherever_it_stands(place: dict[str, Any], where: str) -> None:
    relation = example("signalering", "01-noise")["relatie"] | place
    (reason,) = reasons(relatie=relation)
    assert reason == f"{where.replace('/*/*', '/relatie/*')}: a housing corporation has no ground to use the person number"


def test_a_key_of_another_register_is_no_person_number() -> None:
    assert a_signal(relatie=example("signalering", "01-noise")["relatie"] | {"idGegevensbeheerder": "999900007"})


def test_a_claim_without_a_reason_is_a_claim() -> None:
    (signal,) = a_claim(**{"extra-attributen": []})
    assert signal.concern == "debt-collection"


@pytest.mark.parametrize(("reason", "concern"), [("OTR", "evicted"), ("BVO", "debt-collection"), ("OVD", "debt-collection")])
def test_how_a_claim_ended_says_what_is_left(reason: str, concern: str) -> None:
    ended = {"status": {"code": "EIN"}, "einddatum": "2026-08-24", "extra-attributen": [{"naam": "eindereden", "waarde": reason}]}
    (signal,) = a_claim(**ended)
    assert (signal.concern, signal.happened.text) == (concern, "2026-08-24")


@pytest.mark.parametrize("reason", ["AFB", "SAN", "WSS", "KWI", "TER", "ONT"])
def test_a_claim_that_is_gone_gives_no_signal(reason: str) -> None:
    ended = {"status": {"code": "EIN"}, "einddatum": "2026-08-24", "extra-attributen": [{"naam": "eindereden", "waarde": reason}]}
    assert a_claim(**ended) == ()
