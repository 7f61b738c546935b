"""Which family a signal is about: certain, new, or a question for a person; and always why."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.dates import PartialDate
from hub.domain.matching import By, Known, Match, folded, keys_of, match
from hub.domain.signals import Address, NamedPerson
from tests.given import HOME, a_number, a_person

CHILD, MOTHER = a_person(), a_person(given_names="Esther", birth_date=PartialDate("1988-01-02"))
MENTIONED = a_person(is_subject=False)


def known(person: str, by: By, *families: str, conflicts: bool = False) -> Known:
    return Known(person, by, families, conflicts)


# Keys ---------------------------------------------------------------------------------------------------


def test_who_is_wholly_known_is_found_by_every_key() -> None:
    assert set(keys_of(a_person(bsn=a_number()))) == set(By)


@pytest.mark.parametrize(
    ("but", "missing"),
    [
        ({}, {By.BSN}),
        ({"birth_date": PartialDate("2016-04")}, {By.BSN, By.NAME_BIRTH_ADDRESS, By.NAME_BIRTH}),
        ({"birth_date": PartialDate("")}, {By.BSN, By.NAME_BIRTH_ADDRESS, By.NAME_BIRTH}),
        ({"given_names": ""}, set(By) - {By.ADDRESS}),
        ({"family_name": ""}, set(By) - {By.ADDRESS}),
        ({"address": Address(town="Voorbeeldstad")}, set(By) - {By.NAME_BIRTH}),
        ({"address": Address(postcode="1234AB")}, set(By) - {By.NAME_BIRTH}),
        ({"family_name": "-", "given_names": "?", "address": Address(postcode="-", number=".")}, set(By)),
    ],
    ids=str,
)
def test_what_is_unknown_gives_no_key(but: dict[str, object], missing: set[By]) -> None:
    assert set(By) - set(keys_of(a_person(**but))) == missing


def test_nobody_in_particular_has_no_keys() -> None:
    assert keys_of(NamedPerson()) == {}


def test_how_a_name_or_an_address_is_written_does_not_matter() -> None:
    one = a_person(prefix="van der", family_name="Böhm-Voorbeeld", given_names="Noor", address=HOME)
    other = a_person(
        family_name="VAN DER BOHM VOORBEELD", given_names="N.", address=Address(postcode="1234 ab", number=" 12", street="elders")
    )
    assert keys_of(one) == keys_of(other)


def test_an_addition_to_a_house_number_is_another_home() -> None:
    assert keys_of(a_person())[By.ADDRESS] != keys_of(a_person(address=replace(HOME, addition="A")))[By.ADDRESS]


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


# Certain ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "why"), [(By.BSN, "bsn"), (By.NAME_BIRTH_ADDRESS, "name-birth-address")])
def test_an_exact_match_is_certain_and_says_why(by: By, why: str) -> None:
    assert match([CHILD], [[known("noor", by, "f")]]) == Match(("noor",), (why,), family="f")


def test_who_is_new_beside_somebody_known_belongs_to_the_same_family() -> None:
    assert match([CHILD, MOTHER], [[known("noor", By.BSN, "f")], []]) == Match(("noor", ""), ("bsn",), family="f")


def test_nobody_known_is_a_new_family() -> None:
    assert match([CHILD], [[]]) == Match(("",), ("nobody-known",))


def test_one_person_found_in_two_ways_is_found_once() -> None:
    found = [known("noor", By.BSN, "f"), known("noor", By.NAME_BIRTH_ADDRESS, "f"), known("noor", By.ADDRESS, "f")]
    assert match([CHILD], [found]) == Match(("noor",), ("bsn", "name-birth-address"), family="f")


def test_a_namesake_with_another_number_is_somebody_else_where_the_number_itself_is_known() -> None:
    found = [known("noor", By.BSN, "f"), known("nina", By.NAME_BIRTH_ADDRESS, "f", conflicts=True)]
    assert match([CHILD], [found]) == Match(("noor",), ("bsn",), family="f")


def test_who_lives_at_the_same_address_with_another_number_does_not_make_it_uncertain_who_somebody_is() -> None:
    found = [known("noor", By.NAME_BIRTH_ADDRESS, "f"), known("esther", By.ADDRESS, "f", conflicts=True)]
    assert match([CHILD], [found]) == Match(("noor",), ("name-birth-address",), family="f")


# Two households -----------------------------------------------------------------------------------------


def test_of_two_households_the_one_where_others_live_at_that_address_is_meant() -> None:
    found = [
        known("noor", By.BSN, "mother", "father"),
        known("noor", By.ADDRESS, "mother", "father"),
        known("esther", By.ADDRESS, "mother"),
    ]
    assert match([CHILD], [found]).family == "mother"


def test_of_two_households_the_one_of_the_parent_who_is_named_is_meant() -> None:
    assert match([CHILD, MOTHER], [[known("noor", By.BSN, "a", "b")], [known("esther", By.BSN, "b")]]).family == "b"


def test_where_nothing_tells_the_households_apart_a_person_is_asked() -> None:
    found = match([CHILD], [[known("noor", By.BSN, "mother", "father")]])
    assert (found.is_question, found.candidates, found.why) == (True, ("father", "mother"), ("two-families",))


def test_people_of_different_families_are_a_question() -> None:
    found = match([CHILD, MOTHER], [[known("noor", By.BSN, "a")], [known("esther", By.BSN, "b")]])
    assert (found.is_question, found.candidates, found.why, found.people) == (
        True,
        ("a", "b"),
        ("two-families",),
        ("noor", "esther"),
    )


# Questions ----------------------------------------------------------------------------------------------


def test_the_same_name_with_another_number_is_a_question() -> None:
    found = match([CHILD], [[known("noor", By.NAME_BIRTH_ADDRESS, "f", conflicts=True)]])
    assert (found.is_question, found.candidates, found.why, found.people) == (True, ("f",), ("conflicting-identifiers",), ("",))


@pytest.mark.parametrize("by", [By.BSN, By.NAME_BIRTH_ADDRESS])
def test_two_people_with_the_same_exact_key_are_a_question(by: By) -> None:
    found = match([CHILD], [[known("noor", by, "a"), known("nina", by, "b")]])
    assert (found.is_question, found.candidates, found.why) == (True, ("a", "b"), ("conflicting-identifiers",))


@pytest.mark.parametrize(("by", "why"), [(By.NAME_BIRTH, "name-birth"), (By.NAME_ADDRESS, "name-address"), (By.ADDRESS, "address")])
def test_what_is_less_than_exact_is_a_question_with_the_families_it_may_be(by: By, why: str) -> None:
    found = match([CHILD], [[known("somebody", by, "b"), known("another", by, "a")]])
    assert found == Match(("",), (why,), candidates=("a", "b"), is_question=True)


def test_somebody_known_without_a_family_is_a_question() -> None:
    assert match([CHILD], [[known("noor", By.BSN)]]).why == ("waits-in-a-question",)


# Those who are only mentioned, and messages that name nobody ---------------------------------------------


def test_whom_a_signal_only_mentions_decides_nothing() -> None:
    assert match([CHILD, MENTIONED], [[], [known("uncle", By.BSN, "elsewhere")]]) == Match(("", "uncle"), ("nobody-known",))


def test_feedback_that_names_nobody_goes_to_the_family_of_the_message_it_answers() -> None:
    assert match([], [], ["f", "f"]) == Match((), ("answers-earlier-message",), family="f")
    assert match([MENTIONED], [[known("uncle", By.BSN, "g")]], ["f"]).family == "f"


@pytest.mark.parametrize("answered", [[], ["a", "b"]])
def test_feedback_to_nothing_known_or_to_several_is_a_question(answered: list[str]) -> None:
    found = match([], [], answered)
    assert (found.is_question, found.candidates, found.why, found.family) == (True, tuple(answered), ("names-nobody",), "")


def test_feedback_that_does_name_somebody_is_matched_by_who_that_is() -> None:
    assert match([CHILD], [[known("noor", By.BSN, "f")]], ["elsewhere"]).family == "f"


# Any at all ---------------------------------------------------------------------------------------------

ANY_KNOWN = st.builds(
    Known,
    st.sampled_from(["p", "q", "r"]),
    st.sampled_from(By),
    st.lists(st.sampled_from(["f", "g"]), unique=True).map(tuple),
    st.booleans(),
)


@given(st.lists(st.tuples(st.sampled_from([CHILD, MENTIONED]), st.lists(ANY_KNOWN, max_size=5)), max_size=4), st.randoms())
def test_the_order_in_which_people_are_found_does_not_matter(named: list[tuple[NamedPerson, list[Known]]], chance: object) -> None:
    people, found = [person for person, _ in named], [known for _, known in named]
    shuffled = [sorted(known, key=lambda _: chance.random()) for known in found]  # type: ignore[attr-defined]
    assert match(people, found) == match(people, shuffled)


@given(st.lists(st.tuples(st.sampled_from([CHILD, MENTIONED]), st.lists(ANY_KNOWN, max_size=5)), max_size=4))
def test_a_match_is_one_of_certain_new_or_a_question_and_never_without_a_reason(
    named: list[tuple[NamedPerson, list[Known]]],
) -> None:
    found = match([person for person, _ in named], [known for _, known in named])
    subjects = [known for person, each in named if person.is_subject for known in each]
    assert found.why
    assert not (found.family and found.is_question)
    assert len(found.people) == len(named)
    if found.family:
        assert any(known.by.is_exact and found.family in known.families for known in subjects)
    elif not found.is_question:
        assert not any(known.by.is_exact or known.families for known in subjects)
