"""Nothing leaves that the matrix does not allow: of any schema, for any receiver, whatever an answer holds."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from hub.domain import field_classes as of
from hub.domain.callers import Capacity
from hub.domain.coarsening import SENSITIVE, coarse_code
from hub.domain.concerns import CONCERNS, TOLD_AS
from hub.domain.disclosure import Sieve, disclosed, leaves, published, sieve
from hub.domain.field_classes import CLASS, COARSENS, EVERYBODY, Coarsening, FieldClass
from hub.domain.investigation import COUNCIL, PURPOSE
from hub.domain.words import LifeArea
from hub.projections import CODE, COUNT, ID, RULE, TEXT, many, maybe, thing
from tests.adapters.disclosing import the_matrices, the_rules
from tests.architecture.schemas import SCHEMAS

EVERYTHING = frozenset(FieldClass)
MATRIX = the_matrices().versions[-1]
RECEIVERS = {**MATRIX.people, **MATRIX.systems, ("anybody", "else"): MATRIX.minimal}
FAMILY = thing(
    id=ID,
    names=many(thing(first=TEXT, last=TEXT) | of.IDENTITY),
    director=thing(who=TEXT, contact=TEXT) | of.CONTACT,
    worry=CODE | of.A_CONCERN,
    rule=RULE,
    areas=many(CODE | of.AN_AREA),
    phase=CODE | of.A_PHASE,
    words=TEXT | of.A_SENTENCE,
    coach=maybe(thing(who=TEXT | of.CONTACT, since=TEXT | of.INVOLVEMENT)),
)


def told(answer: Mapping[str, Any], *classes: FieldClass, schema: Mapping[str, Any] = FAMILY) -> Any:
    return disclosed(answer, schema, EVERYBODY | frozenset(classes), the_rules()).answer


# What is left ----------------------------------------------------------------------------------------


def test_what_is_not_allowed_is_left_out_and_the_rest_stays() -> None:
    answer = {"id": "a", "names": [{"first": "Noor", "last": "Voorbeeld"}], "director": {"who": "d", "contact": "c"}}
    assert told(answer) == {"id": "a"}
    assert told(answer, FieldClass.CONTACT) == {"id": "a", "director": {"who": "d", "contact": "c"}}
    assert told(answer, FieldClass.CONTACT, FieldClass.IDENTITY) == answer


def test_a_list_of_what_is_not_allowed_does_not_even_tell_how_many() -> None:
    assert "names" not in told({"names": [{"first": "Noor"}, {"first": "Bram"}]})


def test_a_member_that_the_schema_does_not_know_never_leaves() -> None:
    answer = {"id": "a", "unknown": "x", "director": {"who": "d", "secret": "x"}, "coach": {"who": "w", "secret": {"x": "x"}}}
    assert "x" not in json.dumps(told(answer, *EVERYTHING))


def test_a_field_without_a_class_never_leaves() -> None:
    assert told({"id": "a", "free": "x"}, *EVERYTHING, schema=thing(id=ID, free=TEXT)) == {"id": "a"}


@pytest.mark.parametrize("value", [{"x": "x"}, ["x"], [["x"]], {"who": {"x": "x"}}])
def test_what_stands_where_something_else_should_stand_never_leaves(value: Any) -> None:
    for name in ("id", "director", "worry", "rule", "phase", "words"):
        assert "x" not in json.dumps(told({name: value}, *EVERYTHING))


def test_null_stays_where_the_rest_may_be_told() -> None:
    assert told({"coach": None}, FieldClass.INVOLVEMENT) == {"coach": None}
    assert told({"coach": None}, FieldClass.LEVEL) == {}


def test_an_answer_of_which_nothing_may_be_told_is_empty() -> None:
    assert told({"names": [{"first": "Noor"}]}, schema=thing(names=FAMILY["properties"]["names"])) == {}


def test_it_says_which_classes_were_left_out_whatever_was_there() -> None:
    one = sieve(FAMILY, EVERYBODY | {FieldClass.CONCERN}, the_rules())
    assert one({"names": []}).withheld == one({}).withheld == one({"worry": "crime"}).withheld
    assert set(one({}).withheld) == {"identity", "contact", "involvement", "level", "decision", "special-category", "criminal"}
    assert sieve(FAMILY, EVERYTHING, the_rules())({}).withheld == ()


# Coarse words ----------------------------------------------------------------------------------------

ORDINARY = (FieldClass.CONCERN, FieldClass.LEVEL, FieldClass.DECISION)


@pytest.mark.parametrize("code", sorted(CONCERNS))
def test_a_special_or_criminal_worry_is_told_as_its_axis_unless_its_class_is_allowed(code: str) -> None:
    concern = CONCERNS[code]
    is_sensitive = concern.told_as in SENSITIVE
    assert told({"worry": code}, *ORDINARY) == {"worry": coarse_code(concern) if is_sensitive else code}
    assert told({"worry": code}, *ORDINARY, concern.told_as) == {"worry": code}
    other = SENSITIVE - {concern.told_as}
    assert told({"worry": code}, *ORDINARY, *other)["worry"] == (code if not is_sensitive else coarse_code(concern))


def test_a_worry_that_nobody_knows_is_left_out() -> None:
    assert told({"worry": "something-new"}, *EVERYTHING) == {}


def test_life_areas_that_give_away_health_addiction_or_justice_are_left_out() -> None:
    every = [area.value for area in LifeArea]
    assert told({"areas": every}, *ORDINARY)["areas"] == ["01", "02", "03", "04", "05", "06", "07", "11"]
    assert told({"areas": every}, *ORDINARY, FieldClass.CRIMINAL)["areas"][-1] == "12"
    assert told({"areas": every}, *EVERYTHING)["areas"] == every


@pytest.mark.parametrize(
    ("rule", "becomes"),
    [
        ("safety-3-violence-and-upbringing", "safety-3"),
        ("safety-4-child-and-violence", "safety-4"),
        ("care-4-care-and-health", "care-4"),
        ("care-3-repeated", "care-3-repeated"),
        ("housing-4-evicted", "housing-4-evicted"),
        ("no-progress-family", "no-progress-family"),
        ("", ""),
    ],
)
def test_a_rule_that_only_such_worries_meet_is_told_as_its_axis_and_level(rule: str, becomes: str) -> None:
    assert told({"rule": rule}, *ORDINARY) == {"rule": becomes}
    assert told({"rule": rule}, *EVERYTHING) == {"rule": rule}


def test_every_rule_about_worries_is_told_as_its_axis_and_level_to_whoever_may_see_none() -> None:
    assert told({"rule": "housing-3-evicted"}, FieldClass.LEVEL) == {"rule": "housing-3"}
    assert told({"rule": "missed-deadline-family"}, FieldClass.LEVEL) == {"rule": "missed-deadline-family"}


def test_a_rule_that_no_version_has_is_left_out() -> None:
    assert told({"rule": "about-addiction"}, *EVERYTHING) == {}


def test_a_contra_indication_is_told_as_not_suitable_for_it_means_addiction_or_psychiatric_disorder() -> None:
    assert told({"phase": "contra-indicated"}, *ORDINARY, FieldClass.CRIMINAL) == {"phase": "not-suitable"}
    assert told({"phase": "contra-indicated"}, *ORDINARY, FieldClass.SPECIAL) == {"phase": "contra-indicated"}


@pytest.mark.parametrize("concern", [each for each in CONCERNS.values() if each.told_as in SENSITIVE], ids=lambda each: each.code)
def test_sentences_say_the_coarse_word(concern: Any) -> None:
    for words in (concern.dutch, concern.english):
        said = told({"words": f"Signaal van police: {words}."}, *ORDINARY)["words"]
        assert words not in said
        assert said.startswith("Signaal van police: ")
        assert told({"words": f"Signaal: {words}."}, *EVERYTHING)["words"] == f"Signaal: {words}."


def test_sentences_name_no_rule_and_no_decision_that_gives_it_away() -> None:
    said = "by rule safety-3-violence-and-upbringing of matrix 2026-1. Besluit: contra-indicatie. Decision: contra-indicated."
    assert told({"words": said}, *ORDINARY)["words"] == (
        "by rule safety-3 of matrix 2026-1. Besluit: niet geschikt. Decision: not suitable."
    )


def test_every_sensitive_area_has_a_worry_of_its_class() -> None:
    for area, kind in TOLD_AS.items():
        assert any(concern.told_as is kind and area in concern.areas for concern in CONCERNS.values())


def test_a_term_that_a_goal_gives_its_name_is_for_those_who_may_see_the_plan() -> None:
    schema = thing(clocks=many(TEXT | of.A_CLOCK))
    clocks = {"clocks": ["no-progress", "goal:stop-drinking", "acknowledge-complex:5b1f7e0a"]}
    assert told(clocks, FieldClass.LEVEL, schema=schema) == {"clocks": ["no-progress", "acknowledge-complex:5b1f7e0a"]}
    assert told(clocks, FieldClass.LEVEL, FieldClass.PLAN, schema=schema) == clocks


# The document ----------------------------------------------------------------------------------------


def test_only_what_everybody_sees_is_required_in_the_document() -> None:
    said = published(
        thing(id=ID, count=COUNT | of.OPERATION, names=TEXT | of.IDENTITY, home=thing(id=ID, street=TEXT | of.ADDRESS))
    )
    assert said["required"] == ["id", "count", "home"]
    assert said["properties"]["home"]["required"] == ["id"]
    assert said["properties"]["withheld"]["items"]["enum"] == sorted(FieldClass)
    assert published(thing(id=ID)) == thing(id=ID)


DIFFERENT = sorted({json.dumps(schema, sort_keys=True): name for name, schema in sorted(SCHEMAS.items(), reverse=True)}.values())
"""Decisions share one."""

# Whatever an answer holds ----------------------------------------------------------------------------

SENSITIVE_CODES = {
    Coarsening.CONCERN.value: {each.code: {each.told_as} for each in CONCERNS.values() if each.told_as in SENSITIVE},
    Coarsening.RULE.value: {id: set(classes) for id, (_, classes) in the_rules().items() if classes},
    Coarsening.DECISION.value: {"contra-indicated": {FieldClass.SPECIAL}},
}
SENSITIVE_CODES[Coarsening.CLOCK.value] = {"goal:stop-drinking": {FieldClass.PLAN}}
SENSITIVE_CODES[Coarsening.SENTENCE.value] = {each.dutch: {each.told_as} for each in CONCERNS.values() if each.told_as in SENSITIVE}
SENSITIVE_CODES[Coarsening.AREA.value] = {area.value: {kind} for area, kind in TOLD_AS.items()}


@st.composite
def answers(draw: st.DrawFn, schema: Mapping[str, Any], inherited: str = "") -> Any:
    """An answer of this schema in which every leaf says its class, with members that the schema does not know."""
    kind = schema.get(CLASS, inherited)
    if "anyOf" in schema:
        (inner,) = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return draw(st.one_of(st.none(), answers(inner, kind)))
    if "properties" in schema:
        known = {name: draw(answers(each, kind)) for name, each in schema["properties"].items()}
        return {**known, **draw(st.sampled_from([{}, {"unheard": "«unknown»"}, {"unheard": ["«unknown»"]}]))}
    if "items" in schema:
        return draw(st.lists(answers(schema["items"], kind), max_size=2))
    if COARSENS in schema:
        codes = SENSITIVE_CODES[schema[COARSENS]]
        return draw(st.sampled_from(sorted(codes)))
    return f"«{kind}»"


@pytest.mark.parametrize("name", DIFFERENT)
@given(data=st.data())
@tries(max_examples=30)
def test_nothing_outside_the_matrix_leaves_of_any_schema(name: str, data: st.DataObject) -> None:
    schema = SCHEMAS[name]
    answer = data.draw(answers(schema))
    for allowed in set(RECEIVERS.values()):
        found = _sieve(name, allowed)(answer)
        text = json.dumps(found.answer, ensure_ascii=False)
        assert "«unknown»" not in text
        for kind in EVERYTHING - allowed:
            assert f"«{kind.value}»" not in text
        assert not set(_strings(found.answer)) & _forbidden(schema, allowed)
        assert not {FieldClass(kind) for kind in found.withheld} & allowed


@pytest.mark.parametrize("name", DIFFERENT)
@given(data=st.data())
@tries(max_examples=30)
def test_what_may_be_told_is_told(name: str, data: st.DataObject) -> None:
    schema = SCHEMAS[name]
    answer = data.draw(answers(schema))
    text = json.dumps(_sieve(name, EVERYTHING)(answer).answer, ensure_ascii=False)
    whole = json.dumps(answer, ensure_ascii=False)
    for kind in EVERYTHING:
        assert text.count(f"«{kind.value}»") == whole.count(f"«{kind.value}»")


@cache
def _sieve(name: str, allowed: frozenset[FieldClass]) -> Sieve:
    return sieve(SCHEMAS[name], allowed, the_rules())


def _strings(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [value] if isinstance(value, str) else []


def _forbidden(schema: Mapping[str, Any], allowed: frozenset[FieldClass]) -> set[str]:
    coarse = {leaf[COARSENS] for _, leaf, _ in leaves(schema) if COARSENS in leaf}
    return {code for kind in coarse for code, kinds in SENSITIVE_CODES[kind].items() if not kinds <= allowed}


# The matrix ------------------------------------------------------------------------------------------


def test_no_receiver_is_told_a_person_number_but_the_person_themselves_and_an_inquiry() -> None:
    told = [receiver for receiver, allowed in RECEIVERS.items() if FieldClass.NUMBER in allowed]
    assert told == [("auditor", "inquiry"), ("data-protection-officer", "rights-of-the-person")]
    assert MATRIX.for_person(Capacity.AUDITOR) == MATRIX.for_person(Capacity.AUDITOR, "accountability")


def test_partners_are_told_nothing_of_the_people_and_no_worry_but_the_council_of_whom_to_investigate() -> None:
    people = {FieldClass.IDENTITY, FieldClass.BIRTH_DATE, FieldClass.ADDRESS, FieldClass.CONCERN, *SENSITIVE, *of.FREE}
    told = {receiver: allowed & people for receiver, allowed in MATRIX.systems.items() if allowed & people}
    assert told == {(COUNCIL, PURPOSE): {FieldClass.IDENTITY, FieldClass.BIRTH_DATE}}


def test_names_and_addresses_are_for_those_who_work_with_the_family() -> None:
    seen = {line for line, allowed in MATRIX.people.items() if allowed & {FieldClass.IDENTITY, FieldClass.ADDRESS}}
    in_a_file = {(Capacity.DATA_PROTECTION_OFFICER, "rights-of-the-person"), (Capacity.AUDITOR, "inquiry")}
    assert seen == {*((role, "coordinating-help") for role in (Capacity.COORDINATOR, Capacity.TEAM_LEAD)), *in_a_file}


@pytest.mark.parametrize("role", [Capacity.COORDINATOR, Capacity.TEAM_LEAD, Capacity.ADMINISTRATIVE])
def test_of_families_that_are_somebody_elses_it_is_told_that_somebody_is_involved_and_whom_to_contact(role: Capacity) -> None:
    assert MATRIX.for_person(role, "first-contact") == EVERYBODY | {FieldClass.INVOLVEMENT, FieldClass.CONTACT}


def test_whoever_is_not_in_the_matrix_gets_what_is_minimal() -> None:
    assert MATRIX.for_person(Capacity.PARTNER) == MATRIX.minimal
    assert MATRIX.for_person(Capacity.COORDINATOR, "curiosity") == MATRIX.minimal
    assert MATRIX.for_system("police", ()) == MATRIX.for_system("unheard-of", ("child-safety",)) == MATRIX.minimal


def test_a_partner_gets_what_its_purposes_allow_together() -> None:
    both = MATRIX.for_system("social-services", ("benefit-conditions", "debt-early-help"))
    assert both == MATRIX.for_system("social-services", ("benefit-conditions",)) | MATRIX.for_system(
        "social-services", ("debt-early-help",)
    )


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_document_describes_what_every_receiver_gets(name: str) -> None:
    Draft202012Validator(published(SCHEMAS[name]))
